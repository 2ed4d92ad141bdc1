/* tail: the lines of a ring (ring.h), of all its writers, newest first: for people who look at what was just done. Only
 * what is on the disk is seen, and only so many bytes are gone through. */
#ifndef STORE_TAIL_H
#define STORE_TAIL_H

#include "store/ring.h"

#define TAIL_BYTES (4u << 20) /* gone through at most */

struct tail_reel {
	u32 segment[RING_SEGMENTS], left; /* those not opened yet */
	struct str text;                  /* of the open one, mapped */
	u32 end;                          /* what stands before is still to be seen */
	struct str line;                  /* the newest of it; p NULL: none is left */
};

struct tail {
	int dir;
	u64 budget;
	u32 taken;         /* whose line was given last, + 1 */
	bool cut;          /* there was more than was gone through */
	struct tail_reel of[RING_WRITERS];
};

/* Begins; dir stays open until tail_close, which must follow. */
void tail_open(struct tail *t, int dir);
void tail_close(struct tail *t);

/* The next line, without its end, good until the next call; p NULL at the end. */
struct str tail_next(struct tail *t);

#endif
