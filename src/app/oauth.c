#include "app/oauth.h"

#include "base/base64.h"
#include "http/form.h"
#include "http/url.h"

#define GOT_N CLIENT_RECORD_MAX
#define MORE_N (GRANT_RECORD_MAX + USER_RECORD_MAX)
#define ROOM_N (sizeof(struct oauth) + CLIENT_PAYLOAD_MAX + 64 + GOT_N + MORE_N + GRANT_RECORD_MAX)
#define ANSWER_N 7200 /* what an answer may take of the arena beside all that */

static const char *const names[OAUTH_PARAMS] = {
	[P_CLIENT_ID] = "client_id",
	[P_REDIRECT_URI] = "redirect_uri",
	[P_RESPONSE_TYPE] = "response_type",
	[P_STATE] = "state",
	[P_SCOPE] = "scope",
	[P_RESOURCE] = "resource",
	[P_CHALLENGE] = "code_challenge",
	[P_METHOD] = "code_challenge_method",
	[P_PROMPT] = "prompt",
	[P_RESPONSE_MODE] = "response_mode",
	[P_REQUEST] = "request",
	[P_REQUEST_URI] = "request_uri",
	[P_GRANT_TYPE] = "grant_type",
	[P_CODE] = "code",
	[P_VERIFIER] = "code_verifier",
	[P_REFRESH] = "refresh_token",
	[P_SECRET] = "client_secret",
	[P_ASSERTION] = "client_assertion",
	[P_TOKEN] = "token",
	[P_ACTION] = "action",
	[P_TICKET] = "ticket",
};

static int
param_of(struct str name)
{
	for (int i = 0; i < OAUTH_PARAMS; i++)
		if (form_is(name, str_c(names[i])))
			return i;
	return ERR_NONE;
}

/* Takes one pair; b is where decoded values lie. */
static void
take(struct oauth *o, struct str name, struct str raw, struct buf *b)
{
	int i = param_of(name);
	u32 from = b->w;

	if (i < 0)
		return;
	if (form_decode(b, raw) || b->over) {
		o->broken = true;
		return;
	}
	if (o->p[i].p || (o->empty & 1U << i))
		o->twice |= 1U << i;
	else if (b->w == from)
		o->empty |= 1U << i;
	else
		o->p[i] = str_of(b->p + from, b->w - from);
}

struct oauth *
oauth_begin(struct job *j, struct str form)
{
	struct arena *a = exchange_arena_n(&j->x, (u32)(ROOM_N + form.n + ANSWER_N));
	struct oauth *o = ARENA_NEW(a, struct oauth);
	struct buf values = arena_buf(a, form.n + 16);
	struct str name, raw;
	u32 pairs = 0;

	if (!o || !values.p)
		goto fail;
	o->job = j;
	o->id_room = arena_bytes(a, CLIENT_PAYLOAD_MAX + 64);
	o->got = arena_buf(a, GOT_N);
	o->more = arena_buf(a, MORE_N);
	o->record = arena_bytes(a, GRANT_RECORD_MAX);
	if (!o->record)
		goto fail;
	while (form_next(&form, &name, &raw) && !o->broken) {
		o->broken = ++pairs > OAUTH_PAIRS_MAX;
		if (!o->broken)
			take(o, name, raw, &values);
	}
	j->oauth = o;
	return o;
fail:
	reply_error(&j->x, 503, "busy: try again");
	return NULL;
}

struct oauth *
oauth_of(struct job *j)
{
	return j->oauth;
}

bool
oauth_on(struct job *j)
{
	if (j->gen->gen && j->gen->gen->oauth.on)
		return true;
	reply_error(&j->x, 404, "not found: OAuth is not offered here; send a key");
	return false;
}

enum step
oauth_op(struct oauth *o, u8 verb, struct str key, msec now)
{
	struct store_op *op = &o->job->op;
	struct str val = op->val;
	u64 version = op->version;
	u32 ttl = op->ttl_s;

	*op = (struct store_op){ .verb = verb, .key = key, .val = val, .version = version, .ttl_s = ttl };
	op->owner = exchange_ready(&o->job->x);
	return store_start(o->job->app->store, op, now);
}

