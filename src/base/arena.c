#include "base/arena.h"

static u8 *
take(struct arena *a, size_t n, size_t align)
{
	size_t odd = (size_t)(uintptr_t)(a->p + a->used) & (align - 1);
	size_t at = a->used + (odd ? align - odd : 0);

	if (at > a->cap || n > a->cap - at)
		return NULL;
	a->used = at + n;
	if (a->used > a->peak)
		a->peak = a->used;
	return a->p + at;
}

void *
arena_take(struct arena *a, size_t n)
{
	size_t dirty = a->peak;
	u8 *p = take(a, n, 16);
	size_t at = p ? (size_t)(p - a->p) : 0;

	if (p && !a->zero)
		memset(p, 0, n);
	else if (p && at < dirty)
		memset(p, 0, dirty - at < n ? dirty - at : n);
	return p;
}

u8 *
arena_bytes(struct arena *a, size_t n)
{
	return take(a, n, 1);
}

struct buf
arena_buf(struct arena *a, size_t n)
{
	return buf_over(take(a, n, 1), n);
}

struct str
arena_dup(struct arena *a, struct str s)
{
	u8 *p = take(a, s.n, 1);

	if (!p)
		return STR_NONE;
	if (s.n)
		memcpy(p, s.p, s.n);
	return str_of(p, s.n);
}

char *
arena_c(struct arena *a, struct str s)
{
	u8 *p = take(a, (size_t)s.n + 1, 1);

	if (!p)
		return NULL;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return (char *)p;
}
