#include "app/welcome.h"

#include "app/act.h"
#include "app/hashing.h"
#include "app/html.h"
#include "app/people.h"
#include "app/person.h"
#include "app/signin.h"
#include "base/log.h"
#include "crypt/ct.h"

enum { AT_START, AT_CODE, AT_USER, AT_HASH, AT_WRITE, AT_SESSION };

/* What an invite keeps between its runs. */
struct welcome {
	struct str code, password, again;
	struct user user;
	struct hashing hashing;
	struct signin_session session;
	u8 hash[USER_INVITE_N];
	char code_key[PEOPLE_KEY_N];
	u8 key[USER_KEY_MAX];
	u8 room[USER_RECORD_MAX];
};

static enum step
ask(struct job *j, struct str key, u8 at, msec now)
{
	struct welcome *w = j->own;

	j->out = buf_over(w->room, sizeof w->room);
	j->op = (struct store_op){ .verb = STORE_GET, .key = key, .out = &j->out, .owner = exchange_ready(&j->x) };
	j->x.at = at;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
show(struct job *j, const char *why)
{
	struct welcome *w = j->own;
	struct html h;

	html_begin(&h, &j->x, "welcome");
	html_put(&h, "name", user_name(&w->user));
	html_put(&h, "called", user_called(&w->user));
	html_put(&h, "code", w->code);
	html_flag(&h, "may", person_may(j));
	if (!person_may(j))
		why = "login_plain";
	if (why)
		html_text(&h, "why", why);
	return html_reply(&h, why ? 403 : 200);
}

static struct welcome *
begin(struct job *j)
{
	struct welcome *w = ARENA_NEW(exchange_arena_n(&j->x, HTML_ARENA_N), struct welcome);

	j->own = w;
	if (!w)
		html_error(&j->x, 503, "error_busy");
	return w;
}

static enum step
ask_code(struct job *j, msec now)
{
	struct welcome *w = j->own;

	people_invite_hash(w->code, w->hash);
	return ask(j, people_invite_key(w->hash, w->code_key), AT_CODE, now);
}

/* Goes from the code to its user: MORE once w->user is who is invited; DONE: the reply says that nobody is. */
static enum step
find_user(struct job *j, msec now)
{
	struct welcome *w = j->own;

	if (!j->op.done)
		return STEP_WAIT;
	if (j->op.err && j->op.err != ERR_NONE)
		return html_error(&j->x, 503, "error_store");
	if (j->op.err)
		return html_error(&j->x, 410, "invite_gone");
	if (j->x.at == AT_CODE) {
		if (j->op.val.n > USER_NAME_MAX)
			return html_error(&j->x, 410, "invite_gone");
		return ask(j, user_key(j->op.val, w->key), AT_USER, now);
	}
	if (user_decode(j->op.val, &w->user) || w->user.invited_till <= store_wall(j->app->store) ||
	    !ct_same(w->user.invite, w->hash, sizeof w->hash))
		return html_error(&j->x, 410, "invite_gone");
	w->user.version = j->op.version;
	return STEP_MORE;
}

enum step
welcome_page(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct welcome *w = j->own;
	enum step s;

	if (x->at == AT_START) {
		w = begin(j);
		if (!w)
			return STEP_DONE;
		w->code = arena_dup(exchange_arena(x), route_param(x->route, x->req.path, 0));
		return ask_code(j, now);
	}
	if (x->at == AT_CODE)
		return find_user(j, now);
	s = find_user(j, now);
	return s == STEP_MORE ? show(j, NULL) : s;
}

/* ---- taking it ----------------------------------------------------------------------------------- */

static enum step
start(struct job *j, msec now)
{
	struct welcome *w = begin(j);

	if (!w)
		return STEP_DONE;
	if (!person_same_site(j))
		return html_error(&j->x, 403, "error_session");
	if (html_form(&j->x, (struct html_field[]){ { "code", PEOPLE_INVITE_N, &w->code },
	    { "new", USER_PASSWORD_MAX, &w->password }, { "again", USER_PASSWORD_MAX, &w->again } }, 3))
		return STEP_DONE;
	return ask_code(j, now);
}

static enum step
judge_password(struct job *j)
{
	static const char *const why[] = { NULL, "password_short", "password_long", "password_weak" };
	struct welcome *w = j->own;
	const char *text = why[user_password(w->password, user_name(&w->user))];

	if (!str_same(w->password, w->again))
		text = "password_differs";
	if (text || !person_may(j))
		return show(j, text);
	j->x.at = AT_HASH;
	return hashing_make(j, &w->hashing, w->password) == STEP_FAIL ? STEP_DONE : STEP_MORE;
}

/* The password and the end of the invite are one write: it works once, and nothing is left half done. */
static enum step
write_user(struct job *j, msec now)
{
	struct welcome *w = j->own;
	enum step s = hashing_step(j, &w->hashing);
	struct buf pass = buf_over(w->user.pass, sizeof w->user.pass), b = buf_over(w->room, sizeof w->room);

	if (s != STEP_DONE)
		return s;
	memcpy(w->hashing.rec.hash, w->hashing.sum, HASH_N);
	pass_print(&pass, &w->hashing.rec);
	w->user.pass_n = (u8)pass.w;
	w->user.invited_till = 0;
	rng_bytes(j->app->rng, &w->user.epoch, sizeof w->user.epoch);
	w->user.epoch |= 1;
	user_encode(&b, &w->user);
	j->op = (struct store_op){ .verb = STORE_SWAP, .version = w->user.version, .val = buf_str(&b),
		.key = user_key(user_name(&w->user), w->key), .ttl_s = STORE_FOREVER, .owner = exchange_ready(&j->x) };
	j->x.at = AT_WRITE;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
finish(struct job *j, enum step s)
{
	struct welcome *w = j->own;
	struct store_op drop = { .verb = STORE_DROP, .lazy = true, .key = str_of(w->code_key, PEOPLE_KEY_N) };

	j->x.at = AT_SESSION;
	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	store_start(j->app->store, &drop, 0);
	log_info("login", "user=%S invite taken", user_name(&w->user));
	act_login(j, &w->user, user_name(&w->user), "invite");
	return html_go(&j->x, STR("/account"));
}

static enum step
written(struct job *j)
{
	struct welcome *w = j->own;

	if (j->op.err == ERR_LATE || j->op.err == ERR_NONE)
		return html_error(&j->x, 410, "invite_gone");
	if (j->op.err)
		return html_error(&j->x, 503, "error_store");
	if (w->user.disabled)
		return html_go(&j->x, STR("/login"));
	return finish(j, signin_begin(j, &w->session, &w->user, w->user.totp_n ? BROWSER_HALF : BROWSER_IN));
}

enum step
welcome_accept(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	switch (x->at) {
	case AT_START: return start(j, now);
	case AT_CODE: return find_user(j, now);
	case AT_USER:
		s = find_user(j, now);
		return s == STEP_MORE ? judge_password(j) : s;
	case AT_HASH: return write_user(j, now);
	case AT_WRITE: return j->op.done ? written(j) : STEP_WAIT;
	case AT_SESSION: return finish(j, signin_began(j, &((struct welcome *)j->own)->session));
	}
	return STEP_FAIL;
}
