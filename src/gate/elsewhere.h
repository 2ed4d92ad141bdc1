/* elsewhere: where an operation is called. Most are at their environment's base_url; those for which the document names
 * another server only where `list server` of the environment names it, too: credentials go nowhere else. */
#ifndef GATE_ELSEWHERE_H
#define GATE_ELSEWHERE_H

#include "gate/api.h"

/* e itself, the place of op's server in e, or NULL: e does not name that server. */
const struct environment *elsewhere(const struct environment *e, const struct catalog *c, const struct catalog_op *op);

#endif
