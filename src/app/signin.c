#include "app/signin.h"

#include "app/hashing.h"
#include "app/html.h"
#include "app/person.h"
#include "base/log.h"
#include "crypt/ct.h"
#include "crypt/hash.h"
#include "http/form.h"

enum { AT_START, AT_ADDRESS, AT_ACCOUNT, AT_USER, AT_HASH, AT_SESSION, AT_OLD };

#define PASSWORD_MAX 256

/* What a login keeps between its runs. */
struct signin {
	struct str name, password, next;
	struct user user;
	struct hashing hashing;
	struct browser_check made;
	struct buf cookie;
	bool good;
	char count[SIGNIN_COUNT_N];
	u8 key[USER_KEY_MAX];
	u8 room[USER_RECORD_MAX];
	u8 secret[BROWSER_SECRET_N];
	u8 folded[USER_NAME_MAX];
};

struct str
signin_count_key(const u8 *handle_key, char kind, struct str of, char room[SIGNIN_COUNT_N])
{
	struct hash_key k;
	u8 mac[HASH_N];
	struct buf b = buf_over(room, SIGNIN_COUNT_N);

	hash_key(&k, str_of(handle_key, HANDLE_KEY_N));
	hash_mac(&k, of, mac);
	ct_wipe(&k, sizeof k);
	buf_fmt(&b, "h:%c:", kind);
	buf_hex(&b, (u64)mac[0] << 4 | mac[1] >> 4, 3); /* few places: nobody can fill the store with names */
	return buf_str(&b);
}

enum step
signin_show(struct job *j, struct str next, const char *why)
{
	struct html h;

	html_begin(&h, &j->x, "login");
	if (!person_may(j))
		why = "login_plain";
	if (why)
		html_text(&h, "why", why);
	html_flag(&h, "may", person_may(j));
	if (html_next_ok(next))
		html_put(&h, "next", next);
	return html_reply(&h, why ? 403 : 200);
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
	b = buf_over(arena_bytes(exchange_arena(x), HTML_NEXT_MAX), HTML_NEXT_MAX);
	if (form_get(x->req.query, STR("next"), &b, &next))
		next = STR_NONE;
	if (j->person->who.level == BROWSER_IN)
		return html_go(x, html_next_ok(next) ? next : STR("/account"));
	return signin_show(j, next, NULL);
}

/* ---- password ------------------------------------------------------------------------------------ */

static enum step
ask(struct job *j, u8 verb, struct str key, msec now)
{
	struct signin *g = j->own;

	j->out = buf_over(g->room, sizeof g->room);
	j->op = (struct store_op){ .verb = verb, .key = key, .out = &j->out, .owner = exchange_ready(&j->x) };
	return store_start(j->app->store, &j->op, now);
}

/* A count goes up; nobody waits for it. */
static void
count(struct job *j, char kind, struct str of)
{
	char room[SIGNIN_COUNT_N];
	struct store_op op = { .verb = STORE_INCR, .lazy = true, .by = 1, .ttl_s = SIGNIN_WINDOW_S };

	op.key = signin_count_key(j->app->handle_key, kind, of, room);
	store_start(j->app->store, &op, 0);
}

/* An account that was logged into begins anew. */
static void
forgive(struct job *j, char kind, struct str of)
{
	char room[SIGNIN_COUNT_N];
	struct store_op op = { .verb = STORE_DROP, .lazy = true };

	op.key = signin_count_key(j->app->handle_key, kind, of, room);
	store_start(j->app->store, &op, 0);
}

/* Whether the count that was asked for is used up. */
static bool
too_many(struct job *j, u32 most)
{
	u64 n = 0;

	return j->op.err == 0 && str_u64(j->op.val, &n) == 0 && n >= most;
}

