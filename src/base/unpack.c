#include "base/pack.h"

/* A release unpacks its own constants with this (sys/image.c), before there is a stack guard or any constant:
 * no tables, no calls out of this file. */

struct undo {
	struct pack_bit *bit;
	const u8 *p, *end;
	u32 range, code;
};

/* Bytes behind the end are zeros: the packer leaves off those that do not matter. */
static u32
next(struct undo *u)
{
	return u->p < u->end ? *u->p++ : 0;
}

static u32
bit_take(struct undo *u, u32 at)
{
	struct pack_bit *b = &u->bit[at];
	u32 border = (u->range >> 16) * b->zero, one = u->code >= border;

	if (one) {
		u->code -= border;
		u->range -= border;
	} else {
		u->range = border;
	}
	pack_learn(b, one);
	while (u->range < 1u << 24) {
		u->range <<= 8;
		u->code = u->code << 8 | next(u);
	}
	return one;
}

/* n bits, the highest first; each is foretold by those before it. */
static u32
bits_take(struct undo *u, u32 row, u32 n)
{
	u32 x = 1;

	while (x < 1u << n)
		x = x << 1 | bit_take(u, row + x);
	return x - (1u << n);
}

static u32
length_take(struct undo *u, u32 again)
{
	if (bit_take(u, PACK_LONG + again))
		return 10 + bits_take(u, PACK_LEN_FAR, 8);
	return PACK_LEN_MIN + bits_take(u, PACK_LEN + 8 * again, 3);
}

static u32
distance_take(struct undo *u, u32 length)
{
	u32 n = bits_take(u, PACK_DIST + 32 * (length < 4 ? length - 2 : 2), 5), x = 1;

	for (u32 i = 0; i < n; i++)
		x = x << 1 | bit_take(u, PACK_LOW + 32 * n + (i < 2 ? x : i + 2));
	return x;
}

int
pack_undo(struct str in, struct pack_bit bit[PACK_BITS], u8 *out, u32 n)
{
	struct undo u = { .bit = bit, .p = in.p, .end = in.p + in.n, .range = ~0u };
	u32 at = 0, distance = 0, match = 0;

	for (u32 i = 0; i < PACK_BITS; i++)
		bit[i] = (struct pack_bit){ .zero = 32768 };
	for (u32 i = 0; i < 4; i++)
		u.code = u.code << 8 | next(&u);
	while (at < n) {
		u32 again, length;

		match = bit_take(&u, PACK_WHAT + match);
		if (!match) {
			out[at] = (u8)bits_take(&u, PACK_LIT + 256 * (at ? out[at - 1] >> 5 : 0), 8);
			at++;
			continue;
		}
		again = bit_take(&u, PACK_AGAIN);
		length = length_take(&u, again);
		if (!again)
			distance = distance_take(&u, length);
		if (distance == 0 || distance > at || length > n - at)
			return ERR_BAD;
		for (u32 i = 0; i < length; i++, at++)
			out[at] = out[at - distance];
	}
	return 0;
}
