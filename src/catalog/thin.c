#include "catalog/thin.h"

#define ROUNDS 12 /* schemas in one another that become equal when those inside have */

static struct str
bytes(const struct build *b, enum catalog_part_id id, u32 first, u32 n)
{
	u32 size = catalog_part_size(id);

	return n ? str_of(b->part[id].p + (size_t)first * size, (size_t)n * size) : STR_NONE;
}

/* Drops records that are equal to one before. Their new numbers, in the arena; NULL: no room. */
static u32 *
once(struct build *b, enum catalog_part_id id)
{
	u32 n = build_count(b, id), kept = 0, size = catalog_part_size(id);
	u32 *number = ARENA_ARRAY(b->arena, u32, n + 1);
	struct map seen;

	if (!number || map_init(&seen, b->arena, n + 1))
		return NULL;
	for (u32 i = 0; i < n; i++) {
		struct str s = bytes(b, id, i, 1);
		u64 hash = map_hash(s, 0);
		u32 it = 0, at, same = kept;

		while (same == kept && map_next(&seen, hash, &it, &at))
			same = str_same(bytes(b, id, at, 1), s) ? at : kept;
		number[i] = same;
		if (same < kept)
			continue;
		if (i != kept)
			memcpy(b->part[id].p + (size_t)kept * size, s.p, size);
		if (map_add(&seen, hash, kept++))
			return NULL;
	}
	build_drop(b, id, kept);
	return number;
}

static void
renumber(struct build *b, enum catalog_part_id id, u32 field, const u32 *number)
{
	for (u32 i = 0; i < build_count(b, id); i++) {
		u8 *p = build_at(b, id, i) + field;

		if (le32(p) != CATALOG_NONE)
			put_le32(p, number[le32(p)]);
	}
}

/* Stores equal lists once. field: where the owner's records have the first and the number of theirs. */
static int
share(struct build *b, enum catalog_part_id owner, u32 field, enum catalog_part_id id)
{
	struct build_part *part = &b->part[id];
	u32 n = build_count(b, owner), size = catalog_part_size(id), used = 0;
	u8 *p = arena_bytes(b->arena, part->n + 1);
	struct map seen;

	if (!p || map_init(&seen, b->arena, n + 1))
		return ERR_FULL;
	for (u32 i = 0; i < n; i++) {
		u8 *at = build_at(b, owner, i) + field;
		struct str s = bytes(b, id, le32(at), le32(at + 4));
		u64 hash = map_hash(s, 0);
		u32 it = 0, k, old = CATALOG_NONE;

		if (!s.n)
			continue;
		while (old == CATALOG_NONE && map_next(&seen, hash, &it, &k))
			if (s.n <= used - k * size && str_same(str_of(p + (size_t)k * size, s.n), s))
				old = k;
		if (old == CATALOG_NONE) {
			old = used / size;
			memcpy(p + used, s.p, s.n);
			used += s.n;
			if (map_add(&seen, hash, old))
				return ERR_FULL;
		}
		put_le32(at, old);
	}
	if (used)
		memcpy(part->p, p, used);
	part->n = used;
	return 0;
}

/* One round: schemas that are equal now become one. Whether there were any; ERR_FULL. */
static int
nodes(struct build *b)
{
	u32 n = build_count(b, PART_NODES);
	const u32 *number;

	if (share(b, PART_NODES, NODE_PROPS, PART_PROPS) || share(b, PART_NODES, NODE_ALTS, PART_ALTS))
		return ERR_FULL;
	number = once(b, PART_NODES);
	if (!number)
		return ERR_FULL;
	renumber(b, PART_NODES, NODE_ADDITIONAL, number);
	renumber(b, PART_NODES, NODE_ITEMS, number);
	renumber(b, PART_PROPS, 12, number);
	renumber(b, PART_ALTS, 0, number);
	renumber(b, PART_PARAMS, 24, number);
	renumber(b, PART_OPS, OP_BODY_EXTRA, number);
	return build_count(b, PART_NODES) < n;
}

/* Arguments by their numbers. */
static int
args(struct build *b)
{
	u32 n = build_count(b, PART_PARAMS);
	const u32 *number = once(b, PART_PARAMS);

	for (u32 i = 0; i < n && number; i++)
		put_le32(build_add(b, PART_ARGS), number[i]);
	return number && !b->full ? 0 : ERR_FULL;
}

int
thin(struct build *b)
{
	static const struct { u8 field, part; } lists[] = { { OP_PIECES, PART_PIECES }, { OP_TAGS, PART_TAGS },
		{ OP_USES, PART_USES }, { OP_ANSWERS, PART_ANSWERS }, { OP_PARAMS, PART_ARGS } };
	size_t mark = b->arena->used;
	const u32 *number = b->full ? NULL : once(b, PART_BOUNDS);
	int more = 1;

	if (!number)
		return ERR_FULL;
	renumber(b, PART_NODES, NODE_BOUNDS, number);
	for (u32 i = 0; i < ROUNDS && more > 0; i++) {
		arena_rewind(b->arena, mark);
		more = nodes(b);
	}
	if (more < 0 || args(b))
		return ERR_FULL;
	for (u32 i = 0; i < ARRAY_N(lists); i++)
		if (share(b, PART_OPS, lists[i].field, lists[i].part))
			return ERR_FULL;
	return 0;
}
