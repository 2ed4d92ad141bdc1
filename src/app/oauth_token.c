/* The token endpoint, revocation (RFC 7009) and introspection (RFC 7662).
 *
 *   client > (code | refresh token) > family > its user > swap > answer        a code that is wrong: drop, answer
 *
 * A code and a refresh token are judged on the family's record; the swap that changes it is the one moment that counts,
 * so of any number of requests at once one changes it and the others see what it has become. */
#include "app/oauth.h"

#include "auth/token.h"
#include "base/base64.h"
#include "crypt/ct.h"
#include "crypt/hash.h"
#include "http/form.h"

#define GUESSES 60 /* wrong codes, tokens and secrets a minute from one address */
#define TRIES_MAX 60 /* swaps lost to others */

enum { AT_CLIENT, AT_GRANT, AT_USER, AT_SWAP, AT_DROP };

#define JSON_N 2000

/* ---- who asks -------------------------------------------------------------------------------------------- */

static bool
is_form(const struct exchange *x)
{
	struct str type = field_get(&x->req.fields, FIELD_CONTENT_TYPE);

	return str_same_nocase(str_trim(str_next(&type, ';')), STR("application/x-www-form-urlencoded"));
}

/* client_secret_basic: id and secret, each form-encoded, in Basic (RFC 6749 section 2.3.1). 0; ERR_NONE no such header;
 * ERR_BAD. */
static int
read_basic(struct oauth *o)
{
	struct str v = field_get(&o->job->x.req.fields, FIELD_AUTHORIZATION), id, secret;
	u32 room = BASE64_N(v.n);
	u8 *raw = arena_bytes(exchange_arena(&o->job->x), room);
	struct buf b = arena_buf(exchange_arena(&o->job->x), room);
	int n;

	if (!v.p)
		return ERR_NONE;
	if (v.n < 6 || !str_same_nocase(str_cut(v, 0, 6), STR("Basic ")) || !b.p)
		return ERR_BAD;
	n = base64_read(str_cut(v, 6, v.n), raw, room);
	if (n < 0)
		return ERR_BAD;
	secret = str_of(raw, (u32)n);
	id = str_next(&secret, ':');
	if (!secret.p || form_decode(&b, id) || b.over)
		return ERR_BAD;
	o->p[P_CLIENT_ID] = buf_str(&b);
	n = (int)b.w;
	if (form_decode(&b, secret) || b.over)
		return ERR_BAD;
	o->p[P_SECRET] = str_of(b.p + n, b.w - (u32)n);
	return 0;
}

/* Takes up a request of these endpoints. STEP_MORE: go on; else the reply is set. */
static enum step
begin(struct job *j)
{
	struct exchange *x = &j->x;
	struct oauth *o;
	bool in_body;
	int basic;

	if (!oauth_on(j))
		return STEP_DONE;
	if (!is_form(x))
		return oauth_error(x, 400, "invalid_request", "the body must be application/x-www-form-urlencoded");
	o = oauth_begin(j, x->body);
	if (!o)
		return STEP_DONE;
	in_body = o->p[P_SECRET].p;
	if (o->broken || o->twice)
		return oauth_error(x, 400, "invalid_request", "a parameter is repeated or cannot be decoded");
	if (o->p[P_ASSERTION].p)
		return oauth_error(x, 401, "invalid_client", "client_assertion is not offered");
	basic = read_basic(o);
	if (basic == ERR_BAD || (basic == 0 && in_body))
		return oauth_error(x, 400, "invalid_request", "authenticate once, by Basic or in the body");
	if (!o->p[P_CLIENT_ID].p)
		return oauth_error(x, 401, "invalid_client", "client_id is missing");
	o->at = AT_CLIENT;
	return STEP_MORE;
}

