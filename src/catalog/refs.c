#include "catalog/refs.h"

#define LARGE 16      /* members from which on an object is indexed */
#define POINTER_MAX 48 /* levels of a pointer that are written */
#define NAMES_MAX 1024 /* "$id" and "$anchor" that are known */
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

/* Takes note of a member that names its object. */
static void
find_name(struct refs *r, u32 tok)
{
	static const struct { const char *key; bool uri; } keys[] = {
		{ "$id", true }, { "$self", true }, { "$anchor", false }, { "$dynamicAnchor", false },
	};
	struct jcur c = refs_at(r, tok);
	struct str key = json_key(c);

	if (!key.n || key.p[0] != '$' || json_kind(c) != JSON_STRING)
		return;
	for (u32 i = 0; i < ARRAY_N(keys) && r->name_n < NAMES_MAX; i++)
		if (str_is(key, keys[i].key))
			r->name[r->name_n++] = (struct refs_name){ r->parent[tok], tok, keys[i].uri };
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
refs_init(struct refs *r, const struct jdoc *doc, struct arena *arena, struct source *source)
{
	u32 large;

	*r = (struct refs){ .doc = doc, .arena = arena, .source = source };
	r->parent = ARENA_ARRAY(arena, u32, doc->n);
	r->name = ARENA_ARRAY(arena, struct refs_name, NAMES_MAX);
	if (!r->parent || !r->name)
		return ERR_FULL;
	large = find_parents(r);
	if (map_init(&r->member, arena, large))
		return ERR_FULL;
	for (u32 i = 0; i < (u32)doc->n; i++) {
		struct jcur c = refs_at(r, i);

		find_name(r, i);
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

/* Whether a token is object or lies in it. */
static bool
within(const struct refs *r, u32 tok, u32 object)
{
	return tok >= object && r->doc->tok[tok].from < r->doc->tok[object].end;
}

static u32
file_root(const struct refs *r, u32 tok)
{
	return r->source ? source_of(r->source, tok)->tok : 0;
}

/* The nearest object around a token that has an "$id", else the root of its file: what "#" means there. */
static u32
base_of(const struct refs *r, u32 tok)
{
	u32 best = file_root(r, tok);

	for (u32 i = 0; i < r->name_n; i++)
		if (r->name[i].uri && r->name[i].object > best && within(r, tok, r->name[i].object))
			best = r->name[i].object;
	return best;
}

static struct jcur
anchor(const struct refs *r, u32 base, struct str name)
{
	for (u32 i = 0; i < r->name_n; i++)
		if (!r->name[i].uri && within(r, r->name[i].object, base) &&
		    json_same(refs_at(r, r->name[i].value), name))
			return refs_at(r, r->name[i].object);
	return json_none(ERR_NONE);
}

/* What a fragment without its '#' means, counted from an object. */
static struct jcur
fragment(const struct refs *r, u32 base, struct str part)
{
	struct jcur at = refs_at(r, base);

	if (!part.n)
		return at;
	if (part.p[0] != '/')
		return anchor(r, base, part);
	part = str_cut(part, 1, part.n);
	while (part.p && !at.err)
		at = step_into(r, at, str_next(&part, '/'));
	return at;
}

/* The object that a reference without its fragment names. */
static struct jcur
resource(const struct refs *r, u32 from, struct str uri)
{
	const struct source_file *f;
	const char *why;

	for (u32 i = 0; i < r->name_n; i++)
		if (r->name[i].uri && json_same(refs_at(r, r->name[i].value), uri))
			return refs_at(r, r->name[i].object);
	if (!r->source)
		return json_none(ERR_DENY);
	f = source_find(r->source, source_of(r->source, from), uri, &why);
	return f ? refs_at(r, f->tok) : json_none(source_outside(why) ? ERR_DENY : ERR_IO);
}

struct jcur
refs_target(const struct refs *r, u32 from, struct str ref)
{
	int hash = str_find(ref, '#', 0);
	struct str part = hash < 0 ? STR_NONE : str_cut(ref, (u32)hash + 1, ref.n);
	struct jcur at;
	u32 base;

	if (!ref.n)
		return json_none(ERR_NONE);
	if (hash != 0) {
		at = resource(r, from, hash < 0 ? ref : str_cut(ref, 0, (u32)hash));
		return at.err ? at : fragment(r, (u32)at.at, part);
	}
	base = base_of(r, from);
	at = fragment(r, base, part);
	/* Some documents give schemas an "$id" and refer from there as if they had none. */
	return at.err && base != file_root(r, from) ? fragment(r, file_root(r, from), part) : at;
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
		c = text.p ? refs_target(r, (u32)c.at, text) : json_none(ERR_NONE);
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

/* Appends the pointer from the value `root`, or from the outermost one that contains c. */
static void
pointer_from(const struct refs *r, struct jcur c, u32 root, struct buf *out)
{
	u32 chain[POINTER_MAX], n = 0;

	for (u32 tok = (u32)c.at; tok != root && r->parent[tok] != UINT32_MAX && n < POINTER_MAX; tok = r->parent[tok])
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

void
refs_pointer_whole(const struct refs *r, struct jcur c, struct buf *out)
{
	if (!c.err)
		pointer_from(r, c, 0, out);
}

void
refs_pointer(const struct refs *r, struct jcur c, struct buf *out)
{
	u32 root = c.err ? 0 : file_root(r, (u32)c.at);

	if (root)
		buf_fmt(out, "%S#", source_of(r->source, root)->name);
	if (!c.err)
		pointer_from(r, c, root, out);
}

void
refs_place(const struct refs *r, struct jcur c, struct source_place *place)
{
	*place = (struct source_place){ .line = 0 };
	if (!c.err && r->source)
		source_place(r->source, (u32)r->doc->tok[c.at].from - (json_kind(c) == JSON_STRING), place);
}
