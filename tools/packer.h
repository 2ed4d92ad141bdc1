/* packer: the side of base/pack.h that packs, for the tools of the machine that builds. */
#include "base/pack.h"

#include <stdio.h>
#include <stdlib.h>

#define ROW_MAX (1 << 20)  /* bytes of one folder */
#define TRIES 256          /* earlier places looked at for each byte */
#define PASSES 4           /* the first guesses what bits cost, each later one knows it from the one before */

struct coder {
	struct pack_bit bit[PACK_BITS];
	u64 low;
	u32 range, hold, held;
	u8 *out;
	u32 n;
};

/* How one comes to a place most cheaply: from where, and with which distance (0: a literal). */
struct way {
	float cost;
	u32 from, distance, last;
};

static u8 row[ROW_MAX + 8], packed[ROW_MAX + 65536];
static u32 before[ROW_MAX], newest[65536];
static struct way way[ROW_MAX + 1];
static float price[PACK_BITS][2];
static u32 seen[PACK_BITS][2];

static void
die(const char *what, const char *name)
{
	fprintf(stderr, "tools: %s: %s\n", name, what);
	exit(1);
}

static void
shift(struct coder *c)
{
	if ((u32)c->low < 0xff000000u || c->low >> 32) {
		for (u32 carry = (u32)(c->low >> 32); c->held; c->held--, c->hold = 0xff)
			c->out[c->n++] = (u8)(c->hold + carry);
		c->hold = (u32)c->low >> 24;
	}
	c->held++;
	c->low = (u32)c->low << 8;
}

static void
bit_put(struct coder *c, u32 at, u32 one)
{
	struct pack_bit *b = &c->bit[at];
	u32 border = (c->range >> 16) * b->zero;

	seen[at][one]++;
	if (one) {
		c->low += border;
		c->range -= border;
	} else {
		c->range = border;
	}
	pack_learn(b, one);
	while (c->range < 1u << 24) {
		c->range <<= 8;
		shift(c);
	}
}

/* Either writes a decision or, without a coder, says what it costs. */
static float
say(struct coder *c, u32 at, u32 one)
{
	if (c)
		bit_put(c, at, one);
	return price[at][one];
}

static float
say_bits(struct coder *c, u32 first, u32 n, u32 x)
{
	float cost = 0;

	for (u32 i = n; i-- > 0;)
		cost += say(c, first + ((x | 1u << n) >> (i + 1)), x >> i & 1);
	return cost;
}

static float
say_literal(struct coder *c, u32 at)
{
	return say_bits(c, PACK_LIT + 256 * (at ? row[at - 1] >> 5 : 0), 8, row[at]);
}

static float
say_length(struct coder *c, u32 again, u32 length)
{
	if (length >= 10)
		return say(c, PACK_LONG + again, 1) + say_bits(c, PACK_LEN_FAR, 8, length - 10);
	return say(c, PACK_LONG + again, 0) + say_bits(c, PACK_LEN + 8 * again, 3, length - PACK_LEN_MIN);
}

static float
say_distance(struct coder *c, u32 length, u32 distance)
{
	u32 n = 31 - (u32)__builtin_clz(distance);
	float cost = say_bits(c, PACK_DIST + 32 * (length < 4 ? length - 2 : 2), 5, n);

	for (u32 i = 0; i < n; i++)
		cost += say(c, PACK_LOW + 32 * n + (i < 2 ? distance >> (n - i) : i + 2), distance >> (n - 1 - i) & 1);
	return cost;
}

static float
say_match(struct coder *c, u32 length, u32 distance, u32 last)
{
	u32 again = distance == last;
	float cost = say(c, PACK_AGAIN, again) + say_length(c, again, length);

	return again ? cost : cost + say_distance(c, length, distance);
}

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
	u32 after = way[at].distance != 0;
	float cost = way[at].cost + say(NULL, PACK_WHAT + after, 1);

	for (u32 k = longest; k >= PACK_LEN_MIN; k--)
		step(at, at + k, cost + say_match(NULL, k, distance, way[at].last), distance);
}

/* The cheapest way through the row, by the prices there are. */
static void
find_way(u32 n)
{
	for (u32 i = 1; i <= n; i++)
		way[i].cost = 1e30f;
	way[0] = (struct way){ 0 };
	memset(newest, 0xff, sizeof newest);
	for (u32 i = 0; i < n; i++) {
		u32 *head = &newest[row[i] | row[i + 1] << 8], longest = 1, tries = TRIES;

		step(i, i + 1, way[i].cost + say(NULL, PACK_WHAT + (way[i].distance != 0), 0) + say_literal(NULL, i), 0);
		if (way[i].last)
			steps_match(i, way[i].last, same(i - way[i].last, i, n));
		for (u32 at = *head; at != ~0u && tries--; at = before[at]) {
			u32 k = same(at, i, n);

			if (k > longest)
				steps_match(i, i - at, longest = k);
		}
		before[i] = *head;
		*head = i;
	}
}

static u32
write_way(struct coder *c, u32 n)
{
	u32 at = 0, match = 0, last = 0, *path = before, steps = 0;

	for (u32 i = n; i; i = way[i].from)
		path[steps++] = i;
	while (steps) {
		struct way *w = &way[path[--steps]];

		say(c, PACK_WHAT + match, w->distance != 0);
		match = w->distance != 0;
		if (match) {
			say_match(c, path[steps] - at, w->distance, last);
			last = w->distance;
		} else {
			say_literal(c, at);
		}
		at = path[steps];
	}
	for (u32 i = 0; i < 5; i++)
		shift(c);
	while (c->n && c->out[c->n - 1] == 0)
		c->n--;
	return c->n;
}

static void
start(struct coder *c)
{
	*c = (struct coder){ .range = ~0u, .out = packed };
	for (u32 i = 0; i < PACK_BITS; i++)
		c->bit[i].zero = 32768;
	memset(seen, 0, sizeof seen);
}

/* log2 without a library: the machine that builds may link no libm. */
static float
log_2(float x)
{
	float y = 0, part = 1;

	while (x >= 2) {
		x /= 2;
		y++;
	}
	for (u32 i = 0; i < 12; i++) {
		x *= x;
		part /= 2;
		if (x >= 2) {
			x /= 2;
			y += part;
		}
	}
	return y;
}

static u32
pack(u32 n)
{
	static struct coder c;
	u32 best = 0;

	for (u32 i = 0; i < PACK_BITS; i++)
		price[i][0] = price[i][1] = i == PACK_WHAT ? 0.5f : 1;
	for (u32 pass = 0; pass < PASSES; pass++) {
		find_way(n);
		start(&c);
		best = write_way(&c, n);
		for (u32 i = 0; i < PACK_BITS; i++) {
			float all = (float)(seen[i][0] + seen[i][1]) + 1;

			price[i][0] = log_2(all / ((float)seen[i][0] + 0.5f));
			price[i][1] = log_2(all / ((float)seen[i][1] + 0.5f));
		}
	}
	return best;
}
