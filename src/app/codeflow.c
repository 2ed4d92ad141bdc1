#include "app/codeflow.h"

#include "base/base64.h"
#include "crypt/ct.h"
#include "http/form.h"
#include "http/hout.h"
#include "http/url.h"

#define ADDRESS_MAX 3000
#define CODE_MAX 2048
#define EXPIRES_S 3600       /* of an access token that does not say */
#define YEAR_S (365 * 86400)
#define ASK_MS 15000         /* a person is waiting */

static const struct login *
login_at(const struct codeflow *f)
{
	return f->at->credential.login;
}

static void
put_redirect(const struct job *j, struct buf *b)
{
	u8 room[600];
	struct buf uri = buf_over(room, sizeof room);

	buf_fmt(&uri, "%S" CODEFLOW_CALLBACK, j->gen->gen->public_url);
	url_encode(b, buf_str(&uri), URL_COMPONENT);
	b->over = b->over || uri.over;
}

void
codeflow_begin(struct job *j, struct codeflow *f, u8 state[CODEFLOW_STATE_N])
{
	u8 random[CODEFLOW_STATE_N / 2 + 32];
	struct buf text = buf_over(state, CODEFLOW_STATE_N), verifier = buf_over(f->verifier, sizeof f->verifier);

	rng_bytes(j->app->rng, random, sizeof random);
	for (u32 i = 0; i < CODEFLOW_STATE_N / 2; i++)
		buf_hex(&text, random[i], 2);
	base64_put_url(&verifier, str_of(random + CODEFLOW_STATE_N / 2, 32));
	ct_wipe(random, sizeof random);
	f->state = buf_str(&text);
}

struct str
codeflow_address(struct job *j, struct codeflow *f)
{
	const struct login *login = login_at(f);
	struct buf go = arena_buf(exchange_arena(&j->x), ADDRESS_MAX);
	u8 hash[HASH_N];

	hash_once(str_of(f->verifier, sizeof f->verifier), hash);
	buf_fmt(&go, "%S%cresponse_type=code&client_id=", login->authorize,
	    str_find(login->authorize, '?', 0) < 0 ? '?' : '&');
	url_encode(&go, login->client, URL_COMPONENT);
	BUF_LIT(&go, "&redirect_uri=");
	put_redirect(j, &go);
	if (login->scopes.n) {
		BUF_LIT(&go, "&scope=");
		url_encode(&go, login->scopes, URL_COMPONENT);
	}
	buf_fmt(&go, "&state=%S&code_challenge_method=S256&code_challenge=", f->state);
	base64_put_url(&go, str_of(hash, sizeof hash));
	return go.p && !go.over ? buf_str(&go) : STR_NONE;
}

/* ---- and back ------------------------------------------------------------------------------------ */

int
codeflow_back(struct job *j, struct codeflow *f)
{
	struct buf room = arena_buf(exchange_arena(&j->x), CODE_MAX + 1000);
	struct str query = j->x.req.query;
	int err;

	if (form_get(query, STR("state"), &room, &f->state) || f->state.n != CODEFLOW_STATE_N)
		return ERR_BAD;
	for (u32 i = 0; i < f->state.n; i++)
		if (!((f->state.p[i] >= '0' && f->state.p[i] <= '9') || (f->state.p[i] >= 'a' && f->state.p[i] <= 'f')))
			return ERR_BAD;
	if (form_get(query, STR("code"), &room, &f->code) || !f->code.n)
		f->code = STR_NONE;
	err = form_get(query, STR("iss"), &room, &f->iss);
	if (err == ERR_NONE)
		f->iss = STR_NONE;
	else if (err)
		f->iss = STR(""); /* there, and nobody's */
	return 0;
}

bool
codeflow_issuer(const struct codeflow *f)
{
	struct str want = login_at(f)->issuer;

	return want.n ? f->iss.p && str_same(f->iss, want) : !f->iss.p;
}

/* ---- tokens -------------------------------------------------------------------------------------- */

static enum step
start(struct job *j, struct codeflow *f, const struct environment *at, u8 method, u32 n, struct buf **out, msec now)
{
	struct call_spec cs = op_call_spec(at);

	if (!f->answer.p)
		f->answer = arena_buf(exchange_arena(&j->x), CODEFLOW_ANSWER_MAX);
	f->answer.r = f->answer.w = 0;
	cs.method = method;
	cs.body_max = CODEFLOW_ANSWER_MAX;
	cs.total_ms = min_u32(cs.total_ms, ASK_MS);
	if (j->call)
		call_end(j->call, now);
	j->call = f->answer.p ? call_start(&j->app->calls, &cs, exchange_ready(&j->x), now) : NULL;
	*out = j->call ? call_out(j->call, n) : NULL;
	return *out ? STEP_MORE : STEP_FAIL;
}

