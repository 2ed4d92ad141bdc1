#include "app/linking.h"

#include "app/act.h"
#include "app/connections.h"
#include "app/person.h"
#include "base/base64.h"
#include "base/log.h"
#include "crypt/ct.h"
#include "http/form.h"
#include "http/url.h"

enum { AT_START, AT_KEEP = 10, AT_TAKE, AT_CALL, AT_BODY, AT_SAVE };

#define CALLBACK "/connections/callback"
#define STATE_N 32       /* characters of a state */
#define STATE_TTL_S 600
#define VERIFIER_N 43
#define RECORD_N (16 + BROWSER_KEY_N + VERIFIER_N) /* id of the environment in hex, whose session, verifier */
#define ANSWER_MAX 16384
#define CODE_MAX 2048
#define EXPIRES_S 3600   /* of an access token that does not say */

/* In the exchange's arena. */
struct linking {
	const struct environment *at;
	struct str code;
	struct buf record, answer, go;
	u8 key[3 + STATE_N], room[RECORD_N];
};

static const struct login *
login_at(const struct linking *l)
{
	return l->at->credential.login;
}

static struct linking *
linking_new(struct job *j)
{
	struct linking *l = ARENA_NEW(exchange_arena(&j->x), struct linking);

	j->own = l;
	if (!l)
		html_error(&j->x, 503, "error_busy");
	return l;
}

static struct str
put_state(struct linking *l, struct str state)
{
	struct buf b = buf_over(l->key, sizeof l->key);

	BUF_LIT(&b, "x:o");
	buf_put(&b, state);
	return b.over ? STR_NONE : buf_str(&b);
}

static void
put_redirect(const struct job *j, struct buf *b)
{
	u8 room[600];
	struct buf uri = buf_over(room, sizeof room);

	buf_fmt(&uri, "%S" CALLBACK, j->gen->gen->public_url);
	url_encode(b, buf_str(&uri), URL_COMPONENT);
	b->over = b->over || uri.over;
}

void
linking_form_to(struct buf *b, const struct environment *e)
{
	struct str all = e->credential.login->authorize;
	struct url u;
	u32 at = b->w;

	if (url_parse(all, &u))
		return;
	if (at)
		buf_byte(b, ' ');
	buf_put(b, str_cut(all, 0, (u32)(u.authority.p - all.p) + u.authority.n));
	if (b->over)
		b->w = at;
}

/* ---- away ---------------------------------------------------------------------------------------- */

/* The address, with the challenge of a new verifier; the record of its state is in l. */
static bool
make_address(struct job *j, struct linking *l)
{
	const struct login *login = login_at(l);
	u8 random[STATE_N / 2 + 32], hash[HASH_N], text[STATE_N];
	struct buf state = buf_over(text, sizeof text), *go = &l->go;
	u32 from;

	rng_bytes(j->app->rng, random, sizeof random);
	for (u32 i = 0; i < STATE_N / 2; i++)
		buf_hex(&state, random[i], 2);
	l->record = buf_over(l->room, sizeof l->room);
	buf_hex(&l->record, l->at->id, 16);
	buf_put(&l->record, str_of(j->person->who.key, BROWSER_KEY_N));
	from = l->record.w;
	base64_put_url(&l->record, str_of(random + STATE_N / 2, 32));
	hash_once(str_of(l->room + from, l->record.w - from), hash);
	ct_wipe(random, sizeof random);
	*go = arena_buf(exchange_arena(&j->x), 3000);
	buf_fmt(go, "%S%cresponse_type=code&client_id=", login->authorize,
	    str_find(login->authorize, '?', 0) < 0 ? '?' : '&');
	url_encode(go, login->client, URL_COMPONENT);
	BUF_LIT(go, "&redirect_uri=");
	put_redirect(j, go);
	if (login->scopes.n) {
		BUF_LIT(go, "&scope=");
		url_encode(go, login->scopes, URL_COMPONENT);
	}
	buf_fmt(go, "&state=%S&code_challenge_method=S256&code_challenge=", buf_str(&state));
	base64_put_url(go, str_of(hash, sizeof hash));
	return go->p && !go->over && put_state(l, buf_str(&state)).p;
}

