#include "catalog/refs.h"

#define LARGE 16      /* members from which on an object is indexed */
#define POINTER_MAX 48 /* levels of a pointer that are written */
#define ELEMENT_MAX 8192 /* elements of an array that a pointer can name: walking them is linear */

struct jcur
refs_at(const struct refs *r, u32 tok)
{
	return (struct jcur){ r->doc, (int)tok, 0 };
}

static bool
container(struct jcur c)
{
	enum json_kind kind = json_kind(c);

	return kind == JSON_OBJECT || kind == JSON_ARRAY;
}

struct jcur
refs_elements(struct jcur c)
{
	return json_kind(c) == JSON_ARRAY ? json_first(c) : json_none(ERR_NONE);
}

struct jcur
refs_members(struct jcur c)
{
	return json_kind(c) == JSON_OBJECT ? json_first(c) : json_none(ERR_NONE);
}

/* Tokens stand in the order of the text, so the container of each is the innermost one that has not ended yet. Counts
 * members of large objects on the way. */
static u32
find_parents(struct refs *r)
{
	u32 open[JSON_DEPTH_MAX + 2], depth = 0, large = 0;

	for (u32 i = 0; i < (u32)r->doc->n; i++) {
		const struct jsmntok *t = &r->doc->tok[i];
		struct jcur c = refs_at(r, i);

		while (depth && r->doc->tok[open[depth - 1]].end <= t->from)
			depth--;
		r->parent[i] = depth ? open[depth - 1] : UINT32_MAX;
		if (!container(c))
			continue;
		if (json_kind(c) == JSON_OBJECT && json_len(c) >= LARGE)
			large += json_len(c);
		ASSERT(depth < ARRAY_N(open));
		open[depth++] = i;
	}
	return large;
}

static u64
member_hash(u32 object, struct str key)
{
	return map_hash(key, (u64)object * 0x9e3779b97f4a7c15U + 1);
}

static int
index_object(struct refs *r, struct jcur object)
{
	struct jcur v;

	for (v = json_first(object); !v.err; v = json_next(v)) {
		size_t mark = r->arena->used;
		struct str key = json_key_str(v, r->arena);
		int err;

		if (!key.p)
			return ERR_FULL;
		err = map_add(&r->member, member_hash((u32)object.at, key), (u32)v.at);
		arena_rewind(r->arena, mark);
		if (err)
			return err;
	}
	return 0;
}

int
refs_init(struct refs *r, const struct jdoc *doc, struct arena *arena)
{
	u32 large;

	*r = (struct refs){ .doc = doc, .arena = arena };
	r->parent = ARENA_ARRAY(arena, u32, doc->n);
	if (!r->parent)
		return ERR_FULL;
	large = find_parents(r);
	if (map_init(&r->member, arena, large))
		return ERR_FULL;
	for (u32 i = 0; i < (u32)doc->n; i++) {
		struct jcur c = refs_at(r, i);

		if (json_kind(c) == JSON_OBJECT && json_len(c) >= LARGE && index_object(r, c))
			return ERR_FULL;
	}
	return 0;
}

struct jcur
refs_get(const struct refs *r, struct jcur object, struct str key)
{
	struct jcur first = json_none(ERR_NONE);
	u32 it = 0, tok;
	u64 hash;

	if (json_kind(object) != JSON_OBJECT || json_len(object) < LARGE)
		return json_get_str(object, key);
	hash = member_hash((u32)object.at, key);
	while (map_next(&r->member, hash, &it, &tok)) {
		struct jcur c = refs_at(r, tok);

		if (r->parent[tok] == (u32)object.at && json_key_same(c, key) && (first.err || c.at < first.at))
			first = c;
	}
	return first;
}

static int
hex_of(struct str two)
{
	u64 v;

	return two.n == 2 && !str_hex(two, &v) ? (int)v : -1;
}

/* One reference token of a fragment: percent escapes first (it is part of a URI), then ~1 and ~0. */
static void
token_decode(struct str s, struct buf *out)
{
	for (u32 i = 0; i < s.n; i++) {
		int hex = s.p[i] == '%' ? hex_of(str_cut(s, i + 1, i + 3)) : -1;

		if (hex >= 0) {
			buf_byte(out, (u8)hex);
			i += 2;
		} else if (s.p[i] == '~' && i + 1 < s.n && (s.p[i + 1] == '0' || s.p[i + 1] == '1')) {
			buf_byte(out, s.p[++i] == '1' ? '/' : '~');
		} else {
			buf_byte(out, s.p[i]);
		}
	}
}

static struct jcur
step_into(const struct refs *r, struct jcur at, struct str part)
{
	u8 space[512];
	struct buf key = buf_over(space, sizeof space);
	u64 i;

	token_decode(part, &key);
	if (key.over)
		return json_none(ERR_NONE);
	if (json_kind(at) == JSON_ARRAY)
		return str_u64(buf_str(&key), &i) || i > ELEMENT_MAX ? json_none(ERR_NONE) : json_at(at, (u32)i);
	return refs_get(r, at, buf_str(&key));
}

struct jcur
refs_target(const struct refs *r, struct str ref)
{
	struct jcur at = json_root(r->doc);
	struct str rest;

	if (!ref.n || ref.p[0] != '#')
		return json_none(ERR_DENY);
	if (ref.n == 1)
		return at;
	if (ref.p[1] != '/')
		return json_none(ERR_NONE);
	rest = str_cut(ref, 2, ref.n);
	while (rest.p && !at.err)
		at = step_into(r, at, str_next(&rest, '/'));
	return at;
}

struct jcur
refs_follow(const struct refs *r, struct jcur c)
{
	for (u32 i = 0; i < REFS_CHAIN_MAX; i++) {
		struct jcur ref = json_kind(c) == JSON_OBJECT ? refs_get(r, c, STR("$ref")) : json_none(ERR_NONE);
		size_t mark = r->arena->used;
		struct str text;

		if (json_kind(ref) != JSON_STRING)
			return c;
		text = json_str(ref, r->arena);
		c = text.p ? refs_target(r, text) : json_none(ERR_NONE);
		arena_rewind(r->arena, mark);
	}
	return json_none(ERR_NONE);
}

static u32
place_in_array(const struct refs *r, u32 tok)
{
	struct jcur c = json_first(refs_at(r, r->parent[tok]));
	u32 i = 0;

	for (; !c.err && (u32)c.at != tok && i < ELEMENT_MAX; c = json_next(c))
		i++;
	return i;
}

static void
pointer_escape(struct str s, struct buf *out)
{
	for (u32 i = 0; i < s.n; i++) {
		if (s.p[i] == '~')
			BUF_LIT(out, "~0");
		else if (s.p[i] == '/')
			BUF_LIT(out, "~1");
		else
			buf_byte(out, s.p[i]);
	}
}

void
refs_pointer(const struct refs *r, struct jcur c, struct buf *out)
{
	u32 chain[POINTER_MAX], n = 0;

	if (c.err)
		return;
	for (u32 tok = (u32)c.at; r->parent[tok] != UINT32_MAX && n < POINTER_MAX; tok = r->parent[tok])
		chain[n++] = tok;
	while (n--) {
		struct jcur at = refs_at(r, chain[n]);
		size_t mark = r->arena->used;

		buf_byte(out, '/');
		if (json_has_key(at))
			pointer_escape(json_key_str(at, r->arena), out);
		else
			buf_u64(out, place_in_array(r, chain[n]));
		arena_rewind(r->arena, mark);
	}
}