static enum step
refuse_many(struct job *j)
{
	reply_field(&j->x, "Retry-After", STR("900"));
	return html_error(&j->x, 429, "error_throttle");
}

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
	const struct html_field field[] = { { "name", 128, &name }, { "password", PASSWORD_MAX, &password },
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
	ask(j, STORE_GET, signin_count_key(j->app->handle_key, 'a', address_of(j, &from), g->count), now);
	return STEP_MORE;
}

static enum step
start_hash(struct job *j)
{
	struct signin *g = j->own;
	struct pass_record rec;
	bool known = j->op.err == 0 && user_decode(j->op.val, &g->user) == 0 && !g->user.disabled &&
	    pass_read(str_of(g->user.pass, g->user.pass_n), &rec) == 0;
	enum step s = hashing_check(j, &g->hashing, g->password, known ? &rec : NULL);

	ct_wipe((void *)(uintptr_t)g->password.p, g->password.n);
	g->user.version = j->op.version;
	j->x.at = AT_HASH;
	return s == STEP_FAIL ? STEP_DONE : s;
}

static enum step
refused(struct job *j)
{
	struct signin *g = j->own;
	u64 from;

	if (address_of(j, &from).n && from)
		count(j, 'a', str_of(&from, sizeof from));
	count(j, 'u', g->name);
	if (serve_tells(&j->app->serve, j->app->now))
		log_info("login", "refused user=%S", g->name);
	return signin_show(j, g->next, "login_wrong");
}

/* The new session of whoever has shown enough. */
static enum step
begin_session(struct job *j, enum browser_level level)
{
	struct signin *g = j->own;
	u8 random[32];
	enum step s;

	rng_bytes(j->app->rng, random, sizeof random);
	g->made.st = j->app->store;
	j->own_op = &g->made.op;
	g->made.limits = (struct browser_limits){ j->gen->gen->session_idle_s, j->gen->gen->session_max_s };
	g->cookie = buf_over(g->secret, sizeof g->secret);
	s = browser_make(&g->made, &g->user, level, random, &g->cookie, exchange_ready(&j->x));
	ct_wipe(random, sizeof random);
	j->x.at = AT_SESSION;
	return s == STEP_WAIT ? s : STEP_MORE;
}

static enum step
hashed(struct job *j)
{
	struct signin *g = j->own;
	enum step s = hashing_step(j, &g->hashing);

	if (s != STEP_DONE)
		return s;
	if (!hashing_same(&g->hashing))
		return refused(j);
	forgive(j, 'u', g->name);
	return begin_session(j, g->user.totp_n ? BROWSER_HALF : BROWSER_IN);
}

static enum step
in(struct job *j)
{
	struct signin *g = j->own;

	person_cookie(j, buf_str(&g->cookie));
	log_info("login", "user=%S", user_name(&g->user));
	return html_go(&j->x, html_next_ok(g->next) ? g->next : STR("/account"));
}

static enum step
with_session(struct job *j)
{
	struct signin *g = j->own;
	enum step s = browser_made(&g->made);

	if (s == STEP_WAIT)
		return s;
	if (s == STEP_FAIL)
		return html_error(&j->x, 503, "error_store");
	return in(j);
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
		if (exchange_from(x) && too_many(j, SIGNIN_ADDRESS_MAX))
			return refuse_many(j);
		x->at = AT_ACCOUNT;
		ask(j, STORE_GET, signin_count_key(j->app->handle_key, 'u', g->name, g->count), now);
		return STEP_MORE;
	case AT_ACCOUNT:
		if (too_many(j, SIGNIN_ACCOUNT_MAX))
			return refuse_many(j);
		x->at = AT_USER;
		ask(j, STORE_GET, user_key(g->name, g->key), now);
		return STEP_MORE;
	case AT_USER:
		if (j->op.err && j->op.err != ERR_NONE)
			return html_error(x, 503, "error_store");
		return start_hash(j);
	case AT_HASH: return hashed(j);
	case AT_SESSION: return with_session(j);
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
