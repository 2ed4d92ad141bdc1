/* locate: the operation that a method and a path below the API's base mean, by the templates of the document.
 *
 *      GET /tasks/7/notes     GET /tasks/{id}/notes     value[1] = "7"
 *
 * A value is one segment or a part of one, still percent-encoded. Of several templates that fit, the one with the most
 * literal text is meant: /tasks/archive before /tasks/{id}. */
#ifndef CATALOG_LOCATE_H
#define CATALOG_LOCATE_H

#include "catalog/catalog.h"

#define LOCATE_PIECES 24 /* of a path; longer templates are not found */

/* Fills op, and value by the numbers of its pieces. 0, or ERR_NONE. */
int locate(const struct catalog *c, u8 method, struct str path, struct catalog_op *op,
    struct str value[LOCATE_PIECES]);

#endif
