/* show: catalogs as text for the console: what `catalog show`, `search` and `diff` print. Everything is appended to a
 * buf piece by piece, so a caller with a small one can write and empty it between pieces; check out->over. */
#ifndef CATALOG_SHOW_H
#define CATALOG_SHOW_H

#include "base/buf.h"
#include "catalog/catalog.h"

#define SHOW_PIECE_MAX 65536 /* bytes a piece may take */

/* Title, counts, servers and security schemes of a catalog. */
void show_head(const struct catalog *c, struct buf *out);

/* One line about operation at: effect, method, path, tool name, summary. */
void show_line(const struct catalog *c, u32 at, struct buf *out);

/* Everything about an operation but its arguments, and one line or two about argument i (0 .. op->param_n - 1). */
void show_op(const struct catalog *c, const struct catalog_op *op, struct buf *out);
void show_arg(const struct catalog *c, const struct catalog_op *op, u32 i, struct buf *out);

/* Two catalogs side by side. Begin with a and b set and the rest zero. */
struct show_diff {
	const struct catalog *a, *b; /* old, new */
	u32 at_a, at_b;
	u32 added, removed, changed; /* so far */
};

/* Appends the next difference: "+ name", "- name", or "~ name" with what changed. Whether there was one. */
bool show_diff_next(struct show_diff *d, struct buf *out);

#endif