static enum step
sent(struct job *j, const struct buf *out)
{
	return out->over || call_send(j->call) ? STEP_FAIL : STEP_MORE;
}

enum step
codeflow_send(struct job *j, struct codeflow *f, msec now)
{
	const struct login *login = login_at(f);
	struct params p = { .target = buf_over((u8 *)(uintptr_t)login->target.p, login->target.n) };
	struct buf *out;
	enum step s;

	p.target.w = login->target.n;
	p.body = buf_over(j->app->ops.body, RPC_BODY_MAX);
	BUF_LIT(&p.body, "grant_type=authorization_code&code=");
	url_encode(&p.body, f->code, URL_COMPONENT);
	BUF_LIT(&p.body, "&redirect_uri=");
	put_redirect(j, &p.body);
	if (!login->authorization.n) {
		BUF_LIT(&p.body, "&client_id=");
		url_encode(&p.body, login->client, URL_COMPONENT);
	}
	buf_fmt(&p.body, "&code_verifier=%S", str_of(f->verifier, sizeof f->verifier));
	s = start(j, f, login->at, METHOD_POST, buf_len(&p.body) + login->target.n + login->authorization.n + 1024,
	    &out, now);
	if (s != STEP_FAIL)
		login_write(out, login, &p);
	ct_wipe(p.body.p, p.body.w);
	return s == STEP_FAIL ? s : sent(j, out);
}

enum step
codeflow_ask(struct job *j, struct codeflow *f, struct str target, msec now)
{
	struct buf *out;

	if (start(j, f, f->at, METHOD_GET, f->at->path.n + target.n + f->access.n + 600, &out, now) == STEP_FAIL)
		return STEP_FAIL;
	buf_fmt(out, "GET %S%S HTTP/1.1\r\nHost: %S\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n"
	    "User-Agent: mcpgated\r\nAuthorization: Bearer %S\r\n", f->at->path, target, f->at->host_field, f->access);
	hout_end(out);
	f->asking = true;
	return sent(j, out);
}

/* The tokens, copied: the answer may be read over. */
static enum step
take_tokens(struct job *j, struct codeflow *f, const char **why)
{
	struct arena *a = exchange_arena(&j->x);
	struct str type;
	struct jdoc d;
	u64 seconds;
	bool bearer;

	*why = "got no token from";
	if (json_parse(&d, buf_str(&f->answer), j->app->mcp.tok, RPC_TOKENS_MAX))
		return STEP_FAIL;
	f->access = arena_dup(a, json_str(json_get(json_root(&d), "access_token"), a));
	f->refresh = arena_dup(a, json_str(json_get(json_root(&d), "refresh_token"), a));
	type = json_str(json_get(json_root(&d), "token_type"), a);
	if (json_u64(json_get(json_root(&d), "expires_in"), &seconds) || seconds > YEAR_S)
		seconds = f->refresh.n ? EXPIRES_S : YEAR_S;
	f->seconds = (u32)seconds;
	bearer = !type.n || str_same_nocase(type, STR("bearer"));
	ct_wipe(f->answer.p, f->answer.w);
	return bearer && f->access.n >= 8 && f->access.n <= LOGIN_TEXT_MAX && field_value_ok(f->access) &&
	       f->refresh.n <= VAULT_SECRET_MAX ? STEP_DONE : STEP_FAIL;
}

enum step
codeflow_step(struct job *j, struct codeflow *f, const char **why, msec now)
{
	int err = call_whole(j->call, &f->answer, now);

	if (err == ERR_MORE)
		return STEP_WAIT;
	*why = err ? "got no answer of" : f->asking ? "was not told who it is by" : "was refused the code by";
	if (err || j->call->status != 200)
		return STEP_FAIL;
	return f->asking ? STEP_DONE : take_tokens(j, f, why);
}

struct str
codeflow_keep(struct job *j, const struct codeflow *f, u64 born, msec now)
{
	struct login_ask ask = { .credential = &f->at->credential, .born = born, .environment = f->at->id };

	login_give(&j->app->ops, &ask, f->access, f->seconds, now);
	return f->refresh.n ? f->refresh : STR(LOGIN_NO_REFRESH);
}
