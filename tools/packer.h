/* packer: the side of base/pack.h that packs, for the tools of the machine that builds. */
#ifndef TOOLS_PACKER_H
#define TOOLS_PACKER_H

#include "way.h"

#define PASSES 5           /* the first guesses what symbols cost, each later one knows it from the one before */

/* One turn of the coder, undone last first: a symbol's slots, and which of the two states it is for. */
struct turn {
	u16 from, n, state;
};

struct turns {
	u32 n;
	struct turn all[3 * ROW_MAX + 65536];
};

static u8 packed[ROW_MAX + 65536], plain[ROW_MAX + 65536];
static u32 plain_n; /* bits */
static struct turns byte_turns, pair_turns;

__attribute__((noreturn, unused)) static void
die(const char *what, const char *name)
{
	fprintf(stderr, "tools: %s: %s\n", name, what);
	exit(1);
}

/* --- tables ------------------------------------------------------------------------------------------- */

static void
say_bits(u32 x, u32 n)
{
	for (u32 i = 0; i < n; i++, plain_n++) {
		if (plain_n % 8 == 0)
			plain[plain_n / 8] = 0;
		plain[plain_n / 8] |= (u8)((x >> i & 1) << plain_n % 8);
	}
}

static void
say(struct turns *t, u32 state, const struct pack_row *r, u32 s)
{
	u32 e = r->entry[s];

	t->all[t->n++] = (struct turn){ (u16)(e >> 16), (u16)e, (u16)state };
}

/* What a row says of n slots: its class, and more bits. */
static u32
slot_class(u32 n, u32 *more, u32 *bits)
{
	u32 k = n ? 32 - (u32)__builtin_clz(n) : 0;

	*bits = k < 2 ? 0 : k <= 3 ? k - 1 : 2;
	*more = k < 2 ? 0 : (k <= 3 ? n : n >> (k - 3)) & ((1u << *bits) - 1);
	return k;
}

/* The number of slots nearest to x that a row can say. */
static u32
slot_number(float x)
{
	u32 n = (u32)(x + 0.5f), k = n ? 32 - (u32)__builtin_clz(n) : 0;

	if (n == 0)
		return 1;
	if (k > 3) {
		u32 half = 1u << (k - 4);

		n = (n + half) >> (k - 3) << (k - 3);
	}
	return n;
}

/* The same of a row of classes. */
static u32
slot_power(float x)
{
	u32 n = 1;

	while ((float)n * 1.414f < x && n < 1u << (PACK_SCALE - 1))
		n *= 2;
	return n;
}

/* As many slots for each symbol as what was seen of it is worth: together at most all there are. */
static void
row_numbers(struct pack_row *r, const u32 *seen, u32 n, u32 (*number)(float))
{
	float all = 0;

	for (u32 i = 0; i < n; i++)
		all += (float)seen[i];
	for (float scale = 1u << PACK_SCALE;; scale -= 4) {
		u32 sum = 0;

		for (u32 i = 0; i < n; i++)
			sum += r->entry[i] = seen[i] ? number((float)seen[i] * scale / all) : 0;
		if (sum <= 1u << PACK_SCALE)
			return;
	}
}

/* The same entries that base/undo.h makes of it. */
static void
row_fill(struct pack_row *r, u32 n)
{
	u32 sum = 0, most = 0;

	for (u32 i = 0; i < n; i++) {
		sum += r->entry[i];
		most = r->entry[i] > r->entry[most] ? i : most;
	}
	r->entry[most] += (1u << PACK_SCALE) - sum;
	sum = 0;
	for (u32 i = 0; i < n; i++) {
		u32 k = r->entry[i];

		r->entry[i] = sum << 16 | k;
		sum += k;
	}
}

static void
say_class(struct pack_row *r, const u32 *seen)
{
	row_numbers(r, seen, PACK_CLASSES, slot_power);
	for (u32 i = 0; i < PACK_CLASSES; i++)
		say_bits(r->entry[i] ? 32 - (u32)__builtin_clz(r->entry[i]) : 0, 4);
	row_fill(r, PACK_CLASSES);
}

