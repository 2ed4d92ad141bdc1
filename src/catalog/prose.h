/* prose: descriptions of an API document made short and plain for a model: HTML tags and Markdown links dropped, white
 * space joined, control characters out, cut at the end of a sentence or word. */
#ifndef CATALOG_PROSE_H
#define CATALOG_PROSE_H

#include "base/buf.h"

/* Appends text, plain, in at most max bytes. The first sentence comes whole when it fits; what was cut ends in "...".
 * Appends nothing for a text that is empty or only markup. */
void prose_put(struct buf *out, struct str text, u32 max);

/* Makes the end of out ready for a further sentence: adds ". " or " " when something stands there since `from`. */
void prose_join(struct buf *out, u32 from);

#endif
