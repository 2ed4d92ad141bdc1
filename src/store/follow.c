#include "store/disk_priv.h"

#include "base/log.h"

/* Beside the process that writes: new groups are read as they come, a new segment is opened when it
 * appears, and after a compaction all is read anew, so that the old files do not stay on the disk
 * for our sake. */

static void
begin_anew(struct disk *d)
{
	u8 text[256];
	struct buf why = buf_over(text, sizeof text);
	u32 top;
	int err;

	load_close(d);
	index_clear(&d->index);
	d->live = 0;
	for (u32 i = 0; i < ARRAY_N(d->st.stamp); i++)
		d->st.stamp[i]++;
	top = load_highest(d, &err);
	err = top && err >= 0 ? load_segments(d, top, &why) : ERR_NONE;
	/* The writer may be removing files at this moment: then the next poll succeeds. Until then
	 * nothing is known. */
	if (err && !d->refusing)
		log_warn("store", "cannot be followed: %S", buf_str(&why));
	d->refusing = err != 0;
}

/* Whether the segment before the active one has been replaced by a merged one. */
static bool
was_compacted(struct disk *d)
{
	struct file_info there, ours;
	char name[SEG_NAME_N];

	for (u32 i = 0; i < SEGS_MAX; i++) {
		const struct seg *s = &d->seg[i];

		if (s->fd < 0 || i == d->active)
			continue;
		seg_name(name, s->number, false);
		if (file_look(d->dir, name, &there) < 0 || file_info(s->fd, &ours) < 0)
			return true;
		if (there.inode != ours.inode)
			return true;
	}
	return false;
}

static bool
open_next(struct disk *d, struct buf *why)
{
	struct seg *before = &d->seg[d->active], *s;
	struct file_info info;
	char name[SEG_NAME_N];
	int err = 0;

	seg_name(name, before->number + 1, false);
	if (file_look(d->dir, name, &info) < 0)
		return false;
	s = load_open(d, before->number + 1, &err, why);
	if (!s || !load_continues(before, s)) {
		begin_anew(d);
		return false;
	}
	d->active = (u8)(s - d->seg);
	return true;
}

void
follow_poll(struct disk *d)
{
	u8 text[256];
	struct buf why = buf_over(text, sizeof text);

	if (d->st.loop)
		timer_set(&d->st.loop->timers, &d->st.timer, &d->st.ready, d->poll_at);
	if (d->st.now < d->poll_at)
		return;
	d->poll_at = d->st.now + FOLLOW_MS;
	if (d->refusing || was_compacted(d)) {
		begin_anew(d);
		return;
	}
	do {
		if (load_groups(d, d->active, &why) < 0) {
			begin_anew(d);
			return;
		}
	} while (open_next(d, &why));
	d->seq = d->synced = d->seg[d->active].end.seq;
}
