/* base64: bytes as text (RFC 4648), in both alphabets. Strict: no spaces, no line breaks, padding
 * exactly where the alphabet wants it, unused bits zero. So every byte string has exactly one text,
 * and a text cannot be varied. Encoding may read from the very end of the room it fills: the text
 * never catches up with the bytes. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Characters that n bytes take: with padding, and without (the url form). */
#define BASE64_N(n) (((n) + 2) / 3 * 4)
#define BASE64_URL_N(n) (((n) * 4 + 2) / 3)

/* Appends s in the standard alphabet with '=' padding. */
void base64_put(struct buf *b, struct str s);

/* Appends s in the url alphabet ('-' and '_') without padding. */
void base64_put_url(struct buf *b, struct str s);

/* Decodes all of text into out. The number of bytes; ERR_BAD when text is not exactly such a text;
 * ERR_FULL when cap is too small. out may be where text lies (decoding in place). */
int base64_read(struct str text, u8 *out, u32 cap);
int base64_read_url(struct str text, u8 *out, u32 cap);

#endif