static void
say_map(const u8 *map, u32 rows)
{
	u32 seen[PACK_CLASSES] = { 0 };

	if (rows < 2)
		return;
	for (u32 i = 0; i < 256; i++)
		seen[map[i]]++;
	say_class(&counts.class[0], seen);
	for (u32 i = 0; i < 256; i++)
		say(&pair_turns, 0, &counts.class[0], map[i]);
}

/* Counts what say_row will say. */
static void
row_classes(const struct pack_row *r, u32 n, u32 seen[2][PACK_CLASSES])
{
	u32 last = 0, more, bits;

	for (u32 i = 0; i < n; i++) {
		u32 k = slot_class(r->entry[i], &more, &bits);

		seen[last > 0][k]++;
		last = k;
	}
}

static void
say_row(struct pack_row *r, u32 n)
{
	u32 last = 0;

	for (u32 i = 0; i < n; i++) {
		u32 more, bits, k = slot_class(r->entry[i], &more, &bits);

		say(&pair_turns, 0, &counts.class[last > 0], k);
		say_bits(more, bits);
		last = k;
	}
	row_fill(r, n);
}

/* Two turns over all rows: the first one sees which classes there are, the second one says them. */
static void
rows_turn(struct pack_row *r, u32 rows, u32 n, u32 seen[2][PACK_CLASSES])
{
	for (u32 i = 0; i < rows; i++)
		if (seen)
			row_classes(&r[i], n, seen);
		else
			say_row(&r[i], n);
}

static void
say_tables(void)
{
	u32 seen[2][PACK_CLASSES] = { 0 };

	say_bits(byte_rows - 1, 4);
	say_bits(pair_rows - 1, 3);
	say_map(counts.byte_map, byte_rows);
	say_map(counts.pair_map, pair_rows);
	for (u32 i = 0; i < byte_rows; i++)
		row_numbers(&counts.byte[i], byte_seen[i], 256, slot_number);
	for (u32 i = 0; i < pair_rows; i++)
		row_numbers(&counts.pair[i], pair_seen[i], 256, slot_number);
	for (u32 i = 0; i < PACK_FAR_ROWS; i++)
		row_numbers(&counts.far[i], far_seen[i], PACK_FAR_SYMBOLS, slot_number);
	for (u32 turn = 0; turn < 2; turn++) {
		rows_turn(counts.byte, byte_rows, 256, turn ? NULL : seen);
		rows_turn(counts.pair, pair_rows, 256, turn ? NULL : seen);
		rows_turn(counts.far, PACK_FAR_ROWS, PACK_FAR_SYMBOLS, turn ? NULL : seen);
		for (u32 i = 0; i < 2 && !turn; i++)
			say_class(&counts.class[i], seen[i]);
	}
}

/* --- writing ------------------------------------------------------------------------------------------ */

static void
say_pair(u32 run, u32 length, u32 distance, u32 last, u32 by)
{
	u32 bits, class = length_class(length, &bits);

	say(&pair_turns, 0, &counts.pair[by], run_class(run) * PACK_LENGTHS + class);
	if (run >= PACK_RUNS - 1) {
		u32 x = run - PACK_RUNS + 2, k = 31 - (u32)__builtin_clz(x);

		say_bits(k, 5);
		say_bits(x & ((1u << k) - 1), k);
	}
	say_bits((length - PACK_LEN_MIN) & ((1u << bits) - 1), bits);
	say(&pair_turns, 1, &counts.far[pack_far_place(length)], far_symbol(distance, last, &bits));
	say_bits(far_number(distance) & ((1u << bits) - 1), bits);
}

enum walk { COUNT_PLACES, COUNT_ROWS, SAY };

/* Goes the way, counts what it says by places or by rows, or says it. Behind bytes at the end is a pair that copies
 * nothing any more. */
