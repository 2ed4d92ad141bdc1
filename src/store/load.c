#include "store/disk_priv.h"

#include "base/log.h"
#include "crypt/ct.h"
#include "sys/rand.h"

/* Directories and what may stand in them. */

static int
say(struct buf *why, int err, const char *path, const char *what)
{
	buf_fmt(why, "store %s %s", path, what);
	return err;
}

static int
say_why(struct buf *why, int err, const char *path, const char *doing)
{
	buf_fmt(why, "store %s cannot be %s: %s", path, doing, file_why());
	return err;
}

static int
check_dir(const struct disk *d, struct buf *why)
{
	struct file_info info;

	if (file_info(d->dir, &info) < 0)
		return say_why(why, ERR_IO, d->path, "looked at");
	if (info.owner != file_user()) {
		buf_fmt(why, "store %s belongs to user %u, not to user %u", d->path, info.owner,
		        file_user());
		return ERR_DENY;
	}
	if (info.mode & 077)
		return say(why, ERR_DENY, d->path, "is open to others: chmod 700 it");
	return 0;
}

/* Makes the directory, and its name durable in the one above. */
static int
make_dir(const struct disk *d, struct buf *why)
{
	char up[256];
	const char *slash = strrchr(d->path, '/');
	u32 n = slash ? (u32)(slash - d->path) : 0;
	int fd;

	if (file_make_dir(FILE_HERE, d->path, 0700) < 0)
		return say_why(why, ERR_IO, d->path, "made");
	if (n >= sizeof up)
		return 0;
	memcpy(up, slash && n ? d->path : slash ? "/" : ".", n ? n : 1);
	up[n ? n : 1] = 0;
	fd = file_open(FILE_HERE, up, FILE_READ | FILE_FOLLOW);
	if (fd >= 0)
		file_sync_dir(fd);
	file_close(fd);
	return 0;
}

static int
open_place(struct disk *d, struct buf *why)
{
	int err;

	d->dir = file_open_dir(FILE_HERE, d->path);
	if (d->dir == ERR_NONE) {
		err = make_dir(d, why);
		if (err)
			return err;
		d->dir = file_open_dir(FILE_HERE, d->path);
	}
	if (d->dir == ERR_DENY)
		return say(why, ERR_DENY, d->path,
		           "is no directory, is a link, or is closed to this user");
	if (d->dir < 0)
		return say_why(why, d->dir, d->path, "opened");
	err = check_dir(d, why);
	if (err)
		return err;
	err = file_lock(d->dir);
	if (err == ERR_LATE)
		return say(why, ERR_LATE, d->path, "is in use by another process");
	return err ? say_why(why, ERR_IO, d->path, "locked") : 0;
}

static u32
highest(struct disk *d, int *err)
{
	struct file_names it;
	const char *name;
	u32 top = 0;

	file_names_init(&it, d->dir);
	while ((*err = file_names_next(&it, &name)) == 1) {
		bool temporary;
		u32 number = seg_number(name, &temporary);

		if (!temporary && number > top)
			top = number;
	}
	return top;
}

/* Removes what a crash left: unfinished files, and segments that a merged one stands for. */
static void
tidy(struct disk *d)
{
	struct file_names it;
	const char *name;
	u32 lowest = UINT32_MAX;

	for (u32 i = 0; i < SEGS_MAX; i++) {
		if (d->seg[i].fd >= 0)
			lowest = min_u32(lowest, d->seg[i].number);
	}
	file_names_init(&it, d->dir);
	while (file_names_next(&it, &name) == 1) {
		bool temporary;
		u32 number = seg_number(name, &temporary);

		if (number && (temporary || number < lowest))
			file_unlink(d->dir, name);
	}
}

/* Reading. */

static int
purge(struct disk *d)
{
	u32 before = d->index.used;

	for (u32 slot = 0; slot < d->index.high; slot++) {
		struct entry *e = index_at(&d->index, slot);

		if (e->state == ENTRY_LIVE && disk_expired(d, e)) {
			d->live -= e->size;
			index_drop(&d->index, slot);
		}
	}
	return d->index.used < before ? 0 : ERR_FULL;
}

