#include "app/guard.h"

#include "app/foreign.h"
#include "app/oauth.h"
#include "app/passing.h"
#include "auth/challenge.h"

#define WRONG_KEYS 20 /* a minute from one address */

/* A key in a URL ends up in logs and histories: it is refused with a word of advice, and never looked at. */
static bool
key_in_query(struct str query)
{
	static const char *const names[] = { "api_key", "apikey", "api-key", "key", "token", "access_token" };

	while (query.p) {
		struct str value = str_next(&query, '&'), name = str_next(&value, '=');

		if (value.p && str_starts(value, STR("sk-")))
			return true;
		for (u32 i = 0; value.n && i < ARRAY_N(names); i++)
			if (str_same_nocase(name, str_c(names[i])))
				return true;
	}
	return false;
}

/* The secret a request carries. 0; ERR_NONE none; ERR_BAD a form we do not know; ERR_FULL more than one. */
static int
find_secret(const struct fields *f, struct str *secret, bool *bearer)
{
	static const u8 ids[] = { FIELD_AUTHORIZATION, FIELD_X_API_KEY, FIELD_APIKEY };
	u32 found = 0;

	for (u32 k = 0; k < ARRAY_N(ids); k++) {
		const struct field *field;
		u32 i = 0;

		while (f->first[ids[k]] && (field = field_next(f, ids[k], &i))) {
			struct str v = field->value;

			if (ids[k] == FIELD_AUTHORIZATION) {
				if (v.n < 7 || !str_same_nocase(str_cut(v, 0, 7), STR("Bearer ")))
					return ERR_BAD;
				v = str_cut(v, 7, v.n);
				*bearer = true;
			}
			*secret = v;
			found++;
		}
	}
	return found == 1 ? 0 : found ? ERR_FULL : ERR_NONE;
}

/* "Bearer ..." with what a client needs to go on by itself. */
static void
put_challenge(struct job *j, const char *error, const char *message, u8 scopes)
{
	u32 n = CHALLENGE_N;
	struct buf b = arena_buf(exchange_arena(&j->x), n);

	BUF_LIT(&b, "Bearer ");
	if (error)
		buf_fmt(&b, "error=\"%s\", error_description=\"%s\", ", error, message);
	if (j->gen->gen->oauth.on || j->gen->gen->oauth.external.issuer.n)
		challenge_put(&b, j->gen->gen->public_url, j->x.req.path, scopes);
	else
		BUF_LIT(&b, "realm=\"mcpgated\"");
	if (b.p && !b.over)
		reply_field(&j->x, "WWW-Authenticate", buf_str(&b));
}

static enum step
challenge(struct job *j, u16 status, const char *error, const char *message)
{
	put_challenge(j, error, message, SCOPE_READ | SCOPE_WRITE);
	reply_error(&j->x, status, message);
	return STEP_FAIL;
}

static enum step
admit(struct job *j, const struct api *api)
{
	if (principal_api(&j->who, api->name))
		return STEP_DONE;
	reply_error(&j->x, 403, "this key is not for this api");
	return STEP_FAIL;
}

/* Wrong ones came too often. A right one is let in all the same. */
static enum step
later(struct job *j, u32 wait_s)
{
	u8 room[12];
	struct buf b = buf_over(room, sizeof room);

	buf_u64(&b, wait_s);
	reply_field(&j->x, "Retry-After", buf_str(&b));
	reply_error(&j->x, 429, "too many wrong keys or tokens: try again later");
	return STEP_FAIL;
}

static enum step
checked(struct job *j, const struct api *api, enum step s)
{
	int err = j->by_token ? j->token.op.err : j->check.op.err;
	u32 wait_s;

	j->checking = s == STEP_WAIT || s == STEP_MORE;
	if (j->checking)
		return STEP_WAIT;
	if (s == STEP_DONE)
		return admit(j, api);
	if (err == ERR_IO) {
		reply_error(&j->x, 503, "the key store cannot be read: try again in a second");
		return STEP_FAIL;
	}
	wait_s = j->by_token ? 0 : rate_take(j->app->rate, 'k', exchange_from(&j->x), WRONG_KEYS, 60000, j->app->now);
	if (wait_s)
		return later(j, wait_s);
	return challenge(j, 401, "invalid_token", j->by_token ? "expired, revoked, or for another resource"
	                                                      : "unknown, expired or revoked key");
}

