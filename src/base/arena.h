/* arena: a bump allocator for things that die together. Memory is the caller's; nothing is freed one by one.
 * Everything the program ever allocates at start comes from one arena too (main/plan). */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/buf.h"

struct arena {
	u8 *p;
	size_t cap, used, peak;
	bool zero; /* what lies behind peak is zero: pages that nobody has touched stay so */
};

/* An empty arena over n bytes at p. */
static inline struct arena
arena_over(void *p, size_t n)
{
	return (struct arena){ .p = (u8 *)p, .cap = n };
}

/* n bytes, aligned to 16, zeroed. NULL when they do not fit: an ordinary answer. */
void *arena_take(struct arena *a, size_t n);

/* The same without zeroing and without alignment, for bytes. */
u8 *arena_bytes(struct arena *a, size_t n);

/* An empty buffer over that many bytes; its p is NULL when they do not fit. */
struct buf arena_buf(struct arena *a, size_t n);

/* A copy of s that lives as long as the arena. p is NULL when it does not fit; an empty s gives a non-NULL p. */
struct str arena_dup(struct arena *a, struct str s);

/* The same with a NUL behind it, for system calls. NULL when it does not fit. */
char *arena_c(struct arena *a, struct str s);

/* Gives back everything taken after `mark` (an earlier a->used). */
static inline void
arena_rewind(struct arena *a, size_t mark)
{
	ASSERT(mark <= a->used);
	a->used = mark;
}

/* ARENA_NEW(a, struct thing) and ARENA_ARRAY(a, struct thing, n): typed arena_take. */
#define ARENA_NEW(a, type) ((type *)arena_take((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_take((a), sizeof(type) * (size_t)(n)))

#endif
