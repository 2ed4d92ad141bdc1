#include "app/signin.h"

#include "app/act.h"
#include "app/arriving.h"
#include "app/hashing.h"
#include "app/html.h"
#include "app/oauth.h"
#include "app/person.h"
#include "app/tally.h"
#include "base/log.h"
#include "crypt/ct.h"
#include "http/form.h"

enum { AT_START, AT_ADDRESS, AT_USER, AT_ACCOUNT, AT_SPREAD, AT_HASH, AT_SESSION, AT_OLD };

#define WITH_MAX 8 /* APIs to log in with, on the page */

/* What a login keeps between its runs. */
struct signin {
	struct str name, password, next;
	struct user user;
	struct hashing hashing;
	struct signin_session session;
	char count[TALLY_KEY_N];
	u8 key[USER_KEY_MAX];
	u8 room[USER_RECORD_MAX];
	u8 folded[USER_NAME_MAX];
	u8 who[2 * sizeof(u64) + USER_NAME_MAX]; /* address, epoch, name: what is counted */
	u32 who_n;
};

/* The APIs whose accounts people may log in with. */
static void
put_with(struct html *h)
{
	const struct gen *gen = h->j->gen->gen;
	u32 n = 0;

	for (u32 i = 0; i < gen->apis && n < WITH_MAX; i++) {
		const struct environment *e = arriving_at(&gen->api[i]);

		if (!e)
			continue;
		n++;
		html_row(h, "with");
		html_put(h, "api", gen->api[i].title.n ? gen->api[i].title : gen->api[i].name);
		html_put(h, "api_name", gen->api[i].name);
		html_put(h, "host", e->host_field);
	}
	html_top(h);
	html_flag(h, "with_any", n);
}

static enum step
show(struct job *j, const char *page, struct str next, const char *why)
{
	struct html h;

	html_begin(&h, &j->x, page);
	if (str_is(str_c(page), "login")) {
		put_with(&h);
		if (j->oauth && j->oauth->asks.n) {
			html_put(&h, "client", j->oauth->asks);
			html_put(&h, "to", j->oauth->asks_to);
		}
	}
	if (why)
		html_text(&h, "why", why);
	html_flag(&h, "may", person_may(j));
	if (html_next_ok(next))
		html_put(&h, "next", next);
	return html_reply(&h, why ? 403 : 200);
}

enum step
signin_show(struct job *j, struct str next, const char *why)
{
	return show(j, "login", next, person_may(j) ? why : "login_plain");
}

enum step
signin_show_code(struct job *j, struct str next, const char *why)
{
	return show(j, "code", next, why);
}

enum step
signin_page(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s = person_know(j, now);
	struct buf b;
	struct str next = STR_NONE;

	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	b = arena_buf(exchange_arena(x), HTML_NEXT_MAX);
	if (form_get(x->req.query, STR("next"), &b, &next))
		next = STR_NONE;
	if (j->person->who.level == BROWSER_IN)
		return html_go(x, html_next_ok(next) ? next : STR("/account"));
	return signin_show(j, next, NULL);
}

/* ---- sessions ------------------------------------------------------------------------------------ */

enum step
signin_began(struct job *j, struct signin_session *m)
{
	enum step s = browser_made(&m->made);

	if (s == STEP_DONE)
		person_cookie(j, buf_str(&m->cookie));
	if (s == STEP_FAIL)
		html_error(&j->x, 503, "error_store");
	return s;
}

enum step
signin_begin(struct job *j, struct signin_session *m, const struct user *u, enum browser_level level)
{
	u8 random[32];

	rng_bytes(j->app->rng, random, sizeof random);
	m->made.st = j->app->store;
	m->made.limits = (struct browser_limits){ j->gen->gen->session_idle_s, j->gen->gen->session_max_s };
	m->cookie = buf_over(m->secret, sizeof m->secret);
	j->own_op = &m->made.op;
	browser_make(&m->made, u, level, random, &m->cookie, exchange_ready(&j->x));
	ct_wipe(random, sizeof random);
	return signin_began(j, m);
}

/* ---- password ------------------------------------------------------------------------------------ */

static struct str
address_of(const struct job *j, u64 *from)
{
	*from = exchange_from(&j->x);
	return str_of(from, sizeof *from);
}

static enum step
start_login(struct job *j, msec now)
{
	struct str name = STR_NONE, password = STR_NONE, next = STR_NONE;
	const struct html_field field[] = { { "name", 128, &name }, { "password", USER_PASSWORD_MAX, &password },
		{ "next", HTML_NEXT_MAX, &next } };
	struct signin *g = ARENA_NEW(exchange_arena_n(&j->x, HTML_ARENA_N), struct signin);
	struct buf folded;
	u64 from;

	if (!g)
		return reply_error(&j->x, 503, "busy: try again");
	if (!person_may(j))
		return signin_show(j, next, NULL);
	if (!person_same_site(j))
		return html_error(&j->x, 403, "error_session");
	if (html_form(&j->x, field, ARRAY_N(field)))
		return STEP_DONE;
	folded = buf_over(g->folded, sizeof g->folded);
	g->name = user_fold(&folded, str_trim(name)) ? STR("?") : buf_str(&folded); /* nobody is called that */
	g->password = password;
	g->next = next;
	j->own = g;
	j->x.at = AT_ADDRESS;
	tally_ask(j, TALLY_ADDRESS, address_of(j, &from), g->count, now);
	return STEP_MORE;
}

