#include "app/account.h"

#include "app/act.h"
#include "app/factor.h"
#include "app/html.h"
#include "app/person.h"
#include "app/prove.h"
#include "app/signin.h"
#include "base/log.h"
#include "crypt/ct.h"

enum { AT_START, AT_OLD, AT_NEW, AT_WRITE, AT_SESSION };
enum change { CHANGE_PASSWORD, CHANGE_FACTOR, CHANGE_NO_FACTOR, CHANGE_EVERYWHERE };

#define OFFER_MAX 100 /* characters of a sealed secret */

/* What a change keeps between its runs. */
struct account {
	u8 change;
	struct str old, password, again, code, offer;
	struct user user; /* as it will be */
	struct prove prove;
	struct signin_session session;
	struct buf recovery;
	u8 key[USER_KEY_MAX];
	u8 room[USER_RECORD_MAX];
	u8 codes[USER_RECOVERY * FACTOR_LINE];
};

/* ---- the page ------------------------------------------------------------------------------------ */

static enum step
show(struct job *j, const char *why, const char *done)
{
	const struct user *u = &j->person->who.user;
	struct html h;

	html_begin(&h, &j->x, "account");
	html_put(&h, "team", user_team(u));
	html_put(&h, "role", user_role(u));
	html_flag(&h, "factor", u->totp_n != 0);
	html_num(&h, "left", u->recovery_n);
	html_time(&h, "since", j->person->who.since);
	if (why)
		html_text(&h, "why", why);
	if (done)
		html_text(&h, "done", done);
	return html_reply(&h, why ? 403 : 200);
}

enum step
account_page(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s = person_need(j, now);

	return s == STEP_DONE ? show(j, NULL, NULL) : s == STEP_WAIT ? s : STEP_DONE;
}

static enum step
show_offer(struct job *j, const char *why, struct str sealed, struct str typed)
{
	struct html h;
	struct buf link;

	html_begin(&h, &j->x, "factor");
	link = arena_buf(exchange_arena(&j->x), 300);
	html_put(&h, "offer", sealed);
	html_put(&h, "secret", typed);
	if (typed.n) {
		buf_fmt(&link, "otpauth://totp/mcpgated:%S?secret=%S&issuer=mcpgated", user_name(&j->person->who.user),
		    typed);
		html_put(&h, "link", buf_str(&link));
	}
	if (why)
		html_text(&h, "why", why);
	return html_reply(&h, why ? 403 : 200);
}

enum step
account_offer(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s = person_need_form(j, now);
	struct arena *a = exchange_arena(x);
	struct buf sealed = arena_buf(a, OFFER_MAX), typed = arena_buf(a, 40);

	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	if (!typed.p || factor_offer(j, &sealed, &typed))
		return html_error(x, 503, "error_busy");
	return show_offer(j, NULL, buf_str(&sealed), buf_str(&typed));
}

/* ---- changes ------------------------------------------------------------------------------------- */