/* What a token is asked for: the endpoint, or one that it narrows. The rooms are of GRANT_AUDIENCE_MAX bytes. */
static struct token_ask
ask_of(struct job *j, const struct endpoint *e, struct str text, u8 *room, u8 *wide)
{
	struct buf b = buf_over(room, GRANT_AUDIENCE_MAX), w = buf_over(wide, GRANT_AUDIENCE_MAX);
	struct token_ask ask = { .prefix = j->gen->gen->oauth.token_prefix, .text = text };

	endpoint_audience(e, true, &b);
	ask.audience = ask.wider = token_audience(buf_str(&b));
	if (e->name) {
		endpoint_audience(e, false, &w);
		ask.wider = token_audience(buf_str(&w));
	}
	return ask;
}

/* A token is good where it was given for, and at views that narrow that. */
static enum step
check_token(struct job *j, const struct endpoint *e, struct str text)
{
	UNSET u8 room[GRANT_AUDIENCE_MAX], wide[GRANT_AUDIENCE_MAX];
	struct token_ask ask = ask_of(j, e, text, room, wide);

	if (j->checking)
		return checked(j, e->api, token_step(j->app->tokens, &j->token, &ask, &j->who));
	j->by_token = true;
	return checked(j, e->api, token_start(j->app->tokens, &j->token, &ask, &j->who, exchange_ready(&j->x)));
}

/* Whether one of the audiences of a token is the endpoint's, or a wider one's. */
static bool
for_us(struct job *j, const struct external_claims *c, const struct token_ask *ask)
{
	const struct gen *gen = j->gen->gen;

	for (u32 i = 0; i < c->audiences; i++) {
		u8 room[GRANT_AUDIENCE_MAX];
		struct buf b = buf_over(room, sizeof room);
		struct endpoint e;
		u64 audience;

		if (gen->oauth.external.audience.n && str_same(c->audience[i], gen->oauth.external.audience))
			return true;
		if (oauth_resource(gen, c->audience[i], &e))
			continue;
		endpoint_audience(&e, true, &b);
		audience = token_audience(buf_str(&b));
		if (audience == ask->audience || audience == ask->wider)
			return true;
	}
	return false;
}

static enum step
refuse_external(struct job *j, int err)
{
	if (err == ERR_BAD)
		return challenge(j, 401, "invalid_token", "expired, revoked, not from whom we trust, or for another "
		    "resource");
	if (err == ERR_FULL)
		return later(j, 60);
	reply_field(&j->x, "Retry-After", STR("5"));
	reply_error(&j->x, 503, "the issuer of this token cannot be asked now");
	return STEP_FAIL;
}

/* A token of the other issuer: by its signature, or by asking who issued it. */
static enum step
check_external(struct job *j, const struct endpoint *e, struct str text, msec now)
{
	u8 room[GRANT_AUDIENCE_MAX], wide[GRANT_AUDIENCE_MAX];
	const struct gen *gen = j->gen->gen;
	struct token_ask ask = ask_of(j, e, j->foreign ? foreign_text(j) : text, room, wide);
	struct external_claims c;
	int err;

	memset(j->token.name, 0, sizeof j->token.name); /* no record in the store stands behind it */
	if (!j->foreign && token_recall(j->app->tokens, gen->number, &ask, &j->who))
		return admit(j, e->api);
	err = j->foreign ? foreign_step(j, &c, now) : foreign_begin(j, text, &c, now);
	if (err == ERR_MORE)
		return STEP_WAIT;
	if (err == 0 && !for_us(j, &c, &ask))
		err = ERR_BAD;
	if (err == 0) {
		j->who = c.who;
		token_keep(j->app->tokens, gen->number, &ask, &j->who, foreign_keep_s(j));
	}
	foreign_end(j, now);
	return err ? refuse_external(j, err) : admit(j, e->api);
}

