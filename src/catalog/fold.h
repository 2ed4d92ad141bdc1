/* fold: texts one behind the other in which what was there before is a reference: the JSON of many tools says the
 * same again and again. A reference is a byte 1, which no JSON text holds, then where (32 bits) and how much (16 bits)
 * of the folded bytes is meant; it points at bytes as they are, never at another reference, so reading is copying. */
#ifndef CATALOG_FOLD_H
#define CATALOG_FOLD_H

#include "base/buf.h"

#define FOLD_MARK 1
#define FOLD_BITS 17
#define FOLD_REF_N 7 /* bytes of a reference */
#define FOLD_LEAST 40 /* bytes that are worth one: reading takes its time by the piece */

/* Where the beginnings of what is there lie, while folding. Zeroed. */
struct fold {
	u32 seen[1 << FOLD_BITS]; /* offset + 1, by a hash of FOLD_LEAST bytes */
};

/* Appends text, which holds no byte 1, to what was folded before: all of out. out must hold text.n more bytes. */
void fold_put(struct fold *f, struct str text, struct buf *out);

/* Appends bytes from .. to of a text: folded, a piece of all. They must be there: see fold_check. */
void fold_read(struct str all, struct str folded, u32 from, u32 to, struct buf *out);

/* A byte of a text, by its place; unchanged when the text is shorter. */
struct fold_byte {
	u32 at;
	u8 byte;
};

/* Length of the text that folded is, or ERR_BAD when it is none. Fills in the bytes that are wanted, in ascending
 * order, while it goes through. */
int fold_check(struct str all, struct str folded, struct fold_byte *want, u32 wants);

#endif
