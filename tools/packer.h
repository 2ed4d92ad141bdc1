/* packer: the side of base/pack.h that packs, for the tools of the machine that builds. */
#ifndef TOOLS_PACKER_H
#define TOOLS_PACKER_H

#include "base/pack.h"

#include <stdio.h>
#include <stdlib.h>

#define ROW_MAX (1 << 21)  /* bytes of one part */
#define TRIES 1000         /* earlier places looked at for each byte */
#define ROW_COST 900       /* bits that counts of their own cost until they know something */
#define PASSES 5           /* the first guesses what symbols cost, each later one knows it from the one before */

/* One turn of the coder, undone last first: a symbol's probability, or `bits` plain bits. */
struct turn {
	u16 from, n, bits;
};

/* How one comes to a place most cheaply: from where, and with which distance (0: a literal). */
struct way {
	float cost;
	u32 from, distance, last;
};

static u8 row[ROW_MAX + 8], packed[ROW_MAX + 65536];
static u32 before[ROW_MAX + 1], newest[65536];
static struct way way[ROW_MAX + 1];
static struct turn turns[4 * ROW_MAX + 1024];
static u32 turns_n;
static struct pack_counts counts;
static float row_price[PACK_ROWS][PACK_SYMBOLS], far_price[4][PACK_FARS], low_price[4];
static u32 row_seen[PACK_ROWS][PACK_SYMBOLS], far_seen[4][PACK_FARS], low_seen[4];
static u32 place_seen[256][PACK_SYMBOLS];
static u32 flags;

__attribute__((noreturn, unused)) static void
die(const char *what, const char *name)
{
	fprintf(stderr, "tools: %s: %s\n", name, what);
	exit(1);
}

/* log2 without a library: the machine that builds may link no libm. */
static float
log_2(float x)
{
	union { float f; u32 u; } v = { x };
	float y = (float)(v.u >> 23) - 127, part = 1;

	v.u = (v.u & 0x7fffff) | 127u << 23;
	for (u32 i = 0; i < 12; i++) {
		v.f *= v.f;
		part /= 2;
		if (v.f >= 2) {
			v.f /= 2;
			y += part;
		}
	}
	return y;
}

/* --- what a match says ----------------------------------------------------------------------------- */

static u32
length_symbol(u32 length, u32 *bits)
{
	u32 x = length - PACK_LEN_MIN, k;

	*bits = 0;
	if (x < 16)
		return 256 + x;
	k = 31 - (u32)__builtin_clz(x);
	*bits = k - 2;
	return 256 + 16 + (k - 4) * 4 + (x >> (k - 2) & 3);
}

static u32
far_symbol(u32 distance, u32 last, u32 *bits)
{
	u32 k;

	*bits = 0;
	if (distance == last)
		return 0;
	if (distance < 4)
		return distance;
	k = 31 - (u32)__builtin_clz(distance);
	*bits = k - 1;
	return 4 + (k - 2) * 2 + (distance >> (k - 1) & 1);
}

static u32
far_row(u32 length)
{
	return length < 5 ? length - PACK_LEN_MIN : 3;
}

static u32
place(u32 at)
{
	return pack_place(flags, at, at ? row[at - 1] : 0);
}

/* --- the cheapest way through the row, by the prices there are --------------------------------------- */

static u32
same(u32 a, u32 b, u32 n)
{
	u32 k = 0;

	while (k < PACK_LEN_MAX && b + k < n && row[a + k] == row[b + k])
		k++;
	return k;
}

static void
step(u32 from, u32 to, float cost, u32 distance)
{
	struct way *w = &way[to];

	if (cost < w->cost)
		*w = (struct way){ cost, from, distance, distance ? distance : way[from].last };
}

static void
steps_match(u32 at, u32 distance, u32 longest)
{
	float *price = row_price[counts.map[place(at)]];
	u32 bits, s = far_symbol(distance, way[at].last, &bits);
	float rest = bits < 2 || !flags ? (float)bits : (float)bits - 2 + low_price[distance & 3];

	for (u32 k = longest; k >= PACK_LEN_MIN; k--) {
		float cost = way[at].cost + price[length_symbol(k, &bits)] + (float)bits;

		step(at, at + k, cost + far_price[far_row(k)][s] + rest, distance);
	}
}

