/* join_x86: x86-64 code is put together again from the parts of sys/image.h that tools/apart.h took it apart into. For
 * start.c alone: functions without calls, tables and addresses. */
#ifndef SYS_JOIN_X86_PRIV_H
#define SYS_JOIN_X86_PRIV_H

#include "base/undo.h"
#include "sys/image.h"

/* What all quarters share. */
struct join_tables {
	const u8 *operands, *end[IMAGE_PARTS];
	u16 far[256];  /* for each way to address: JOIN of the displacement, and JOIN_BASE */
	u16 next[512]; /* for each operation: JOIN of the operand << 8, and JOIN_ */
};

/* A quarter of the code. */
struct join {
	const struct join_tables *t;
	const u8 *p[IMAGE_PARTS];
	u8 *out;
	u32 at, n;
};

static inline void
join_put(struct join *j, u32 byte)
{
	if (j->at < j->n)
		j->out[j->at++] = (u8)byte;
}

static inline u32
join_take(struct join *j, enum image_part part)
{
	return j->p[part] < j->t->end[part] ? *j->p[part]++ : 0;
}

static inline u32
join_byte(struct join *j, enum image_part part)
{
	u32 byte = join_take(j, part);

	join_put(j, byte);
	return byte;
}

static inline void
join_word(struct join *j, enum image_part part, u32 n)
{
	while (n--)
		join_byte(j, part);
}

/* The distance from the byte behind these four to a place. */
static inline void
join_place(struct join *j, enum image_part part)
{
	u32 x = 0;

	for (u32 i = 0; i < 4; i++)
		x = x << 8 | join_take(j, part);
	x -= j->at + 4;
	for (u32 i = 0; i < 4; i++)
		join_put(j, x >> 8 * i);
}

/* How the operation op is addressed. True when it is one of those whose operand depends on that, and has it. */
static inline bool
join_mode(struct join *j, u32 op)
{
	u32 mode = join_byte(j, IMAGE_CODE), base = mode & 7;

	if (mode < 0xc0 && base == 4 && (join_byte(j, IMAGE_CODE) & 7) == 5 && mode < 0x40)
		join_word(j, IMAGE_FAR, 4);
	else if (mode < 0x40 && base == 5)
		join_place(j, IMAGE_PLACE);
	else if (mode >= 0x80 && mode < 0xc0)
		join_word(j, IMAGE_FAR, 4);
	else if (mode >= 0x40 && mode < 0x80)
		join_byte(j, IMAGE_NEAR);
	return (op == 0xf6 || op == 0xf7) && (mode & 0x30) == 0;
}

static inline void
join_operation(struct join *j)
{
	const u8 *operands = j->t->operands;
	u32 op, last = 0, word = 4, has;

	while (has = operands[op = join_byte(j, IMAGE_CODE)], has & IMAGE_HAS_MORE && j->at < j->n) {
		last = op;
		if (op == 0x66)
			word = 2;
	}
	if (op == 0x0f) {
		has = operands[256 + join_byte(j, IMAGE_CODE)];
		if (has & IMAGE_HAS_MORE)
			join_byte(j, IMAGE_CODE);
	}
	if (has & IMAGE_HAS_MODE && join_mode(j, op))
		has |= op & 1 ? IMAGE_HAS_WORD : IMAGE_HAS_BYTE;
	if (has & IMAGE_HAS_WIDE && (last & 0xf8) == 0x48)
		join_word(j, IMAGE_WORD, 4);
	if (has & IMAGE_HAS_WORD)
		join_word(j, word == 4 ? IMAGE_WORD : IMAGE_BYTE, word);
	if (has & IMAGE_HAS_PAIR)
		join_word(j, IMAGE_BYTE, 2);
	if (has & IMAGE_HAS_BYTE)
		join_byte(j, IMAGE_BYTE);
	if (has & IMAGE_HAS_HOP)
		join_byte(j, IMAGE_HOP);
	if (has & IMAGE_HAS_TARGET)
		join_place(j, IMAGE_TARGET);
}

/* --- the same, quickly ----------------------------------------------------------------------------------
 * What most operations need is looked up: nearly each is of another kind than the one before, and a processor that
 * guesses loses more time than the work takes. Where an operation begins is known only when the one before is, so two
 * quarters of the code take turns: while one waits for memory, the other goes on. */

/* The part an operand comes from, and how many bytes it has. 0: there is none, which is no bytes of the first part. */
#define JOIN(part, n) ((part) | (n) << 4)
#define JOIN_PLACE 128 /* it is a place */
#define JOIN_BASE 256  /* one more byte says what the base is */
#define JOIN_FAR 512   /* and there is a displacement when it says 5 */

enum { JOIN_MODE = 1, JOIN_RARE = 2, JOIN_WIDE = 4 };

static inline u32
join_far(u32 mode)
{
	u32 base = mode & 7, more = mode < 0xc0 && base == 4 ? JOIN_BASE : 0;

	if (mode >= 0xc0 || (mode < 0x40 && base != 5))
		return more | 2 * more;
	if (mode < 0x40)
		return JOIN_PLACE | JOIN(IMAGE_PLACE, 4);
	return more | (mode < 0x80 ? JOIN(IMAGE_NEAR, 1) : JOIN(IMAGE_FAR, 4));
}

/* Prefixes that change nothing of how long the operation behind them is: that can be taken as the next one. */
static inline bool
join_stands_alone(u32 op)
{
	return op == 0x2e || op == 0x3e || op == 0x64 || (op >= 0xf0 && op <= 0xf3);
}