/* Counts a wrong secret, code or token. Whether that is one too many: the reply is set then. */
static bool
too_many(struct oauth *o, msec now)
{
	struct exchange *x = &o->job->x;
	u32 wait = rate_take(o->job->app->rate, 'g', exchange_from(x), GUESSES, 60000, now);
	u8 room[12];
	struct buf b = buf_over(room, sizeof room);

	if (!wait)
		return false;
	buf_u64(&b, wait);
	reply_field(x, "Retry-After", buf_str(&b));
	oauth_error(x, 429, "slow_down", "too many wrong attempts");
	return true;
}

/* Whether the client is who it says; else the reply is set. Unknown and wrong look alike. */
static bool
authenticated(struct oauth *o, msec now)
{
	struct exchange *x = &o->job->x;
	struct str secret = o->p[P_SECRET];
	bool right = client_secret_ok(&o->client, o->job->app->handle_key, secret);

	if (o->client_err == ERR_IO) {
		oauth_error(x, 503, "temporarily_unavailable", "the store cannot be read");
		return false;
	}
	if (o->client_err == 0 && (o->client.auth == CLIENT_PUBLIC ? !secret.p : right))
		return true;
	if (!too_many(o, now))
		oauth_error(x, 401, "invalid_client", o->client_err == ERR_DENY ?
		    "this client id is a document's address: an administrator must pin it (mcpgated client pin)" :
		    "unknown client, or its authentication failed");
	return false;
}

static bool
same_client(const struct oauth *o)
{
	u8 hash[HASH_N];

	hash_once(o->p[P_CLIENT_ID], hash);
	return ct_same(hash, o->grant.client, HASH_N);
}

/* ---- the family --------------------------------------------------------------------------------------------- */

static enum step
get_grant(struct oauth *o, msec now)
{
	struct store_op *op = &o->job->op;

	grant_key(o->key, o->family);
	o->at = AT_GRANT;
	o->got.r = o->got.w = 0;
	*op = (struct store_op){ .verb = STORE_GET, .key = str_of(o->key, GRANT_KEY_N), .out = &o->got };
	op->owner = exchange_ready(&o->job->x);
	return store_start(o->job->app->store, op, now);
}

/* Ends the family; then answers with the error. */
static enum step
end_family(struct oauth *o, const char *error, const char *why, msec now)
{
	o->error = error;
	o->why = why;
	o->at = AT_DROP;
	o->client.name = o->grant.name;
	oauth_audit(o, why ? "refused" : "done", o->grant.user, why ? why : "revoked");
	oauth_op(o, STORE_DROP, str_of(o->key, GRANT_KEY_N), now);
	return STEP_MORE;
}

static enum step
get_user(struct oauth *o, msec now)
{
	struct store_op *op = &o->job->op;

	o->at = AT_USER;
	o->more.r = o->more.w = 0;
	*op = (struct store_op){ .verb = STORE_GET, .key = user_key(o->grant.user, o->user_key), .out = &o->more };
	op->owner = exchange_ready(&o->job->x);
	store_start(o->job->app->store, op, now);
	return STEP_MORE;
}

/* Writes the family's new state if it is still the one that was judged. */
static enum step
swap_grant(struct oauth *o, msec now)
{
	struct store_op *op = &o->job->op;
	struct buf b = buf_over(o->record, GRANT_RECORD_MAX);
	wall at = store_wall(o->job->app->store);

	grant_encode(&b, &o->grant);
	op->val = buf_str(&b);
	op->version = o->version;
	op->ttl_s = o->grant.dies - at;
	o->at = AT_SWAP;
	oauth_op(o, STORE_SWAP, str_of(o->key, GRANT_KEY_N), now);
	return STEP_MORE;
}

static const char *
wrong_code(struct oauth *o)
{
	u8 hash[HASH_N];

	if (!same_client(o))
		return "the code was given to another client";
	if (o->p[P_REDIRECT_URI].p) {
		hash_once(o->p[P_REDIRECT_URI], hash);
		if (!ct_same(hash, o->grant.redirect, HASH_N))
			return "redirect_uri is not the one the code was sent to";
	}
	if (o->empty & 1U << P_REDIRECT_URI)
		return "redirect_uri is empty";
	return grant_verifier_ok(o->p[P_VERIFIER], o->grant.challenge) ? NULL : "code_verifier does not match";
}

