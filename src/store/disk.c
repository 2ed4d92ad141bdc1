#include "store/disk_priv.h"

#include "base/log.h"
#include "crypt/ct.h"
#include "store/far_priv.h"

static_assert(REC_MAX + REC_END_N <= STORE_GROUP_N, "a group holds the largest record");
static_assert(MERGE_N + REC_END_N <= STORE_GROUP_N, "so do the groups of a merged segment");

#define LIST_SLOTS 4096 /* slots looked at by one list */

u32
disk_hash(const struct disk *d, struct str key)
{
	return store_hash(key, le64(d->id));
}

static u16
tag_of(struct str key)
{
	return (u16)(key.p[0] | (key.n > 1 ? key.p[1] : 0) << 8);
}

void
disk_changed(struct disk *d, const struct entry *e)
{
	__atomic_add_fetch(&d->st.stamp[e->tag & 0xff], 1, __ATOMIC_RELEASE);
}

int
disk_read(struct disk *d, const struct entry *e, struct rec *r)
{
	struct str bytes;

	if (e->segment == SEG_PENDING) {
		bytes = str_of(d->out.p + e->at, e->size);
	} else {
		if (file_read_at(d->seg[e->segment].fd, e->at, d->room, e->size) != (int)e->size)
			return ERR_IO;
		bytes = str_of(d->room, e->size);
	}
	return rec_parse(bytes, r) == (int)e->size && r->seq == e->version ? 0 : ERR_IO;
}

int
disk_find(struct disk *d, struct str key, u32 *slot, struct rec *r)
{
	u16 tag = tag_of(key);

	*slot = index_first(&d->index, disk_hash(d, key));
	for (; *slot != INDEX_NONE; *slot = index_next(&d->index, *slot)) {
		const struct entry *e = index_at(&d->index, *slot);

		if (e->state != ENTRY_LIVE || e->tag != tag)
			continue;
		if (disk_read(d, e, r) < 0) {
			log_error("store", "cannot read a record: seq=%U at=%u", e->version, e->at);
			return ERR_IO;
		}
		if (str_same(r->key, key))
			return 0;
	}
	return 0;
}

static int
find(struct store *st, struct str key, struct found *f)
{
	struct disk *d = disk_of(st);
	const struct entry *e;
	struct rec r;
	int err;

	err = disk_find(d, key, &f->slot, &r);
	if (err || f->slot == INDEX_NONE)
		return err;
	e = index_at(&d->index, f->slot);
	if (disk_expired(d, e))
		return 0;
	f->there = true;
	f->val = r.val;
	f->version = e->version;
	f->dies = e->dies;
	f->unsynced = e->version > d->synced && !e->lazy;
	return 0;
}

static int
refuse(struct disk *d, const char *what)
{
	if (!d->refused++)
		log_warn("store", "%s: further entries are refused", what);
	return ERR_FULL;
}

/* Appends the record to out and remembers how the entry was. */
static struct entry *
append(struct disk *d, struct store_op *op, u32 slot, const struct rec *r)
{
	struct batch *b = &d->batch[d->filling];
	struct entry *e = index_at(&d->index, slot);
	u32 at = d->out.w;

	d->seq++;
	b->undo[b->n++] = (struct undo){ .old = *e, .slot = slot, .kind = UNDO_CHANGE };
	b->last = op->seq = d->seq;
	op->version = d->seq;
	rec_put(&d->out, &(struct rec){ d->seq, 0, r->dies, r->kind, r->key, r->val });
	ASSERT(!d->out.over);
	e->version = d->seq;
	e->at = at;
	e->size = d->out.w - at;
	e->segment = SEG_PENDING;
	e->lazy = op->lazy;
	e->dies = r->dies;
	return e;
}

static bool
has_room(const struct disk *d, u32 n)
{
	return d->batch[d->filling].n < STORE_GROUP_OPS &&
	       d->out.w + n + REC_END_N <= STORE_GROUP_N;
}

static int
put(struct store *st, struct store_op *op, struct found *f, wall dies)
{
	struct disk *d = disk_of(st);
	struct rec r = { .dies = dies, .kind = REC_PUT, .key = op->key, .val = op->val };
	u32 n = REC_HEAD_N + r.key.n + r.val.n, slot = f->slot, old = 0;
	struct entry *e;

	if (!has_room(d, n))
		return ERR_MORE;
	if (d->live + n > STORE_BYTES_MAX ||
	    d->seg[d->active].end.at > SEG_SIZE_MAX - 2 * STORE_GROUP_N)
		return refuse(d, "its bytes are used up (STORE_BYTES_MAX)");
	if (slot == INDEX_NONE)
		slot = index_add(&d->index, disk_hash(d, op->key));
	else
		old = index_at(&d->index, slot)->size;
	if (slot == INDEX_NONE)
		return refuse(d, "its entries are used up (STORE_KEYS_MAX)");
	e = append(d, op, slot, &r);
	e->tag = tag_of(op->key);
	if (f->slot == INDEX_NONE)
		d->batch[d->filling].undo[d->batch[d->filling].n - 1].kind = UNDO_ADD;
	d->live += e->size;
	d->live -= old;
	disk_changed(d, e);
	return 0;
}

static int
drop(struct store *st, struct store_op *op, struct found *f)
{
	struct disk *d = disk_of(st);
	struct rec r = { .kind = REC_DROP, .key = op->key };
	u32 old = index_at(&d->index, f->slot)->size;
	struct entry *e;

	if (!has_room(d, REC_HEAD_N + r.key.n))
		return ERR_MORE;
	e = append(d, op, f->slot, &r);
	e->state = ENTRY_GONE;
	d->batch[d->filling].undo[d->batch[d->filling].n - 1].kind = UNDO_DROP;
	d->live -= old;
	disk_changed(d, e);
	return 0;
}

