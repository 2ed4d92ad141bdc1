#include "store/disk_priv.h"

#include "base/log.h"

#define SLICE_SLOTS 256

/* Copying goes on while ops do. Three things make that safe:
 *   what is copied stood in segments up to `upto`, all synced; newer records go to the next segment,
 *   which is read later;
 *   a record that was skipped because a newer one exists is only given up once that one is synced;
 *   when a batch is taken back, what it had replaced may have been skipped: the copy is thrown away. */

static bool
is_merged_away(const struct disk *d, u8 segment)
{
	return segment != SEG_PENDING && segment != d->compact.into &&
	       d->seg[segment].number <= d->compact.upto;
}

static void
put_off(struct disk *d)
{
	d->compact.state = COMPACT_IDLE;
	d->compact.not_before = d->st.now + COMPACT_RETRY_MS;
}

static bool
is_wanted(struct disk *d)
{
	u64 bytes = disk_bytes(d), used = d->live, room = 0;
	u64 worth = d->live > d->compact_min ? d->live : d->compact_min;
	u32 segments = 0;

	if (d->st.now < d->compact.not_before || d->refusing)
		return false;
	for (u32 i = 0; i < SEGS_MAX; i++)
		segments += d->seg[i].fd >= 0;
	used += segments * SEG_DATA;
	if (bytes <= used + worth && segments <= 2)
		return false;
	/* The copy needs room beside the old segments; a full disk is worse than a long log. */
	if (file_room(d->dir, &room) == 0 && room > used + used / 8 + COMPACT_MIN)
		return true;
	log_warn("store", "no room to compact %U bytes", bytes);
	put_off(d);
	return false;
}

static bool
begin_rotate(struct disk *d)
{
	struct seg *old = &d->seg[d->active], *s = disk_seg(d);

	if (!s) {
		put_off(d);
		return false;
	}
	*s = (struct seg){ .fd = -1, .number = old->number + 1, .first = old->number + 1 };
	s->seq = old->end.seq;
	memcpy(s->id, d->id, SEG_ID_N);
	memcpy(s->prev, old->end.mac, HASH_N);
	seg_make(s, &d->key, d->st.age.wall, d->chore.page);
	d->compact.into = (u8)(s - d->seg);
	d->compact.state = COMPACT_ROTATE;
	d->chore.fd = old->fd;
	d->chore.number = s->number;
	d->chore.end = old->end.at;
	d->chore.slot_at = seg_slot(old, true, d->st.age.wall, d->chore.slot);
	chore_give(d, CHORE_ROTATE);
	return true;
}

static int
open_copy(struct disk *d, struct seg *s)
{
	char name[SEG_NAME_N];
	u8 page[SEG_DATA];

	seg_name(name, s->number, true);
	seg_make(s, &d->key, d->st.age.wall, page);
	s->fd = file_open(d->dir, name, FILE_READ | FILE_WRITE | FILE_CREATE | FILE_TRUNCATE);
	if (s->fd < 0)
		return s->fd;
	return file_write_at(s->fd, 0, page, SEG_DATA);
}

/* All segments up to `last` become one. */
static void
begin_copy(struct disk *d, const struct seg *last)
{
	struct seg *s = disk_seg(d);
	int err;

	if (!s) {
		put_off(d);
		return;
	}
	*s = (struct seg){ .fd = -1, .number = last->number, .first = 1, .merged = true };
	s->seq = last->end.seq;
	memcpy(s->id, d->id, SEG_ID_N);
	memcpy(s->tail, last->merged ? last->tail : last->end.mac, HASH_N);
	d->compact.into = (u8)(s - d->seg);
	d->compact.upto = last->number;
	d->compact.cursor = d->compact.count = 0;
	d->compact.out.w = 0;
	d->compact.state = COMPACT_COPY;
	err = open_copy(d, s);
	if (err) {
		log_warn("store", "cannot compact: %s", file_why());
		compact_abort(d);
	}
}

static bool
begin_merge(struct disk *d)
{
	struct chore *c = &d->chore;
	struct seg *into = &d->seg[d->compact.into];

	if (d->compact.need > d->synced)
		return false;
	c->olds = 0;
	for (u32 i = 0; i < SEGS_MAX; i++) {
		if (d->seg[i].fd >= 0 && d->seg[i].number < d->compact.upto)
			c->old[c->olds++] = d->seg[i].number;
	}
	c->fd = into->fd;
	c->number = into->number;
	c->slot_at = seg_slot(into, true, d->st.age.wall, c->slot);
	d->compact.state = COMPACT_MERGE;
	chore_give(d, CHORE_MERGE);
	return true;
}

bool
compact_chore(struct disk *d)
{
	switch (d->compact.state) {
	case COMPACT_IDLE: return is_wanted(d) && begin_rotate(d);
	case COMPACT_WAIT: return begin_merge(d);
	default: return false;
	}
}