/* Whether the resource a client names is the one the grant is for. */
static bool
same_resource(const struct oauth *o)
{
	u8 room[GRANT_AUDIENCE_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct endpoint e;

	if (!o->p[P_RESOURCE].p)
		return !(o->empty & 1U << P_RESOURCE);
	if (oauth_resource(o->job->gen->gen, o->p[P_RESOURCE], &e))
		return false;
	endpoint_audience(&e, true, &b);
	return str_same(buf_str(&b), o->grant.audience);
}

static enum step
judge_code(struct oauth *o, msec now)
{
	const char *why;

	if (o->grant.state == GRANT_LIVE)
		return end_family(o, "invalid_grant", "the code was used already: its tokens are revoked", now);
	why = wrong_code(o);
	if (why)
		return end_family(o, "invalid_grant", why, now);
	if (!same_resource(o))
		return end_family(o, "invalid_target", "the code is for another resource", now);
	return get_user(o, now);
}

static enum step
judge_refresh(struct oauth *o, msec now)
{
	struct exchange *x = &o->job->x;
	bool unknown;
	int scopes;

	if (o->grant.state != GRANT_LIVE)
		return oauth_error(x, 400, "invalid_grant", "unknown refresh token");
	if (!same_client(o))
		return end_family(o, "invalid_grant", "the refresh token was given to another client", now);
	if (!same_resource(o))
		return oauth_error(x, 400, "invalid_target", "the grant is for another resource");
	if (o->p[P_SCOPE].p) {
		scopes = grant_scopes_read(o->p[P_SCOPE], &unknown);
		if (scopes < 0 || unknown || (scopes & ~o->grant.scopes))
			return oauth_error(x, 400, "invalid_scope", "more than was granted");
	}
	switch (grant_judge(&o->grant, o->seq, store_wall(o->job->app->store))) {
	case GRANT_THEFT:
		return end_family(o, "invalid_grant", "an old refresh token came again", now);
	case GRANT_STALE: return oauth_error(x, 400, "invalid_grant", "this refresh token was replaced by another");
	default: return get_user(o, now);
	}
}

static enum step
judge_grant(struct oauth *o, bool refresh, msec now)
{
	const struct store_op *op = &o->job->op;

	if (op->err && op->err != ERR_NONE)
		return oauth_error(&o->job->x, 503, "temporarily_unavailable", "the store cannot be read");
	if (op->err || grant_decode(op->val, &o->grant))
		return oauth_error(&o->job->x, 400, "invalid_grant", "expired, revoked or unknown");
	o->version = op->version;
	return refresh ? judge_refresh(o, now) : judge_code(o, now);
}

/* ---- the answer ------------------------------------------------------------------------------------------------ */

static enum step
issue(struct oauth *o)
{
	struct app *app = o->job->app;
	struct exchange *x = &o->job->x;
	const struct oauth_conf *c = &o->job->gen->gen->oauth;
	struct buf b = arena_buf(exchange_arena(x), JSON_N);
	struct jout out = jout_into(&b);
	struct token t = { .scopes = o->grant.scopes, .seq = o->grant.seq };
	u8 room[TOKEN_MAX + SEAL_EXTRA];
	struct buf text = buf_over(room, sizeof room);
	bool unknown;

	if (o->p[P_SCOPE].p && o->p[P_REFRESH].p)
		t.scopes = (u8)grant_scopes_read(o->p[P_SCOPE], &unknown);
	memcpy(t.family, o->family, GRANT_FAMILY_N);
	t.dies = store_wall(app->store) + c->token_s;
	t.audience = token_audience(o->grant.audience);
	if (token_put(&text, &app->token_seal, app->rng, c->token_prefix, &t))
		return oauth_error(x, 500, "server_error", "no token can be made");
	jout_open(&out, '{');
	jout_str(&out, "access_token", buf_str(&text));
	jout_c(&out, "token_type", "Bearer");
	jout_u64(&out, "expires_in", c->token_s);
	text = buf_over(room, sizeof room);
	grant_refresh_put(&text, app->handle_key, o->family, o->grant.seq);
	jout_str(&out, "refresh_token", buf_str(&text));
	text = buf_over(room, sizeof room);
	grant_scopes_put(&text, t.scopes);
	jout_str(&out, "scope", buf_str(&text));
	jout_close(&out, '}');
	ct_wipe(room, sizeof room);
	return oauth_json(x, 200, &b);
}

/* The user is known, too: now the family changes, or (a lost answer) is only told again. */
static enum step
judge_user(struct oauth *o, bool refresh, msec now)
{
	const struct store_op *op = &o->job->op;
	wall at = store_wall(o->job->app->store);
	struct user *u = ARENA_NEW(exchange_arena(&o->job->x), struct user);

	if (!u || (op->err && op->err != ERR_NONE))
		return oauth_error(&o->job->x, 503, "temporarily_unavailable", "busy, or the store cannot be read");
	if (op->err || user_decode(op->val, u) || u->disabled || u->epoch != o->grant.epoch || o->grant.dies <= at)
		return end_family(o, "invalid_grant", "the user has to log in again", now);
	if (refresh && o->seq != o->grant.seq)
		return issue(o);
	o->grant.state = GRANT_LIVE;
	o->grant.seq++;
	o->grant.rotated = at;
	o->grant.seen = false;
	return swap_grant(o, now);
}

static enum step
swapped(struct oauth *o, msec now)
{
	switch (o->job->op.err) {
	case 0: return issue(o);
	case ERR_LATE: /* somebody was faster: what is it worth now? */
		if (++o->tries < TRIES_MAX) {
			get_grant(o, now);
			return STEP_MORE;
		}
		/* fallthrough */
	case ERR_NONE: return oauth_error(&o->job->x, 400, "invalid_grant", "expired, revoked or unknown");
	default: return oauth_error(&o->job->x, 503, "temporarily_unavailable", "the store cannot be written");
	}
}

/* ---- the endpoints ----------------------------------------------------------------------------------- */

static enum step
start_grant(struct oauth *o, bool *refresh, msec now)
{
	struct exchange *x = &o->job->x;
	const u8 *key = o->job->app->handle_key;
	struct str type = o->p[P_GRANT_TYPE];
	int err;

	*refresh = str_is(type, "refresh_token");
	if (!type.p)
		return oauth_error(x, 400, "invalid_request", "grant_type is missing");
	if (!*refresh && !str_is(type, "authorization_code"))
		return oauth_error(x, 400, "unsupported_grant_type", "authorization_code or refresh_token");
	if (!o->p[*refresh ? P_REFRESH : P_CODE].p)
		return oauth_error(x, 400, "invalid_request", *refresh ? "refresh_token is missing"
		                                                         : "code is missing");
	err = *refresh ? grant_refresh_open(key, o->p[P_REFRESH], o->family, &o->seq)
	               : grant_code_open(key, o->p[P_CODE], o->family);
	if (err && too_many(o, now))
		return STEP_DONE;
	if (err)
		return oauth_error(x, 400, "invalid_grant", "expired, revoked or unknown");
	get_grant(o, now);
	return STEP_MORE;
}

enum step
oauth_token(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct oauth *o = j->oauth;
	enum step s = o ? STEP_MORE : begin(j);
	bool refresh;

	o = j->oauth;
	while (s == STEP_MORE) {
		if (o->at == AT_CLIENT && oauth_client(o, now) == STEP_WAIT)
			return STEP_WAIT;
		refresh = o->p[P_REFRESH].p && str_is(o->p[P_GRANT_TYPE], "refresh_token");
		if (o->at == AT_CLIENT) {
			s = authenticated(o, now) ? start_grant(o, &refresh, now) : STEP_DONE;
			continue;
		}
		if (!j->op.done)
			return STEP_WAIT;
		switch (o->at) {
		case AT_GRANT: s = judge_grant(o, refresh, now); break;
		case AT_USER: s = judge_user(o, refresh, now); break;
		case AT_SWAP: s = swapped(o, now); break;
		case AT_DROP: s = oauth_error(x, 400, o->error, o->why); break;
		}
	}
	return s;
}

/* Which family a token belongs to, whatever kind it is. */
static int
family_of(struct oauth *o)
{
	const struct app *app = o->job->app;
	struct token t;

	if (grant_refresh_open(app->handle_key, o->p[P_TOKEN], o->family, &o->seq) == 0)
		return 0;
	if (token_open(&app->token_seal, o->job->gen->gen->oauth.token_prefix, o->p[P_TOKEN], &t))
		return ERR_NONE;
	memcpy(o->family, t.family, GRANT_FAMILY_N);
	o->seq = 0;
	o->token_dies = t.dies;
	return 0;
}

static enum step
done(struct exchange *x)
{
	oauth_fields(x, false);
	return reply_empty(x, 200);
}

/* Takes up revocation or introspection, up to the record of the token's family. STEP_MORE: it is there, judge it. */
static enum step
ask_token(struct job *j, struct oauth **out, msec now)
{
	struct oauth *o = j->oauth;
	enum step s = o ? STEP_MORE : begin(j);

	*out = o = j->oauth;
	if (s != STEP_MORE)
		return s;
	if (o->at == AT_CLIENT) {
		if (oauth_client(o, now) == STEP_WAIT)
			return STEP_WAIT;
		if (!authenticated(o, now))
			return STEP_DONE;
		if (!o->p[P_TOKEN].p)
			return oauth_error(&j->x, 400, "invalid_request", "token is missing");
		if (family_of(o)) {
			o->error = "unknown";
			return STEP_MORE;
		}
		get_grant(o, now);
	}
	if (!j->op.done)
		return STEP_WAIT;
	if (o->at == AT_GRANT && (j->op.err || grant_decode(j->op.val, &o->grant) || !same_client(o)))
		o->error = "unknown";
	return STEP_MORE;
}

enum step
oauth_revoke(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct oauth *o;
	enum step s = ask_token(j, &o, now);

	if (s != STEP_MORE)
		return s;
	if (o->error) /* unknown, gone, or another client's: there is nothing to tell (RFC 7009 section 2.2) */
		return done(x);
	if (o->at == AT_GRANT)
		end_family(o, NULL, NULL, now);
	if (!j->op.done)
		return STEP_WAIT;
	return j->op.err && j->op.err != ERR_NONE ?
	    oauth_error(x, 503, "temporarily_unavailable", "the store cannot be written") : done(x);
}

enum step
oauth_introspect(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct oauth *o;
	enum step s = ask_token(j, &o, now);
	struct buf b = arena_buf(exchange_arena(x), JSON_N);
	struct jout out = jout_into(&b);
	wall at = store_wall(j->app->store);
	u8 room[64];
	struct buf scopes = buf_over(room, sizeof room);
	bool active;

	if (s != STEP_MORE)
		return s;
	if (o->client.auth == CLIENT_PUBLIC)
		return oauth_error(x, 401, "invalid_client", "introspection is for confidential clients");
	active = !o->error && o->grant.state == GRANT_LIVE &&
	    (o->seq ? o->seq == o->grant.seq : o->token_dies > at);
	jout_open(&out, '{');
	jout_bool(&out, "active", active);
	if (active) {
		grant_scopes_put(&scopes, o->grant.scopes);
		jout_str(&out, "scope", buf_str(&scopes));
		jout_str(&out, "client_id", o->p[P_CLIENT_ID]);
		jout_str(&out, "username", o->grant.user);
		jout_str(&out, "sub", o->grant.user);
		jout_str(&out, "iss", j->gen->gen->oauth.issuer);
		jout_c(&out, "token_type", o->seq ? "refresh_token" : "Bearer");
		jout_u64(&out, "exp", o->seq ? o->grant.dies : o->token_dies);
	}
	jout_close(&out, '}');
	return oauth_json(x, 200, &b);
}
