/* le: numbers in records, files and handles: lower bytes first, whatever the machine. */
#ifndef BASE_LE_H
#define BASE_LE_H

#include "base/buf.h"

/* The number in 4 or 8 bytes. */
static inline u32
le32(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static inline u64
le64(const u8 *p)
{
	return (u64)le32(p) | (u64)le32(p + 4) << 32;
}

/* Writes one. */
static inline void
put_le32(u8 *p, u32 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
	p[2] = (u8)(v >> 16);
	p[3] = (u8)(v >> 24);
}

static inline void
put_le64(u8 *p, u64 v)
{
	put_le32(p, (u32)v);
	put_le32(p + 4, (u32)(v >> 32));
}

/* Appends the lower n bytes of one. */
static inline void
buf_le(struct buf *b, u64 v, u32 n)
{
	for (u32 i = 0; i < n; i++)
		buf_byte(b, (u8)(v >> (8 * i)));
}

#endif
