/* days: daily budgets across a restart: what was spent today, kept in the store until the day ends. The worker that
 * holds the store does it, now and then: what the last seconds before a power cut have spent is given again.
 *
 *      store key "q:<hex of the cell's key>"   value: decimal number of calls */
#ifndef GATE_DAYS_H
#define GATE_DAYS_H

#include "gate/quota.h"
#include "store/store.h"

struct days {
	u32 at;       /* the next cell to look at */
	msec next_at; /* of the next look at all of them */
};

/* Puts back what was spent today. Before the loop. 0, or an error of the store. */
int days_load(struct quota *q, struct store *st, struct arena *a);

/* Once per turn: notes what has changed, a part of it at a time. last: all of it, since no further turn comes. */
void days_turn(struct days *d, struct quota *q, struct store *st, msec now, u64 now_us, bool last);

#endif
