#include "op/record.h"

#define FRONT_MAX 4096 /* bytes that tell one large body from another before it is sent */

static u64
number(const struct hash_mac *m)
{
	u8 out[HASH_N];
	u64 v = 0;

	hash_mac_out(m, out);
	for (u32 i = 0; i < 8; i++)
		v = v << 8 | out[i];
	return v ? v : 1;
}

u64
record_args(struct op *op, const struct op_spec *spec, const struct params *p)
{
	const struct str part[] = { op->name, buf_str(&p->target), buf_str(&p->fields) };
	struct hash_mac m;

	hash_mac_begin(&m, &op->ops->args_key);
	for (u32 i = 0; i < ARRAY_N(part); i++) {
		hash_mac_add(&m, part[i]);
		hash_mac_add(&m, str_of("", 1)); /* a NUL between the parts */
	}
	hash_mac_add(&m, buf_str(&p->body));
	if (p->pour) {
		op->sum = lease_take(&op->ops->calls->net->lease, sizeof m);
		if (!op->sum.p)
			return 0;
		memcpy(op->sum.p, &m, sizeof m);
		hash_mac_add(&m, str_of(&p->pour, sizeof p->pour));
		hash_mac_add(&m, str_cut(spec->front, 0, FRONT_MAX));
	}
	return number(&m);
}

static const char *
outcome(const struct op *op)
{
	if (op->fault == OP_FAULT_NONE)
		return op->status < 400 && op->head ? "done" : op->head ? "failed" : "cancelled";
	return op->unclear ? "unclear" : "failed";
}

void
record_end(struct op *op, msec now)
{
	struct ops *o = op->ops;
	struct audit_line l = { .what = "call", .outcome = outcome(op), .who = &op->who, .api = op->api->name };

	l.environment = op->environment->name;
	l.production = op->environment->production;
	l.operation = op->name;
	l.args = op->sum.p ? number((const struct hash_mac *)(const void *)op->sum.p) : op->args;
	l.status = op->status;
	l.bytes = op->call ? op->call->got : 0;
	l.us = o->loop->now_us - op->began_us;
	l.detail = str_of(op->why, op->why_n);
	l.matters = op->effect == CATALOG_DESTRUCTIVE;
	audit_line(o->audit, &l, now);
}

void
record_refused(struct ops *o, const struct op_spec *spec, int fault, struct str why, msec now)
{
	const char *how = fault == OP_FAULT_LIMIT ? "limited" : fault == OP_FAULT_DENIED ? "denied" :
	    fault == OP_FAULT_APPROVAL || fault == OP_FAULT_UPLOAD ? "held" : "refused";
	struct audit_line l = { .what = "call", .outcome = how, .who = spec->who, .api = spec->api->name };

	if (spec->environment != GATE_ANY_ENVIRONMENT) {
		l.environment = spec->api->environment[spec->environment].name;
		l.production = spec->api->environment[spec->environment].production;
	}
	l.operation = spec->operation->name;
	l.detail = fault == OP_FAULT_ARGUMENT ? STR("arguments") : why; /* they may be quoted there */
	audit_line(o->audit, &l, now);
}
