/* op_pour: a file that goes on to the API as it comes. */
#include "op/op.h"

bool
op_hungry(const struct op *op)
{
	return op->pour && op->call && call_hungry(op->call);
}

void
op_pour(struct op *op, struct str part, msec now)
{
	op->pour -= part.n;
	if (call_put(op->call, part, now) == 0 && !op->pour && op->tail.p)
		call_put(op->call, buf_str(&op->tail), now);
}
