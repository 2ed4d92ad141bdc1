#include "app/rest.h"

#include "app/guard.h"
#include "app/oauth.h"
#include "app/passing.h"
#include "app/relay.h"
#include "app/rest_args.h"
#include "auth/challenge.h"
#include "op/held.h"

#define ARENA_N (8 * 1024)
#define WHY_N 1200

enum { AT_START, AT_GUARD, AT_ACT, AT_CALL };

/* One request; in the exchange's arena. */
struct rest {
	struct relay relay;
	struct endpoint e;
	struct gate_ask ask;
	struct buf held; /* leased: struct held */
	struct rest_ask args;
	struct multipart_watch watch;
	struct str value[LOCATE_PIECES];
	struct buf why;
	u8 why_room[WHY_N], scratch[2048];
};

static_assert(sizeof(struct rest) <= ARENA_N - 512, "fits its arena, with what a reply needs");

/* ---- refusals ------------------------------------------------------------------------------------ */

static enum step
refuse(struct job *j, u16 status, struct buf *why, u32 wait_s)
{
	u8 room[12];
	struct buf b = buf_over(room, sizeof room);

	if (wait_s) {
		buf_u64(&b, wait_s);
		reply_field(&j->x, "Retry-After", buf_str(&b));
	}
	why->p[min_u32(why->w, why->cap - 1)] = 0;
	return reply_error(&j->x, status, why->w ? (const char *)why->p : NULL);
}

static enum step
refuse_fault(struct job *j, int fault, struct buf *why)
{
	static const u16 status[] = { [OP_FAULT_NONE] = 500, [OP_FAULT_ARGUMENT] = 400, [OP_FAULT_BUSY] = 503,
		[OP_FAULT_UPSTREAM] = 502, [OP_FAULT_CONFIG] = 502, [OP_FAULT_LIMIT] = 429, [OP_FAULT_DENIED] = 403,
		[OP_FAULT_APPROVAL] = 428, [OP_FAULT_UPLOAD] = 400,
		[OP_FAULT_CONNECT] = 403 };
	const struct ops *o = &j->app->ops;

	return refuse(j, status[fault], why, fault == OP_FAULT_LIMIT ? o->no.retry_after_s :
	    fault == OP_FAULT_BUSY ? max_u32(o->calls->wait_s, 1) : 0);
}

/* The gate's no, before arguments are looked at. */
static enum step
refuse_call(struct job *j, const struct gate_call *call, struct buf *why)
{
	struct buf b = arena_buf(exchange_arena(&j->x), CHALLENGE_N);

	if (call->answer != GATE_STEP_UP)
		return refuse(j, call->answer == GATE_HIDDEN ? 404 : 403, why, 0);
	challenge_step_up(&b, j->gen->gen->public_url, j->x.req.path, call->scopes);
	if (b.p && !b.over)
		reply_field(&j->x, "WWW-Authenticate", buf_str(&b));
	return reply_error(&j->x, 403, "insufficient_scope: this call needs more rights than were granted");
}

/* ---- approval ------------------------------------------------------------------------------------ */

static struct held *
held_of(struct job *j, struct rest *r)
{
	struct mcp_shared *m = &j->app->mcp;
	struct held *h = (struct held *)(void *)r->held.p;

	if (h)
		return h;
	r->held = lease_take(m->lease, sizeof *h);
	h = (struct held *)(void *)r->held.p;
	if (!h)
		return NULL;
	memset(h, 0, offsetof(struct held, url_room));
	h->store = m->store;
	h->ops = m->ops;
	h->owner = exchange_ready(&j->x);
	h->random = m->random;
	h->random_of = m->random_of;
	return h;
}

static void
give_held(struct job *j, struct rest *r, msec now)
{
	if (r->held.p)
		held_end((struct held *)(void *)r->held.p, now);
	lease_give(j->app->mcp.lease, &r->held);
}