enum step
linking_start(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct linking *l = j->own;
	struct str api = STR_NONE, where = STR_NONE;
	enum step s = STEP_DONE;

	if (x->at == AT_KEEP) {
		if (!j->op.done)
			return STEP_WAIT;
		return j->op.err ? html_error(x, 503, "error_store") : html_go(x, buf_str(&l->go));
	}
	if (!connections_begin(j, true, now, &s) || !(l = linking_new(j)) || html_form(x, (struct html_field[]){
	    { "api", 64, &api }, { "where", 64, &where } }, 2))
		return s;
	l->at = api.p ? connections_find(j, api, where, 0) : NULL;
	if (!l->at || !login_at(l))
		return html_error(x, 404, "connect_gone");
	if (!make_address(j, l))
		return html_error(x, 503, "error_busy");
	j->op = (struct store_op){ .verb = STORE_PUT, .key = str_of(l->key, sizeof l->key), .val = buf_str(&l->record),
		.ttl_s = STATE_TTL_S, .owner = exchange_ready(x) };
	x->at = AT_KEEP;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

/* ---- and back ------------------------------------------------------------------------------------ */

static enum step
refused(struct job *j, const char *why, struct str what)
{
	log_info("connect", "user=%S %s %S", user_name(&j->person->who.user), why, str_cut(what, 0, 80));
	return html_error(&j->x, 400, "connect_refused");
}

/* Takes the state that the request names: it is good once, and for the browser session that began it. */
static enum step
take_state(struct job *j, msec now)
{
	struct linking *l = linking_new(j);
	struct buf room = arena_buf(exchange_arena(&j->x), CODE_MAX + 400);
	struct str state = STR_NONE, error = STR_NONE;
	bool bad;

	if (!l)
		return STEP_DONE;
	bad = form_get(j->x.req.query, STR("state"), &room, &state) || state.n != STATE_N || !put_state(l, state).p;
	if (bad)
		return html_error(&j->x, 400, "connect_state");
	if (form_get(j->x.req.query, STR("code"), &room, &l->code) || !l->code.n) {
		form_get(j->x.req.query, STR("error"), &room, &error);
		l->code = STR_NONE;
	}
	l->record = buf_over(l->room, sizeof l->room);
	j->op = (struct store_op){ .verb = STORE_TAKE, .key = str_of(l->key, sizeof l->key), .out = &l->record,
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_TAKE;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
send_code(struct job *j, struct linking *l, msec now)
{
	const struct login *login = login_at(l);
	struct params p = { .target = buf_over((u8 *)(uintptr_t)login->target.p, login->target.n) };
	struct call_spec cs = op_call_spec(login->at);
	struct buf *out;

	p.target.w = login->target.n;
	p.body = buf_over(j->app->ops.body, RPC_BODY_MAX);
	BUF_LIT(&p.body, "grant_type=authorization_code&code=");
	url_encode(&p.body, l->code, URL_COMPONENT);
	BUF_LIT(&p.body, "&redirect_uri=");
	put_redirect(j, &p.body);
	if (!login->authorization.n) {
		BUF_LIT(&p.body, "&client_id=");
		url_encode(&p.body, login->client, URL_COMPONENT);
	}
	buf_fmt(&p.body, "&code_verifier=%S", str_of(l->room + 16 + BROWSER_KEY_N, VERIFIER_N));
	cs.method = METHOD_POST;
	cs.body_max = ANSWER_MAX;
	j->call = call_start(&j->app->calls, &cs, exchange_ready(&j->x), now);
	out = j->call ? call_out(j->call, buf_len(&p.body) + login->target.n + login->authorization.n + 1024) : NULL;
	if (out)
		login_write(out, login, &p);
	ct_wipe(p.body.p, p.body.w);
	if (!out || out->over || call_send(j->call))
		return html_error(&j->x, 503, "error_busy");
	j->x.at = AT_CALL;
	return STEP_MORE;
}

static enum step
state_taken(struct job *j, msec now)
{
	struct linking *l = j->own;
	struct str record = j->op.val;
	u64 id;

	if (j->op.err && j->op.err != ERR_NONE)
		return html_error(&j->x, 503, "error_store");
	if (j->op.err || record.n != RECORD_N || str_hex(str_cut(record, 0, 16), &id) ||
	    !str_same(str_cut(record, 16, 16 + BROWSER_KEY_N), str_of(j->person->who.key, BROWSER_KEY_N)) ||
	    !(l->at = connections_find(j, STR_NONE, STR_NONE, id)) || !login_at(l))
		return html_error(&j->x, 400, "connect_state");
	if (!l->code.n)
		return refused(j, "was not let in by", l->at->host_field);
	return send_code(j, l, now);
}

/* The tokens: the refresh token is stored, the access token serves until it runs out. */
static enum step
take_tokens(struct job *j, struct linking *l, msec now)
{
	struct arena *a = exchange_arena(&j->x);
	struct login_ask ask = { .credential = &l->at->credential, .born = j->person->who.user.born,
		.environment = l->at->id };
	struct str access, refresh;
	struct jdoc d;
	u64 seconds;

	if (json_parse(&d, buf_str(&l->answer), j->app->mcp.tok, RPC_TOKENS_MAX))
		return refused(j, "got no JSON from", login_at(l)->at->host_field);
	access = json_str(json_get(json_root(&d), "access_token"), a);
	refresh = json_str(json_get(json_root(&d), "refresh_token"), a);
	if (json_u64(json_get(json_root(&d), "expires_in"), &seconds) || seconds > 365 * 86400)
		seconds = refresh.n ? EXPIRES_S : 365 * 86400;
	if (access.n < 8 || !field_value_ok(access) || refresh.n > VAULT_SECRET_MAX)
		return refused(j, "got no token from", login_at(l)->at->host_field);
	login_give(&j->app->ops, &ask, access, (u32)seconds, now);
	if (connections_write(j, l->at, refresh.n ? refresh : STR(LOGIN_NO_REFRESH), now))
		return html_error(&j->x, 503, "error_busy");
	ct_wipe(l->answer.p, l->answer.w);
	j->x.at = AT_SAVE;
	return STEP_MORE;
}

static enum step
read_answer(struct job *j, msec now)
{
	struct linking *l = j->own;
	enum step s = j->x.at == AT_CALL ? call_step(j->call, now) : STEP_DONE;
	struct str part;
	int n;

	if (s == STEP_WAIT)
		call_settle(j->call);
	if (s == STEP_WAIT || s == STEP_MORE)
		return s;
	if (s == STEP_FAIL)
		return refused(j, "did not reach", login_at(l)->at->host_field);
	if (j->call->status != 200)
		return refused(j, "was refused the code by", login_at(l)->at->host_field);
	if (j->x.at == AT_CALL)
		l->answer = arena_buf(exchange_arena(&j->x), ANSWER_MAX);
	j->x.at = AT_BODY;
	while ((n = call_body(j->call, &part, now)) > 0) {
		buf_put(&l->answer, part);
		call_eat(j->call, part.n);
	}
	if (n == ERR_MORE) {
		call_settle(j->call);
		return STEP_WAIT;
	}
	return n < 0 || l->answer.over ? refused(j, "got a broken answer of", login_at(l)->at->host_field)
	                               : take_tokens(j, l, now);
}

enum step
linking_back(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct linking *l = j->own;
	enum step s = STEP_DONE;

	switch (x->at) {
	case AT_TAKE: return j->op.done ? state_taken(j, now) : STEP_WAIT;
	case AT_CALL:
	case AT_BODY: return read_answer(j, now);
	case AT_SAVE:
		if (!j->op.done)
			return STEP_WAIT;
		if (j->op.err)
			return html_error(x, 503, "error_store");
		act_connection(j, l->at, "connected");
		return html_go(x, STR("/connections"));
	default: return connections_begin(j, false, now, &s) ? take_state(j, now) : s;
	}
}
