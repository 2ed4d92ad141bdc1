#include "auth/known.h"

#include "crypt/ct.h"

#define PROBES 4 /* places where a mark may stand */

size_t
known_bytes(u32 n)
{
	return n * (sizeof(struct known_entry) + sizeof(u64)) + 3 * 16;
}

int
known_init(struct known *k, struct arena *a, u32 n, struct rng *rng)
{
	k->on = rng != NULL;
	if (k->on)
		mark_init(&k->key, rng);
	k->n = n;
	k->first = ARENA_ARRAY(a, u64, n); /* aligns, too */
	k->entry = (struct known_entry *)(void *)arena_bytes(a, n * sizeof *k->entry);
	return k->first && k->entry ? 0 : ERR_FULL;
}

static u64
first_of(const u8 mark[MARK_N])
{
	u64 v = 0;

	for (u32 i = 0; i < 8; i++)
		v = v << 8 | mark[i];
	return v;
}

void
known_mark(const struct known *k, struct str secret, u8 mark[MARK_N])
{
	memset(mark, 0, MARK_N);
	if (k->on)
		mark_make(&k->key, secret, mark);
}

struct known_entry *
known_find(const struct known *k, const u8 mark[MARK_N], u32 stamp, wall now)
{
	u64 first = first_of(mark);

	for (u32 i = 0; i < PROBES; i++) {
		u32 at = (u32)(first + i) & (k->n - 1);
		struct known_entry *e = &k->entry[at];

		if (k->first[at] == first && ct_same(e->mark, mark, MARK_N))
			return k->on && e->stamp == stamp && e->until >= now ? e : NULL;
	}
	return NULL;
}

struct known_entry *
known_place(struct known *k, const u8 mark[MARK_N], u32 stamp, wall until)
{
	u64 first = first_of(mark);
	u32 best = (u32)first & (k->n - 1);
	struct known_entry *e;

	for (u32 i = 0; i < PROBES; i++) {
		u32 at = (u32)(first + i) & (k->n - 1);

		if (k->first[at] == first || !k->first[at]) {
			best = at;
			break;
		}
		if (k->entry[at].until < k->entry[best].until)
			best = at;
	}
	k->first[best] = first;
	e = &k->entry[best];
	memcpy(e->mark, mark, MARK_N);
	e->stamp = stamp;
	e->until = until;
	return e;
}
