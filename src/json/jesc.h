/* jesc: bytes as the inside of a JSON string. What jout writes and what filter/escape streams is
 * made here.
 *
 * '"' and '\\' get a backslash, controls become \n \t \r \b \f or \u00xx, everything else stays;
 * invalid UTF-8 becomes U+FFFD, one for each longest start of a character that went wrong. 16
 * bytes at a time. */
#ifndef JSON_JESC_H
#define JSON_JESC_H

#include "base/buf.h"

/* Appends in, escaped, as far as out has room, and returns how many bytes of in that was. Fewer
 * than in.n when the next byte or character does not fit, or when in ends inside a character
 * that may still become valid (then what is left is at most 3 bytes, and jesc_ends_inside says
 * so). Never sets out->over. */
u32 jesc_put(struct str in, struct buf *out);

/* Whether all of s is the start of one character that more bytes could complete. False for an
 * empty s. */
bool jesc_ends_inside(struct str s);

#endif
