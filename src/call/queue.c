#include "call/queue.h"

#define AGAIN_MS 10 /* how often is looked whether another worker has given a place back */

static u64
pair_key(const struct place *p)
{
	return (p->origin ^ p->who * 0xff51afd7ed558ccdULL) * 0xc4ceb9fe1a85ec53ULL | 1;
}

/* Whether it may have a place beside `all` that are taken, of which its caller has `mine`. */
static bool
may(const struct place *p, u32 mine, u32 all)
{
	if (!p->limit)
		return true;
	if (all >= p->limit || !p->who)
		return all < p->limit;
	return p->most ? mine < p->most : share_fair(mine, all, p->limit);
}

/* Takes a place. Whether there was one. */
static bool
hold(struct queue *q, struct place *p)
{
	struct share *s = &q->share;
	u32 all = share_enter(s, p->origin), mine = all && p->who ? share_enter(s, pair_key(p)) : 0;

	if (all && (mine || !p->who) && may(p, mine - 1, all - 1)) {
		p->state = PLACE_HELD;
		return true;
	}
	if (mine)
		share_leave(s, pair_key(p));
	if (all)
		share_leave(s, p->origin);
	return false;
}

/* Whose turn it is, at one origin or (0) at any: of those who may, the caller with the fewest calls; the list is by
 * age. */
static struct place *
next(struct queue *q, u64 origin)
{
	u32 fewest = UINT32_MAX;
	struct place *best = NULL;

	LIST_EACH(&q->waiting, l, tmp) {
		struct place *p = CONTAINER_OF(l, struct place, link);
		u32 mine;

		if (origin && p->origin != origin)
			continue;
		mine = p->who ? share_count(&q->share, pair_key(p)) : 0;
		if (mine >= fewest || !may(p, mine, share_count(&q->share, p->origin)))
			continue;
		best = p;
		fewest = mine;
	}
	return best;
}

static void
stop_waiting(struct queue *q, struct place *p)
{
	list_out(&p->link);
	q->n--;
}

/* Lets in whoever may come now: after it nobody who waits there could. */
static void
pump(struct queue *q, u64 origin)
{
	struct place *p;

	while (q->n && (p = next(q, origin)) && hold(q, p)) {
		stop_waiting(q, p);
		loop_ready(q->loop, p->owner);
	}
}

static void
look_again(struct ready *r, msec now)
{
	struct queue *q = CONTAINER_OF(r, struct queue, ready);

	pump(q, 0);
	if (q->n)
		timer_set(&q->loop->timers, &q->timer, &q->ready, now + AGAIN_MS);
}

void
queue_init(struct queue *q, struct loop *loop, void *cells)
{
	*q = (struct queue){ .loop = loop, .timer = { .at = MSEC_NEVER } };
	list_init(&q->waiting);
	ready_init(&q->ready, look_again);
	share_init(&q->share, cells, 1, 0);
}

/* Whether it may wait: the queue of an origin is shared out like its places. */
static bool
may_wait(const struct queue *q, const struct place *p)
{
	u32 all = 0, mine = 0;

	if (!p->waiting_max)
		return false;
	LIST_EACH((struct link *)&q->waiting, l, tmp) {
		const struct place *o = CONTAINER_OF(l, struct place, link);

		all += o->origin == p->origin;
		mine += o->origin == p->origin && o->who == p->who;
	}
	return all < p->waiting_max && (!p->who || share_fair(mine, all, p->waiting_max));
}

void
queue_enter(struct queue *q, struct place *p, msec now)
{
	list_init(&p->link);
	p->state = PLACE_NONE;
	pump(q, p->origin); /* those who wait come first, if they may */
	if (hold(q, p) || !may_wait(q, p))
		return;
	p->state = PLACE_WAITS;
	list_last(&q->waiting, &p->link);
	if (q->n++ == 0 && q->share.workers > 1)
		timer_set(&q->loop->timers, &q->timer, &q->ready, now + AGAIN_MS);
}

void
queue_leave(struct queue *q, struct place *p)
{
	u8 state = p->state;

	p->state = PLACE_NONE;
	if (state == PLACE_WAITS)
		stop_waiting(q, p);
	if (state != PLACE_HELD)
		return;
	if (p->who)
		share_leave(&q->share, pair_key(p));
	share_leave(&q->share, p->origin);
	pump(q, p->origin);
}
