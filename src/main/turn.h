/* turn: the only endless loop of the program. Workers, the supervisor and the demo API all run it; what differs stands
 * in `each`.
 *
 *   wait (poll) > clock > begins > io > timers > steps > each: commit the turn's records, look at what is due > reap */
#ifndef MAIN_TURN_H
#define MAIN_TURN_H

#include "sys/loop.h"

struct turn {
	struct loop *loop;
	/* Once per turn, before anything is judged by its time; NULL: nothing to do. */
	void (*begins)(struct turn *t, msec now);
	/* Once per turn, after the steps. Returns the latest moment of the next turn; sets over to end. */
	msec (*each)(struct turn *t, msec now);
	msec now;
	wall system; /* the wall clock of that moment (clock_both) */
	u64 wall_ms; /* the same for what people read */
	bool over;
};

/* Runs until over. */
void turn_run(struct turn *t);

#endif
