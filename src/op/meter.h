/* meter: what limits an operation before it is begun, and what its answer says about the API's own limits. */
#ifndef OP_METER_H
#define OP_METER_H

#include "catalog/params.h"
#include "op/op.h"

#define METER_KEY_N 32 /* digits of an Idempotency-Key of ours */

/* Whether it may be done now: the API's wishes, doubt about the same write, rates and days. 0, or OP_FAULT_LIMIT with
 * a sentence in why; op->ops->no says when to come again. */
int meter_take(struct op *op, const struct op_spec *spec, struct buf *why);

/* Adds an Idempotency-Key where the document offers one and the caller gave none: after an unclear outcome the same
 * one again. */
void meter_key(struct op *op, const struct op_spec *spec, struct params *p);

/* The head of the answer is known (calls->resp): what the API says of its limits is noted and heeded. */
void meter_head(struct op *op);

/* The op ends: a write of which nobody knows is remembered. */
void meter_end(struct op *op);

#endif
