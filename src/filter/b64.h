/* b64: base64 of bytes that stream through (base/base64.h does whole texts, both ways). */
#ifndef FILTER_B64_H
#define FILTER_B64_H

#include "base/buf.h"

struct b64 {
	bool url;   /* '-' and '_' and no padding, instead of '+' and '/' with it */
	u8 kept_n;
	u8 kept[2]; /* bytes that do not fill a group of three yet */
};

/* Encodes in into out and returns how many bytes of in were used: all of them unless out has no
 * room for the next four characters. Never sets out->over. Begin with a struct zero but for url. */
u32 b64_run(struct b64 *b, struct str in, struct buf *out);

/* Writes what is left, with its padding. 0, or ERR_FULL when out has fewer than 4 bytes of room
 * (call again). */
int b64_end(struct b64 *b, struct buf *out);

#endif