/* {"error":"...","handle":"...","approve":"https://.../approve/<id>"} */
static enum step
answer_held(struct job *j, struct held *h, bool dry)
{
	struct buf b = buf_over(h->body_room, sizeof h->body_room + sizeof h->record);
	struct jout o = jout_into(&b);

	relay_fields(&j->x);
	if (dry && !h->error)
		return reply_bytes(&j->x, 200, "text/plain; charset=utf-8", buf_str(&h->text));
	jout_open(&o, '{');
	jout_str(&o, "error", buf_str(&h->text));
	if (h->waits || !h->error)
		jout_str(&o, "handle", str_of(h->handle, sizeof h->handle));
	if (h->waits) {
		jout_key(&o, STR("approve"));
		buf_fmt(&b, "\"%S/approve/%S\"", j->gen->gen->public_url, str_of(h->key + 2, APPROVAL_KEY_N - 2));
	}
	jout_close(&o, '}');
	return reply_bytes(&j->x, h->waits || !h->error ? 428 : 409, "application/json", buf_str(&b));
}

/* STEP_DONE: go on, spec says how; STEP_FAIL: it is answered; WAIT, MORE: come again. */
static enum step
hold(struct job *j, struct rest *r, struct op_spec *spec, bool dry, msec now)
{
	const struct field *given = field_find(&j->x.req.fields, STR("X-Approval"));
	struct held_ask ask = { .spec = spec, .argument = STR("X-Approval"), .public_url = j->gen->gen->public_url,
		.veil = &j->gen->text[spec->api->index].secrets, .ttl_s = j->app->mcp.approval_s };
	struct held *h = held_of(j, r);
	enum step s;

	if (!h) {
		reply_field(&j->x, "Retry-After", STR("1"));
		reply_error(&j->x, 503, "busy: nothing was done; try again in a second");
		return STEP_FAIL;
	}
	ask.voided = r->ask.switches ? r->ask.switches->voided : 0;
	ask.dry_run = dry;
	if (given)
		ask.handle = given->value;
	s = held_step(h, &ask, now);
	if (s != STEP_DONE)
		return s;
	if (h->outcome != HELD_ACT) {
		answer_held(j, h, dry);
		return STEP_FAIL;
	}
	spec->approved = true;
	if (h->etag_n && h->etag[0] == '"')
		spec->if_match = str_of(h->etag, h->etag_n);
	return STEP_DONE;
}

/* ---- the call ------------------------------------------------------------------------------------ */

/* What stands behind /rest/<api>/<environment>. */
static struct str
tail_of(struct str path)
{
	int at = 0;

	for (u32 i = 0; i < 3 && at >= 0; i++)
		at = str_find(path, '/', (u32)at + 1);
	return at < 0 ? STR("/") : str_cut(path, (u32)at, path.n);
}

static int
find(struct job *j, struct rest *r, struct catalog_op *op)
{
	static const u8 methods[] = { [METHOD_GET] = CATALOG_GET, [METHOD_HEAD] = CATALOG_HEAD,
		[METHOD_POST] = CATALOG_POST, [METHOD_PUT] = CATALOG_PUT, [METHOD_PATCH] = CATALOG_PATCH,
		[METHOD_DELETE] = CATALOG_DELETE, [METHOD_OPTIONS] = CATALOG_OPTIONS, [METHOD_TRACE] = CATALOG_TRACE };
	const struct catalog *c = &j->gen->catalog[r->e.api->index];
	struct str path = tail_of(j->x.req.path);
	u8 method = methods[j->x.req.method];

	if (j->x.req.method == METHOD_OTHER)
		return ERR_NONE;
	if (locate(c, method, path, op, r->value) == 0)
		return gate_offers(&r->ask, op) ? 0 : ERR_NONE;
	if (method != CATALOG_HEAD || locate(c, CATALOG_GET, path, op, r->value) || !gate_offers(&r->ask, op))
		return ERR_NONE;
	return 0;
}

static bool
wants(const struct job *j, const char *name)
{
	const struct field *f = field_find(&j->x.req.fields, str_c(name));

	return f && !str_same_nocase(f->value, STR("false"));
}

