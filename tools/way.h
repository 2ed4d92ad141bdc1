/* way: how tools/packer.h chooses what to say: the rows of a part, what symbols cost by them, and the cheapest way
 * through its bytes at these prices. */
#ifndef TOOLS_WAY_H
#define TOOLS_WAY_H

#include "base/pack.h"

#include <stdio.h>
#include <stdlib.h>

#define ROW_MAX (1 << 21)  /* bytes of one part */
#define TRIES 1000         /* earlier places looked at for each byte */
#define USED_COST 5        /* bits that a symbol costs in the table of a row */
#define ROW_COST 100       /* and those of a row that it has not */

/* How one comes to a place most cheaply: from where, and with which distance (0: a byte as it is); the last distance,
 * bytes since the last pair, and the place of the next. */
struct way {
	float cost;
	u32 from, distance, last, run;
	u8 pair;
};

static u8 row[ROW_MAX + 8];
static u32 before[ROW_MAX + 1], newest[65536];
static struct way way[ROW_MAX + 1];
static struct pack_counts counts;
static float byte_price[PACK_BYTE_ROWS][256], pair_price[PACK_PAIR_ROWS][256], run_price[PACK_PAIR_ROWS][PACK_RUNS],
    far_price[PACK_FAR_ROWS][PACK_FAR_SYMBOLS];
static u32 byte_seen[256][256], pair_seen[256][256], far_seen[PACK_FAR_ROWS][PACK_FAR_SYMBOLS];
static u32 flags, byte_rows, pair_rows;

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
length_class(u32 length, u32 *bits)
{
	u32 x = length - PACK_LEN_MIN, k;

	*bits = 0;
	if (x < 16)
		return x;
	k = 31 - (u32)__builtin_clz(x);
	*bits = k - 2;
	return 16 + (k - 4) * 4 + (x >> (k - 2) & 3);
}

/* What is said of a distance: among words, whole ones are counted in words. */
static u32
far_number(u32 distance)
{
	return flags & PACK_WORDS && distance % 4 == 0 ? distance / 4 : distance;
}

static u32
far_symbol(u32 distance, u32 last, u32 *bits)
{
	u32 k, x = far_number(distance), first = flags & PACK_WORDS && distance % 4 ? PACK_FARS : 0;

	*bits = 0;
	if (distance == last)
		return 0;
	if (x < 4)
		return first + x;
	k = 31 - (u32)__builtin_clz(x);
	*bits = k - 1;
	return first + 4 + (k - 2) * 2 + (x >> (k - 1) & 1);
}

static u32
run_class(u32 run)
{
	return run < PACK_RUNS ? run : PACK_RUNS - 1;
}

/* Bits that a class leaves open. */
static u32
run_bits(u32 run)
{
	return run < PACK_RUNS - 1 ? 0 : 5 + 31 - (u32)__builtin_clz(run - PACK_RUNS + 2);
}

