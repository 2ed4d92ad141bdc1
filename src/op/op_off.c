/* op_off: calls under way that a switch forbids by now. */
#include "op/op.h"

bool
op_sent(const struct op *op)
{
	return op->effect != CATALOG_READ && op->call && op->call->state != CALL_QUEUE && op->call->state != CALL_DIAL;
}

bool
op_off(const struct op *op, const struct switches *s)
{
	u8 off = switches_off(s, &op->who, op->api);

	return off & SWITCH_ENABLED || (off & SWITCH_PRODUCTION && op->environment->production) ||
	       (off & SWITCH_WRITE && op->effect != CATALOG_READ) ||
	       (s->tools && switches_tool_off(s, op->api, op->name));
}

const struct op *
ops_of(const struct ops *o, const struct ready *owner)
{
	for (u32 i = 0; i < o->pool.count; i++) {
		const struct op *op = (const struct op *)pool_at(&o->pool, i);

		if (op && op->owner == owner)
			return op;
	}
	return NULL;
}

void
ops_off(struct ops *o, const struct switches *s, msec now)
{
	for (u32 i = 0; i < o->pool.count; i++) {
		struct op *op = (struct op *)pool_at(&o->pool, i);

		if (op && op->detached && !op_sent(op) && op_off(op, s))
			op_end(op, now);
	}
}
