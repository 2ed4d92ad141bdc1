/* accept: the Accept field of a request: which kind of answer we ask an api for.
 *
 *   JSON wherever the document offers it, or says nothing; else what the document offers, in its order; anything at all
 *   comes second, so that an api which errs about itself still answers. */
#ifndef OP_ACCEPT_H
#define OP_ACCEPT_H

#include "base/buf.h"
#include "catalog/catalog.h"

#define ACCEPT_N 512 /* bytes accept_put may write */

/* Appends the field for an operation, with its line end. */
void accept_put(struct buf *out, const struct catalog *c, const struct catalog_op *op);

#endif