static int
flush_copy(struct disk *d)
{
	struct compact *c = &d->compact;
	struct seg *into = &d->seg[c->into];
	u32 at = into->end.at;
	int err;

	if (!c->count)
		return 0;
	group_end(&c->out, &into->end, c->count, d->st.age.wall);
	err = file_write_at(into->fd, at, c->out.p, c->out.w);
	c->out.w = c->count = 0;
	return err;
}

static int
copy_one(struct disk *d, u32 slot)
{
	struct compact *c = &d->compact;
	struct entry *e = index_at(&d->index, slot);
	struct rec r;
	int err;

	if (e->state != ENTRY_LIVE || !is_merged_away(d, e->segment))
		return 0;
	if (disk_expired(d, e)) { /* left in the index, it would point into a segment that is gone */
		d->live -= e->size;
		disk_changed(d, e);
		index_drop(&d->index, slot);
		return 0;
	}
	if (c->out.w + e->size > MERGE_N) {
		err = flush_copy(d);
		if (err)
			return err;
	}
	err = disk_read(d, e, &r);
	if (err)
		return err;
	d->index.moved[slot] = d->seg[c->into].end.at + c->out.w;
	rec_put(&c->out, &r);
	c->count++;
	return 0;
}

bool
compact_slice(struct disk *d)
{
	struct compact *c = &d->compact;
	const struct batch *filling = &d->batch[d->filling];
	const struct batch *flight = &d->batch[!d->filling];
	u32 end = c->cursor + SLICE_SLOTS;
	int err = 0;

	if (c->state != COMPACT_COPY)
		return c->state == COMPACT_WAIT && !side_busy(&d->side);
	for (; !err && c->cursor < end && c->cursor < d->index.high; c->cursor++)
		err = copy_one(d, c->cursor);
	if (!err && c->cursor >= d->index.high) {
		err = flush_copy(d);
		c->need = filling->n ? filling->last : flight->n ? flight->last : 0;
		c->state = COMPACT_WAIT;
	}
	if (err) {
		log_warn("store", "cannot compact: %s", file_why());
		compact_abort(d);
	}
	return !err;
}

static void
move(struct disk *d, struct entry *e, u32 slot)
{
	if (!is_merged_away(d, e->segment))
		return;
	e->segment = d->compact.into;
	e->at = d->index.moved[slot];
}

/* Entries, and what the filling batch may have to take back, point to the copy from now on. */
static void
relocate(struct disk *d)
{
	struct batch *b = &d->batch[d->filling];

	for (u32 slot = 0; slot < d->index.high; slot++) {
		if (index_at(&d->index, slot)->state != ENTRY_FREE)
			move(d, index_at(&d->index, slot), slot);
	}
	for (u32 i = 0; i < b->n; i++) {
		if (b->undo[i].kind != UNDO_ADD)
			move(d, &b->undo[i].old, b->undo[i].slot);
	}
	for (u32 i = 0; i < SEGS_MAX; i++) {
		if (d->seg[i].fd >= 0 && is_merged_away(d, (u8)i)) {
			file_close(d->seg[i].fd);
			d->seg[i].fd = -1;
		}
	}
}

static void
rotated(struct disk *d)
{
	struct chore *c = &d->chore;
	struct seg *old = &d->seg[d->active], *s = &d->seg[d->compact.into];

	if (c->slotted)
		seg_slot_done(old, c->slot_at, true);
	if (!c->named || c->sync_failed) {
		file_close(c->fresh);
		put_off(d);
		if (c->sync_failed)
			batch_break(d, c->text);
		else
			log_warn("store", "cannot begin a segment: %s", c->text);
		return;
	}
	s->fd = c->fresh;
	d->active = d->compact.into;
	d->slot_due = false;
	begin_copy(d, old);
}

static void
merged(struct disk *d)
{
	struct chore *c = &d->chore;
	struct seg *into = &d->seg[d->compact.into];

	if (c->slotted)
		seg_slot_done(into, c->slot_at, true);
	if (c->named && !c->sync_failed) {
		relocate(d);
		d->compact.state = COMPACT_IDLE;
		d->compactions++;
		log_info("store", "compacted: %u entries, %U bytes", d->index.used, disk_bytes(d));
		return;
	}
	d->compact.state = COMPACT_WAIT;
	compact_abort(d);
	if (c->sync_failed)
		batch_break(d, c->text);
	else
		log_warn("store", "cannot compact: %s", c->text);
}

void
compact_done(struct disk *d)
{
	if (d->compact.state == COMPACT_ROTATE)
		rotated(d);
	else
		merged(d);
}

void
compact_abort(struct disk *d)
{
	struct seg *into = &d->seg[d->compact.into];
	char name[SEG_NAME_N];

	if (d->compact.state != COMPACT_COPY && d->compact.state != COMPACT_WAIT)
		return;
	file_close(into->fd);
	into->fd = -1;
	seg_name(name, into->number, true);
	file_unlink(d->dir, name); /* left over, it is removed at the next start */
	put_off(d);
}
