#include "op/op.h"

#include "base/limits.h"
#include "base/log.h"
#include "catalog/args.h"
#include "catalog/params.h"
#include "filter/redact.h"
#include "http/hout.h"
#include "op/accept.h"
#include "op/credential.h"
#include "op/meter.h"
#include "op/preset.h"
#include "op/record.h"

#define DROP_MAX (256 * 1024) /* bytes of a body that nobody wants: so much is read to keep its connection */

static void op_run(struct ready *r, msec now);

int
ops_init(struct ops *o, struct arena *a, struct loop *loop, struct calls *calls)
{
	memset(o, 0, sizeof *o);
	o->loop = loop;
	o->calls = calls;
	o->canon = arena_bytes(a, RPC_BODY_MAX);
	o->body = arena_bytes(a, RPC_BODY_MAX);
	o->target = arena_bytes(a, UPSTREAM_URL_MAX);
	o->fields = arena_bytes(a, OPS_FIELDS_N);
	o->tok = ARENA_ARRAY(a, struct jsmntok, RPC_TOKENS_MAX);
	if (!o->canon || !o->body || !o->target || !o->fields || !o->tok || secrets_init(&o->secrets, a))
		return ERR_FULL;
	return pool_init(&o->pool, a, sizeof(struct op), CALLS_MAX);
}

size_t
ops_bytes(void)
{
	return 2 * (size_t)RPC_BODY_MAX + UPSTREAM_URL_MAX + OPS_FIELDS_N +
	       RPC_TOKENS_MAX * sizeof(struct jsmntok) + pool_bytes(sizeof(struct op), CALLS_MAX) + vault_bytes() +
	       secrets_bytes() + 64;
}

/* ---- the request --------------------------------------------------------------------------------- */

/* HTTP methods by the catalog's. */
static const u8 methods[CATALOG_METHODS] = {
	METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_OPTIONS, METHOD_TRACE,
};

static void
write_request(struct buf *out, const struct op *op, const struct op_spec *spec, const struct params *p)
{
	u8 method = op->method;

	hout_request(out, head_method_name((enum method)method), buf_str(&p->target));
	hout_field(out, "Host", op->environment->host_field);
	accept_put(out, spec->catalog, spec->operation);
	BUF_LIT(out, "Accept-Encoding: identity\r\nUser-Agent: mcpgated\r\n");
	buf_put(out, buf_str(&p->fields));
	if (p->has_body) {
		hout_field(out, "Content-Type", p->body_type);
		hout_length(out, buf_len(&p->body));
	} else if (method == METHOD_POST || method == METHOD_PUT || method == METHOD_PATCH) {
		hout_length(out, 0);
	}
	hout_end(out);
	buf_put(out, buf_str(&p->body));
}

static int
start_call(struct op *op, const struct op_spec *spec, const struct params *p, struct ready *owner, msec now,
    struct buf *why)
{
	const struct environment *e = op->environment;
	struct call_spec cs = { .to = { .host = e->host, .unix_path = e->unix_path, .port = e->port } };
	struct buf *out;
	u32 n = buf_len(&p->target) + buf_len(&p->fields) + buf_len(&p->body) + e->host_field.n + ACCEPT_N + 512;

	cs.to.configured = true;
	cs.to.tls = e->trust ? e->trust : spec->tls;
	cs.origin = e->origin;
	cs.method = op->method;
	cs.idempotent = op->method == METHOD_GET || op->method == METHOD_HEAD;
	cs.connect_ms = e->connect_ms;
	cs.first_ms = e->first_ms;
	cs.idle_ms = e->idle_ms;
	cs.total_ms = e->total_ms;
	cs.who = op->caller;
	cs.concurrency = e->concurrency;
	cs.concurrency_each = e->concurrency_each;
	cs.queue = e->queue;
	cs.queue_ms = e->queue_ms;
	op->call = call_start(op->ops->calls, &cs, owner, now);
	if (!op->call) {
		buf_fmt(why, "The call was not made: %s. Try again in %u s.", op->ops->calls->why,
		    max_u32(op->ops->calls->wait_s, 1));
		return OP_FAULT_BUSY;
	}
	out = call_out(op->call, n);
	if (out)
		write_request(out, op, spec, p);
	if (!out || out->over || call_send(op->call)) {
		BUF_LIT(why, "The request is too large to be sent, or a value cannot be sent in a header.");
		return OP_FAULT_ARGUMENT;
	}
	return 0;
}

