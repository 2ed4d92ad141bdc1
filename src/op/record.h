/* record: what the audit is told of an operation: one line when it ends, or when it is not even begun. */
#ifndef OP_RECORD_H
#define OP_RECORD_H

#include "catalog/params.h"
#include "op/op.h"

/* The line of an op that ends. */
void record_end(struct op *op, msec now);

/* The line of a call that is not made, for enum op_fault: denied (by the gate), held (for an approval), limited, or
 * refused. spec->environment is an index, or GATE_ANY_ENVIRONMENT. why may be empty. */
void record_refused(struct ops *o, const struct op_spec *spec, int fault, struct str why, msec now);

/* A number for what will be asked of the API, to be compared and written down instead of it. Of a body that is poured
 * it knows the length and the first 4 KB; the line of the audit gets one over all that was sent. 0: out of buffers. */
u64 record_args(struct op *op, const struct op_spec *spec, const struct params *p);

#endif