void
oauth_audit(struct oauth *o, const char *outcome, struct str user, const char *why)
{
	struct app *app = o->job->app;
	u8 room[AUDIT_DETAIL_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct audit_line l = { .what = "oauth", .outcome = outcome, .matters = user.n > 0 };

	buf_fmt(&b, "%s user=%S client=%S", why, user, str_cut(o->client.name, 0, CLIENT_NAME_MAX));
	l.detail = buf_str(&b);
	log_info("oauth", "%s: %S", outcome, l.detail);
	if (user.n || !rate_take(app->rate, 'a', exchange_from(&o->job->x), 60, 60000, app->now))
		audit_line(&app->audit, &l, app->now);
}

/* ---- the client ---------------------------------------------------------------------------------------- */

enum { LOOK_START, LOOK_EPOCH, LOOK_RECORD, LOOK_FETCH, LOOK_DONE };

static enum step
found(struct oauth *o, int err)
{
	o->client_err = err;
	o->look = LOOK_DONE;
	return STEP_DONE;
}

/* Reads the record of P_CLIENT_ID into o->got. */
static enum step
get_record(struct oauth *o, u8 letter, msec now)
{
	struct store_op *op = &o->job->op;
	char *key = (char *)o->id_room + CLIENT_PAYLOAD_MAX + 16;

	client_key(key, letter, o->p[P_CLIENT_ID]);
	o->look = LOOK_RECORD;
	o->got.r = o->got.w = 0;
	*op = (struct store_op){ .verb = STORE_GET, .out = &o->got, .key = str_of(key, CLIENT_KEY_N) };
	op->owner = exchange_ready(&o->job->x);
	return store_start(o->job->app->store, op, now);
}

static enum step
get_epoch(struct oauth *o, msec now)
{
	struct store_op *op = &o->job->op;

	o->look = LOOK_EPOCH;
	*op = (struct store_op){ .verb = STORE_GET, .out = &o->more, .key = STR(CLIENT_EPOCH_KEY) };
	op->owner = exchange_ready(&o->job->x);
	return store_start(o->job->app->store, op, now);
}

/* A dynamic client's id says it all; the store knows whether it was removed, or ever used. */
static enum step
judge_dynamic(struct oauth *o, const struct store_op *op)
{
	struct client stored;
	wall now = store_wall(o->job->app->store);

	if (op->err == 0 && client_decode(op->val, &stored) == 0)
		return found(o, stored.removed ? ERR_NONE : 0);
	if (op->err && op->err != ERR_NONE)
		return found(o, ERR_IO);
	if (o->client.auth != CLIENT_PUBLIC && o->client.made + CLIENT_UNUSED_S < now)
		return found(o, ERR_NONE);
	return found(o, 0);
}

static enum step
judge_fetched(struct oauth *o, int err, msec now)
{
	o->look = LOOK_FETCH;
	if (err == ERR_MORE)
		return STEP_WAIT;
	oauth_fetch_end(o, now);
	return found(o, err);
}

/* A copy of a document counts when it was pinned, or fetched a short while ago, or is only asked for once more. */
static enum step
judge_copy(struct oauth *o, bool there, msec now)
{
	bool on = o->job->gen->gen->oauth.cimd == CIMD_ON;
	int err;

	if (there && (o->client.pinned || (on && (!o->may_fetch || o->client.fresh > store_wall(o->job->app->store)))))
		return found(o, 0);
	if (!on || !o->may_fetch)
		return found(o, ERR_DENY);
	err = oauth_fetch(o, now);
	return judge_fetched(o, err ? err : oauth_fetch_step(o, now), now);
}

static enum step
judge_record(struct oauth *o, msec now)
{
	const struct store_op *op = &o->job->op;
	bool document = o->client.kind == CLIENT_DOCUMENT, there;

	if (o->client.kind == CLIENT_DYNAMIC)
		return judge_dynamic(o, op);
	if (op->err && op->err != ERR_NONE)
		return found(o, ERR_IO);
	there = !op->err && client_decode(op->val, &o->client) == 0 && !o->client.removed &&
	    str_same(o->client.id, o->p[P_CLIENT_ID]);
	return document ? judge_copy(o, there, now) : found(o, there ? 0 : ERR_NONE);
}

static enum step
look_start(struct oauth *o, msec now)
{
	struct str id = o->p[P_CLIENT_ID];
	int err;

	o->client = (struct client){ .kind = CLIENT_PRE };
	if (!id.p || id.n > CLIENT_ID_MAX)
		return found(o, ERR_NONE);
	if (str_find_str(id, STR("://")) >= 0) {
		if (!client_document_url(id))
			return found(o, ERR_NONE);
		o->client.kind = CLIENT_DOCUMENT;
		return get_record(o, 'm', now);
	}
	err = client_id_open(o->job->app->handle_key, id, o->id_room, &o->client);
	if (err == ERR_BAD)
		return found(o, ERR_NONE);
	if (err == 0)
		return get_epoch(o, now);
	o->client.kind = CLIENT_PRE;
	return get_record(o, 'c', now);
}

enum step
oauth_client(struct oauth *o, msec now)
{
	const struct store_op *op = &o->job->op;
	enum step s = STEP_DONE;

	for (;;) {
		switch (o->look) {
		case LOOK_START: s = look_start(o, now); break;
		case LOOK_EPOCH:
			if (!op->done)
				return STEP_WAIT;
			o->epoch = op->err ? 0 : client_epoch_read(op->val);
			s = o->client.epoch < o->epoch ? found(o, ERR_NONE) : get_record(o, 'c', now);
			break;
		case LOOK_RECORD:
			if (!op->done)
				return STEP_WAIT;
			return judge_record(o, now);
		case LOOK_FETCH: return judge_fetched(o, oauth_fetch_step(o, now), now);
		case LOOK_DONE: return STEP_DONE;
		}
		if (s == STEP_WAIT)
			return s;
	}
}

/* ---- answers -------------------------------------------------------------------------------------------- */

void
oauth_fields(struct exchange *x, bool cacheable)
{
	reply_field(x, "Cache-Control", cacheable ? STR("max-age=60") : STR("no-store"));
	reply_field(x, "Access-Control-Allow-Origin", STR("*"));
}

enum step
oauth_json(struct exchange *x, u16 status, struct buf *b)
{
	if (!b->p || b->over)
		return reply_error(x, 503, "busy: try again");
	oauth_fields(x, false);
	return reply_bytes(x, status, "application/json", buf_str(b));
}

enum step
oauth_error(struct exchange *x, u16 status, const char *error, const char *why)
{
	struct buf b = arena_buf(exchange_arena(x), 400);
	struct jout o = jout_into(&b);

	jout_open(&o, '{');
	jout_c(&o, "error", error);
	if (why)
		jout_c(&o, "error_description", why);
	jout_close(&o, '}');
	if (status == 401 && field_get(&x->req.fields, FIELD_AUTHORIZATION).p)
		reply_field(x, "WWW-Authenticate", STR("Basic realm=\"mcpgated\""));
	return oauth_json(x, status, &b);
}

enum step
oauth_preflight(struct exchange *x, msec now)
{
	reply_field(x, "Access-Control-Allow-Origin", STR("*"));
	reply_field(x, "Access-Control-Allow-Methods", STR("GET, POST"));
	reply_field(x, "Access-Control-Allow-Headers", STR("authorization, content-type, mcp-protocol-version"));
	return reply_empty(x, 204);
}

/* ---- resources ------------------------------------------------------------------------------------------ */

int
oauth_resource(const struct gen *gen, struct str resource, struct endpoint *e)
{
	struct url u, us;

	if (url_parse(resource, &u) || url_parse(gen->public_url, &us) || u.query.p || !url_same_origin(&u, &us))
		return ERR_NONE;
	if (!str_starts(u.path, us.path) || !url_path_ok(u.path))
		return ERR_NONE;
	return endpoint_find(gen, str_cut(u.path, us.path.n, u.path.n), e);
}
