#include "store/disk_priv.h"

#include "base/log.h"
#include "crypt/ct.h"

#define SWEEP_SLOTS 256
#define LOOK_MS 100 /* an idle store looks around this often */

static void
park(struct disk *d, struct store_op *op)
{
	list_last(&d->queue, &op->link);
	op->waits = true;
}

/* Puts op into the batch whose sync it waits for. */
static void
await(struct disk *d, struct store_op *op)
{
	struct batch *flight = &d->batch[!d->filling];
	struct batch *b = flight->n && op->seq <= flight->last ? flight : &d->batch[d->filling];

	list_last(&b->ops, &op->link);
	op->waits = true;
}

enum step
batch_start(struct store *st, struct store_op *op)
{
	struct disk *d = disk_of(st);
	bool later;

	if (verb_writes(op) && d->broken) {
		op->err = ERR_DENY;
		op->done = true;
		return STEP_DONE;
	}
	if (!op->lazy && verb_writes(op) && !list_empty(&d->queue)) {
		park(d, op); /* behind those that came first */
		return STEP_WAIT;
	}
	if (verb_run(st, op, &later))
		return STEP_DONE;
	if (later && op->lazy) {
		op->err = ERR_FULL;
		op->done = true;
		return STEP_DONE;
	}
	if (later)
		park(d, op);
	else
		await(d, op);
	return STEP_WAIT;
}

/* Runs what was parked, as far as there is room now. */
static void
run_queue(struct disk *d)
{
	while (!list_empty(&d->queue)) {
		struct store_op *op = CONTAINER_OF(d->queue.next, struct store_op, link);
		bool later;

		if (d->broken) {
			verb_done(&d->st, op, ERR_DENY);
			continue;
		}
		if (verb_run(&d->st, op, &later)) {
			verb_done(&d->st, op, op->err);
			continue;
		}
		if (later)
			return;
		list_out(&op->link);
		await(d, op);
	}
}

static void
finish_ops(struct disk *d, struct batch *b, int err)
{
	while (!list_empty(&b->ops))
		verb_done(&d->st, CONTAINER_OF(b->ops.next, struct store_op, link), err);
	b->n = 0;
}

/* The index has moved on since the copy was made: only what the record changed goes back. */
static void
restore(struct entry *e, const struct entry *old)
{
	e->version = old->version;
	e->at = old->at;
	e->size = old->size;
	e->dies = old->dies;
	e->segment = old->segment;
	e->state = old->state;
	e->lazy = old->lazy;
}

/* Takes a batch back, newest record first; its ops fail with err. */
static void
take_back(struct disk *d, struct batch *b, int err)
{
	for (u32 i = b->n; i-- > 0;) {
		const struct undo *u = &b->undo[i];
		struct entry *e = index_at(&d->index, u->slot);

		disk_changed(d, e);
		if (u->kind != UNDO_DROP)
			d->live -= e->size;
		if (u->kind == UNDO_ADD) {
			index_drop(&d->index, u->slot);
			continue;
		}
		restore(e, &u->old);
		d->live += e->size;
	}
	finish_ops(d, b, err);
	compact_abort(d); /* it may have skipped what has just come back */
}

void
batch_break(struct disk *d, const char *what)
{
	if (!d->broken)
		log_error("store", "%s: read-only until restarted", what);
	d->broken = true;
	d->out.w = 0;
	take_back(d, &d->batch[d->filling], ERR_IO);
	take_back(d, &d->batch[!d->filling], ERR_IO);
}

/* The records of the batch have a place on disk now. */
static void
settle(struct disk *d, struct batch *b, u32 at)
{
	for (u32 i = 0; i < b->n; i++) {
		struct entry *e = index_at(&d->index, b->undo[i].slot);

		if (e->state == ENTRY_FREE || e->segment != SEG_PENDING)
			continue;
		e->segment = d->active;
		e->at += at;
	}
}

static void
write_failed(struct disk *d, struct batch *b, int err)
{
	if (!d->refusing)
		log_error("store", "cannot be written: %s; changes are refused", file_why());
	d->refusing = true;
	file_cut(d->seg[d->active].fd, d->seg[d->active].end.at);
	d->out.w = 0;
	take_back(d, b, err == ERR_FULL ? ERR_FULL : ERR_IO);
}

static bool
is_removed(const struct disk *d)
{
	struct file_info info;

	return file_info(d->seg[d->active].fd, &info) == 0 && info.links == 0;
}

/* The slot of the group before travels with the next group's sync. */
static void
take_slot_along(struct disk *d, struct seg *s)
{
	u8 slot[SEG_SLOT_N];
	u32 at;

	if (!d->slot_due)
		return;
	at = seg_slot(s, false, d->st.age.wall, slot);
	if (file_write_at(s->fd, at, slot, sizeof slot) == 0) {
		seg_slot_done(s, at, false);
		d->slot_due = false;
	}
}