static inline u32
join_next(u32 op, u32 has)
{
	u32 kind = has & IMAGE_HAS_TARGET ? JOIN_PLACE | JOIN(IMAGE_TARGET, 4) :
	    has & IMAGE_HAS_HOP ? JOIN(IMAGE_HOP, 1) :
	    has & IMAGE_HAS_WORD ? JOIN(IMAGE_WORD, 4) :
	    has & IMAGE_HAS_BYTE ? JOIN(IMAGE_BYTE, 1) : 0;
	u32 rare = has & IMAGE_HAS_PAIR || op == 0xf6 || op == 0xf7;

	rare |= has & IMAGE_HAS_MORE && !join_stands_alone(op);
	return kind << 8 | (has & IMAGE_HAS_MODE ? JOIN_MODE : 0) | (rare ? JOIN_RARE : 0) |
	    (has & IMAGE_HAS_WIDE ? JOIN_WIDE : 0);
}

/* Up to four bytes; four are read and written. */
static inline u32
join_operand(struct join *j, u32 kind, u32 at)
{
	u32 part = kind & 15, place = -(kind / JOIN_PLACE & 1), x;
	const u8 *p = j->p[part];
	u8 *to = j->out + at;

	x = ((u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3]) - (at + 4);
	x = (x & place) | (le32(p) & ~place);
	to[0] = (u8)x;
	to[1] = (u8)(x >> 8);
	to[2] = (u8)(x >> 16);
	to[3] = (u8)(x >> 24);
	kind = kind >> 4 & 7;
	j->p[part] = p + kind;
	return at + kind;
}

/* One operation at *code, to *at; what it needs is there, and room. False: nothing was done, since it has more before
 * it than a choice of registers (40 to 4f), or is rare. */
__attribute__((always_inline)) static inline bool
join_quickly(struct join *j, const u8 **code, u32 *at)
{
	const u8 *p = *code;
	u32 x = le32(p), more = (x & 0xf0) == 0x40, wide = (x & 0xf8) == 0x48, two, next, far;

	x >>= 8 * more;
	two = (x & 0xff) == 0x0f;
	x >>= 8 * two;
	next = j->t->next[two << 8 | (x & 0xff)];
	if (next & (JOIN_RARE | wide * JOIN_WIDE))
		return false;
	far = j->t->far[x >> 8 & 0xff] & -(next & JOIN_MODE);
	more += 1 + two + (next & JOIN_MODE);
	far |= JOIN(IMAGE_FAR, 4) & -(far / JOIN_FAR & ((p[more] & 7) == 5));
	undo_eight(j->out + *at, p);
	more += far / JOIN_BASE & 1;
	*code += more;
	*at += more;
	next >>= 8;
	far &= JOIN_BASE - 1;
	if (far * next > 0) { /* seldom both */
		*at = join_operand(j, far, *at);
		far = 0;
	}
	*at = join_operand(j, far | next, *at);
	return true;
}

/* Up to n operations of two quarters, in turns, until one is rare. True when it is the turn of the first. */
static inline bool
join_turns(struct join *a, struct join *b, u32 n)
{
	const u8 *p = a->p[IMAGE_CODE], *q = b->p[IMAGE_CODE];
	u32 at = a->at, bt = b->at;
	bool first = true;

	for (; n; n--) {
		if (!join_quickly(a, &p, &at))
			break;
		first = join_quickly(b, &q, &bt);
		if (!first)
			break;
	}
	a->p[IMAGE_CODE] = p;
	b->p[IMAGE_CODE] = q;
	a->at = at;
	b->at = bt;
	return first;
}

/* For how many operations all is there that they may read and write: of each part at most eight bytes, and a bit more
 * is read than is meant. */
static inline u32
join_budget(const struct join *j)
{
	const u8 *end = j->t->end[IMAGE_PARTS - 1] + IMAGE_BEHIND;
	u32 least = (j->n - j->at) / 32;

	for (u32 i = 0; i < IMAGE_PARTS; i++) {
		u32 n = end > j->p[i] ? (u32)(end - j->p[i]) / 16 : 0;

		least = n < least ? n : least;
	}
	return least;
}

/* Where a quarter begins: in the code, and in each part but the first. The last one ends the code. */
static inline u32
join_from(const struct join_tables *t, u32 quarter, u32 part)
{
	return quarter ? le32(t->operands + 512 + 4 * (IMAGE_PARTS * (quarter - 1) + part)) : 0;
}

/* False when it cannot be one. */
static inline bool
join_begin(struct join *j, const struct join_tables *t, u32 quarter, u32 n)
{
	const u8 *p = t->end[0];

	j->t = t;
	j->p[0] = p;
	for (u32 i = 1; i < IMAGE_PARTS; p = t->end[i++]) {
		u32 from = join_from(t, quarter, i);

		if (from > (u32)(t->end[i] - p))
			return false;
		j->p[i] = p + from;
	}
	j->at = join_from(t, quarter, 0);
	j->n = quarter < 3 ? join_from(t, quarter + 1, 0) : n;
	return j->at <= j->n && j->n <= n;
}

static inline void
join_tables(struct join_tables *t, const u8 *parts, const u32 length[IMAGE_PARTS])
{
	t->operands = parts;
	for (u32 i = 0; i < IMAGE_PARTS; i++)
		t->end[i] = parts += length[i];
	for (u32 i = 0; i < 256; i++) {
		t->far[i] = (u16)join_far(i);
		t->next[i] = (u16)join_next(i, t->operands[i]);
		t->next[256 + i] = (u16)join_next(256 + i, t->operands[256 + i]);
	}
}

#endif
