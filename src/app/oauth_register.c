/* Dynamic client registration (RFC 7591). Nothing is stored: the id says what was registered, and is signed. */
#include "app/oauth.h"

#include "http/url.h"

#define PER_HOUR 60 /* of one address */
#define TOMBS_MAX 8 /* removed registrations with equal metadata */

enum { AT_START, AT_EPOCH, AT_TOMB };

static enum step
refuse(struct exchange *x, const char *why)
{
	return oauth_error(x, 400, str_starts(str_c(why), STR("redirect_uris")) ? "invalid_redirect_uri" :
	    "invalid_client_metadata", why);
}

static void
put_answer(struct jout *o, struct oauth *a)
{
	static const char *const methods[] = { "none", "client_secret_basic", "client_secret_post" };
	u8 room[80];
	struct buf secret = buf_over(room, sizeof room);
	const struct client *c = &a->client;

	jout_open(o, '{');
	jout_str(o, "client_id", a->p[P_CLIENT_ID]);
	if (c->auth != CLIENT_PUBLIC) {
		client_secret_put(&secret, a->job->app->handle_key, a->p[P_CLIENT_ID]);
		jout_str(o, "client_secret", buf_str(&secret));
		jout_u64(o, "client_secret_expires_at", 0);
		jout_u64(o, "client_id_issued_at", c->made);
	}
	if (c->name.n)
		jout_str(o, "client_name", c->name);
	jout_key_open(o, "redirect_uris", '[');
	for (u32 i = 0; i < c->uris; i++)
		jout_str(o, NULL, c->uri[i]);
	jout_close(o, ']');
	jout_raw(o, "grant_types", STR("[\"authorization_code\",\"refresh_token\"]"));
	jout_raw(o, "response_types", STR("[\"code\"]"));
	jout_c(o, "token_endpoint_auth_method", methods[c->auth]);
	jout_close(o, '}');
}

static enum step
answer(struct oauth *a)
{
	struct exchange *x = &a->job->x;
	u32 n = CLIENT_ID_MAX + CLIENT_URIS_MAX * (CLIENT_URI_MAX + 8) + 1000;
	struct buf b = arena_buf(exchange_arena(x), n);
	struct jout o = jout_into(&b);

	put_answer(&o, a);
	return oauth_json(x, 201, &b);
}

/* The id of the present serial number; is one of that metadata removed? */
static enum step
try_serial(struct oauth *a, msec now)
{
	struct store_op *op = &a->job->op;
	struct buf id = buf_over(a->got.p, CLIENT_ID_MAX);
	char *key = (char *)a->id_room;

	client_id_make(&id, a->job->app->handle_key, &a->client);
	a->p[P_CLIENT_ID] = buf_str(&id);
	a->at = AT_TOMB;
	client_key(key, 'c', a->p[P_CLIENT_ID]);
	a->more.r = a->more.w = 0;
	*op = (struct store_op){ .verb = STORE_GET, .key = str_of(key, CLIENT_KEY_N), .out = &a->more };
	op->owner = exchange_ready(&a->job->x);
	return id.over ? STEP_FAIL : store_start(a->job->app->store, op, now);
}

static enum step
judge_tomb(struct oauth *a, msec now)
{
	const struct store_op *op = &a->job->op;
	struct client stored;

	if (op->err && op->err != ERR_NONE && op->err != ERR_FULL)
		return oauth_error(&a->job->x, 503, "temporarily_unavailable", "the store cannot be read");
	if (op->err || client_decode(op->val, &stored) || !stored.removed || ++a->tries > TOMBS_MAX)
		return answer(a);
	a->client.serial = stored.made;
	return STEP_MORE;
}

static enum step
start(struct job *j, msec now)
{
	struct exchange *x = &j->x;
	u32 wait = rate_take(j->app->rate, 'r', exchange_from(x), PER_HOUR, 3600 * 1000, now);
	struct oauth *a;
	struct arena *arena;
	const char *why;
	struct jdoc d;
	u8 room[12];
	struct buf b = buf_over(room, sizeof room);

	if (wait) {
		buf_u64(&b, wait);
		reply_field(x, "Retry-After", buf_str(&b));
		return oauth_error(x, 429, "too_many_requests", "too many registrations from this address");
	}
	a = oauth_begin(j, STR_NONE);
	if (!a)
		return STEP_DONE;
	arena = exchange_arena(x);
	if (json_parse_request(&d, x->body, j->app->mcp.tok, RPC_TOKENS_MAX, arena))
		return refuse(x, "the body must be a JSON object without repeated names");
	why = client_read(json_root(&d), j->gen->gen->oauth.schemes, arena, &a->client);
	for (u32 i = 0; i < a->client.uris && !why; i++) /* views of the body die with this step */
		if (!(a->client.uri[i] = arena_dup(arena, a->client.uri[i])).p)
			why = "redirect_uris take too much room";
	if (why)
		return refuse(x, why);
	a->client.name = arena_dup(arena, a->client.name);
	if (a->client.auth != CLIENT_PUBLIC) {
		rng_bytes(j->app->rng, a->client.nonce, sizeof a->client.nonce);
		a->client.made = store_wall(j->app->store);
	}
	a->at = AT_EPOCH;
	j->op = (struct store_op){ .verb = STORE_GET, .key = STR(CLIENT_EPOCH_KEY), .out = &a->more };
	j->op.owner = exchange_ready(x);
	return store_start(j->app->store, &j->op, now);
}

enum step
oauth_register(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct oauth *a = j->oauth;
	enum step s;

	if (!a) {
		if (!oauth_on(j))
			return STEP_DONE;
		if (!j->gen->gen->oauth.registration)
			return reply_error(x, 404, "not found: clients are registered by whoever runs this server");
		s = start(j, now);
		a = j->oauth;
		if (s == STEP_WAIT || !a || a->at == AT_START)
			return s;
	}
	while (j->op.done) {
		if (a->at == AT_EPOCH) {
			a->client.epoch = j->op.err ? 0 : client_epoch_read(j->op.val);
		} else {
			s = judge_tomb(a, now);
			if (s != STEP_MORE)
				return s;
		}
		if (try_serial(a, now) == STEP_FAIL)
			return refuse(x, "redirect_uris and client_name take more than 1000 bytes together");
	}
	return STEP_WAIT;
}
