#include "op/op.h"

#include "base/limits.h"
#include "base/log.h"
#include "catalog/args.h"
#include "catalog/params.h"
#include "filter/redact.h"
#include "gate/elsewhere.h"
#include "http/hout.h"
#include "op/accept.h"
#include "op/credential.h"
#include "op/meter.h"
#include "op/preset.h"
#include "op/record.h"

#define DROP_MAX (256 * 1024) /* bytes of a body that nobody wants: so much is read to keep its connection */

static void op_run(struct ready *r, msec now);

u32
ops_open(struct ops *o, u64 who, bool more)
{
	struct share *s = &o->calls->queue.share;

	if (more)
		return share_enter(s, ~who); /* beside the calls of the same one */
	share_leave(s, ~who);
	return 0;
}

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
	o->secrets.logins = &o->logins;
	return logins_init(o, a) ? ERR_FULL : pool_init(&o->pool, a, sizeof(struct op), CALLS_MAX);
}

size_t
ops_bytes(void)
{
	return 2 * (size_t)RPC_BODY_MAX + UPSTREAM_URL_MAX + OPS_FIELDS_N +
	       RPC_TOKENS_MAX * sizeof(struct jsmntok) + pool_bytes(sizeof(struct op), CALLS_MAX) + vault_bytes() +
	       logins_bytes() + secrets_bytes() + 64;
}

/* ---- the request --------------------------------------------------------------------------------- */

/* HTTP methods by the catalog's. */
static const u8 methods[CATALOG_METHODS] = {
	METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_OPTIONS, METHOD_TRACE,
	METHOD_QUERY, METHOD_OTHER,
};

static void
write_request(struct buf *out, const struct op *op, const struct catalog_op *operation, const struct params *p)
{
	u8 method = op->method;

	hout_request(out, catalog_verb(operation), buf_str(&p->target));
	hout_field(out, "Host", op->at->host_field);
	accept_put(out, op->catalog, operation);
	BUF_LIT(out, "Accept-Encoding: identity\r\nUser-Agent: mcpgated\r\n");
	buf_put(out, buf_str(&p->fields));
	if (p->has_body) {
		hout_field(out, "Content-Type", p->body_type);
		if (op->open)
			hout_chunked(out);
		else
			hout_length(out, buf_len(&p->body) + p->pour);
	} else if (method == METHOD_POST || method == METHOD_PUT || method == METHOD_PATCH) {
		hout_length(out, 0);
	}
	hout_end(out);
	op_pour_first(op, out, str_cut(buf_str(&p->body), 0, p->pour ? p->split : buf_len(&p->body)));
}

struct call_spec
op_call_spec(const struct environment *e)
{
	return (struct call_spec){
		.to = { .host = e->host, .unix_path = e->unix_path, .port = e->port, .configured = true,
		        .tls = e->trust },
		.origin = e->origin,
		.connect_ms = e->connect_ms,
		.first_ms = e->first_ms,
		.idle_ms = e->idle_ms,
		.total_ms = e->total_ms,
	};
}