/* A body that passes as it is: not where something depends on what is in it. false: it is answered. */
static bool
may_pass(struct job *j, struct rest *r, struct op_spec *spec, const struct gate_call *call, bool dry)
{
	const struct catalog_op *op = spec->operation;
	bool judged = dry || call->level || op->extra.n;
	struct catalog_param p;

	for (u32 i = 0; i < op->param_n && !judged && call->verdict & VERDICT_ARGUMENTS; i++) {
		catalog_param(spec->catalog, op, i, &p);
		judged = (p.in == CATALOG_BODY || p.flags & CATALOG_PARAM_FILE) &&
		         role_looks(r->ask.role, r->e.api, p.arg);
	}
	if (judged) {
		buf_fmt(&r->why, "this body is judged whole here (%s): it may have %u KB",
		    dry ? "a dry run" : call->level ? "what is confirmed or approved is bound to it" :
		    "a rule or the configuration looks at it", REST_FILE_MAX >> 10);
		refuse(j, 413, &r->why, 0);
		return false;
	}
	spec->raw = true;
	spec->pour = j->x.pour;
	spec->front = j->x.body;
	spec->upload = j->x.pour ? STR("") : j->x.body;
	spec->upload_type = buf_str(&r->args.form);
	r->relay.watch = r->args.watched ? &r->watch : NULL;
	return true;
}

/* Starts the op; the request is read anew each time until it has begun. */
static enum step
begin_op(struct job *j, struct rest *r, struct op_spec *spec, const struct gate_call *call, msec now)
{
	const struct field *key = field_find(&j->x.req.fields, STR("Idempotency-Key"));
	bool dry = wants(j, "X-Dry-Run");
	enum step s = STEP_DONE;
	int fault;

	if (r->args.raw && !may_pass(j, r, spec, call, dry))
		return STEP_FAIL;
	if (r->args.raw)
		;
	else if (call->level || (call->verdict & VERDICT_LEVEL_IF) || dry)
		s = hold(j, r, spec, dry, now);
	if (s != STEP_DONE)
		return s;
	if (key)
		spec->idempotency = key->value;
	fault = op_start(&j->app->ops, spec, exchange_ready(&j->x), now, &r->relay.op, &r->why);
	give_held(j, r, now);
	if (!fault && j->x.pour)
		exchange_forget(&j->x);
	if (!fault)
		return STEP_DONE;
	refuse_fault(j, fault, &r->why);
	return STEP_FAIL;
}

static enum step
act(struct job *j, struct rest *r, msec now)
{
	struct catalog_op op;
	struct gate_call call;
	struct op_spec spec = { .ask = &r->ask, .who = &j->who, .api = r->e.api };
	struct rest_ask *ask = &r->args;
	int status;

	r->why = buf_over(r->why_room, sizeof r->why_room);
	if (find(j, r, &op))
		return reply_error(&j->x, 404, "no such operation: see the API's document for its paths");
	gate_call(&r->ask, &op, STR_NONE, &call, &r->why);
	if (call.answer != GATE_OK)
		return refuse_call(j, &call, &r->why);
	spec.environment = call.environment;
	spec.catalog = &j->gen->catalog[r->e.api->index];
	spec.operation = &op;
	spec.hold = &j->gen->users;
	spec.peer = exchange_from(&j->x);
	spec.own = passing_own(j);
	*ask = (struct rest_ask){ .catalog = spec.catalog, .op = &op, .value = r->value, .req = &j->x.req };
	ask->body = j->x.body;
	ask->pours = j->x.pour != 0;
	ask->watch = &r->watch;
	ask->tok = j->app->mcp.tok;
	ask->scratch = arena_over(r->scratch, sizeof r->scratch);
	ask->out = buf_over(j->app->rest, RPC_BODY_MAX);
	status = rest_args(ask, &r->why);
	if (status)
		return refuse(j, (u16)status, &r->why, 0);
	spec.args = json_root(&ask->doc);
	switch (begin_op(j, r, &spec, &call, now)) {
	case STEP_FAIL: return STEP_DONE;
	case STEP_WAIT: return STEP_WAIT;
	case STEP_MORE: return STEP_MORE;
	case STEP_DONE: break;
	}
	j->at = AT_CALL;
	return STEP_MORE;
}