static int
apply_put(struct disk *d, const struct rec *r, struct entry place, u32 slot)
{
	struct entry *e;

	if (slot != INDEX_NONE) {
		d->live -= index_at(&d->index, slot)->size;
	} else {
		slot = index_add(&d->index, disk_hash(d, r->key));
		if (slot == INDEX_NONE && purge(d) == 0)
			slot = index_add(&d->index, disk_hash(d, r->key));
		if (slot == INDEX_NONE)
			return ERR_FULL;
	}
	e = index_at(&d->index, slot);
	e->version = r->seq;
	e->at = place.at;
	e->size = r->len;
	e->dies = r->dies;
	e->segment = place.segment;
	e->tag = (u16)(r->key.p[0] | (r->key.n > 1 ? r->key.p[1] : 0) << 8);
	d->live += e->size;
	disk_changed(d, e);
	return 0;
}

static int
apply(struct disk *d, const struct rec *r, struct entry place)
{
	struct rec old;
	u32 slot;
	int err = disk_find(d, r->key, &slot, &old);

	if (err)
		return err;
	if (r->kind == REC_PUT)
		return apply_put(d, r, place, slot);
	if (slot == INDEX_NONE)
		return 0;
	d->live -= index_at(&d->index, slot)->size;
	disk_changed(d, index_at(&d->index, slot));
	index_drop(&d->index, slot);
	return 0;
}

static int
apply_group(struct disk *d, u8 segment, const struct group *g, u32 at)
{
	struct str rest = g->records;

	while (rest.n) {
		struct rec r;
		int n = rec_parse(rest, &r), err;

		if (n <= 0)
			return ERR_BAD;
		err = apply(d, &r, (struct entry){ .segment = segment, .at = at });
		if (err)
			return err;
		at += (u32)n;
		rest = str_cut(rest, (u32)n, rest.n);
	}
	return 0;
}

/* Applies all groups from the end of what was read of this segment so far. */
static int
read_groups(struct disk *d, u8 place, struct buf *why)
{
	struct seg *s = &d->seg[place];
	struct scan sc;
	struct group g;
	u32 at;
	int r, err;

	scan_init(&sc, s, d->window);
	while ((r = scan_next(&sc, &g, &at, why)) == 1) {
		err = apply_group(d, place, &g, at);
		if (err == ERR_FULL)
			buf_fmt(why, "holds more than the %u entries planned for", d->index.max);
		else if (err)
			BUF_LIT(why, "cannot be read back");
		if (err)
			return err;
		d->groups++;
	}
	return r;
}

static struct seg *
open_segment(struct disk *d, u32 number, int *err, struct buf *why)
{
	struct seg *s = disk_seg(d);
	char name[SEG_NAME_N];

	seg_name(name, number, false);
	buf_fmt(why, "store %s/%s ", d->path, name);
	if (!s) {
		BUF_LIT(why, "is one segment too many");
		*err = ERR_FULL;
		return NULL;
	}
	*s = (struct seg){ .fd = -1 };
	s->fd = file_open(d->dir, name, FILE_READ | FILE_WRITE);
	if (s->fd < 0) {
		*err = s->fd;
		if (*err == ERR_NONE)
			BUF_LIT(why, "is missing: restore the store from a backup");
		else
			buf_fmt(why, "cannot be opened: %s", file_why());
		s->fd = -1;
		return NULL;
	}
	*err = seg_read(s, &d->key, number, why);
	if (*err)
		return NULL;
	why->w = 0;
	return s;
}

/* Opens from the highest number down to the one that begins it all; places in ascending order. How
 * many, or an error. */
static int
open_segments(struct disk *d, u32 top, u8 order[SEGS_MAX], struct buf *why)
{
	u8 down[SEGS_MAX];
	u32 n = 0, number = top;

	for (;;) {
		int err = 0;
		struct seg *s = open_segment(d, number, &err, why);

		if (!s)
			return err;
		if (n == 0)
			memcpy(d->id, s->id, SEG_ID_N);
		if (memcmp(d->id, s->id, SEG_ID_N) != 0 || (s->first != 1 && s->first != number))
			return say(why, ERR_BAD, d->path, "holds segments of different stores");
		down[n++] = (u8)(s - d->seg);
		if (s->first == 1)
			break;
		number--;
	}
	for (u32 i = 0; i < n; i++)
		order[i] = down[n - 1 - i];
	return (int)n;
}

