#include "store/disk_priv.h"

/* Everything here runs in the helper thread and touches the chore only. The orders are the point:
 * what a name stands for is synced before the name is given, and a name before what it replaces is
 * removed. */

static bool
failed(struct chore *c, int err)
{
	struct buf text = buf_over(c->text, sizeof c->text - 1);

	if (!err)
		return false;
	buf_put(&text, str_cut(str_c(file_why()), 0, (u32)sizeof c->text - 1));
	c->text[text.w] = 0;
	c->err = err;
	return true;
}

static bool
sync_failed(struct chore *c, int err)
{
	c->sync_failed = failed(c, err);
	return c->sync_failed;
}

static void
write_slot(struct chore *c)
{
	if (failed(c, file_write_at(c->fd, c->slot_at, c->slot, SEG_SLOT_N)))
		return;
	c->slotted = !sync_failed(c, file_sync(c->fd));
}

/* Gives the synced temporary file its name. */
static bool
give_name(struct chore *c)
{
	char name[SEG_NAME_N], temporary[SEG_NAME_N];

	seg_name(name, c->number, false);
	seg_name(temporary, c->number, true);
	if (failed(c, file_rename(c->dir, temporary, name)))
		return false;
	c->named = true;
	return !sync_failed(c, file_sync_dir(c->dir));
}

static bool
make_fresh(struct chore *c)
{
	char temporary[SEG_NAME_N];

	seg_name(temporary, c->number, true);
	c->fresh = file_open(c->dir, temporary,
	                     FILE_READ | FILE_WRITE | FILE_CREATE | FILE_TRUNCATE);
	if (c->fresh < 0)
		return !failed(c, c->fresh);
	if (!failed(c, file_write_at(c->fresh, 0, c->page, SEG_DATA)) &&
	    !sync_failed(c, file_sync(c->fresh)) && give_name(c))
		return true;
	if (!c->named)
		file_unlink(c->dir, temporary);
	return false;
}

/* The next segment first, then the seal: a sealed segment without a next one is a sign of loss. */
static void
run_rotate(struct chore *c)
{
	if (!make_fresh(c) || c->fd < 0)
		return;
	if (!failed(c, file_cut(c->fd, c->end)))
		write_slot(c);
}

static void
run_merge(struct chore *c)
{
	char name[SEG_NAME_N];

	write_slot(c);
	if (!c->slotted || !give_name(c))
		return;
	for (u32 i = 0; i < c->olds; i++) {
		seg_name(name, c->old[i], false);
		file_unlink(c->dir, name); /* left over, it is removed at the next start */
	}
}

void
chore_run(void *chore)
{
	struct chore *c = chore;

	c->err = 0;
	c->sync_failed = c->named = c->slotted = false;
	c->fresh = -1;
	switch (c->kind) {
	case CHORE_SYNC: sync_failed(c, file_sync(c->fd)); return;
	case CHORE_SLOT: write_slot(c); return;
	case CHORE_ROTATE: run_rotate(c); return;
	case CHORE_MERGE: run_merge(c); return;
	}
}

void
chore_give(struct disk *d, u8 kind)
{
	ASSERT(d->chore.kind == CHORE_NONE); /* what the one before did would be forgotten */
	d->chore.kind = kind;
	d->chore.dir = d->dir;
	side_give(&d->side, chore_run, &d->chore);
}