/* 1: listed, or not asked for; 0: out is full; ERR_IO. */
static int
list_one(struct disk *d, struct store_op *op, const struct entry *e)
{
	struct rec r;

	if (e->state != ENTRY_LIVE || disk_expired(d, e))
		return 1;
	if (op->key.n && (e->tag & 0xff) != op->key.p[0])
		return 1;
	if (op->key.n > 1 && e->tag >> 8 != op->key.p[1])
		return 1;
	if (disk_read(d, e, &r) < 0)
		return ERR_IO;
	if (!str_starts(r.key, op->key))
		return 1;
	return verb_entry(op->out, &(struct store_entry){ r.key, r.val, e->version, e->dies });
}

static int
list(struct store *st, struct store_op *op)
{
	struct disk *d = disk_of(st);
	u32 slot = op->cursor, from = op->out ? op->out->w : 0;

	ASSERT(op->out);
	for (u32 n = 0; slot < d->index.high; n++, slot++) {
		int r = n < LIST_SLOTS ? list_one(d, op, index_at(&d->index, slot)) : 0;

		if (r < 0)
			return r;
		if (r == 0) {
			op->cursor = slot;
			return n < LIST_SLOTS && op->out->w == from ? ERR_FULL : 0;
		}
	}
	op->cursor = 0;
	return 0;
}

static int
attach(struct store *st)
{
	return side_start(&disk_of(st)->side, st->loop);
}

struct seg *
disk_seg(struct disk *d)
{
	for (u32 i = 0; i < SEGS_MAX; i++) {
		if (d->seg[i].fd < 0)
			return &d->seg[i];
	}
	return NULL;
}

u64
disk_bytes(const struct disk *d)
{
	u64 n = 0;

	for (u32 i = 0; i < SEGS_MAX; i++)
		n += d->seg[i].fd >= 0 ? d->seg[i].end.at : 0;
	return n;
}

static void
figures(const struct store *st, struct store_figures *f)
{
	const struct disk *d = CONTAINER_OF(st, const struct disk, st);

	f->keys = d->index.used;
	f->keys_max = d->index.max;
	f->live = d->live;
	f->bytes = disk_bytes(d);
	f->seq = d->seq;
	for (u32 i = 0; i < SEGS_MAX; i++)
		f->segments += d->seg[i].fd >= 0;
	f->groups = d->groups;
	f->compactions = d->compactions;
	f->refused = d->refused;
	f->health = d->broken ? STORE_BROKEN : d->refusing ? STORE_REFUSING : STORE_WELL;
}

static void
note(struct store *st, struct far_page *page)
{
	const struct disk *d = disk_of(st);

	page->seed = le64(d->id);
	for (u32 i = 0; i < d->index.high; i++)
		if (index_at(&d->index, i)->state != ENTRY_FREE)
			far_note(page, index_at(&d->index, i)->hash);
}

static const struct store_kind disk_kind = {
	.start = batch_start,
	.commit = batch_commit,
	.attach = attach,
	.figures = figures,
	.close = batch_close,
	.note = note,
	.find = find,
	.put = put,
	.drop = drop,
	.list = list,
};

size_t
store_bytes(u32 keys_max)
{
	u32 keys = keys_max ? keys_max : STORE_KEYS_MAX;

	return sizeof(struct disk) + index_bytes(keys) + STORE_GROUP_N + REC_MAX + MERGE_N +
	       REC_END_N + 256;
}

static struct disk *
carve(const struct store_conf *conf, struct arena *a)
{
	struct disk *d = ARENA_NEW(a, struct disk);

	if (!d || index_init(&d->index, a, conf->keys_max ? conf->keys_max : STORE_KEYS_MAX) < 0)
		return NULL;
	d->room = arena_bytes(a, REC_MAX);
	d->window = arena_bytes(a, STORE_GROUP_N);
	d->compact.out = arena_buf(a, MERGE_N + REC_END_N);
	if (!d->room || !d->window || !d->compact.out.p)
		return NULL;
	d->out = buf_over(d->window, STORE_GROUP_N);
	return d;
}

int
disk_open(struct store **st, const struct store_conf *conf, struct arena *a, struct buf *why)
{
	struct disk *d = carve(conf, a);
	int err;

	if (!d) {
		BUF_LIT(why, "store: not enough memory planned for it");
		return ERR_FULL;
	}
	d->st.kind = &disk_kind;
	d->st.stamp = d->st.own;
	d->st.now = conf->now;
	d->path = conf->dir;
	d->compact_min = conf->compact_min ? conf->compact_min : COMPACT_MIN;
	d->dir = -1;
	for (u32 i = 0; i < SEGS_MAX; i++)
		d->seg[i].fd = -1;
	for (u32 i = 0; i < 2; i++)
		list_init(&d->batch[i].ops);
	list_init(&d->queue);
	side_init(&d->side);
	hash_key(&d->key, str_of(conf->mac_key, STORE_MAC_N));
	age_init(&d->st.age, conf->wall, conf->now, conf->wall);
	err = load_all(d, why);
	*st = &d->st;
	if (!err)
		return 0;
	load_close(d);
	file_close(d->dir);
	ct_wipe(&d->key, sizeof d->key);
	return err;
}
