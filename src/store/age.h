/* age: the wall time that lifetimes are judged by, from two clocks neither of which can be trusted
 * alone. Pure.
 *
 *   wall = max(system, high-water), and the high-water runs on with the monotonic clock
 *
 * A clock set back makes nothing live again and nothing live longer. A jump of more than a day ahead
 * counts only once the system clock has kept to it for ten minutes: a router that boots in 1970 and
 * then finds a time server expires nothing by surprise. */
#ifndef STORE_AGE_H
#define STORE_AGE_H

#include "base/base.h"

#define AGE_JUMP_S 86400
#define AGE_STABLE_MS (10 * 60 * 1000)

struct age {
	wall wall;      /* as judged */
	msec at;        /* when that was */
	int64_t jumped; /* system clock minus monotonic seconds of a jump that is being watched */
	msec since;     /* when it was first seen; -1: none */
};

/* Begins with the stored high-water (0: none, then the system's word is taken). */
void age_init(struct age *a, wall high, msec now, wall system);

/* Judges anew; once per turn. */
void age_turn(struct age *a, msec now, wall system);

#endif
