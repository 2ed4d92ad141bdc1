/* undo: the side of base/pack.h that unpacks, as functions without calls, tables and addresses: a program that unpacks
 * itself has nothing else yet (sys/image.c), and for everybody else there is pack_undo. */
#ifndef BASE_UNDO_H
#define BASE_UNDO_H

#include "base/pack.h"

/* What is still packed, and the state of the coder: at least 65,536 between two symbols. */
struct undo {
	const u8 *p, *end;
	u32 x;
};

/* Two more bytes where the state has become small. Behind the end are zeros. */
static inline void
undo_fill(struct undo *u)
{
	u32 small = u->x < 1u << 16, next;

	if (u->end - u->p >= 2) { /* no branch for what nobody can foretell */
		next = (u32)u->p[0] | (u32)u->p[1] << 8;
		u->x = u->x << 16 * small | (next & -small);
		u->p += 2 * small;
	} else {
		u->x <<= 16 * small;
	}
}

static inline u32
undo_symbol(struct undo *u, struct pack_model *m)
{
	u32 slot = u->x & ((1u << PACK_SCALE) - 1), s = m->first[slot >> PACK_BUCKET];

	while (m->from[s + 1] <= slot)
		s++;
	u->x = (u->x >> PACK_SCALE) * (u32)(m->from[s + 1] - m->from[s]) + slot - m->from[s];
	undo_fill(u);
	pack_learn(m, s);
	return s;
}

/* n bits, at most 30, that nothing foretells. */
static inline u32
undo_bits(struct undo *u, u32 n)
{
	u32 high = 0, k = n > 15 ? 15 : n;

	if (n > 15) {
		high = u->x & ((1u << (n - 15)) - 1);
		u->x >>= n - 15;
		undo_fill(u);
	}
	high = high << k | (u->x & ((1u << k) - 1));
	u->x >>= k;
	undo_fill(u);
	return high;
}

static inline u32
undo_length(struct undo *u, u32 s)
{
	u32 k = 2 + (s - 16) / 4;

	if (s < 16)
		return PACK_LEN_MIN + s;
	return PACK_LEN_MIN + ((4 | (s & 3)) << k | undo_bits(u, k));
}

static inline u32
undo_distance(struct undo *u, struct pack_counts *c, u32 length, u32 last)
{
	u32 s = undo_symbol(u, &c->far[length < 5 ? length - PACK_LEN_MIN : 3]), k = s / 2 - 1, d;

	if (s < 4)
		return s ? s : last;
	d = 2 | (s & 1);
	if (k < 2 || !c->words)
		return d << k | undo_bits(u, k);
	d = d << (k - 2) | undo_bits(u, k - 2);
	return d << 2 | undo_symbol(u, &c->low);
}

/* Spelled out: a copy of eight bytes may be a call. */
static inline void
undo_eight(u8 *to, const u8 *p)
{
	u64 x = (u64)p[0] | (u64)p[1] << 8 | (u64)p[2] << 16 | (u64)p[3] << 24 | (u64)p[4] << 32 | (u64)p[5] << 40 |
	    (u64)p[6] << 48 | (u64)p[7] << 56;

	to[0] = (u8)x;
	to[1] = (u8)(x >> 8);
	to[2] = (u8)(x >> 16);
	to[3] = (u8)(x >> 24);
	to[4] = (u8)(x >> 32);
	to[5] = (u8)(x >> 40);
	to[6] = (u8)(x >> 48);
	to[7] = (u8)(x >> 56);
}

/* length bytes from so far before, of at most room. In pieces of eight where more may be written than is meant. */
static inline void
undo_copy(u8 *to, u32 distance, u32 length, u32 room)
{
	if (distance >= 8 && length + 8 <= room)
		for (u32 i = 0; i < length; i += 8)
			undo_eight(to + i, to + i - distance);
	else
		for (u32 i = 0; i < length; i++)
			to[i] = (to - distance)[i];
}

static inline void
undo_begin(struct undo *u, struct pack_counts *c)
{
	u->x = 0;
	undo_fill(u);
	undo_fill(u);
	pack_begin(&c->low, PACK_ROWS);
	for (u32 i = 0; i < sizeof(c->map); i++)
		c->map[i] = (u8)undo_symbol(u, &c->low);
	pack_begin(&c->low, 4);
	for (u32 i = 0; i < PACK_ROWS; i++)
		pack_begin(&c->row[i], PACK_SYMBOLS);
	for (u32 i = 0; i < 4; i++)
		pack_begin(&c->far[i], PACK_FARS);
}

/* As pack_undo. */
static inline int
undo_part(struct str in, struct pack_counts *c, u8 *out, u32 n)
{
	struct undo u = { .p = in.p, .end = in.p + in.n };
	u32 flags = in.n ? *u.p++ : 0, last = 0;

	c->words = flags & PACK_WORDS;
	undo_begin(&u, c);
	for (u32 at = 0; at < n;) {
		u32 s = undo_symbol(&u, &c->row[c->map[pack_place(flags, at, at ? out[at - 1] : 0)]]), length;

		if (s < 256) {
			out[at++] = (u8)s;
			continue;
		}
		length = undo_length(&u, s - 256);
		last = undo_distance(&u, c, length, last);
		if (last == 0 || last > at || length > n - at)
			return ERR_BAD;
		undo_copy(out + at, last, length, n - at);
		at += length;
	}
	return (int)(u.p - in.p);
}

#endif