/* ---- credentials of the API itself --------------------------------------------------------------- */

static enum step
pass(struct job *j, const struct endpoint *e, msec now)
{
	enum step s = passing_step(j, e, now);

	if (s == STEP_MORE)
		loop_ready(j->app->loop, exchange_ready(&j->x));
	if (s == STEP_FAIL && j->x.reply.kind == REPLY_NONE)
		return challenge(j, 401, "invalid_token", "the API does not accept this credential");
	return s == STEP_MORE ? STEP_WAIT : s;
}

/* A key, or what is none of ours and may be passed on. */
static enum step
check_key(struct job *j, const struct endpoint *e, enum step s, msec now)
{
	const struct environment *at = passing_at(e);
	struct own own;

	if (s == STEP_FAIL && at && j->check.absent && passing_find(&j->x.req.fields, at, &own) == 1 &&
	    !passing_ours(j, own.value)) {
		j->checking = false;
		return pass(j, e, now);
	}
	return checked(j, e->api, s);
}

/* Whether what came can only be the API's own: it stands in a field, or form, that ours never do. err: what find_secret
 * said; two credentials make it ERR_FULL. */
static bool
only_theirs(struct job *j, const struct environment *at, struct str secret, int *err)
{
	const struct fields *f = &j->x.req.fields;
	struct own own = { .value = STR_NONE };
	u32 n = passing_find(f, at, &own);
	bool same = secret.p >= own.value.p && secret.p < own.value.p + own.value.n;

	if (n > 1 || (n == 1 && *err == 0 && !same))
		*err = ERR_FULL;
	if (n == 0)
		return *err == ERR_NONE && at->pass->capture && f->first[FIELD_MCP_SESSION_ID];
	if (*err == ERR_BAD && !str_same_nocase(own.field, STR("Authorization")))
		return false;
	return (*err == ERR_NONE || *err == ERR_BAD) && !passing_ours(j, own.value);
}

enum step
guard_api(struct job *j, const struct endpoint *e, msec now)
{
	const struct environment *at = passing_at(e);
	struct str secret = STR_NONE;
	bool bearer = false, in_query;
	int err;

	if (j->foreign)
		return check_external(j, e, STR_NONE, now);
	if (j->passing.p)
		return pass(j, e, now);
	if (j->checking)
		return j->by_token ? check_token(j, e, STR_NONE)
		                   : check_key(j, e, key_step(j->app->keys, &j->check, &j->who), now);
	if (exchange_control(&j->x)) {
		principal_nobody(&j->who, SCOPE_ALL);
		j->who.kind = PRINCIPAL_LOCAL;
		return STEP_DONE;
	}
	in_query = j->x.req.query.n && key_in_query(j->x.req.query);
	if (e->api->auth == API_AUTH_NONE && !in_query) {
		principal_nobody(&j->who, SCOPE_READ | SCOPE_WRITE);
		return STEP_DONE;
	}
	err = find_secret(&j->x.req.fields, &secret, &bearer);
	if (in_query)
		return challenge(j, err == ERR_NONE ? 401 : 400, "invalid_request",
		    "keys and tokens are not accepted in the URL: send Authorization: Bearer");
	if (at && only_theirs(j, at, secret, &err))
		return pass(j, e, now);
	if (err == ERR_NONE)
		return challenge(j, 401, NULL, "a token or key is needed: send Authorization: Bearer");
	if (err)
		return challenge(j, err == ERR_FULL ? 400 : 401, "invalid_request",
		    "send exactly one token or key, as Authorization: Bearer");
	if (bearer && j->gen->gen->oauth.on && str_starts(secret, j->gen->gen->oauth.token_prefix))
		return check_token(j, e, secret);
	if (bearer && foreign_form(j->gen->gen, secret))
		return check_external(j, e, secret, now);
	return check_key(j, e, key_start(j->app->keys, &j->check, secret, &j->who, exchange_ready(&j->x)), now);
}

bool
guard_control(struct job *j)
{
	if (exchange_control(&j->x))
		return true;
	reply_error(&j->x, 404, "not found");
	return false;
}