/* One write for all records of the batch, then the helper. Whether a chore was given. */
static bool
write_group(struct disk *d)
{
	struct batch *b = &d->batch[d->filling];
	struct seg *s = &d->seg[d->active];
	struct chain before = s->end;
	int err;

	if (!b->n)
		return false;
	if (is_removed(d)) {
		batch_break(d, "its files were removed");
		return false;
	}
	take_slot_along(d, s);
	s->end.seq = b->last;
	group_end(&d->out, &s->end, b->n, d->st.age.wall);
	err = file_write_at(s->fd, before.at, d->out.p, d->out.w);
	if (err) {
		s->end = before;
		write_failed(d, b, err);
		return false;
	}
	if (d->refusing)
		log_info("store", "can be written again");
	d->refusing = false;
	settle(d, b, before.at);
	d->out.w = 0;
	d->filling = !d->filling;
	d->chore.fd = s->fd;
	chore_give(d, CHORE_SYNC);
	return true;
}

static void
group_synced(struct disk *d)
{
	struct batch *b = &d->batch[!d->filling];

	d->synced = b->last;
	d->groups++;
	for (u32 i = 0; i < b->n; i++) {
		const struct undo *u = &b->undo[i];

		if (u->kind == UNDO_DROP)
			index_drop(&d->index, u->slot);
	}
	d->seg[d->active].wall = d->st.age.wall;
	d->slot_due = true;
	d->slot_at = d->st.now + SLOT_DELAY_MS;
	finish_ops(d, b, 0);
}

static void
slot_written(struct disk *d)
{
	struct seg *s = &d->seg[d->active];

	if (!d->chore.slotted)
		return;
	seg_slot_done(s, d->chore.slot_at, false);
	s->wall = d->st.age.wall;
	d->slot_due = d->expired = false;
}

static void
finish_chore(struct disk *d)
{
	u8 kind = d->chore.kind;

	if (kind == CHORE_NONE || side_busy(&d->side))
		return;
	d->chore.kind = CHORE_NONE;
	if (kind == CHORE_ROTATE || kind == CHORE_MERGE)
		compact_done(d);
	else if (d->chore.sync_failed)
		batch_break(d, d->chore.text);
	else if (kind == CHORE_SYNC)
		group_synced(d);
	else
		slot_written(d);
}

static bool
slot_chore(struct disk *d, bool at_once)
{
	struct seg *s = &d->seg[d->active];
	u32 old = d->st.age.wall - s->wall;

	if (old >= MARK_S || (d->expired && old >= MARK_EXPIRED_S))
		d->slot_due = true;
	if (!d->slot_due || (!at_once && d->st.now < d->slot_at))
		return false;
	d->slot_at = d->st.now + COMPACT_RETRY_MS; /* if it fails */
	d->chore.fd = s->fd;
	d->chore.slot_at = seg_slot(s, false, d->st.age.wall, d->chore.slot);
	chore_give(d, CHORE_SLOT);
	return true;
}

/* Begins the next blocking thing, the dearest wait first. Whether there was one. */
static bool
begin_chore(struct disk *d)
{
	if (d->broken)
		return false;
	return compact_chore(d) || write_group(d) || slot_chore(d, false);
}

/* Forgets a few expired entries. Those with a record that is not synced are left until it is. */
static void
sweep(struct disk *d)
{
	u32 n = min_u32(SWEEP_SLOTS, d->index.high);

	while (n--) {
		struct entry *e;

		d->sweep = d->sweep < d->index.high ? d->sweep : 0;
		e = index_at(&d->index, d->sweep);
		if (e->state == ENTRY_LIVE && disk_expired(d, e) && e->version <= d->synced) {
			d->live -= e->size;
			d->expired = true;
			disk_changed(d, e);
			index_drop(&d->index, d->sweep);
		}
		d->sweep++;
	}
}

/* Most turns write nothing: then the store costs a few comparisons. */
static bool
is_idle(const struct disk *d)
{
	return d->chore.kind == CHORE_NONE && !d->batch[d->filling].n && list_empty(&d->queue) &&
	       d->compact.state == COMPACT_IDLE && d->st.now < d->look_at;
}

static void
plan_wake(struct disk *d, bool more)
{
	if (!d->st.loop)
		return;
	if (more)
		loop_ready(d->st.loop, &d->st.ready);
	timer_set(&d->st.loop->timers, &d->st.timer, &d->st.ready,
	          d->slot_due ? d->slot_at : d->st.now + MARK_EXPIRED_S * 1000);
}

void
batch_commit(struct store *st)
{
	struct disk *d = disk_of(st);
	bool more;

	if (is_idle(d))
		return;
	do {
		finish_chore(d);
		run_queue(d);
	} while (d->chore.kind == CHORE_NONE && begin_chore(d)); /* it may have ended since: finished next turn */
	more = compact_slice(d);
	sweep(d);
	d->look_at = d->st.now + LOOK_MS;
	if (d->slot_due && d->slot_at < d->look_at)
		d->look_at = d->slot_at;
	plan_wake(d, more);
}

void
batch_close(struct store *st)
{
	struct disk *d = disk_of(st);

	side_wait(&d->side);
	finish_chore(d);
	compact_abort(d);
	for (u32 turn = 0; turn < 4; turn++) {
		side_wait(&d->side);
		finish_chore(d);
		run_queue(d);
		if (d->broken || (!write_group(d) && !slot_chore(d, true)))
			break;
	}
	side_stop(&d->side);
	load_close(d);
	file_close(d->dir);
	d->dir = -1;
	ct_wipe(&d->key, sizeof d->key);
}
