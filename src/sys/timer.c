#include "sys/timer.h"

int
timers_init(struct timers *ts, struct arena *a, u32 max)
{
	ts->cell = ARENA_ARRAY(a, struct timer_cell, max);
	ts->n = 0;
	ts->max = max;
	return ts->cell ? 0 : ERR_FULL;
}

static void
place(struct timers *ts, u32 at, struct timer_cell c)
{
	ts->cell[at] = c;
	c.t->slot = at + 1;
}

static void
sift_up(struct timers *ts, u32 at, struct timer_cell c)
{
	while (at > 0 && ts->cell[(at - 1) / 2].key > c.key) {
		place(ts, at, ts->cell[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(ts, at, c);
}

static void
sift_down(struct timers *ts, u32 at, struct timer_cell c)
{
	for (;;) {
		u32 child = 2 * at + 1;

		if (child >= ts->n)
			break;
		if (child + 1 < ts->n && ts->cell[child + 1].key < ts->cell[child].key)
			child++;
		if (ts->cell[child].key >= c.key)
			break;
		place(ts, at, ts->cell[child]);
		at = child;
	}
	place(ts, at, c);
}

void
timer_set(struct timers *ts, struct timer *t, struct ready *owner, msec at)
{
	struct timer_cell c = { at, t };

	t->at = at;
	t->owner = owner;
	if (t->slot) {
		if (at < ts->cell[t->slot - 1].key)
			sift_up(ts, t->slot - 1, c);
		return;
	}
	if (at == MSEC_NEVER)
		return;
	ASSERT(ts->n < ts->max);
	ts->n++;
	sift_up(ts, ts->n - 1, c);
}

static void
take_out(struct timers *ts, u32 at)
{
	struct timer_cell last = ts->cell[--ts->n];

	ts->cell[at].t->slot = 0;
	if (at == ts->n)
		return;
	if (at > 0 && ts->cell[(at - 1) / 2].key > last.key)
		sift_up(ts, at, last);
	else
		sift_down(ts, at, last);
}

void
timer_end(struct timers *ts, struct timer *t)
{
	if (t->slot)
		take_out(ts, t->slot - 1);
	t->at = MSEC_NEVER;
}

msec
timers_next(const struct timers *ts)
{
	return ts->n ? ts->cell[0].key : MSEC_NEVER;
}

struct ready *
timers_pass(struct timers *ts, msec now)
{
	while (ts->n && ts->cell[0].key <= now) {
		struct timer *t = ts->cell[0].t;

		if (t->at <= now) {
			take_out(ts, 0);
			return t->owner;
		}
		if (t->at == MSEC_NEVER)
			take_out(ts, 0);
		else
			sift_down(ts, 0, (struct timer_cell){ t->at, t });
	}
	return NULL;
}
