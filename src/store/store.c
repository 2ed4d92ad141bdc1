#include "store/store_priv.h"

/* Being run is all it takes: the turn comes to store_commit by itself. */
static void
wake(struct ready *r, msec now)
{
}

int
store_open(struct store **st, const struct store_conf *conf, struct arena *a, struct buf *why)
{
	int err = disk_open(st, conf, a, why);

	if (err)
		*st = NULL;
	else
		ready_init(&(*st)->ready, wake);
	return err;
}

int
store_attach(struct store *st, struct loop *loop)
{
	int err;

	st->loop = loop;
	ready_init(&st->ready, wake);
	err = st->kind->attach(st);
	if (err)
		st->loop = NULL;
	return err;
}

enum step
store_start(struct store *st, struct store_op *op, msec now)
{
	ASSERT(!op->waits);
	list_init(&op->link);
	op->done = op->again = false;
	op->err = 0;
	st->now = now > st->now ? now : st->now;
	if (st->page)
		keeper_before(st, op, st->now);
	return st->kind->start(st, op);
}

void
store_cancel(struct store *st, struct store_op *op)
{
	if (!op->waits)
		return;
	list_out(&op->link);
	op->waits = false;
}

void
store_time(struct store *st, msec now, wall system)
{
	st->now = now > st->now ? now : st->now;
	age_turn(&st->age, st->now, system);
}

void
store_commit(struct store *st, msec now, wall system)
{
	store_time(st, now, system);
	st->kind->commit(st);
	if (st->page)
		keeper_publish(st);
}

int
store_do(struct store *st, struct store_op *op)
{
	enum step step;

	if (!st->kind->find)
		return op->err = ERR_DENY; /* it answers only who has a loop */
	step = store_start(st, op, st->now);
	/* Without a loop a commit goes to the disk and back; the ram kind may take some turns. */
	while (step == STEP_WAIT && !op->done)
		st->kind->commit(st);
	return op->err;
}

void
store_close(struct store *st)
{
	if (!st)
		return;
	st->kind->close(st);
	if (st->page)
		keeper_end(st);
	if (st->loop) {
		ready_cancel(&st->ready);
		timer_end(&st->loop->timers, &st->timer);
	}
}

wall
store_wall(const struct store *st)
{
	return st->age.wall;
}

u32
store_stamp(const struct store *st, u8 letter)
{
	return __atomic_load_n(&st->stamp[letter], __ATOMIC_ACQUIRE);
}

void
store_figures(const struct store *st, struct store_figures *f)
{
	*f = (struct store_figures){ 0 };
	st->kind->figures(st, f);
}