int
op_judge(struct ops *o, const struct op_spec *spec, struct op_judged *j, struct buf *why)
{
	struct params *p = &j->params;
	struct args *a = &j->args;
	u32 used = 0;

	*p = (struct params){ .has_body = false };
	p->target = buf_over(o->target, UPSTREAM_URL_MAX);
	p->fields = buf_over(o->fields, OPS_FIELDS_N);
	p->body = buf_over(o->body, RPC_BODY_MAX);
	if (!gate_admits(spec->ask, spec->operation, spec->environment, &j->call)) {
		BUF_LIT(why, "You may not do this. Nothing was done.");
		return OP_FAULT_DENIED;
	}
	*a = (struct args){ .given = spec->args, .skip = spec->skip };
	a->canon = buf_over(o->canon, RPC_BODY_MAX);
	if ((spec->operation->extra.n || preset_drops(spec)) &&
	    preset_args(spec, a, o->tok, &j->preset, &used, why))
		return OP_FAULT_ARGUMENT;
	a->tok = o->tok + used;
	a->tok_max = RPC_TOKENS_MAX - used;
	if (args_check(spec->catalog, spec->operation, a, why))
		return preset_wrong(spec, a, why), OP_FAULT_ARGUMENT;
	if (gate_arguments(spec->ask, spec->catalog, spec->operation, a->use, &j->call, why))
		return OP_FAULT_DENIED;
	p->args = a->use;
	p->skip = spec->skip;
	p->base = spec->api->environment[spec->environment].path;
	return params_build(spec->catalog, spec->operation, p, why) ? OP_FAULT_ARGUMENT : 0;
}

static int
put_credentials(struct op *op, const struct op_spec *spec, struct params *p, msec now, struct buf *why)
{
	const struct credential *chosen[CREDENTIALS_MAX];
	int n = credential_choose(op->environment, spec->catalog, spec->operation, chosen, why), err = n < 0 ? n : 0;

	for (int i = 0; i < n && !err; i++)
		err = credential_put(chosen[i], &op->ops->vault, p, now, why);
	return err == 0 ? 0 : err == ERR_MORE ? OP_FAULT_BUSY : OP_FAULT_CONFIG;
}

/* Judges the call and builds the request in the worker's scratch; nothing of it is kept. */
static int
build(struct op *op, const struct op_spec *spec, struct op_judged *j, msec now, struct buf *why)
{
	struct params *p = &j->params;
	int fault = op_judge(op->ops, spec, j, why);

	if (fault)
		return fault;
	if (j->call.level != LEVEL_NONE && !spec->approved) {
		BUF_LIT(why, "This must be confirmed or approved first. Nothing was done.");
		return OP_FAULT_APPROVAL;
	}
	if (op->effect != CATALOG_READ)
		op->args = record_args(op->ops, op, p);
	if (spec->if_match.n)
		hout_pair(&p->fields, STR("If-Match"), spec->if_match);
	meter_key(op, spec, p);
	fault = put_credentials(op, spec, p, now, why);
	if (fault)
		return fault;
	if (secrets_take(&op->ops->secrets, op->environment, &op->ops->vault, now, &op->secrets) == 0)
		return 0;
	BUF_LIT(why, "The gate is busy: too many environments are in use at once. Try again in a second.");
	return OP_FAULT_BUSY;
}

static void
tell(struct op *op)
{
	log_debug("op", "api=%S environment=%S operation=%u status=%u%s%S", op->api->name, op->environment->name,
	    op->operation, (u32)op->status, op->why_n ? " why=" : "", str_of(op->why, op->why_n));
}

/* Gives an op that came to nothing back before anybody knew it. */
static void
drop(struct op *op, msec now)
{
	if (op->call)
		call_end(op->call, now);
	secrets_give(&op->ops->secrets, op->secrets);
	--*op->hold;
	pool_give(&op->ops->pool, op);
}

static struct op *
take(struct ops *o, const struct op_spec *spec, msec now)
{
	struct op *op = (struct op *)pool_take(&o->pool);

	if (!op)
		return NULL;
	ready_init(&op->ready, op_run);
	op->ops = o;
	op->api = spec->api;
	op->environment = &spec->api->environment[spec->environment];
	op->hold = spec->hold;
	++*op->hold;
	op->who = *spec->who;
	op->name = spec->operation->name;
	op->began_us = o->loop->now_us;
	op->operation = spec->operation->at;
	op->effect = spec->operation->effect;
	op->method = methods[spec->operation->method];
	op->began = now;
	op->limit_left = UINT32_MAX;
	op->caller = quota_caller(spec->who, spec->peer);
	return op;
}

