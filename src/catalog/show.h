/* show: an operation as text for the console, what `catalog show` prints. Everything is appended to a buf; check
 * out->over. */
#ifndef CATALOG_SHOW_H
#define CATALOG_SHOW_H

#include "base/buf.h"
#include "catalog/catalog.h"

/* Everything about an operation but its arguments. */
void show_op(const struct catalog *c, const struct catalog_op *op, struct buf *out);

/* The types of a node: "string or null". */
void show_types(const struct catalog_node *node, struct buf *out);

/* A line about argument i (0 .. op->param_n - 1). */
void show_arg(const struct catalog *c, const struct catalog_op *op, u32 i, struct buf *out);

#endif
