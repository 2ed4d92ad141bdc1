#include "store/index.h"

#define FIRST_BUCKETS 256

static u32
buckets_for(u32 max)
{
	u32 n = FIRST_BUCKETS;

	while (n < max)
		n *= 2;
	return n;
}

size_t
index_bytes(u32 max)
{
	return buckets_for(max) * sizeof(u32) + max * (sizeof(struct entry) + sizeof(u32)) + 64;
}

/* Aligned but not zeroed: zeroing would make every page of a large index resident at start. */
static void *
take_raw(struct arena *a, size_t n)
{
	ARENA_NEW(a, u64);
	return arena_bytes(a, n);
}

int
index_init(struct index *ix, struct arena *a, u32 max)
{
	*ix = (struct index){ .max = max };
	ix->entry = take_raw(a, max * sizeof(struct entry));
	ix->head = take_raw(a, buckets_for(max) * sizeof(u32));
	ix->moved = take_raw(a, max * sizeof(u32));
	if (!ix->entry || !ix->head || !ix->moved)
		return ERR_FULL;
	index_clear(ix);
	return 0;
}

void
index_clear(struct index *ix)
{
	ix->buckets = FIRST_BUCKETS;
	ix->used = ix->high = 0;
	ix->free = INDEX_NONE;
	memset(ix->head, 0xff, FIRST_BUCKETS * sizeof(u32));
}

u32
index_first(const struct index *ix, u32 hash)
{
	u32 slot = ix->head[hash & (ix->buckets - 1)];

	while (slot != INDEX_NONE && ix->entry[slot].hash != hash)
		slot = ix->entry[slot].next;
	return slot;
}

u32
index_next(const struct index *ix, u32 slot)
{
	u32 hash = ix->entry[slot].hash;

	do
		slot = ix->entry[slot].next;
	while (slot != INDEX_NONE && ix->entry[slot].hash != hash);
	return slot;
}

/* Splits every bucket in two: those whose next hash bit is set go to the upper half. */
static void
grow(struct index *ix)
{
	u32 n = ix->buckets;

	for (u32 i = 0; i < n; i++) {
		u32 slot = ix->head[i], low = INDEX_NONE, high = INDEX_NONE;

		while (slot != INDEX_NONE) {
			struct entry *e = &ix->entry[slot];
			u32 next = e->next, *to = (e->hash & n) ? &high : &low;

			e->next = *to;
			*to = slot;
			slot = next;
		}
		ix->head[i] = low;
		ix->head[n + i] = high;
	}
	ix->buckets = 2 * n;
}

u32
index_add(struct index *ix, u32 hash)
{
	u32 slot = ix->free, *head;

	if (slot != INDEX_NONE)
		ix->free = ix->entry[slot].next;
	else if (ix->high < ix->max)
		slot = ix->high++;
	else
		return INDEX_NONE;
	if (ix->used >= ix->buckets && ix->buckets < buckets_for(ix->max))
		grow(ix);
	head = &ix->head[hash & (ix->buckets - 1)];
	ix->entry[slot] = (struct entry){ .hash = hash, .next = *head, .state = ENTRY_LIVE };
	*head = slot;
	ix->used++;
	return slot;
}

void
index_drop(struct index *ix, u32 slot)
{
	struct entry *e = index_at(ix, slot);
	u32 *at = &ix->head[e->hash & (ix->buckets - 1)];

	ASSERT(e->state != ENTRY_FREE);
	while (*at != slot)
		at = &ix->entry[*at].next;
	*at = e->next;
	e->state = ENTRY_FREE;
	e->next = ix->free;
	ix->free = slot;
	ix->used--;
}
