#include "app/arriving.h"

#include "app/act.h"
#include "app/codeflow.h"
#include "app/connections.h"
#include "app/person.h"
#include "app/signin.h"
#include "auth/team.h"
#include "base/base64.h"
#include "base/le.h"
#include "base/log.h"
#include "crypt/ct.h"

enum { AT_START, AT_KNOW = ARRIVING_FROM, AT_ONCE, AT_TOKENS, AT_WHO, AT_USER, AT_NEW, AT_KEEP, AT_OLD, AT_SESSION };

#define BEGUN_MAX 60 /* logins that one address begins in a minute, and comes back with */
#define BACK_MAX 20
#define NEXT_AT (4 + 8 + CODEFLOW_STATE_N + CODEFLOW_VERIFIER_N) /* till when, environment, state, verifier, next */
#define PLAIN_MAX (NEXT_AT + HTML_NEXT_MAX)
#define COOKIE_MAX (BASE64_URL_N(PLAIN_MAX + SEAL_EXTRA) + 4)

static_assert(COOKIE_MAX < 3600, "browsers keep a cookie of 4 KB");

/* In the exchange's arena. */
struct arriving {
	struct codeflow flow;
	const struct api *api;
	struct str next;
	wall till;
	u64 id; /* of the environment */
	struct user user;
	struct signin_session session;
	u8 tries;
	u8 name[USER_NAME_MAX], key[3 + CODEFLOW_STATE_N], state[CODEFLOW_STATE_N];
	u8 user_key[USER_KEY_MAX], record[USER_RECORD_MAX];
	struct str who; /* the user's name, in name */
};

static const struct seal_use cookie_use = { .what = { .p = (const u8 *)"arriving|1", .n = 10 } };

const struct environment *
arriving_at(const struct api *api)
{
	for (u32 i = 0; i < api->environments; i++)
		if (api->environment[i].credential.login && api->environment[i].credential.login->sign)
			return &api->environment[i];
	return NULL;
}

static struct arriving *
arriving_new(struct job *j)
{
	struct arriving *a = ARENA_NEW(exchange_arena_n(&j->x, CODEFLOW_ARENA_N), struct arriving);

	if (!a)
		html_error(&j->x, 503, "error_busy");
	return a;
}

/* ---- away ---------------------------------------------------------------------------------------- */

static bool
put_cookie(struct job *j, const struct arriving *a)
{
	struct arena *arena = exchange_arena(&j->x);
	struct buf plain = arena_buf(arena, PLAIN_MAX), text = arena_buf(arena, COOKIE_MAX + SEAL_EXTRA);

	buf_le(&plain, store_wall(j->app->store) + CODEFLOW_TTL_S, 4);
	buf_le(&plain, a->flow.at->id, 8);
	buf_put(&plain, a->flow.state);
	buf_put(&plain, str_of(a->flow.verifier, CODEFLOW_VERIFIER_N));
	buf_put(&plain, a->next);
	if (!text.p || plain.over ||
	    seal_make_text(&j->app->token_seal, j->app->rng, cookie_use, buf_str(&plain), &text))
		return false;
	person_arriving_set(j, buf_str(&text));
	return true;
}

enum step
arriving_start(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct str api = STR_NONE, next = STR_NONE, go;
	const struct html_field field[] = { { "api", 64, &api }, { "next", HTML_NEXT_MAX, &next } };
	struct arriving *a = arriving_new(j);

	if (!a || html_form(x, field, ARRAY_N(field)))
		return STEP_DONE;
	if (!person_may(j))
		return signin_show(j, next, NULL);
	if (!person_same_site(j))
		return html_error(x, 403, "error_session");
	if (rate_take(j->app->rate, 'L', exchange_from(x), BEGUN_MAX, 60000, now))
		return html_error(x, 429, "error_many");
	for (u32 i = 0; i < j->gen->gen->apis && !a->flow.at; i++)
		if (str_same(j->gen->gen->api[i].name, api))
			a->flow.at = arriving_at(&j->gen->gen->api[i]);
	if (!a->flow.at)
		return html_error(x, 404, "connect_gone");
	a->next = html_next_ok(next) ? next : STR("");
	codeflow_begin(j, &a->flow, a->state);
	go = codeflow_address(j, &a->flow);
	if (!go.p || !put_cookie(j, a))
		return html_error(x, 503, "error_busy");
	return html_leave(x, go, a->flow.at->host_field);
}

