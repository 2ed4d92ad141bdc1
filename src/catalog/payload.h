/* payload: the request body of an operation as arguments: members one by one where the body is an object, else the
 * whole body as `body`. */
#ifndef CATALOG_PAYLOAD_H
#define CATALOG_PAYLOAD_H

#include "catalog/compile.h"

/* Adds the body's inputs behind op's others and sets kind, body_type, body flags. Where the document names several
 * content types the one that can be sent best is taken; those that the same arguments make are offered by one more
 * input, CATALOG_TYPE; the others are noted. Sets op->why when there are too many inputs. */
void payload_collect(struct compile *c, struct operation *op);

/* Adds the members of the form that `in`, a whole query, is described as: each is a query parameter. false: it is no
 * object with known members, nothing was added. */
bool payload_query(struct compile *c, struct operation *op, const struct input *in, struct jcur media);

#endif
