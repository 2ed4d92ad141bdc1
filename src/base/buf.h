/* buf: bytes that pass through. Memory is the caller's.
 *
 *      p         r               w              cap
 *      |  eaten  |  to be read   |    room      |
 *
 * A write that does not fit writes nothing, sets `over`, and so does every later one: check once at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

#include <stdarg.h>

struct buf {
	u8 *p;
	u32 cap, r, w;
	bool over;
};

/* An empty buffer over n bytes at p. */
static inline struct buf
buf_over(void *p, size_t n)
{
	return (struct buf){ .p = (u8 *)p, .cap = (u32)n };
}

/* What is to be read, as a view into the buffer. */
static inline struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->p ? b->p + b->r : NULL, b->w - b->r };
}

static inline u32
buf_len(const struct buf *b)
{
	return b->w - b->r;
}

static inline u32
buf_room(const struct buf *b)
{
	return b->cap - b->w;
}

/* Eats n bytes of what is to be read; r and w go back to 0 when nothing is left. */
static inline void
buf_eat(struct buf *b, u32 n)
{
	ASSERT(n <= b->w - b->r);
	b->r += n;
	if (b->r == b->w)
		b->r = b->w = 0;
}

static inline void
buf_put(struct buf *b, struct str s)
{
	if (s.n > b->cap - b->w || b->over) {
		b->over = true;
		return;
	}
	if (s.n)
		memcpy(b->p + b->w, s.p, s.n);
	b->w += s.n;
}

static inline void
buf_byte(struct buf *b, u8 c)
{
	if (b->w == b->cap || b->over) {
		b->over = true;
		return;
	}
	b->p[b->w++] = c;
}

/* Appends a literal: BUF_LIT(b, "text"). */
#define BUF_LIT(b, literal) buf_put((b), STR(literal))

/* Appends a C string. */
void buf_c(struct buf *b, const char *s);

/* Appends a number in decimal, or as exactly `digits` lower-case hex digits. */
void buf_u64(struct buf *b, u64 v);
void buf_i64(struct buf *b, int64_t v);
void buf_hex(struct buf *b, u64 v, u32 digits);

/* Appends by a small format: %S struct str, %s C string, %d int, %u u32, %U u64, %D int64_t, %x u32 in hex,
 * %c char, %%.
 * Anything else is a caller's mistake (ASSERT). */
void buf_fmt(struct buf *b, const char *fmt, ...);
void buf_vfmt(struct buf *b, const char *fmt, va_list *ap);

/* Moves what is to be read to the start, so that room is as large as it can be. */
void buf_compact(struct buf *b);

#endif
