#include "op/life.h"

size_t
lives_bytes(u32 workers)
{
	return (size_t)workers * sizeof(u32);
}

void
lives_begin(struct lives *l, void *pages, u32 workers, u32 index, u32 random)
{
	*l = (struct lives){ .of = (u32 *)pages, .n = workers, .worker = index, .own = random ? random : 1 };
	__atomic_store_n(&l->of[index], l->own, __ATOMIC_RELAXED);
}

void
lives_over(void *pages, u32 index)
{
	__atomic_store_n((u32 *)pages + index, 0, __ATOMIC_RELAXED);
}

bool
lives_on(const struct lives *l, u32 worker, u32 life)
{
	if (!l->of)
		return life == l->own;
	return life && worker < l->n && __atomic_load_n(&l->of[worker], __ATOMIC_RELAXED) == life;
}
