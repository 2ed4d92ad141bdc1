#include "main/turn.h"

#include "sys/clock.h"

void
turn_run(struct turn *t)
{
	msec latest = t->now = clock_mono_ms();

	while (!t->over) {
		loop_wait(t->loop, t->now, latest);
		t->wall_ms = clock_wall_ms();
		t->system = clock_both(&t->now); /* read once: everybody else is handed it */
		t->loop->now_us = clock_mono_ns() / 1000;
		if (t->begins)
			t->begins(t, t->now);
		loop_io(t->loop, t->now);
		loop_timers(t->loop, t->now);
		loop_steps(t->loop, t->now);
		latest = t->each(t, t->now);
		loop_reaps(t->loop); /* before this line nothing is given back */
		loop_over(t->loop, clock_mono_ns() / 1000);
	}
}