static void
walk(u32 n, enum walk what)
{
	u32 steps = 0, at = 0, last = 0, run = 0, pair = 0, bits;

	for (u32 i = n; i; i = way[i].from)
		before[steps++] = i;
	while (steps || run) {
		u32 to = steps ? before[--steps] : at + PACK_LEN_MIN, distance = at < n ? way[to].distance : last ? last : 1;
		u32 from = place(at), class = run_class(run) * PACK_LENGTHS + length_class(to - at, &bits);

		if (what != COUNT_PLACES)
			from = distance ? counts.pair_map[pair] : counts.byte_map[from];
		else if (distance)
			from = pair;
		if (!distance) {
			if (what == SAY)
				say(&byte_turns, byte_turns.n & 1, &counts.byte[from], row[at]);
			else
				byte_seen[from][row[at]]++;
			at = to;
			run++;
			continue;
		}
		if (what == SAY) {
			say_pair(run, to - at, distance, last, from);
		} else {
			pair_seen[from][class]++;
			far_seen[pack_far_place(to - at)][far_symbol(distance, last, &bits)]++;
		}
		pair = pack_pair_place(flags, to, class);
		last = distance;
		run = 0;
		at = to;
	}
}

static void
count(u32 n, enum walk what)
{
	memset(byte_seen, 0, sizeof byte_seen);
	memset(pair_seen, 0, sizeof pair_seen);
	memset(far_seen, 0, sizeof far_seen);
	walk(n, what);
}

/* The turns as bytes before `end`, made from the last to the first. Where they begin. */
static u8 *
write_turns(const struct turns *t, u8 *end)
{
	u32 state[2] = { 1u << 16, 1u << 16 };

	for (u32 i = t->n; i-- > 0;) {
		const struct turn *now = &t->all[i];
		u32 x = state[now->state];

		if (x >= (u64)now->n << (32 - PACK_SCALE)) {
			*--end = (u8)(x >> 8);
			*--end = (u8)x;
			x >>= 16;
		}
		state[now->state] = (x / now->n << PACK_SCALE) + x % now->n + now->from;
	}
	for (u32 i = 4; i-- > 0;) {
		u32 half = state[i / 2] >> 16 * (1 - i % 2);

		*--end = (u8)(half >> 8);
		*--end = (u8)half;
	}
	return end;
}

static void
put_three(u8 *p, u32 n)
{
	p[0] = (u8)n;
	p[1] = (u8)(n >> 8);
	p[2] = (u8)(n >> 16);
}

/* The part in `packed`. Its bytes. */
static u32
write_part(void)
{
	u8 *end = packed + sizeof packed, *bytes = write_turns(&byte_turns, end), *pairs = write_turns(&pair_turns, bytes);
	u32 n = (plain_n + 7) / 8 + 3;

	memset(plain + n - 3, 0, 3);
	packed[0] = (u8)flags;
	put_three(packed + 1, n);
	put_three(packed + 4, (u32)(bytes - pairs));
	put_three(packed + 7, (u32)(end - bytes));
	memcpy(packed + PACK_HEAD, plain, n);
	memmove(packed + PACK_HEAD + n, pairs, (size_t)(end - pairs));
	return PACK_HEAD + n + (u32)(end - pairs);
}

/* Packs the n bytes of row; words: they are words of four bytes. How many bytes of `packed` that makes. */
static u32
pack(u32 n, bool words)
{
	flags = words ? PACK_WORDS : 0;
	memset(row + n, 0, 8);
	guess();
	for (u32 pass = 0; pass < PASSES; pass++) {
		find_way(n);
		count(n, COUNT_PLACES);
		/* few rows while little is known: what is not seen yet would never be tried */
		byte_rows = choose_rows(byte_seen, counts.byte_map, pass ? PACK_BYTE_ROWS : 4);
		pair_rows = choose_rows(pair_seen, counts.pair_map, pass > 1 ? PACK_PAIR_ROWS : 1);
		count(n, COUNT_ROWS);
		learn(pass);
	}
	plain_n = byte_turns.n = pair_turns.n = 0;
	say_tables();
	walk(n, SAY);
	return write_part();
}

#endif
