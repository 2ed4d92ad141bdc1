/* undo: the side of base/pack.h that unpacks, as functions without calls, tables and addresses: a program that unpacks
 * itself has nothing else yet (sys/image.c), and for everybody else there is pack_undo. */
#ifndef BASE_UNDO_H
#define BASE_UNDO_H

#include "base/le.h"
#include "base/pack.h"

/* Symbols that are still packed, and the two states of their coder: at least 65,536 between two symbols. */
struct undo_symbols {
	const u8 *p, *last; /* where two more bytes may still be taken */
	u32 x, y;
};

/* Plain bits: the next one, and where to stop since four bytes are looked at. */
struct undo_bits {
	const u8 *p;
	u32 at, end;
};

struct undo {
	struct undo_symbols pairs, bytes;
	struct undo_bits bits;
	u32 flags, last, pair; /* the distance, and the pair, before */
};

/* The state with two more bytes where it has become small: no branch, nobody can foretell that. Behind the end are
 * zeros. */
static inline u32
undo_fill(struct undo_symbols *u, u32 x)
{
	u32 small = x < 1u << 16, next;

	if (u->p > u->last)
		return x << 16 * small;
	next = (u32)u->p[0] | (u32)u->p[1] << 8;
	u->p += 2 * small;
	return x ^ ((x ^ (x << 16 | next)) & -small);
}

static inline u32
undo_symbol(struct undo_symbols *u, u32 *x, const struct pack_row *r)
{
	u32 slot = *x & ((1u << PACK_SCALE) - 1), s = r->slot[slot], entry = r->entry[s];

	*x = undo_fill(u, (*x >> PACK_SCALE) * (entry & 0xffff) + slot - (entry >> 16));
	return s;
}