/* ---- and back ------------------------------------------------------------------------------------ */

bool
arriving_is(struct job *j)
{
	struct str text = person_arriving(j);
	struct arriving *a;
	struct buf b;

	if (!text.n || text.n > COOKIE_MAX)
		return false;
	a = ARENA_NEW(exchange_arena_n(&j->x, CODEFLOW_ARENA_N), struct arriving);
	b = arena_buf(exchange_arena(&j->x), PLAIN_MAX + SEAL_EXTRA);
	if (!a || seal_open_text(&j->app->token_seal, cookie_use, text, &b) || buf_len(&b) < NEXT_AT ||
	    codeflow_back(j, &a->flow) || !str_same(a->flow.state, str_of(b.p + 12, CODEFLOW_STATE_N)))
		return false;
	a->till = le32(b.p);
	a->id = le64(b.p + 4);
	memcpy(a->flow.verifier, b.p + 12 + CODEFLOW_STATE_N, CODEFLOW_VERIFIER_N);
	a->next = str_cut(buf_str(&b), NEXT_AT, buf_len(&b));
	j->own = a;
	return true;
}

static enum step
refused(struct job *j, u16 status, const char *key, const char *why)
{
	struct arriving *a = j->own;
	struct html h;

	log_info("login", "user=%S %s %S", a->who, why, a->flow.at->host_field);
	if (a->who.n)
		act_login(j, NULL, a->who, "upstream");
	html_begin(&h, &j->x, "arriving");
	html_text(&h, "why", key);
	html_put(&h, "who", a->who);
	html_put(&h, "api", a->api->title.n ? a->api->title : a->api->name);
	return html_reply(&h, status);
}

static bool
find_place(const struct job *j, struct arriving *a)
{
	for (u32 i = 0; i < j->gen->gen->apis; i++) {
		const struct environment *e = arriving_at(&j->gen->gen->api[i]);

		if (e && e->id == a->id) {
			a->flow.at = e;
			a->api = &j->gen->gen->api[i];
		}
	}
	return a->flow.at != NULL;
}