static u32
place(u32 at)
{
	return pack_byte_place(flags, at, at ? row[at - 1] : 0);
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
step_byte(u32 at)
{
	struct way *w = &way[at];
	float cost = w->cost + byte_price[counts.byte_map[place(at)]][row[at]];

	if (w->run < PACK_RUNS - 1)
		cost += run_price[counts.pair_map[w->pair]][w->run];
	if (cost < way[at + 1].cost)
		way[at + 1] = (struct way){ cost, at, 0, w->last, w->run + 1, w->pair };
}

static void
steps_match(u32 at, u32 distance, u32 longest)
{
	struct way *w = &way[at];
	u32 bits, s = far_symbol(distance, w->last, &bits), run = run_class(w->run) * PACK_LENGTHS;
	float *price = pair_price[counts.pair_map[w->pair]] + run, cost = w->cost + (float)(bits + run_bits(w->run));

	for (u32 k = longest; k >= PACK_LEN_MIN; k--) {
		u32 class = length_class(k, &bits);
		float sum = cost + price[class] + far_price[pack_far_place(k)][s] + (float)bits;

		if (sum < way[at + k].cost)
			way[at + k] = (struct way){ sum, at, distance, distance, 0,
			    (u8)pack_pair_place(flags, at + k, run | class) };
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

		step_byte(i);
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

/* --- the tables of places: those after which much the same comes share a row -------------------------- */

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

/* Bits that symbols seen so often cost together with their row, those of two places together. */
static float
entropy(const u32 *a, const u32 *b)
{
	float sum = 0;
	u32 all = 0;


	for (u32 i = 0; i < 256; i++) {
		u32 n = a[i] + b[i];

		if (n) {
			sum += USED_COST - n_log_n(n);
			all += n;
		}
	}
	return all ? sum + n_log_n(all) + ROW_COST : 0;
}

/* Of those after which anything was seen: what each pair of them would lose as one. */
static void
lose(u32 seen[256][256], const u32 *live, u32 n, float *own, float loss[256][256])
{
	static const u32 none[256];

	for (u32 i = 0; i < n; i++) {
		own[live[i]] = entropy(seen[live[i]], none);
		for (u32 j = 0; j < i; j++)
			loss[live[i]][live[j]] = entropy(seen[live[i]], seen[live[j]]) - own[live[i]] - own[live[j]];
	}
}

/* Joins the two that lose least by it until `rows` are left, and then those whose own row would cost more. How many are
 * left; whose is whose comes to map. */
static u32
choose_rows(u32 seen[256][256], u8 *map, u32 rows)
{
	static const u32 none[256];
	static float own[256], loss[256][256];
	u32 live[256], n = 0;
	u8 of[256] = { 0 };

	for (u32 i = 0; i < 256; i++)
		if (memcmp(seen[i], none, sizeof none)) {
			live[n++] = i;
			of[i] = (u8)i;
		}
	lose(seen, live, n, own, loss);
	while (n > 1) {
		u32 a = 1, b = 0, from, to;

		for (u32 i = 1; i < n; i++)
			for (u32 j = 0; j < i; j++)
				if (loss[live[i]][live[j]] < loss[live[a]][live[b]]) {
					a = i;
					b = j;
				}
		from = live[a];
		to = live[b];
		if (n <= rows && loss[from][to] > 0)
			break;
		memmove(live + a, live + a + 1, (--n - a) * sizeof *live); /* they stay in order */
		for (u32 i = 0; i < 256; i++) {
			seen[to][i] += seen[from][i];
			of[i] = of[i] == from ? (u8)to : of[i];
		}
		own[to] = entropy(seen[to], none);
		for (u32 i = 0; i < n; i++)
			if (live[i] != to)
				loss[live[i] > to ? live[i] : to][live[i] > to ? to : live[i]] =
				    entropy(seen[live[i]], seen[to]) - own[live[i]] - own[to];
	}
	memset(map, 0, 256);
	for (u32 k = 0; k < n; k++)
		for (u32 i = 0; i < 256; i++)
			if (of[i] == live[k] && memcmp(seen[i], none, sizeof none))
				map[i] = (u8)k;
	return n ? n : 1;
}

/* --- prices ------------------------------------------------------------------------------------------- */

static void
learn_prices(float *price, const u32 *seen, u32 n)
{
	float all = 0;

	for (u32 i = 0; i < n; i++)
		all += (float)seen[i] + 0.1f;
	for (u32 i = 0; i < n; i++)
		price[i] = log_2(all / ((float)seen[i] + 0.1f));
}

/* What one byte more costs in a run is that it does not end there, the pair behind it says the rest. What was not seen
 * yet in this row is judged by how often runs and lengths like these are seen at all. */
static void
learn_pairs(float *run, float *price, const u32 *seen, const float *usual, float weight)
{
	float all = weight, later = 1, begun = 0;

	for (u32 i = 0; i < 256; i++)
		all += (float)seen[i];
	for (u32 i = 0; i < 256; i++)
		price[i] = log_2(all / ((float)seen[i] + weight * usual[i]));
	for (u32 i = 0; i < PACK_RUNS; i++) {
		float until = later;

		for (u32 k = 0; k < PACK_LENGTHS; k++) {
			u32 s = i * PACK_LENGTHS + k;

			later -= ((float)seen[s] + weight * usual[s]) / all;
			price[s] -= begun;
		}
		if (later < 1e-6f)
			later = 1e-6f;
		if (i < PACK_RUNS - 1)
			begun += run[i] = log_2(until / later);
	}
}

static void
learn(u32 pass)
{
	static float usual[256];
	float runs[PACK_RUNS] = { 0 }, lengths[PACK_LENGTHS] = { 0 }, all = 0;

	for (u32 i = 0; i < byte_rows; i++)
		learn_prices(byte_price[i], byte_seen[i], 256);
	for (u32 i = 0; i < pair_rows; i++)
		for (u32 s = 0; s < 256; s++) {
			float n = (float)pair_seen[i][s] + 0.01f;
			runs[s / PACK_LENGTHS] += n;
			lengths[s % PACK_LENGTHS] += n;
			all += n;
		}
	for (u32 s = 0; s < 256; s++)
		usual[s] = runs[s / PACK_LENGTHS] / all * lengths[s % PACK_LENGTHS] / all;
	for (u32 i = 0; i < pair_rows; i++)
		learn_pairs(run_price[i], pair_price[i], pair_seen[i], usual, pass < 2 ? 100 : 10);
	for (u32 i = 0; i < PACK_FAR_ROWS; i++)
		learn_prices(far_price[i], far_seen[i], PACK_FAR_SYMBOLS);
}

static void
guess(void)
{
	byte_rows = pair_rows = 1;
	memset(counts.byte_map, 0, sizeof counts.byte_map);
	memset(counts.pair_map, 0, sizeof counts.pair_map);
	for (u32 k = 0; k < 256; k++) {
		byte_price[0][k] = 7;
		pair_price[0][k] = 4;
	}
	for (u32 k = 0; k < PACK_RUNS; k++)
		run_price[0][k] = 0.2f;
	for (u32 i = 0; i < 4; i++)
		for (u32 k = 0; k < PACK_FAR_SYMBOLS; k++)
			far_price[i][k] = 5;
}

#endif
