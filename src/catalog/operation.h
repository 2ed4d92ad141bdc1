/* operation: compiles one operation of the document into the build. */
#ifndef CATALOG_OPERATION_H
#define CATALOG_OPERATION_H

#include "catalog/compile.h"

/* Reads what concerns the whole operation and its inputs, writes its tool and its records. op comes with item, at,
 * method, path, id and name. Whether it was imported; if not, op->why says why and the build has no trace of it. */
bool operation_compile(struct compile *c, struct operation *op);

#endif
