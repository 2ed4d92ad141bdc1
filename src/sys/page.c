#include "sys/page.h"

#include <sys/mman.h>

static struct arena
map(size_t n, int flags)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? arena_over(NULL, 0) : arena_over(p, n);
}

struct arena
page_arena(size_t n)
{
	return map(n, MAP_PRIVATE);
}

struct arena
page_shared(size_t n)
{
	return map(n, MAP_SHARED);
}

void
page_freeze(const struct arena *a)
{
	if (a->p)
		mprotect(a->p, a->cap, PROT_READ);
}

void
page_clear(struct arena *a)
{
	/* MADV_REMOVE frees shared pages for everybody, MADV_DONTNEED private ones */
	if (a->p && madvise(a->p, a->cap, MADV_REMOVE) && madvise(a->p, a->cap, MADV_DONTNEED))
		memset(a->p, 0, a->used);
	a->used = a->peak = 0;
}

void
page_rest(struct str view)
{
	if (view.n)
		madvise((void *)(uintptr_t)view.p, view.n, MADV_DONTNEED);
}

void
page_give(struct arena *a)
{
	if (a->p)
		munmap(a->p, a->cap);
	*a = arena_over(NULL, 0);
}
