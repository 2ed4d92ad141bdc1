/* timer: a binary heap of deadlines. A struct timer is embedded in its owner; setting allocates nothing.
 *
 * Re-arming is lazy: a later deadline is only stored, and the heap notices when the earlier one comes up. A keep-alive
 * connection that is re-armed at every request costs two stores. Owners judge by now >= t->at, not by being woken. */
#ifndef SYS_TIMER_H
#define SYS_TIMER_H

#include "base/arena.h"

#define MSEC_NEVER INT64_MAX

struct ready;

struct timer {
	msec at;             /* when; MSEC_NEVER: not set */
	struct ready *owner; /* marked ready when it passes */
	u32 slot;            /* place in the heap + 1; 0: not in it */
};

struct timer_cell {
	msec key; /* never later than t->at */
	struct timer *t;
};

struct timers {
	struct timer_cell *cell;
	u32 n, max;
};

/* Room for max timers, from a. ERR_FULL when a has no room. */
int timers_init(struct timers *ts, struct arena *a, u32 max);

/* Sets or moves the deadline; MSEC_NEVER switches it off (lazily: the struct may still stand in the heap). */
void timer_set(struct timers *ts, struct timer *t, struct ready *owner, msec at);

/* Takes t out for good. Must be called before the memory of t is given back; harmless when it is not in. */
void timer_end(struct timers *ts, struct timer *t);

/* The next moment something may pass, or MSEC_NEVER. */
msec timers_next(const struct timers *ts);

/* Takes out one timer that has passed and returns its owner; NULL when there is none. */
struct ready *timers_pass(struct timers *ts, msec now);

#endif
