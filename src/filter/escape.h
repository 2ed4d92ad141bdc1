/* escape: upstream bytes, as they come in pieces, as the inside of a JSON string. Bytes that are
 * no valid UTF-8 become U+FFFD; a character that is split between two pieces is put together.
 * Nothing else is kept: 4 bytes of state. */
#ifndef FILTER_ESCAPE_H
#define FILTER_ESCAPE_H

#include "base/buf.h"

struct escape {
	u8 kept[3]; /* the start of a character, until the rest comes */
	u8 kept_n;
};

/* Escapes in into out and returns how many bytes of in were used: all of them unless out has no
 * room for what comes next (at most 6 bytes). Never sets out->over. Begin with a zeroed struct. */
u32 escape_run(struct escape *e, struct str in, struct buf *out);

/* Says that nothing follows: a character that was never finished becomes U+FFFD. 0, or ERR_FULL
 * when out has no room for its 3 bytes (call again). */
int escape_end(struct escape *e, struct buf *out);

#endif