static void
find_way(u32 n)
{
	for (u32 i = 1; i <= n; i++)
		way[i].cost = 1e30f;
	way[0] = (struct way){ 0 };
	memset(newest, 0xff, sizeof newest);
	for (u32 i = 0; i < n; i++) {
		u32 *head = &newest[row[i] | row[i + 1] << 8], longest = 1, tries = TRIES;

		step(i, i + 1, way[i].cost + row_price[counts.map[place(i)]][row[i]], 0);
		if (way[i].last)
			steps_match(i, way[i].last, same(i - way[i].last, i, n));
		for (u32 at = *head; at != ~0u && longest < PACK_LEN_MAX && tries--; at = before[at]) {
			u32 k = same(at, i, n);

			if (k > longest)
				steps_match(i, i - at, longest = k);
		}
		before[i] = *head;
		*head = i;
	}
}

/* --- the table of places: those after which much the same comes share a row -------------------------- */

/* n log2 n, known for what is asked often. */
static float
n_log_n(u32 n)
{
	static float known[1 << 14];

	if (n >= 1 << 14)
		return (float)n * log_2((float)n);
	if (n > 1 && known[n] == 0)
		known[n] = (float)n * log_2((float)n);
	return known[n];
}

/* Bits that symbols seen so often cost, those of two places together. */
static float
entropy(const u32 *a, const u32 *b)
{
	float sum = 0;
	u32 all = 0;

	for (u32 i = 0; i < PACK_SYMBOLS; i++) {
		u32 n = a[i] + b[i];

		if (n) {
			sum -= n_log_n(n);
			all += n;
		}
	}
	return sum + n_log_n(all);
}

/* Joins the two that lose least by it until PACK_ROWS are left, and then those whose own counts would cost more. */
static void
choose_places(void)
{
	static const u32 none[PACK_SYMBOLS];
	static float own[256], loss[256][256];
	u32 of[256], alive = 256, next = 0;

	for (u32 i = 0; i < 256; i++) {
		of[i] = i;
		own[i] = entropy(place_seen[i], none);
		for (u32 j = 0; j < i; j++)
			loss[i][j] = entropy(place_seen[i], place_seen[j]) - own[i] - own[j];
	}
	for (;; alive--) {
		u32 a = 0, b = 0;
		float least = 1e30f;

		for (u32 i = 0; i < 256; i++)
			for (u32 j = 0; of[i] == i && j < i; j++)
				if (of[j] == j && loss[i][j] < least) {
					least = loss[i][j];
					a = i;
					b = j;
				}
		if (alive <= PACK_ROWS && least > ROW_COST)
			break;
		for (u32 i = 0; i < PACK_SYMBOLS; i++)
			place_seen[b][i] += place_seen[a][i];
		own[b] = entropy(place_seen[b], none);
		for (u32 i = 0; i < 256; i++)
			of[i] = of[i] == a ? b : of[i];
		for (u32 i = 0; i < 256; i++)
			if (of[i] == i && i != b)
				loss[i > b ? i : b][i > b ? b : i] = entropy(place_seen[i], place_seen[b]) - own[i] - own[b];
	}
	for (u32 i = 0; i < 256; i++)
		counts.map[i] = (u8)(of[i] == i ? next++ : counts.map[of[i]]);
}

/* --- writing ------------------------------------------------------------------------------------------ */

static void
say(struct pack_model *m, u32 s)
{
	turns[turns_n++] = (struct turn){ m->from[s], (u16)(m->from[s + 1] - m->from[s]), 0 };
	pack_learn(m, s);
}

static void
say_bits(u32 x, u32 n)
{
	if (n > 15)
		turns[turns_n++] = (struct turn){ (u16)(x >> 15 & ((1u << (n - 15)) - 1)), 0, (u16)(n - 15) };
	if (n)
		turns[turns_n++] = (struct turn){ (u16)(x & ((1u << (n > 15 ? 15 : n)) - 1)), 0, (u16)(n > 15 ? 15 : n) };
}

static void
say_match(u32 at, u32 length, u32 distance, u32 last)
{
	u32 bits, r = counts.map[place(at)], s = length_symbol(length, &bits), f = far_row(length);

	say(&counts.row[r], s);
	say_bits((length - PACK_LEN_MIN) & ((1u << bits) - 1), bits);
	row_seen[r][s]++;
	place_seen[place(at)][s]++;
	s = far_symbol(distance, last, &bits);
	say(&counts.far[f], s);
	far_seen[f][s]++;
	if (bits < 2 || !flags) {
		say_bits(distance & ((1u << bits) - 1), bits);
		return;
	}
	say_bits(distance >> 2 & ((1u << (bits - 2)) - 1), bits - 2);
	say(&counts.low, distance & 3);
	low_seen[distance & 3]++;
}