static int
start_call(struct op *op, const struct catalog_op *operation, const struct params *p, msec now, struct buf *why)
{
	const struct environment *e = op->environment;
	struct call_spec cs = op_call_spec(op->at);
	struct buf *out;
	u32 n = buf_len(&p->target) + buf_len(&p->fields) + buf_len(&p->body) + op->at->host_field.n + ACCEPT_N + 512;

	cs.method = op->method;
	cs.idempotent = op->method == METHOD_GET || op->method == METHOD_HEAD || op->method == METHOD_QUERY;
	cs.who = op->caller;
	cs.concurrency = e->concurrency;
	cs.concurrency_each = e->concurrency_each;
	cs.queue = e->queue;
	cs.queue_ms = e->queue_ms;
	op->call = call_start(op->ops->calls, &cs, op->owner, now);
	if (!op->call) {
		buf_fmt(why, "The call was not made: %s. Try again in %u s.", op->ops->calls->why,
		    max_u32(op->ops->calls->wait_s, 1));
		return OP_FAULT_BUSY;
	}
	out = call_out(op->call, n);
	if (p->pour && op_pour_expect(op, p)) {
		BUF_LIT(why, "The gate is busy: it is out of buffers. Try again in a second.");
		return OP_FAULT_BUSY;
	}
	if (out)
		write_request(out, op, operation, p);
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
	j->at = elsewhere(&spec->api->environment[spec->environment], spec->catalog, spec->operation);
	if (!j->at || !gate_admits(spec->ask, spec->operation, spec->environment, &j->call)) {
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
	p->base = j->at->path;
	p->upload = spec->upload;
	p->upload_type = spec->upload_type;
	p->pour = spec->pour;
	p->raw = spec->raw;
	if (p->pour)
		rng_bytes(o->rng, &p->salt, sizeof p->salt);
	if (params_build(spec->catalog, spec->operation, p, why))
		return OP_FAULT_ARGUMENT;
	if (spec->raw && op_pour_whole(spec, p)) {
		BUF_LIT(why, "The body is too large.");
		return OP_FAULT_ARGUMENT;
	}
	if ((!p->awaits && !spec->raw) || j->call.level == LEVEL_NONE)
		return 0;
	buf_c(why, spec->raw ? "What must be confirmed or approved is bound to its whole body: this one is too large." :
	        "What must be confirmed or approved cannot be uploaded: give the file as base64.");
	return OP_FAULT_ARGUMENT;
}

/* ---- credentials that have to be obtained -------------------------------------------------------- */

/* The request as it is without them, for when they are there, and for once more. */
static int
keep(struct op *op, const struct params *p, struct buf *why)
{
	const struct buf *part[] = { &p->target, &p->fields, &p->body };
	u32 n = p->body_type.n;

	for (u32 i = 0; i < 3; i++)
		n += op->kept_n[i] = buf_len(part[i]);
	op->kept = lease_take(&op->ops->calls->net->lease, n);
	if (!op->kept.p) {
		BUF_LIT(why, "The gate is busy: it is out of buffers. Try again in a second.");
		return OP_FAULT_BUSY;
	}
	for (u32 i = 0; i < 3; i++)
		buf_put(&op->kept, buf_str(part[i]));
	op->body = p->has_body;
	buf_put(&op->kept, p->has_body ? p->body_type : STR_NONE);
	return 0;
}

static void
load(struct op *op, struct params *p)
{
	struct ops *o = op->ops;
	struct str all = buf_str(&op->kept);
	u32 fields = op->kept_n[0], body = fields + op->kept_n[1], type = body + op->kept_n[2];

	*p = (struct params){ .target = buf_over(o->target, UPSTREAM_URL_MAX) };
	p->fields = buf_over(o->fields, OPS_FIELDS_N);
	buf_put(&p->target, str_cut(all, 0, fields));
	buf_put(&p->fields, str_cut(all, fields, body));
	p->body = buf_over(op->kept.p + body, op->kept_n[2]);
	p->body.w = op->kept_n[2];
	p->body_type = str_cut(all, type, all.n);
	p->has_body = op->body;
	p->pour = op->pour;
}

/* Sends the kept request as soon as its credentials are there: op->call is NULL until then. 0 or an enum op_fault. */
static int
send_kept(struct op *op, msec now, struct buf *why)
{
	struct catalog_op operation;
	struct params p;
	int fault;

	if (own_waits(op, now))
		return 0;
	for (u32 i = 0; i < op->chosen_n; i++) {
		struct login_ask ask = { .credential = op->chosen[i], .hold = op->hold, .wait = &op->wait };
		int err;

		if (!own_has(op, i, now))
			return own_ask(why);
		ask.born = own_born(op, i);
		ask.environment = op->environment->id;
		err = ask.credential->login ? login_need(op->ops, &ask, &op->number[i], now, why) : 0;
		if (err == ERR_DENY && ask.born)
			return own_ask(why);
		if (err)
			return err == ERR_MORE ? 0 : err == ERR_LATE ? OP_FAULT_BUSY : OP_FAULT_CONFIG;
	}
	load(op, &p);
	fault = own_credentials(op, NULL, &p, now, why);
	if (fault)
		return fault;
	catalog_op(op->catalog, op->operation, &operation);
	return start_call(op, &operation, &p, now, why);
}

/* Whether the answer says that a session has run out: then it is asked once more with another. */
static bool
ran_out(struct op *op, msec now)
{
	bool again = false;

	if (op->call->status != 401) {
		for (u32 i = 0; i < op->chosen_n; i++)
			if (op->chosen[i]->login)
				login_good(op->ops, op->chosen[i], own_born(op, i), op->number[i]);
	} else if (op->repeats < 2) { /* what was poured is gone: the next one finds another session */
		for (u32 i = 0; i < op->chosen_n; i++)
			again |= op->chosen[i]->login && login_refused(op->ops, op->chosen[i], own_born(op, i),
			    op->number[i], now);
	}
	if (!again || op->poured) {
		lease_give(&op->ops->calls->net->lease, &op->kept);
		return false;
	}
	op->repeats++;
	call_end(op->call, now);
	op->call = NULL;
	return true;
}

/* ---- the beginning ------------------------------------------------------------------------------- */

/* Judges the call and builds the request in the worker's scratch; nothing of it is kept. */
static int
build(struct op *op, const struct op_spec *spec, struct op_judged *j, msec now, struct buf *why)
{
	struct params *p = &j->params;
	int fault = op_judge(op->ops, spec, j, why), n;

	if (fault)
		return fault;
	op->at = j->at;
	if (j->call.level != LEVEL_NONE && !spec->approved) {
		BUF_LIT(why, "This must be confirmed or approved first. Nothing was done.");
		return OP_FAULT_APPROVAL;
	}
	if (spec->pour && op->environment->logs_in && !spec->raw) {
		BUF_LIT(why, "Where the gate logs in for a call a file may have 256 KB.");
		return OP_FAULT_ARGUMENT;
	}
	if (p->awaits) {
		BUF_LIT(why, "its file is awaited");
		return OP_FAULT_UPLOAD;
	}
	op->pour = p->pour;
	op->open = p->pour == POUR_OPEN;
	if (op->effect != CATALOG_READ)
		op->args = record_args(op, spec, p);
	if (op->pour && !op->sum.p && op->effect != CATALOG_READ) {
		BUF_LIT(why, "The gate is busy: it is out of buffers. Try again in a second.");
		return OP_FAULT_BUSY;
	}
	if (spec->if_match.n)
		hout_pair(&p->fields, STR("If-Match"), spec->if_match);
	meter_key(op, spec, p);
	n = credential_choose(op->environment, spec->catalog, spec->operation, op->chosen, why);
	if (n < 0)
		return OP_FAULT_CONFIG;
	op->chosen_n = (u8)n;
	j->later = op->environment->logs_in || (!spec->own && !spec->pour && own_waits(op, now));
	return j->later ? 0 : own_credentials(op, spec->own, p, now, why);
}

static void
tell(struct op *op)
{
	log_debug("op", "api=%S environment=%S operation=%u status=%u%s%S", op->api->name, op->environment->name,
	    op->operation, (u32)op->status, op->why_n ? " why=" : "", str_of(op->why, op->why_n));
}

static void
give(struct op *op)
{
	struct ops *o = op->ops;

	list_out(&op->wait.link);
	lease_give(&o->calls->net->lease, &op->kept);
	lease_give(&o->calls->net->lease, &op->tail);
	lease_give(&o->calls->net->lease, &op->sum);
	secrets_give(&o->secrets, op->secrets);
	--*op->hold;
	pool_give(&o->pool, op);
}

/* Gives an op that came to nothing back before anybody knew it. */
static void
drop(struct op *op, msec now)
{
	if (op->call)
		call_end(op->call, now);
	give(op);
}

static struct op *
take(struct ops *o, const struct op_spec *spec, msec now)
{
	struct op *op = (struct op *)pool_take_part(&o->pool, offsetof(struct op, who));

	if (!op)
		return NULL;
	ready_init(&op->ready, op_run);
	list_init(&op->wait.link);
	op->catalog = spec->catalog;
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
	UNSET struct op_judged j;
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
	op->owner = op->wait.owner = owner;
	if (spec->ask->switches && op_off(op, spec->ask->switches)) { /* the request may have waited */
		BUF_LIT(why, "This was turned off meanwhile. Nothing was done.");
		fault = OP_FAULT_DENIED;
	} else {
		fault = build(op, spec, &j, now, why);
	}
	if (!fault)
		fault = meter_take(op, spec, why);
	if (!fault && !j.later)
		fault = start_call(op, spec->operation, &j.params, now, why);
	else if (!fault && !(fault = keep(op, &j.params, why)))
		fault = send_kept(op, now, why);
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
	UNSET u8 room[CALL_TYPE_MAX];
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

/* As call_step; where there is no call yet, it begins when what it needs is there. */
static enum step
step_call(struct op *op, msec now)
{
	UNSET u8 room[OP_WHY_MAX];
	struct buf why = buf_over(room, sizeof room);
	enum step s;

	do {
		if (!op->call) {
			op->fault = (u8)send_kept(op, now, &why);
			if (op->fault)
				take_why(op, buf_str(&why));
			if (!op->call || op->fault)
				return op->fault ? STEP_FAIL : STEP_WAIT;
		}
		s = call_step(op->call, now);
	} while (s == STEP_DONE && op->kept.p && ran_out(op, now));
	return s;
}

enum step
op_step(struct op *op, msec now)
{
	enum step s;

	if (op->head)
		return STEP_DONE;
	s = step_call(op, now);
	if (op->fault || !op->call)
		return s;
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
op_owner(struct op *op, struct ready *owner)
{
	op->owner = op->wait.owner = owner;
	if (op->call)
		call_owner(op->call, owner);
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
	if (op->call)
		call_end(op->call, now);
	give(op);
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
	if ((!keep && !op_sent(op)) || op->pour || (op->call && op->call->more)) { /* half a request is none */
		op_end(op, now);
		return;
	}
	op->detached = true;
	op->ops->detached++;
	op_owner(op, &op->ready);
	loop_ready(op->ops->loop, &op->ready);
}