int
op_start(struct ops *o, const struct op_spec *spec, struct ready *owner, msec now, struct op **out, struct buf *why)
{
	struct op *op = take(o, spec, now);
	struct op_judged j;
	int fault;

	if (op && !audit_ready(o->audit)) {
		BUF_LIT(why, "Nothing is done now: what is done cannot be written down (option audit 'required'). Tell "
		    "the person who runs the gate.");
		drop(op, now);
		return OP_FAULT_CONFIG;
	}
	if (!op) {
		BUF_LIT(why, "The gate is busy: too many calls are under way. Try again in a second.");
		return OP_FAULT_BUSY;
	}
	fault = build(op, spec, &j, now, why);
	if (!fault)
		fault = meter_take(op, spec, why);
	if (!fault)
		fault = start_call(op, spec, &j.params, owner, now, why);
	if (fault) {
		record_refused(o, spec, fault, buf_str(why), now);
		drop(op, now);
		return fault;
	}
	o->started++;
	*out = op;
	return 0;
}

/* ---- the answer ---------------------------------------------------------------------------------- */

static void
take_why(struct op *op, struct str why)
{
	struct buf b = buf_over(op->why, OP_WHY_MAX);

	redact_put(op->secrets, why, &b);
	op->why_n = (u8)b.w;
}

/* What upstream says its answer is. It goes into ours, so what is no media type, or is a secret, is not repeated. */
static struct str
media_type(const struct op *op)
{
	struct str type = call_type(op->call), rest = type, first = str_next(&rest, '/');
	u8 room[CALL_TYPE_MAX];
	struct buf b = buf_over(room, sizeof room);

	if (type.n == 0 || (field_token(first) && field_token(rest) && redact_put(op->secrets, type, &b) == 0))
		return type;
	return STR("application/octet-stream");
}

static void
take_head(struct op *op)
{
	const struct call *c = op->call;
	struct str type = media_type(op);

	op->head = true;
	op->status = c->status;
	op->retry_after_s = c->retry_after_s;
	meter_head(op);
	op->length = c->framing == FRAMING_LENGTH ? c->length : c->framing == FRAMING_NONE ? 0 : UINT64_MAX;
	op->type_n = (u8)min_u32(type.n, OP_TYPE_MAX);
	for (u32 i = 0; i < op->type_n; i++)
		op->type[i] = (char)(type.p[i] >= 'A' && type.p[i] <= 'Z' ? type.p[i] + 32 : type.p[i]);
}

enum step
op_step(struct op *op, msec now)
{
	enum step s;

	if (op->head)
		return STEP_DONE;
	s = call_step(op->call, now);
	if (s == STEP_DONE)
		take_head(op);
	else if (s == STEP_FAIL) {
		take_why(op, call_why(op->call));
		op->fault = op->call->err == ERR_FULL ? OP_FAULT_BUSY : OP_FAULT_UPSTREAM;
		op->unclear = op->call->doubt;
	} else
		call_settle(op->call);
	return s;
}

int
op_body(struct op *op, struct str *part, msec now)
{
	int n = call_body(op->call, part, now);

	if (n == ERR_MORE)
		call_settle(op->call);
	else if (n < 0)
		take_why(op, call_why(op->call));
	return n;
}

void
op_eat(struct op *op, u32 n)
{
	call_eat(op->call, n);
}

void
op_end(struct op *op, msec now)
{
	tell(op);
	record_end(op, now);
	meter_end(op);
	if (op->fault || op->status >= 500)
		op->ops->failed++;
	ready_cancel(&op->ready);
	call_end(op->call, now);
	secrets_give(&op->ops->secrets, op->secrets);
	--*op->hold;
	pool_give(&op->ops->pool, op);
}

/* ---- without its request ------------------------------------------------------------------------- */

/* Reads a body and drops it: 0 it has ended, or goes on for longer than its connection is worth; ERR_MORE not yet. */
static int
drop_body(struct op *op, msec now)
{
	struct str part;

	while (op->call->got < DROP_MAX) {
		int n = op_body(op, &part, now);

		if (n <= 0)
			return n == ERR_MORE ? ERR_MORE : 0;
		op_eat(op, (u32)n);
	}
	return 0;
}

/* Runs a detached op to its end. */
static void
op_run(struct ready *r, msec now)
{
	struct op *op = CONTAINER_OF(r, struct op, ready);
	enum step s = op_step(op, now);

	if (s == STEP_WAIT)
		return;
	if (s == STEP_MORE)
		loop_ready(op->ops->loop, r);
	else if (s == STEP_FAIL || drop_body(op, now) == 0)
		op_end(op, now);
}

void
op_leave(struct op *op, bool keep, msec now)
{
	bool sent = op->effect != CATALOG_READ;

	if (!keep && !sent) {
		op_end(op, now);
		return;
	}
	op->detached = true;
	op->ops->detached++;
	call_owner(op->call, &op->ready);
	loop_ready(op->ops->loop, &op->ready);
}
