#include "base/pool.h"

#define NO_SLOT UINT32_MAX

/* Sizes are rounded so that every object is aligned like the arena's memory. */
static u32
rounded(u32 size)
{
	return (size + 15U) & ~15U;
}

size_t
pool_bytes(u32 size, u32 count)
{
	return (size_t)rounded(size) * count + 2 * sizeof(u32) * (size_t)count + 3 * 16;
}

int
pool_init(struct pool *p, struct arena *a, u32 size, u32 count)
{
	memset(p, 0, sizeof *p);
	size = rounded(size);
	p->next = ARENA_ARRAY(a, u32, count);
	p->gen = ARENA_ARRAY(a, u32, count);
	/* 16-aligned but not zeroed: pages stay untouched until used */
	a->used = (a->used + 15) & ~(size_t)15;
	p->p = arena_bytes(a, (size_t)size * count);
	if (!p->next || !p->gen || !p->p)
		return ERR_FULL;
	p->size = size;
	p->count = count;
	for (u32 i = 0; i < count; i++)
		p->next[i] = i + 1 < count ? i + 1 : NO_SLOT;
	p->free = count ? 0 : NO_SLOT;
	return 0;
}

void *
pool_take_raw(struct pool *p)
{
	u32 slot = p->free;

	if (slot == NO_SLOT)
		return NULL;
	p->free = p->next[slot];
	p->gen[slot]++;
	p->used++;
	if (p->used > p->peak)
		p->peak = p->used;
	return p->p + (size_t)slot * p->size;
}

void *
pool_take_part(struct pool *p, u32 n)
{
	void *object = pool_take_raw(p);

	if (object)
		memset(object, 0, n);
	return object;
}

void *
pool_take(struct pool *p)
{
	return pool_take_part(p, p->size);
}

u32
pool_slot(const struct pool *p, const void *object)
{
	size_t at = (size_t)((const u8 *)object - p->p);
	u32 slot = (u32)(at / p->size);

	ASSERT((const u8 *)object >= p->p && slot < p->count && at % p->size == 0);
	return slot;
}

void
pool_give(struct pool *p, void *object)
{
	u32 slot = pool_slot(p, object);

	ASSERT(p->gen[slot] & 1);
	p->gen[slot]++;
	p->next[slot] = p->free;
	p->free = slot;
	p->used--;
}

struct ref
pool_ref(const struct pool *p, const void *object)
{
	u32 slot = pool_slot(p, object);

	return (struct ref){ slot, p->gen[slot] };
}

void *
pool_ref_get(const struct pool *p, struct ref ref)
{
	if (!(ref.gen & 1) || ref.slot >= p->count || p->gen[ref.slot] != ref.gen)
		return NULL;
	return p->p + (size_t)ref.slot * p->size;
}

void *
pool_at(const struct pool *p, u32 slot)
{
	if (slot >= p->count || !(p->gen[slot] & 1))
		return NULL;
	return p->p + (size_t)slot * p->size;
}