static void
say_begin(void)
{
	turns_n = 0;
	pack_begin(&counts.low, PACK_ROWS);
	for (u32 i = 0; i < 256; i++)
		say(&counts.low, counts.map[i]);
	pack_begin(&counts.low, 4);
	for (u32 i = 0; i < PACK_ROWS; i++)
		pack_begin(&counts.row[i], PACK_SYMBOLS);
	for (u32 i = 0; i < 4; i++)
		pack_begin(&counts.far[i], PACK_FARS);
	memset(row_seen, 0, sizeof row_seen);
	memset(far_seen, 0, sizeof far_seen);
	memset(low_seen, 0, sizeof low_seen);
	memset(place_seen, 0, sizeof place_seen);
}

/* The way as turns of the coder, first to last. */
static void
say_way(u32 n)
{
	u32 at = 0, last = 0, *path = before, steps = 0;

	say_begin();
	for (u32 i = n; i; i = way[i].from)
		path[steps++] = i;
	while (steps) {
		u32 to = path[--steps], r = counts.map[place(at)];

		if (way[to].distance) {
			say_match(at, to - at, way[to].distance, last);
			last = way[to].distance;
		} else {
			say(&counts.row[r], row[at]);
			row_seen[r][row[at]]++;
			place_seen[place(at)][row[at]]++;
		}
		at = to;
	}
}

/* The turns as bytes, made from the last to the first. How many there are, from `packed` on. */
static u32
write_turns(void)
{
	u8 *end = packed + sizeof packed, *p = end;
	u32 x = 1u << 16;

	for (u32 i = turns_n; i-- > 0;) {
		struct turn *t = &turns[i];
		u64 full = t->bits ? 1ull << (32 - t->bits) : (u64)t->n << (32 - PACK_SCALE);

		if (x >= full) {
			*--p = (u8)(x >> 8);
			*--p = (u8)x;
			x >>= 16;
		}
		x = t->bits ? x << t->bits | t->from : (x / t->n << PACK_SCALE) + x % t->n + t->from;
	}
	for (u32 i = 0; i < 2; i++, x = x << 16 | x >> 16) {
		*--p = (u8)(x >> 8);
		*--p = (u8)x;
	}
	*--p = (u8)flags;
	memmove(packed, p, (size_t)(end - p));
	return (u32)(end - p);
}

static void
learn_prices(float *price, const u32 *seen, u32 n)
{
	float all = 0;

	for (u32 i = 0; i < n; i++)
		all += (float)seen[i] + 0.1f;
	for (u32 i = 0; i < n; i++)
		price[i] = log_2(all / ((float)seen[i] + 0.1f));
}

static void
guess_prices(void)
{
	for (u32 i = 0; i < PACK_ROWS; i++)
		for (u32 k = 0; k < PACK_SYMBOLS; k++)
			row_price[i][k] = k < 256 ? 6 : 5;
	for (u32 i = 0; i < 4; i++)
		for (u32 k = 0; k < PACK_FARS; k++)
			far_price[i][k] = 5;
	for (u32 i = 0; i < 4; i++)
		low_price[i] = 2;
	for (u32 i = 0; i < 256; i++)
		counts.map[i] = (u8)(flags & PACK_WORDS ? i / 64 : 0);
}

/* Packs the n bytes of row; words: they are words of four bytes. How many bytes of `packed` that makes. */
static u32
pack(u32 n, bool words)
{
	flags = words ? PACK_WORDS : 0;
	memset(row + n, 0, 8);
	guess_prices();
	for (u32 pass = 0; pass < PASSES; pass++) {
		find_way(n);
		say_way(n);
		if (pass == 0 || pass == 2) { /* now that something is known: a better table, and counts for it */
			choose_places();
			say_way(n);
		}
		for (u32 i = 0; i < PACK_ROWS; i++)
			learn_prices(row_price[i], row_seen[i], PACK_SYMBOLS);
		for (u32 i = 0; i < 4; i++)
			learn_prices(far_price[i], far_seen[i], PACK_FARS);
		learn_prices(low_price, low_seen, 4);
	}
	return write_turns();
}

#endif
