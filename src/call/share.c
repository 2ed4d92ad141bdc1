#include "call/share.h"

#define CELLS ((size_t)SHARE_SETS * SHARE_SET)

size_t
share_bytes(u32 workers)
{
	return workers * CELLS * sizeof(struct share_cell);
}

void
share_forget(void *p, u32 index)
{
	struct share_cell *cell = (struct share_cell *)p + index * CELLS;

	for (u32 i = 0; i < CELLS; i++)
		if (cell[i].used) /* an untouched page stays untouched */
			__atomic_store_n(&cell[i].used, 0, __ATOMIC_RELAXED);
}

void
share_init(struct share *s, void *p, u32 workers, u32 index)
{
	ASSERT(index < workers);
	s->all = p;
	s->workers = workers;
	s->mine = s->all + index * CELLS;
	share_forget(p, index);
}

static u32
set_of(u64 key)
{
	return (u32)(key * 0x9e3779b97f4a7c15ULL >> 40) % SHARE_SETS * SHARE_SET;
}

static struct share_cell *
find(struct share_cell *cell, u64 key)
{
	for (u32 i = 0; i < SHARE_SET; i++)
		if (__atomic_load_n(&cell[i].key, __ATOMIC_RELAXED) == key)
			return &cell[i];
	return NULL;
}

u32
share_own(const struct share *s, u64 key)
{
	const struct share_cell *c = find(s->mine + set_of(key), key);

	return c ? c->used : 0;
}

u32
share_count(const struct share *s, u64 key)
{
	u32 n = 0;

	for (u32 w = 0; w < s->workers; w++) {
		const struct share_cell *c = find(s->all + w * CELLS + set_of(key), key);

		if (c)
			n += __atomic_load_n(&c->used, __ATOMIC_SEQ_CST);
	}
	return n;
}

u32
share_enter(struct share *s, u64 key)
{
	struct share_cell *set = s->mine + set_of(key), *c = find(set, key);

	for (u32 i = 0; i < SHARE_SET && !c; i++)
		if (set[i].used == 0) {
			c = &set[i];
			__atomic_store_n(&c->key, key, __ATOMIC_RELAXED);
		}
	if (!c)
		return 0;
	__atomic_store_n(&c->used, c->used + 1, __ATOMIC_SEQ_CST);
	return s->workers == 1 ? c->used : share_count(s, key);
}

void
share_leave(struct share *s, u64 key)
{
	struct share_cell *c = find(s->mine + set_of(key), key);

	ASSERT(c && c->used);
	__atomic_store_n(&c->used, c->used - 1, __ATOMIC_SEQ_CST);
}

bool
share_fair(u32 mine, u32 all, u32 limit)
{
	u64 left = limit > all ? limit - all : 0;

	return mine < SHARE_PART * left;
}