/* n bits, at most 24. */
static inline u32
undo_take(struct undo_bits *b, u32 n)
{
	const u8 *p = b->p + (b->at >> 3);
	u32 x;

	if (b->at >= b->end)
		return 0;
	x = ((u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24) >> (b->at & 7);
	b->at += n;
	return x & ((1u << n) - 1);
}

/* Eight bytes as numbers: a copy may be a call. */
static inline void
undo_eight(u8 *to, const u8 *p)
{
	put_le64(to, le64(p));
}

/* --- tables ------------------------------------------------------------------------------------------- */

/* Fills a row whose entries say only how many slots each of n symbols has; what is left belongs to the largest. Pieces
 * of eight: more may be written than is meant, and be overwritten. ERR_BAD: more slots than there are. */
static inline int
undo_row(struct pack_row *r, u32 n)
{
	u32 sum = 0, most = 0;

	for (u32 i = 0; i < n; i++) {
		sum += r->entry[i];
		most = r->entry[i] > r->entry[most] ? i : most;
	}
	if (sum > 1u << PACK_SCALE)
		return ERR_BAD;
	r->entry[most] += (1u << PACK_SCALE) - sum;
	for (u32 i = 0, from = 0; i < n; i++) {
		u8 *p = r->slot + from, *end = p + r->entry[i];
		u64 x = i * 0x0101010101010101ull;

		for (; p < end; p += 8)
			put_le64(p, x);
		r->entry[i] |= from << 16;
		from += r->entry[i] & 0xffff;
	}
	return 0;
}

/* A row of classes, each of which has 0, 1, 2, 4 .. 1,024 slots. */
static inline int
undo_classes(struct undo *u, struct pack_row *r)
{
	for (u32 i = 0; i < PACK_CLASSES; i++) {
		u32 k = undo_take(&u->bits, 4);

		r->entry[i] = k ? 1u << (k - 1) : 0;
	}
	return undo_row(r, PACK_CLASSES);
}

/* The rows of one kind, n symbols each: a number of slots is a class, its highest bit, and the next two. */
static inline int
undo_rows(struct undo *u, struct pack_counts *c, struct pack_row *r, u32 rows, u32 n)
{
	for (; rows--; r++) {
		for (u32 i = 0, k = 0; i < n; i++) {
			u32 slots;

			slots = k = undo_symbol(&u->pairs, &u->pairs.x, &c->class[k > 0]);
			if (k == 2 || k == 3)
				slots = 1u << (k - 1) | undo_take(&u->bits, k - 1);
			else if (k > 3)
				slots = (4 | undo_take(&u->bits, 2)) << (k - 3);
			r->entry[i] = slots;
		}
		if (undo_row(r, n))
			return ERR_BAD;
	}
	return 0;
}

static inline int
undo_map(struct undo *u, struct pack_counts *c, u8 *map, u16 *row, u32 rows)
{
	if (rows > 1 && undo_classes(u, &c->class[0]))
		return ERR_BAD;
	for (u32 i = 0; i < 256; i++) {
		map[i] = rows > 1 ? (u8)undo_symbol(&u->pairs, &u->pairs.x, &c->class[0]) : 0;
		if (map[i] >= rows)
			return ERR_BAD;
		row[i] = (u16)(map[i] * (sizeof(struct pack_row) / 8));
	}
	return 0;
}

/* The row that begins there. */
static inline const struct pack_row *
undo_at(const struct pack_row *r, u32 eights)
{
	return (const void *)((const u8 *)r + 8 * (size_t)eights);
}

static inline int
undo_tables(struct undo *u, struct pack_counts *c)
{
	u32 bytes = 1 + undo_take(&u->bits, 4), pairs = 1 + undo_take(&u->bits, 3);

	if (undo_map(u, c, c->byte_map, c->byte_row, bytes) || undo_map(u, c, c->pair_map, c->pair_row, pairs) ||
	    undo_classes(u, &c->class[0]) || undo_classes(u, &c->class[1]) ||
	    undo_rows(u, c, c->byte, bytes, 256) || undo_rows(u, c, c->pair, pairs, 256))
		return ERR_BAD;
	return undo_rows(u, c, c->far, PACK_FAR_ROWS, PACK_FAR_SYMBOLS);
}

/* --- what they say ------------------------------------------------------------------------------------ */

/* How many bytes follow as they are, by the first symbol of a pair. */
static inline u32
undo_run(struct undo *u)
{
	u32 run = u->pair / PACK_LENGTHS, k;

	if (run < PACK_RUNS - 1)
		return run;
	k = undo_take(&u->bits, 5);
	return run + (1u << k) - 1 + undo_take(&u->bits, k);
}

/* How many are copied then. */
static inline u32
undo_length(struct undo *u)
{
	u32 class = u->pair % PACK_LENGTHS, k = 2 + (class - 16) / 4;

	if (class < 16)
		return PACK_LEN_MIN + class;
	return PACK_LEN_MIN + ((4 | (class & 3)) << k | undo_take(&u->bits, k));
}

/* And from so far before. */
static inline u32
undo_distance(struct undo *u, struct pack_counts *c, u32 length)
{
	u32 s = undo_symbol(&u->pairs, &u->pairs.y, &c->far[pack_far_place(length)]), k = 2 * (u->flags & PACK_WORDS);

	if (s >= PACK_FARS) {
		s -= PACK_FARS;
		k = 0;
	}
	if (s < 4)
		return s ? s << k : u->last;
	return ((2 | (s & 1)) << (s / 2 - 1) | undo_take(&u->bits, s / 2 - 1)) << k;
}

static inline void
undo_plain(struct undo *u, struct pack_counts *c, u8 *out, u32 at, u32 run)
{
	u32 byte = at ? out[at - 1] : 0, other;

	for (u32 end = at + run; at < end; at++) {
		u32 row = c->byte_row[pack_byte_place(u->flags, at, byte)];

		byte = undo_symbol(&u->bytes, &u->bytes.x, undo_at(c->byte, row));
		out[at] = (u8)byte;
		other = u->bytes.x; /* the states take turns */
		u->bytes.x = u->bytes.y;
		u->bytes.y = other;
	}
}

/* length bytes from so far before, of at most room. In pieces of eight where more may be written than is meant. */
static inline void
undo_copy(u8 *to, u32 distance, u32 length, u32 room)
{
	if (distance >= 8 && length + 16 <= room) {
		undo_eight(to, to - distance);
		undo_eight(to + 8, to + 8 - distance);
		for (u32 i = 16; i < length; i += 8)
			undo_eight(to + i, to + i - distance);
	} else
		for (u32 i = 0; i < length; i++)
			to[i] = (to - distance)[i];
}

/* --- a part -------------------------------------------------------------------------------------------- */

static inline u32
undo_three(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16;
}

static inline void
undo_open(struct undo_symbols *u, const u8 *p, u32 n)
{
	u->p = p;
	u->last = p + n - 2;
	u->x = undo_fill(u, undo_fill(u, 0));
	u->y = undo_fill(u, undo_fill(u, 0));
}

/* How many bytes the part takes that `in` begins with; ERR_BAD: it cannot be one. */
static inline int
undo_size(struct str in)
{
	u32 n;

	if (in.n < PACK_HEAD || undo_three(in.p + 1) < 4)
		return ERR_BAD;
	n = PACK_HEAD + undo_three(in.p + 1) + undo_three(in.p + 4) + undo_three(in.p + 7);
	return n > in.n ? ERR_BAD : (int)n;
}

/* Where the part ends; NULL: it cannot be one. */
static inline const u8 *
undo_begin(struct undo *u, struct str in, struct pack_counts *c)
{
	const u8 *p = in.p + PACK_HEAD;
	u32 bits, pairs, bytes;

	if (undo_size(in) < 0)
		return NULL;
	bits = undo_three(in.p + 1);
	pairs = undo_three(in.p + 4);
	bytes = undo_three(in.p + 7);
	u->bits.p = p;
	u->bits.at = 0;
	u->bits.end = 8 * (bits - 3);
	undo_open(&u->pairs, p + bits, pairs);
	undo_open(&u->bytes, p + bits + pairs, bytes);
	u->flags = in.p[0];
	u->last = u->pair = 0;
	return undo_tables(u, c) ? NULL : p + bits + pairs + bytes;
}

/* As pack_undo. */
static inline int
undo_part(struct str in, struct pack_counts *c, u8 *out, u32 n)
{
	struct undo u;
	const u8 *end = undo_begin(&u, in, c);

	if (!end)
		return ERR_BAD;
	for (u32 at = 0; at < n;) {
		u32 run, length, row = c->pair_row[pack_pair_place(u.flags, at, u.pair)];

		u.pair = undo_symbol(&u.pairs, &u.pairs.x, undo_at(c->pair, row));
		run = undo_run(&u);
		length = undo_length(&u);
		u.last = undo_distance(&u, c, length);
		if (run > n - at)
			return ERR_BAD;
		undo_plain(&u, c, out, at, run);
		at += run;
		if (at == n) /* the last pair copies nothing when bytes are the end */
			break;
		if (u.last == 0 || u.last > at || length > n - at)
			return ERR_BAD;
		undo_copy(out + at, u.last, length, n - at);
		at += length;
	}
	return (int)(end - in.p);
}

#endif
