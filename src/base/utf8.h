/* utf8: strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

/* Decodes the first character of s into *point. Returns its length 1..4, ERR_MORE if s ends inside it (or is empty),
 * ERR_BAD if it can never be valid. */
int utf8_take(struct str s, u32 *point);

/* Whether all of s is valid. */
bool utf8_valid(struct str s);

/* Appends one character. Surrogates and values beyond U+10FFFF are written as U+FFFD. */
void utf8_put(struct buf *b, u32 point);

/* The longest prefix of s with at most n bytes that does not cut a character. s is valid UTF-8. */
struct str utf8_prefix(struct str s, u32 n);

#endif
