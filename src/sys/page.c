#include "sys/page.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WHEN_TOUCHED 1 /* MLOCK_ONFAULT: what nobody has touched takes no memory */

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

int
page_lock(const void *p, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	u8 *from = (u8 *)((uintptr_t)p & ~(uintptr_t)(page - 1));

	n += (size_t)((const u8 *)p - from);
	madvise(from, (n + page - 1) & ~(page - 1), MADV_DONTDUMP);
	return syscall(SYS_mlock2, from, n, WHEN_TOUCHED) == 0 ? 0 : ERR_IO;
}

void
page_clear(struct arena *a)
{
	if (a->p)
		munlock(a->p, a->cap);
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
