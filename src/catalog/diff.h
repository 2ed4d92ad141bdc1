/* diff: two catalogs side by side, as what changes for those who call: tools that come, go, are called otherwise, or
 * mean something else. What only says the same in other words is told apart. Views live as long as the catalogs. */
#ifndef CATALOG_DIFF_H
#define CATALOG_DIFF_H

#include "base/buf.h"
#include "catalog/catalog.h"

#define DIFF_PIECE_MAX 65536 /* bytes that diff_put may append */

enum diff_kind { DIFF_ADDED, DIFF_REMOVED, DIFF_RENAMED, DIFF_CHANGED, DIFF_WORDS, DIFF_KINDS };

/* Begin with a, b (old, new) and tool set and the rest zero. */
struct diff {
	const struct catalog *a, *b;
	struct buf tool[2];      /* room for the JSON of one tool each: IMPORT_TOOL_MAX * 4 bytes is enough */
	u32 at_a, at_b;
	u32 count[DIFF_KINDS];   /* so far */
	enum diff_kind kind;     /* of the last one ... */
	struct catalog_op op[2]; /* ... and the operation before and after; of what is added or removed only one */
};

/* Goes to the next difference, in order of names. Whether there was one. */
bool diff_next(struct diff *d);

/* Appends what is otherwise in the last one, one thing a line, each ending in a line feed; nothing when all there is
 * to say is that it came or went. Check out->over. */
void diff_put(const struct diff *d, struct buf *out);

/* "added", "removed", "renamed", "changed" or "words". */
const char *diff_text(enum diff_kind kind);

#endif
