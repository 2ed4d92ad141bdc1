#include "base/map.h"

int
map_init(struct map *m, struct arena *a, u32 n)
{
	u32 cells = 16;

	while (cells - cells / 8 < n + 1)
		cells *= 2;
	m->cell = ARENA_ARRAY(a, struct map_cell, cells);
	m->mask = cells - 1;
	m->used = 0;
	return m->cell ? 0 : ERR_FULL;
}

static u64
mix(u64 h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93U;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93U;
	return h ^ (h >> 32);
}

u64
map_hash(struct str key, u64 seed)
{
	u64 h = seed ^ (0x9e3779b97f4a7c15U * (key.n + 1ULL));
	u32 i = 0;

	for (; i + 8 <= key.n; i += 8) {
		u64 word;

		memcpy(&word, key.p + i, 8);
		if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
			word = __builtin_bswap64(word);
		h = (h ^ word) * 0xff51afd7ed558ccdU;
		h ^= h >> 29;
	}
	for (; i < key.n; i++)
		h = (h ^ key.p[i]) * 0x100000001b3U;
	h = mix(h);
	return h ? h : 1;
}

int
map_add(struct map *m, u64 hash, u32 value)
{
	u32 at = (u32)hash & m->mask;

	ASSERT(hash != 0);
	if (m->used >= m->mask - m->mask / 8)
		return ERR_FULL;
	while (m->cell[at].hash)
		at = (at + 1) & m->mask;
	m->cell[at].hash = hash;
	m->cell[at].value = value;
	m->used++;
	return 0;
}

bool
map_next(const struct map *m, u64 hash, u32 *it, u32 *value)
{
	for (; *it <= m->mask; ++*it) {
		const struct map_cell *c = &m->cell[((u32)hash + *it) & m->mask];

		if (!c->hash)
			return false;
		if (c->hash == hash) {
			*value = c->value;
			++*it;
			return true;
		}
	}
	return false;
}

/* Backward-shift deletion: later members of the probe run move up, so no tombstones pile up. */
static void
close_gap(struct map *m, u32 gap)
{
	u32 at = gap;

	for (;;) {
		u32 home;

		at = (at + 1) & m->mask;
		if (!m->cell[at].hash)
			break;
		home = (u32)m->cell[at].hash & m->mask;
		if (((at - home) & m->mask) < ((at - gap) & m->mask))
			continue;
		m->cell[gap] = m->cell[at];
		gap = at;
	}
	m->cell[gap].hash = 0;
}

static struct map_cell *
find(struct map *m, u64 hash, u32 value)
{
	for (u32 i = 0; i <= m->mask; i++) {
		struct map_cell *c = &m->cell[((u32)hash + i) & m->mask];

		if (!c->hash)
			return NULL;
		if (c->hash == hash && c->value == value)
			return c;
	}
	return NULL;
}

bool
map_drop(struct map *m, u64 hash, u32 value)
{
	struct map_cell *c = find(m, hash, value);

	if (!c)
		return false;
	close_gap(m, (u32)(c - m->cell));
	m->used--;
	return true;
}

bool
map_change(struct map *m, u64 hash, u32 old, u32 value)
{
	struct map_cell *c = find(m, hash, old);

	if (c)
		c->value = value;
	return c != NULL;
}
