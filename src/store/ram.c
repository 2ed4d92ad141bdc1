#include "store/index.h"
#include "store/store_priv.h"

#define RAM_VAL_MAX 1024 /* bytes of a value in memory */

struct cell {
	u64 version; /* 0: free */
	wall dies;
	u16 val_n;
	u8 key_n;
	u8 key[STORE_KEY_MAX], val[RAM_VAL_MAX];
};

struct ram {
	struct store st; /* first: a store is a ram */
	struct cell *cell;
	u32 max, used;
	u64 seq, random; /* random 0: answers at once */
	struct link queue;
};

static struct ram *
ram_of(struct store *st)
{
	return CONTAINER_OF(st, struct ram, st);
}

static struct str
key_of(const struct cell *c)
{
	return str_of(c->key, c->key_n);
}

static bool
is_alive(const struct ram *m, const struct cell *c)
{
	return c->version && (!c->dies || c->dies > m->st.age.wall);
}

static int
find(struct store *st, struct str key, struct found *f)
{
	struct ram *m = ram_of(st);

	f->slot = INDEX_NONE;
	for (u32 i = 0; i < m->max; i++) {
		const struct cell *c = &m->cell[i];

		if (!c->version || !str_same(key_of(c), key))
			continue;
		f->slot = i;
		f->there = is_alive(m, c);
		f->val = str_of(c->val, c->val_n);
		f->version = c->version;
		f->dies = c->dies;
		break;
	}
	return 0;
}

/* A cell for a new key: a free one, or that of an expired entry. */
static u32
free_cell(const struct ram *m)
{
	for (u32 i = 0; i < m->max; i++) {
		if (!is_alive(m, &m->cell[i]))
			return i;
	}
	return INDEX_NONE;
}

static int
put(struct store *st, struct store_op *op, struct found *f, wall dies)
{
	struct ram *m = ram_of(st);
	u32 slot = f->slot != INDEX_NONE ? f->slot : free_cell(m);
	struct cell *c;

	if (slot == INDEX_NONE || op->val.n > RAM_VAL_MAX)
		return ERR_FULL;
	c = &m->cell[slot];
	m->used += !c->version;
	c->version = op->version = ++m->seq;
	c->dies = dies;
	c->key_n = (u8)op->key.n;
	c->val_n = (u16)op->val.n;
	memcpy(c->key, op->key.p, op->key.n);
	if (op->val.n)
		memcpy(c->val, op->val.p, op->val.n);
	st->stamp[c->key[0]]++;
	return 0;
}

static int
drop(struct store *st, struct store_op *op, struct found *f)
{
	struct ram *m = ram_of(st);
	struct cell *c = &m->cell[f->slot];

	st->stamp[c->key[0]]++;
	c->version = 0;
	m->used--;
	return 0;
}

static int
list(struct store *st, struct store_op *op)
{
	struct ram *m = ram_of(st);
	u32 from = op->out->w;

	for (u32 i = op->cursor; i < m->max; i++) {
		const struct cell *c = &m->cell[i];
		struct store_entry e = { key_of(c), str_of(c->val, c->val_n), c->version, c->dies };

		if (!is_alive(m, c) || !str_starts(e.key, op->key))
			continue;
		if (!verb_entry(op->out, &e)) {
			op->cursor = i;
			return op->out->w == from ? ERR_FULL : 0;
		}
	}
	op->cursor = 0;
	return 0;
}

/* xorshift64: the same seed gives the same run. */
static u32
next_random(struct ram *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (u32)(m->random >> 32);
}

static enum step
start(struct store *st, struct store_op *op)
{
	struct ram *m = ram_of(st);
	bool later;

	if (op->lazy || !m->random || (list_empty(&m->queue) && next_random(m) % 4 == 0)) {
		verb_run(st, op, &later);
		return STEP_DONE;
	}
	list_last(&m->queue, &op->link);
	op->waits = true;
	return STEP_WAIT;
}

static void
commit(struct store *st)
{
	struct ram *m = ram_of(st);
	u32 n = m->random ? next_random(m) % 4 : 0;

	for (; n && !list_empty(&m->queue); n--) {
		struct store_op *op = CONTAINER_OF(m->queue.next, struct store_op, link);
		bool later;

		verb_run(st, op, &later);
		verb_done(st, op, op->err);
	}
	if (!list_empty(&m->queue) && st->loop)
		loop_ready(st->loop, &st->ready);
}

static int
attach(struct store *st)
{
	return 0;
}

static void
figures(const struct store *st, struct store_figures *f)
{
	const struct ram *m = CONTAINER_OF(st, const struct ram, st);

	f->keys = m->used;
	f->keys_max = m->max;
	f->seq = m->seq;
}

static void
close_ram(struct store *st)
{
}

static const struct store_kind ram_kind = {
	.start = start,
	.commit = commit,
	.attach = attach,
	.figures = figures,
	.close = close_ram,
	.find = find,
	.put = put,
	.drop = drop,
	.list = list,
};

struct store *
store_open_ram(struct arena *a, u32 keys, u64 seed, msec now, wall at)
{
	struct ram *m = ARENA_NEW(a, struct ram);

	if (!m)
		return NULL;
	m->cell = ARENA_ARRAY(a, struct cell, keys);
	if (!m->cell)
		return NULL;
	m->st.kind = &ram_kind;
	m->st.stamp = m->st.own;
	m->max = keys;
	m->random = seed;
	list_init(&m->queue);
	m->st.now = now;
	age_init(&m->st.age, at, now, at);
	ready_init(&m->st.ready, NULL);
	return &m->st;
}
