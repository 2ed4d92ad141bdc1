/* payload: the request body of an operation as arguments: members one by one where the body is an object, else the
 * whole body as `body`. */
#ifndef CATALOG_PAYLOAD_H
#define CATALOG_PAYLOAD_H

#include "catalog/compile.h"

/* Adds the body's inputs behind op's others and sets kind, body_type, body flags. Sets op->why when the operation takes
 * only bodies that cannot be sent yet. */
void payload_collect(struct compile *c, struct operation *op);

/* Whether a content type is JSON: application/json, anything ending in +json, any type. */
bool payload_is_json(struct str type);

#endif