/* What the API calls this state of it, unless that holds a secret. */
static void
put_etag(struct job *j, const struct op *op)
{
	struct str etag = str_of(op->call->etag, op->call->etag_n);
	u8 room[CALL_ETAG_MAX];
	struct buf b = buf_over(room, sizeof room);

	if (etag.n && redact_put(op->secrets, etag, &b) == 0)
		reply_field(&j->x, "ETag", etag);
}

static enum step
answer(struct job *j, struct rest *r, msec now)
{
	struct op *op = r->relay.op;
	enum step s = relay_step(&r->relay, &j->x, now);
	u8 room[OP_WHY_MAX + 1];
	struct buf why = buf_over(room, sizeof room);

	if (s == STEP_WAIT || s == STEP_MORE)
		return s;
	if (s == STEP_FAIL && relay_refuse(&r->relay, &j->x))
		return STEP_DONE;
	if (s == STEP_FAIL) {
		buf_put(&why, str_of(op->why, op->why_n));
		return refuse_fault(j, op->fault, &why);
	}
	if (op->retry_after_s) {
		buf_u64(&why, op->retry_after_s);
		reply_field(&j->x, "Retry-After", buf_str(&why));
	}
	put_etag(j, op);
	reply_field(&j->x, "X-Environment", op->environment->name);
	if (op->status != 204 && op->status != 304)
		return relay_start(&r->relay, &j->x, op->status, &j->gen->text[r->e.api->index].secrets);
	relay_fields(&j->x);
	return reply_empty(&j->x, op->status);
}

/* ---- the way ------------------------------------------------------------------------------------- */

static enum step
begin(struct job *j, const struct endpoint *e)
{
	struct rest *r = ARENA_NEW(exchange_arena_n(&j->x, ARENA_N), struct rest);

	if (!r) {
		reply_field(&j->x, "Retry-After", STR("1"));
		reply_error(&j->x, 503, "busy: try again in a second");
		return STEP_FAIL;
	}
	r->e = *e;
	gate_begin(&r->ask, j->gen->gen, e->api, e->view, &j->who, j->app->switches);
	j->rest = r;
	j->at = AT_ACT;
	return STEP_DONE;
}

/* Who asks, and for which api. */
static enum step
enter(struct job *j, msec now)
{
	struct exchange *x = &j->x;
	struct endpoint e;
	enum step s;

	if (switches_stopped(j->app->switches)) {
		reply_field(x, "Retry-After", STR("60"));
		reply_error(x, 503, "everything is stopped by whoever runs this server");
		return STEP_FAIL;
	}
	if (!j->gen->gen || endpoint_find(j->gen->gen, x->req.path, &e)) {
		reply_error(x, 404, "not found: the API is at /rest/<api>/<environment>/");
		return STEP_FAIL;
	}
	j->at = AT_GUARD;
	s = guard_api(j, &e, now);
	return s == STEP_DONE ? begin(j, &e) : s;
}

enum step
rest_run(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s = j->at < AT_ACT ? enter(j, now) : STEP_DONE;

	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	if (j->at == AT_ACT) {
		s = act(j, j->rest, now);
		if (s != STEP_MORE || j->at != AT_CALL)
			return s;
	}
	s = answer(j, j->rest, now);
	if (s == STEP_WAIT)
		exchange_forget(x);
	return s;
}

void
rest_cancel(struct job *j, msec now)
{
	if (!j->rest)
		return;
	if (j->rest->relay.op)
		op_leave(j->rest->relay.op, false, now);
	j->rest->relay.op = NULL;
	rest_end(j, now);
}

void
rest_end(struct job *j, msec now)
{
	if (!j->rest)
		return;
	relay_end(&j->rest->relay, now);
	give_held(j, j->rest, now);
	j->rest = NULL;
}