static bool
continues(const struct seg *before, const struct seg *s)
{
	const u8 *mac = before->merged ? before->tail : before->end.mac;

	return ct_same(mac, s->prev, HASH_N) && s->seq == before->end.seq && !s->merged;
}

static int
read_segment(struct disk *d, u8 place, const struct seg *before, bool last, struct buf *why)
{
	struct seg *s = &d->seg[place];
	char name[SEG_NAME_N];
	int err;

	seg_name(name, s->number, false);
	buf_fmt(why, "store %s/%s ", d->path, name);
	if (before && !continues(before, s)) {
		BUF_LIT(why, "does not continue the one before: restore the store from a backup");
		return ERR_BAD;
	}
	err = read_groups(d, place, why);
	if (err)
		return err;
	if (last && s->sealed) {
		BUF_LIT(why, "is not the last segment: the next one is missing");
		return ERR_BAD;
	}
	if (s->wall > d->st.age.wall)
		d->st.age.wall = s->wall;
	if (s->end.seq > d->seq)
		d->seq = s->end.seq;
	why->w = 0;
	return 0;
}

/* What follows the last good group goes; what is kept is synced before anything is built on it. */
static int
make_sure(struct disk *d, struct buf *why)
{
	struct seg *s = &d->seg[d->active];
	struct scan sc;
	char name[SEG_NAME_N];
	int torn;

	seg_name(name, s->number, false);
	buf_fmt(why, "store %s/%s ", d->path, name);
	scan_init(&sc, s, d->window);
	torn = scan_tail(&sc, why);
	if (torn < 0)
		return torn;
	if (torn)
		log_warn("store", "%s: cut a torn tail at byte %u", name, s->end.at);
	if ((torn && file_cut(s->fd, s->end.at) < 0) || file_sync(s->fd) < 0 ||
	    file_sync_dir(d->dir) < 0) {
		buf_fmt(why, "cannot be written: %s", file_why());
		return ERR_IO;
	}
	d->slot_due = s->end.at > s->slot_at;
	d->slot_at = d->st.now + SLOT_DELAY_MS;
	why->w = 0;
	return 0;
}

static int
read_segments(struct disk *d, u32 top, struct buf *why)
{
	u8 order[SEGS_MAX];
	int n = open_segments(d, top, order, why);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		const struct seg *before = i ? &d->seg[order[i - 1]] : NULL;
		int err = read_segment(d, order[i], before, i == n - 1, why);

		if (err)
			return err;
	}
	d->active = order[n - 1];
	d->synced = d->seq;
	return 0;
}

static int
make_first(struct disk *d, struct buf *why)
{
	struct seg *s = &d->seg[0];

	*s = (struct seg){ .fd = -1, .number = 1, .first = 1 };
	rand_bytes(d->id, SEG_ID_N);
	memcpy(s->id, d->id, SEG_ID_N);
	seg_make(s, &d->key, d->st.age.wall, d->chore.page);
	d->chore.fd = -1;
	d->chore.number = 1;
	chore_give(d, CHORE_ROTATE);
	d->chore.kind = CHORE_NONE;
	s->fd = d->chore.fresh;
	if (d->chore.err) {
		buf_fmt(why, "store %s cannot be begun: %s", d->path, d->chore.text);
		return d->chore.err;
	}
	d->active = 0;
	log_info("store", "%s: new, empty", d->path);
	return 0;
}

int
load_all(struct disk *d, struct buf *why)
{
	wall system = d->st.age.wall;
	int err = open_place(d, why);
	u32 top;

	if (err)
		return err;
	top = highest(d, &err);
	if (err < 0)
		return say_why(why, ERR_IO, d->path, "listed");
	if (!top)
		return make_first(d, why);
	d->st.age.wall = 0;
	err = read_segments(d, top, why);
	if (!err)
		err = make_sure(d, why);
	if (err)
		return err;
	age_init(&d->st.age, d->st.age.wall, d->st.now, system);
	tidy(d);
	return 0;
}

void
load_close(struct disk *d)
{
	for (u32 i = 0; i < SEGS_MAX; i++) {
		file_close(d->seg[i].fd);
		d->seg[i].fd = -1;
	}
}
