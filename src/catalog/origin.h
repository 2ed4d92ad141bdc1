/* origin: where the parts of a text came from that was made of another one. Marks are added in order of the new text;
 * one holds for everything up to the next. Lives in the arena it grows in. */
#ifndef CATALOG_ORIGIN_H
#define CATALOG_ORIGIN_H

#include "base/arena.h"

struct origin_mark {
	u32 at, from; /* offset in the new text, in the old one */
};

struct origin {
	struct arena *arena;
	struct origin_mark *mark;
	u32 n, cap;
	bool full;
};

/* Marks that what begins at offset at of the new text came from offset from of the old one. A second mark at the same
 * place replaces the first. A full arena sets full. */
void origin_add(struct origin *o, u32 at, u32 from);

/* The offset in the old text of an offset in the new one; the offset itself when nothing was marked. */
u32 origin_of(const struct origin *o, u32 at);

/* First mark at or behind an offset: its number, n when there is none. */
u32 origin_first(const struct origin *o, u32 at);

/* Marks a copy of the marked bytes from .. to at offset at: for text that stands there twice. */
void origin_repeat(struct origin *o, u32 from, u32 to, u32 at);

#endif
