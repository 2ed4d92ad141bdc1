/* join_mips: MIPS code that holds addresses as they are, put together again for the place where it lies. Its parts:
 * sys/image.h; tools/apart_mips.h takes it apart. start.c includes it, nobody else: no calls, no tables.
 *
 * A call names its target within 256 MB; a short instruction (MIPS16e) reads an address from a word behind its
 * function; a long one builds it from two halves. The places of the first two follow from the instructions, so no
 * list of them is kept; of words that are read and of upper halves, one bit each says whether it is an address. */
#ifndef SYS_JOIN_MIPS_PRIV_H
#define SYS_JOIN_MIPS_PRIV_H

#include "sys/image.h"

struct mend {
	const u8 *p[IMAGE_MIPS_PARTS], *end[IMAGE_MIPS_PARTS];
	u8 *out, *read; /* read: a bit for each word of code: instructions read it */
	u32 at, n, base, bits;
};

static inline u32
mend_byte(struct mend *m, enum image_mips_part part)
{
	return m->p[part] < m->end[part] ? *m->p[part]++ : 0;
}

/* A number of n bytes, the highest first. */
static inline u32
mend_take(struct mend *m, enum image_mips_part part, u32 n)
{
	u32 x = 0;

	while (n--)
		x = x << 8 | mend_byte(m, part);
	return x;
}

static inline void
mend_put(struct mend *m, u32 x, u32 n)
{
	for (; n--; x >>= 8)
		if (m->at < m->n)
			m->out[m->at++] = (u8)x;
}

static inline bool
mend_is_address(struct mend *m)
{
	u32 bit = m->bits & 1;

	if (m->bits < 2) { /* the highest bit marks how many are left */
		m->bits = mend_byte(m, IMAGE_MIPS_BITS) | 256;
		bit = m->bits & 1;
	}
	m->bits >>= 1;
	return bit;
}

/* The word at `place` is read by an instruction. */
static inline void
mend_mark(struct mend *m, u32 place)
{
	if (place < m->n)
		m->read[place >> 5] |= (u8)(1u << (place >> 2 & 7));
}

static inline void
mend_short(struct mend *m)
{
	u32 at = m->at, x, y, to;

	if (at % 4 == 0 && m->read[at >> 5] >> (at >> 2 & 7) & 1) {
		x = mend_take(m, IMAGE_MIPS_WORD, 4);
		mend_put(m, mend_is_address(m) ? x + m->base : x, 4);
		return;
	}
	x = mend_take(m, IMAGE_MIPS_SHORT, 2);
	switch (x >> 11) {
	case 3: /* jal, jalx */
		to = (mend_take(m, IMAGE_MIPS_JUMP, 4) + m->base) >> 2;
		mend_put(m, x | (to >> 16 & 31) << 5 | (to >> 21 & 31), 2);
		mend_put(m, to & 0xffff, 2);
		return;
	case 0x16: /* lw from behind pc */
		mend_mark(m, (at & -4u) + (x & 255) * 4);
		break;
	case 0x1e: /* eleven more bits for the next one */
		x |= mend_take(m, IMAGE_MIPS_MORE, 2);
		y = mend_take(m, IMAGE_MIPS_SHORT, 2);
		if (y >> 11 == 0x16)
			mend_mark(m, (at & -4u) + ((x & 31) << 11 | (x >> 5 & 63) << 5 | (y & 31)));
		mend_put(m, x, 2);
		mend_put(m, y, 2);
		return;
	}
	mend_put(m, x, 2);
}

static inline void
mend_long(struct mend *m)
{
	u32 x = mend_take(m, IMAGE_MIPS_LONG, 4), op = x >> 26;

	if (op == 2 || op == 3 || op == 0x1d) /* j, jal, jalx */
		x |= (mend_take(m, IMAGE_MIPS_JUMP, 4) + m->base) >> 2 & 0x3ffffff;
	else if (op == 0x0f && mend_is_address(m)) /* lui: base is a multiple of 65,536, so lower halves stay */
		x = (x & 0xffff0000) | ((x + (m->base >> 16)) & 0xffff);
	mend_put(m, x, 4);
}

static inline void
mend_run(struct mend *m, u32 kind, u32 end)
{
	while (m->at < end)
		switch (kind) {
		case IMAGE_MIPS_RUN_SHORT: mend_short(m); break;
		case IMAGE_MIPS_RUN_LONG: mend_long(m); break;
		case IMAGE_MIPS_RUN_BYTES: mend_put(m, mend_byte(m, IMAGE_MIPS_SHORT), 1); break;
		default: mend_put(m, mend_take(m, IMAGE_MIPS_WORD, 4) + m->base, 4); break;
		}
}

#endif