/* A state is good once, in whatever worker, and across a restart. */
static enum step
once(struct job *j, struct arriving *a, msec now)
{
	struct buf key = buf_over(a->key, sizeof a->key);

	person_arriving_set(j, STR(""));
	if (rate_take(j->app->rate, 'l', exchange_from(&j->x), BACK_MAX, 60000, now))
		return html_error(&j->x, 429, "error_many");
	if (a->till < store_wall(j->app->store) || a->till > store_wall(j->app->store) + CODEFLOW_TTL_S)
		return html_error(&j->x, 403, "login_state");
	if (!find_place(j, a))
		return html_error(&j->x, 404, "connect_gone");
	BUF_LIT(&key, "x:O");
	buf_put(&key, a->flow.state);
	j->op = (struct store_op){ .verb = STORE_ADD, .key = buf_str(&key), .val = STR("1"),
		.ttl_s = CODEFLOW_TTL_S + 1, .owner = exchange_ready(&j->x) };
	j->x.at = AT_ONCE;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
take_code(struct job *j, struct arriving *a, msec now)
{
	if (j->op.err)
		return j->op.err == ERR_LATE ? html_error(&j->x, 403, "login_state")
		                             : html_error(&j->x, 503, "error_store");
	if (!codeflow_issuer(&a->flow))
		return refused(j, 403, "login_refused", CODEFLOW_MIXED);
	if (!a->flow.code.n)
		return refused(j, 403, "login_refused", "was not let in by");
	if (j->app->arriving >= ARRIVING_MAX)
		return html_error(&j->x, 503, "error_busy");
	j->app->arriving++;
	j->arriving = true;
	j->x.at = AT_TOKENS;
	return codeflow_send(j, &a->flow, now) == STEP_FAIL ? html_error(&j->x, 503, "error_busy") : STEP_MORE;
}

void
arriving_end(struct job *j)
{
	if (j->arriving)
		j->app->arriving--;
	j->arriving = false;
}

static enum step
ask_who(struct job *j, struct arriving *a, msec now)
{
	j->x.at = AT_WHO;
	return codeflow_ask(j, &a->flow, a->flow.at->credential.login->sign->target, now) == STEP_FAIL
	           ? html_error(&j->x, 503, "error_busy") : STEP_MORE;
}

/* ---- who it is ----------------------------------------------------------------------------------- */

static struct jcur
member(struct jcur c, struct str path)
{
	while (path.p)
		c = json_get_str(c, str_next(&path, '.'));
	return c;
}

static struct str
text_of(struct jcur c, struct arena *a)
{
	struct buf b = arena_buf(a, 20);
	u64 n;

	if (json_kind(c) == JSON_STRING)
		return json_str(c, a);
	if (json_u64(c, &n))
		return STR_NONE;
	buf_u64(&b, n);
	return buf_str(&b);
}

static void
ask_user(struct job *j, struct arriving *a, msec now)
{
	j->out = buf_over(a->record, sizeof a->record);
	j->op = (struct store_op){ .verb = STORE_GET, .key = user_key(a->who, a->user_key), .out = &j->out,
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_USER;
	store_start(j->app->store, &j->op, now);
}

/* The API has said whose the tokens are. */
static enum step
take_who(struct job *j, struct arriving *a, msec now)
{
	const struct sign_in *sign = a->flow.at->credential.login->sign;
	struct buf name = buf_over(a->name, sizeof a->name);
	struct str subject, called = STR_NONE;
	struct jdoc d;

	if (json_parse(&d, buf_str(&a->flow.answer), j->app->mcp.tok, RPC_TOKENS_MAX))
		return refused(j, 502, "login_refused", "was answered without JSON about who it is by");
	subject = text_of(member(json_root(&d), sign->id), exchange_arena(&j->x));
	if (!subject.n || user_upstream(&name, subject, a->api->name))
		return refused(j, 502, "login_refused", "found no sign_in_id in what was said by");
	a->who = buf_str(&name);
	if (sign->name.n)
		called = json_str(member(json_root(&d), sign->name), exchange_arena(&j->x));
	user_set_name(&a->user, a->who);
	if (called.n)
		user_set_display(&a->user, called); /* one that cannot be shown is none */
	ask_user(j, a, now);
	return STEP_MORE;
}

static enum step
keep(struct job *j, struct arriving *a, msec now)
{
	if (connections_write(j, &a->user, a->flow.at, codeflow_keep(j, &a->flow, a->user.born, now), now))
		return html_error(&j->x, 503, "error_busy");
	j->x.at = AT_KEEP;
	return STEP_MORE;
}

/* Somebody who is new here: what the configuration says of such people. The team is there when they are. */
static enum step
make_user(struct job *j, struct arriving *a, msec now)
{
	const struct sign_in *sign = a->flow.at->credential.login->sign;
	struct store_op op = { .verb = STORE_ADD, .lazy = true, .ttl_s = STORE_FOREVER };
	struct user *u = &a->user;
	u8 random[16], room[TEAM_RECORD_MAX], key[TEAM_KEY_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct team team = { 0 };

	rng_bytes(j->app->rng, random, sizeof random);
	u->born = le64(random) | 1;
	u->epoch = le64(random + 8) | 1;
	u->created = store_wall(j->app->store);
	u->upstream = true;
	user_set_team(u, sign->team);
	user_set_role(u, sign->role);
	team_set(&team, sign->team, STR(""));
	team.created = u->created;
	team_encode(&b, &team);
	op.key = team_key(sign->team, key);
	op.val = buf_str(&b);
	store_start(j->app->store, &op, now);
	j->out = buf_over(a->record, sizeof a->record);
	user_encode(&j->out, u);
	j->op = (struct store_op){ .verb = STORE_ADD, .key = user_key(a->who, a->user_key), .val = buf_str(&j->out),
		.ttl_s = STORE_FOREVER, .owner = exchange_ready(&j->x) };
	j->x.at = AT_NEW;
	store_start(j->app->store, &j->op, now);
	return STEP_MORE;
}

static enum step
take_user(struct job *j, struct arriving *a, msec now)
{
	if (j->op.err && j->op.err != ERR_NONE)
		return html_error(&j->x, 503, "error_store");
	if (j->op.err && !a->flow.at->credential.login->sign->role.n)
		return refused(j, 403, "login_unknown", "is nobody here, from");
	if (j->op.err)
		return make_user(j, a, now);
	if (user_decode(j->op.val, &a->user) || !a->user.upstream)
		return refused(j, 403, "login_taken", "is somebody else here, from");
	if (a->user.disabled)
		return refused(j, 403, "login_disabled", "is disabled, from");
	return keep(j, a, now);
}

static enum step
made_user(struct job *j, struct arriving *a, msec now)
{
	if (j->op.err == ERR_LATE && a->tries++ < 3) { /* meanwhile they came twice */
		ask_user(j, a, now);
		return STEP_MORE;
	}
	if (j->op.err)
		return html_error(&j->x, 503, "error_store");
	log_info("login", "new user=%S", a->who);
	j->person->who.user = a->user;
	act_change(j, "account", STR("made by sign_in"), a->who);
	return keep(j, a, now);
}

/* ---- in ------------------------------------------------------------------------------------------ */

/* The session is there. With half of one, wherever it leads asks for the second factor. */
static enum step
arrived(struct job *j, enum step s)
{
	struct arriving *a = j->own;

	j->x.at = AT_SESSION;
	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	if (a->session.made.level == BROWSER_IN) {
		log_info("login", "user=%S from=%S", a->who, a->flow.at->host_field);
		act_login(j, &a->user, a->who, "upstream");
	}
	return html_go(&j->x, html_next_ok(a->next) ? a->next : STR("/account"));
}

static enum step
begin_session(struct job *j)
{
	struct arriving *a = j->own;

	return arrived(j, signin_begin(j, &a->session, &a->user, a->user.totp_n ? BROWSER_HALF : BROWSER_IN));
}

/* Whoever this browser was is not any more: their session ends with the new one. */
static enum step
kept(struct job *j)
{
	struct arriving *a = j->own;
	enum step s;

	if (j->op.err)
		return html_error(&j->x, 503, "error_store");
	j->person->who.user = a->user;
	act_connection(j, a->flow.at, "connected");
	if (j->person->who.level == BROWSER_NOBODY)
		return begin_session(j);
	j->x.at = AT_OLD;
	s = browser_end(&j->person->check, &j->person->who, exchange_ready(&j->x));
	return s == STEP_WAIT ? s : begin_session(j);
}

static enum step
know(struct job *j, msec now)
{
	enum step s;

	j->x.at = AT_KNOW;
	s = person_know(j, now);
	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	return once(j, j->own, now);
}

static enum step
called(struct job *j, struct arriving *a, msec now)
{
	const char *why = "";
	enum step s = codeflow_step(j, &a->flow, &why, now);

	if (s == STEP_FAIL)
		return refused(j, 403, "login_refused", why);
	if (s != STEP_DONE)
		return s;
	return j->x.at == AT_TOKENS ? ask_who(j, a, now) : take_who(j, a, now);
}

enum step
arriving_back(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct arriving *a = j->own;

	switch (x->at) {
	case AT_START:
	case AT_KNOW: return know(j, now);
	case AT_TOKENS:
	case AT_WHO: return called(j, a, now);
	case AT_OLD: return browser_ended(&j->person->check) == STEP_WAIT ? STEP_WAIT : begin_session(j);
	case AT_SESSION: return arrived(j, signin_began(j, &a->session));
	}
	if (!j->op.done)
		return STEP_WAIT;
	switch (x->at) {
	case AT_ONCE: return take_code(j, a, now);
	case AT_USER: return take_user(j, a, now);
	case AT_NEW: return made_user(j, a, now);
	case AT_KEEP: return kept(j);
	}
	return STEP_FAIL;
}
