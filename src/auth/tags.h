/* tags: how records of people, sessions, keys and clients lie in the store:
 *
 *      version byte | tag 1, length 1, bytes | tag, length, bytes | ...
 *
 * A field that is empty or 0 is left out. Readers skip tags they do not know below TAGS_MUST, so that an older program
 * reads what a newer one wrote; from there on a field must be understood, or the record is refused. */
#ifndef AUTH_TAGS_H
#define AUTH_TAGS_H

#include "base/buf.h"

#define TAGS_MUST 128 /* from here on: refuse what you do not know */

/* Appends a field; nothing when bytes are empty. More than 255 bytes are a caller's mistake (ASSERT). */
void tags_put(struct buf *b, u8 tag, struct str bytes);

/* Appends a number in 4 bytes, or 8 when it needs them; nothing when it is 0. */
void tags_num(struct buf *b, u8 tag, u64 v);

/* Takes the next field off *rest: 1; 0 at the end; ERR_BAD for what is no field. */
int tags_next(struct str *rest, u8 *tag, struct str *bytes);

/* The number in a field of 4 or 8 bytes. ERR_BAD else. */
int tags_read_num(struct str bytes, u64 *v);

/* Copies a text field of at most max bytes; its length into *n. ERR_BAD when it is longer. */
int tags_read_text(struct str bytes, char *to, u8 *n, u32 max);

#endif