static enum step
write_user(struct job *j, msec now)
{
	struct account *a = j->own;
	struct buf b = buf_over(a->room, sizeof a->room);

	rng_bytes(j->app->rng, &a->user.epoch, sizeof a->user.epoch);
	a->user.epoch |= 1;
	user_encode(&b, &a->user);
	j->op = (struct store_op){ .verb = STORE_SWAP, .version = a->user.version, .val = buf_str(&b),
		.key = user_key(user_name(&a->user), a->key), .ttl_s = STORE_FOREVER, .owner = exchange_ready(&j->x) };
	j->x.at = AT_WRITE;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

/* Key of the text that says why a password may not be taken, or NULL. */
static const char *
password_why(const struct account *a)
{
	static const char *const why[] = { NULL, "password_short", "password_long", "password_weak" };

	if (!str_same(a->password, a->again))
		return "password_differs";
	return why[user_password(a->password, user_name(&a->user))];
}

static enum step
take_factor(struct job *j, msec now)
{
	struct account *a = j->own;

	a->recovery = buf_over(a->codes, sizeof a->codes);
	if (factor_take(j, &a->user, a->offer, a->code, &a->recovery))
		return show_offer(j, "factor_wrong", a->offer, STR_NONE);
	return write_user(j, now);
}

static enum step
begin(struct job *j, enum change change, msec now)
{
	enum step s = person_need_form(j, now);
	struct account *a;

	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	a = ARENA_NEW(exchange_arena(&j->x), struct account);
	if (!a)
		return html_error(&j->x, 503, "error_busy");
	j->own = a;
	a->change = (u8)change;
	a->user = j->person->who.user;
	if (html_form(&j->x, (struct html_field[]){ { "old", USER_PASSWORD_MAX, &a->old },
	    { "new", USER_PASSWORD_MAX, &a->password }, { "again", USER_PASSWORD_MAX, &a->again },
	    { "code", FACTOR_CODE_MAX, &a->code }, { "offer", OFFER_MAX, &a->offer } }, 5))
		return STEP_DONE;
	if (change == CHANGE_EVERYWHERE)
		return write_user(j, now);
	if (change == CHANGE_FACTOR)
		return take_factor(j, now);
	if (change == CHANGE_PASSWORD && password_why(a))
		return show(j, password_why(a), NULL);
	j->x.at = AT_OLD;
	prove_begin(j, &a->prove, a->old, now);
	return STEP_MORE;
}

static enum step
old_checked(struct job *j, msec now)
{
	struct account *a = j->own;
	enum step s = prove_step(j, &a->prove);

	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	if (!a->prove.good)
		return show(j, "account_wrong", NULL);
	if (a->change == CHANGE_NO_FACTOR) {
		a->user.totp_n = a->user.recovery_n = 0;
		return write_user(j, now);
	}
	j->x.at = AT_NEW;
	return hashing_make(j, &a->prove.hashing, a->password) == STEP_FAIL ? STEP_DONE : STEP_MORE;
}

/* The record of a new password, when it is derived; an open invite is void from then on. */
static enum step
new_made(struct job *j, msec now)
{
	struct account *a = j->own;
	enum step s = hashing_step(j, &a->prove.hashing);
	struct buf b = buf_over(a->user.pass, sizeof a->user.pass);

	if (s != STEP_DONE)
		return s;
	memcpy(a->prove.hashing.rec.hash, a->prove.hashing.sum, HASH_N);
	pass_print(&b, &a->prove.hashing.rec);
	a->user.pass_n = (u8)b.w;
	a->user.invited_till = 0;
	return write_user(j, now);
}

static enum step
show_recovery(struct job *j)
{
	struct account *a = j->own;
	struct str rest = buf_str(&a->recovery);
	struct html h;

	html_begin(&h, &j->x, "recovery");
	while (rest.n) {
		html_row(&h, "codes");
		html_put(&h, "code", str_next(&rest, '\n'));
	}
	html_top(&h);
	return html_reply(&h, 200);
}

/* The session that goes on is the new one, also for what this page's forms carry. */
static enum step
finished(struct job *j, enum step s)
{
	struct account *a = j->own;
	struct person *p = j->person;

	j->x.at = AT_SESSION;
	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	memcpy(p->who.key, a->session.made.user_key, BROWSER_KEY_N);
	p->csrf_n = 0;
	p->who.user = a->user;
	p->who.since = store_wall(j->app->store);
	if (a->change == CHANGE_FACTOR)
		return show_recovery(j);
	return show(j, NULL, a->change == CHANGE_PASSWORD ? "account_password_done" : "account_factor_off_done");
}

static enum step
written(struct job *j)
{
	static const char *const words[] = { "password", "second factor on", "second factor off", "everywhere" };
	struct account *a = j->own;

	if (j->op.err)
		return html_error(&j->x, j->op.err == ERR_LATE || j->op.err == ERR_NONE ? 409 : 503,
		    j->op.err == ERR_LATE || j->op.err == ERR_NONE ? "error_session" : "error_store");
	log_info("account", "user=%S changed=%d", user_name(&a->user), a->change);
	act_change(j, "account", str_c(words[a->change]), user_name(&a->user));
	if (a->change == CHANGE_EVERYWHERE) {
		person_cookie(j, STR(""));
		return html_go(&j->x, STR("/login"));
	}
	return finished(j, signin_begin(j, &a->session, &a->user, BROWSER_IN));
}

static enum step
change(struct exchange *x, enum change what, msec now)
{
	struct job *j = job_of(x);

	switch (x->at) {
	case AT_START: return begin(j, what, now);
	case AT_OLD: return old_checked(j, now);
	case AT_NEW: return new_made(j, now);
	case AT_WRITE: return j->op.done ? written(j) : STEP_WAIT;
	case AT_SESSION: return finished(j, signin_began(j, &((struct account *)j->own)->session));
	}
	return STEP_FAIL;
}

enum step
account_password(struct exchange *x, msec now)
{
	return change(x, CHANGE_PASSWORD, now);
}

enum step
account_factor(struct exchange *x, msec now)
{
	return change(x, CHANGE_FACTOR, now);
}

enum step
account_no_factor(struct exchange *x, msec now)
{
	return change(x, CHANGE_NO_FACTOR, now);
}

enum step
account_everywhere(struct exchange *x, msec now)
{
	return change(x, CHANGE_EVERYWHERE, now);
}