static void
ask_user(struct job *j, msec now)
{
	struct signin *g = j->own;

	j->out = buf_over(g->room, sizeof g->room);
	j->op = (struct store_op){ .verb = STORE_GET, .out = &j->out, .owner = exchange_ready(&j->x) };
	j->op.key = user_key(g->name, g->key);
	j->x.at = AT_USER;
	store_start(j->app->store, &j->op, now);
}

/* A new password has a new epoch, and begins without failures. */
static void
take_user(struct job *j, msec now)
{
	struct signin *g = j->own;
	struct buf b = buf_over(g->who, sizeof g->who);
	u64 from;

	if (j->op.err || user_decode(j->op.val, &g->user))
		memset(&g->user, 0, sizeof g->user);
	g->user.version = j->op.version;
	buf_put(&b, address_of(j, &from));
	buf_put(&b, str_of(&g->user.epoch, sizeof g->user.epoch));
	buf_put(&b, g->name);
	g->who_n = b.w;
	j->x.at = AT_ACCOUNT;
	tally_ask(j, TALLY_LOGIN, str_of(g->who, g->who_n), g->count, now);
}

/* The same without the address. */
static struct str
anywhere(const struct signin *g)
{
	return str_of(g->who + sizeof(u64), g->who_n - sizeof(u64));
}

static enum step
start_hash(struct job *j)
{
	struct signin *g = j->own;
	struct pass_record rec;
	bool known = g->user.name_n && !g->user.disabled && pass_read(str_of(g->user.pass, g->user.pass_n), &rec) == 0;
	enum step s = hashing_check(j, &g->hashing, g->password, known ? &rec : NULL);

	ct_wipe((void *)(uintptr_t)g->password.p, g->password.n);
	j->x.at = AT_HASH;
	if (s == STEP_FAIL)
		return STEP_DONE;
	tally_try(j, TALLY_LOGIN, str_of(g->who, g->who_n), g->count, j->app->now);
	return s;
}

static enum step
refused(struct job *j)
{
	struct signin *g = j->own;
	u64 from;

	if (address_of(j, &from).n && from)
		tally_add(j, TALLY_ADDRESS, str_of(&from, sizeof from));
	tally_add(j, TALLY_SPREAD, anywhere(g));
	if (serve_tells(&j->app->serve, j->app->now))
		log_info("login", "refused user=%S", g->name);
	act_login(j, NULL, g->name, "password");
	return signin_show(j, g->next, "login_wrong");
}

/* The session is there. With half of one, wherever it leads asks for the second factor. */
static enum step
with_session(struct job *j, enum step s)
{
	struct signin *g = j->own;

	j->x.at = AT_SESSION;
	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	if (g->session.made.level == BROWSER_IN) {
		log_info("login", "user=%S", user_name(&g->user));
		act_login(j, &g->user, user_name(&g->user), "password");
	}
	return html_go(&j->x, html_next_ok(g->next) ? g->next : STR("/account"));
}

static enum step
hashed(struct job *j)
{
	struct signin *g = j->own;
	enum step s = hashing_step(j, &g->hashing);

	if (s != STEP_DONE)
		return s;
	if (tally_over(j, TALLY_ACCOUNT_MAX)) /* others were tried at the same moment */
		return STEP_DONE;
	if (!hashing_same(&g->hashing))
		return refused(j);
	tally_clear(j->app->store, j->app->handle_key, TALLY_LOGIN, str_of(g->who, g->who_n));
	return with_session(j, signin_begin(j, &g->session, &g->user, g->user.totp_n ? BROWSER_HALF : BROWSER_IN));
}

enum step
signin_login(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct signin *g = j->own;

	if (x->at == AT_START)
		return start_login(j, now);
	if (!j->op.done)
		return STEP_WAIT;
	switch (x->at) {
	case AT_ADDRESS:
		if (exchange_from(x) && tally_full(j, TALLY_ADDRESS_MAX))
			return STEP_DONE;
		ask_user(j, now);
		return STEP_MORE;
	case AT_USER:
		if (j->op.err && j->op.err != ERR_NONE)
			return html_error(x, 503, "error_store");
		take_user(j, now);
		return STEP_MORE;
	case AT_ACCOUNT:
		if (tally_full(j, TALLY_ACCOUNT_MAX))
			return STEP_DONE;
		x->at = AT_SPREAD;
		tally_ask(j, TALLY_SPREAD, anywhere(g), g->count, now);
		return STEP_MORE;
	case AT_SPREAD:
		if (exchange_from(x) && tally_full(j, TALLY_SPREAD_MAX))
			return STEP_DONE;
		return start_hash(j);
	case AT_HASH: return hashed(j);
	case AT_SESSION: return with_session(j, signin_began(j, &g->session));
	}
	return STEP_FAIL;
}

/* ---- leaving ------------------------------------------------------------------------------------- */

enum step
signin_logout(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (x->at == AT_START) {
		s = person_need_form(j, now);
		if (s != STEP_DONE)
			return s == STEP_WAIT ? s : STEP_DONE;
		x->at = AT_OLD;
		s = browser_end(&j->person->check, &j->person->who, exchange_ready(x));
	} else {
		s = browser_ended(&j->person->check);
	}
	if (s == STEP_WAIT)
		return s;
	if (s == STEP_FAIL)
		return html_error(x, 503, "error_store");
	person_cookie(j, STR(""));
	return html_go(x, STR("/login"));
}
