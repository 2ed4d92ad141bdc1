/* schema_read: from a schema in the document to a shape: one function per keyword, $ref and allOf merged in. */
#include "catalog/schema.h"

#define ODD_VALUE "a schema's keyword has a value that it cannot have"
#define ENUM_MAX 300 /* values among which doubles are looked for: that is quadratic */

struct reader {
	struct schema *s;
	struct shape *to;
	u32 path[SCHEMA_DEPTH_MAX]; /* tokens being merged: a schema that contains itself by allOf ends here */
	u32 depth;
	struct str *need; /* required names seen so far, in the scratch arena */
	u32 need_n;
};

static void
take_text(struct reader *r, struct str *to, struct jcur v)
{
	struct str s;

	if (to->n)
		return;
	s = json_str(v, r->s->arena);
	if (s.p)
		*to = s;
	else if (json_kind(v) == JSON_STRING)
		r->s->full = true;
}

/* Tells something about the value at `at` once: one schema is read for several purposes. */
static void
tell(struct schema *s, struct jcur at, struct jcur place, const char *why, struct str detail)
{
	u8 space[512], bit = (u8)(1U << at.at % 8);
	struct buf pointer = buf_over(space, sizeof space);
	struct report_item item = { .kind = REPORT_NOTE, .method = CATALOG_METHODS, .why = why, .detail = detail };

	if (s->told[at.at / 8] & bit)
		return;
	s->told[at.at / 8] |= bit;
	refs_place(s->refs, place, &item.place);
	refs_pointer(s->refs, at, &pointer);
	item.pointer = buf_str(&pointer);
	report_add(s->report, &item);
}

/* What lies outside is never fetched, and that is told as a loss. */
void
schema_broken_ref(struct schema *s, struct jcur at, int err)
{
	size_t mark = s->scratch.used;
	struct jcur ref = refs_get(s->refs, at, STR("$ref"));
	u32 n = s->report->n;
	const char *why = err == ERR_DENY ?
	    "a $ref points outside the document, which is not followed: anything is allowed there" :
	    err == ERR_IO ? "a $ref names a file that is not there or cannot be read: anything is allowed there" :
	    "a $ref leads nowhere or in a circle: anything is allowed there";

	tell(s, at, ref, why, json_str(ref, &s->scratch));
	s->report->outside += s->report->n > n && (err == ERR_DENY || err == ERR_IO);
	arena_rewind(&s->scratch, mark);
}

static u32
type_bit(struct jcur v)
{
	static const struct { const char *name; u32 bit; } types[] = {
		{ "string", CATALOG_T_STRING }, { "object", CATALOG_T_OBJECT }, { "array", CATALOG_T_ARRAY },
		{ "integer", CATALOG_T_INTEGER }, { "boolean", CATALOG_T_BOOL }, { "number", CATALOG_T_NUMBER },
		{ "null", CATALOG_T_NULL }, { "file", CATALOG_T_STRING },
	};

	for (u32 i = 0; i < ARRAY_N(types); i++)
		if (json_is(v, types[i].name))
			return types[i].bit;
	return 0;
}

/* Types of both sides: integers are numbers. When nothing is left the first side stands: a contradiction. */
static u32
narrow(struct reader *r, u32 a, u32 b)
{
	u32 wide_a = a & CATALOG_T_NUMBER ? a | CATALOG_T_INTEGER : a;
	u32 wide_b = b & CATALOG_T_NUMBER ? b | CATALOG_T_INTEGER : b;
	u32 both = wide_a & wide_b;

	if (!a || !b)
		return a | b;
	if (!both) {
		r->s->counts->conflicts++;
		return a;
	}
	return both & CATALOG_T_NUMBER ? both & ~CATALOG_T_INTEGER : both;
}

static void
k_type(struct reader *r, struct jcur v, u32 unused)
{
	u32 types = 0;

	if (json_kind(v) == JSON_STRING)
		types = type_bit(v);
	for (struct jcur e = refs_elements(v); !e.err; e = json_next(e))
		types |= type_bit(e);
	if (!types)
		tell(r->s, v, v, "a schema's type is none that there is: anything is allowed there", json_raw(v));
	if (types & CATALOG_T_NULL && types != CATALOG_T_NULL) {
		r->to->flags |= SHAPE_NULLABLE;
		types &= ~CATALOG_T_NULL;
	}
	r->to->types = narrow(r, r->to->types, types);
}

static void
k_flag(struct reader *r, struct jcur v, u32 bit)
{
	if (json_kind(v) == JSON_TRUE)
		r->to->flags |= bit;
}

static void
k_text(struct reader *r, struct jcur v, u32 offset)
{
	take_text(r, (struct str *)(void *)((u8 *)r->to + offset), v);
}


static void
k_format(struct reader *r, struct jcur v, u32 unused)
{
	take_text(r, &r->to->format, v);
	if (str_is(r->to->format, "password"))
		r->to->flags |= CATALOG_NODE_SECRET;
}

/* A copy of a value's text without white space. Empty when it is larger than max. */
static struct str
compact(struct reader *r, struct jcur v, u32 max)
{
	struct str raw = json_raw(v);
	u8 *p = raw.n && raw.n <= max ? arena_bytes(r->s->arena, raw.n) : NULL;
	struct buf out = buf_over(p, raw.n);

	if (!p)
		return STR_NONE;
	schema_compact(&out, raw);
	return buf_str(&out);
}

static void
k_default(struct reader *r, struct jcur v, u32 unused)
{
	if (!r->to->initial.n && json_kind(v) != JSON_NULL)
		r->to->initial = compact(r, v, SCHEMA_VALUE_MAX);
}

static void
k_example(struct reader *r, struct jcur v, u32 unused)
{
	if (!r->to->example.n && json_kind(v) != JSON_NULL)
		r->to->example = compact(r, v, SCHEMA_VALUE_MAX);
}

static void
k_examples(struct reader *r, struct jcur v, u32 unused)
{
	if (json_kind(v) == JSON_ARRAY)
		k_example(r, json_first(v), unused);
}

/* Values of the enumeration except null, which makes the shape nullable. */
static void
k_enum(struct reader *r, struct jcur v, u32 unused)
{
	struct shape *to = r->to;
	struct str raw = json_raw(v);
	u32 n = 0;
	u8 *p;
	struct buf out;

	if (json_kind(v) != JSON_ARRAY || (to->enums.n && json_len(v) >= to->enum_n)) {
		r->s->counts->conflicts += to->enums.n && json_len(v) != to->enum_n;
		return;
	}
	p = arena_bytes(r->s->arena, (size_t)raw.n + 2);
	if (!p) {
		r->s->full = true;
		return;
	}
	out = buf_over(p, (size_t)raw.n + 2);
	for (struct jcur e = json_first(v); !e.err; e = json_next(e)) {
		if (json_kind(e) == JSON_NULL) {
			to->flags |= SHAPE_NULLABLE;
			continue;
		}
		if (n < ENUM_MAX && schema_enum_has(buf_str(&out), json_raw(e)))
			continue;
		buf_byte(&out, n++ ? ',' : '[');
		schema_compact(&out, json_raw(e));
	}
	buf_byte(&out, ']');
	if (!n)
		return;
	to->enums = buf_str(&out);
	to->enum_n = n;
}

static void
k_const(struct reader *r, struct jcur v, u32 unused)
{
	struct str raw = json_raw(v);
	u8 *p = arena_bytes(r->s->arena, (size_t)raw.n + 2);
	struct buf out = buf_over(p, (size_t)raw.n + 2);

	if (!p || r->to->enum_n == 1)
		return;
	buf_byte(&out, '[');
	schema_compact(&out, raw);
	buf_byte(&out, ']');
	r->to->enums = buf_str(&out);
	r->to->enum_n = 1;
	r->to->flags |= CATALOG_NODE_CONST;
}

/* A number that bounds values. The first one stands; in allOf that is the outer one. */
static void
k_bound(struct reader *r, struct jcur v, u32 has)
{
	struct str *to = has == CATALOG_HAS_MIN ? &r->to->min : has == CATALOG_HAS_MAX ? &r->to->max : &r->to->step;

	if (json_kind(v) != JSON_NUMBER || to->n)
		return;
	*to = json_raw(v);
	r->to->flags |= has;
}

/* exclusiveMinimum, exclusiveMaximum: a number in 3.1; in 3.0 a boolean beside the bound. */
static void
k_open(struct reader *r, struct jcur v, u32 open)
{
	bool low = open == CATALOG_NODE_OPEN_MIN;

	if (json_kind(v) == JSON_NUMBER) {
		*(low ? &r->to->min : &r->to->max) = json_raw(v);
		r->to->flags |= open | (low ? CATALOG_HAS_MIN : CATALOG_HAS_MAX);
	}
	k_flag(r, v, open);
}

static void
k_limit(struct reader *r, struct jcur v, u32 which)
{
	u32 has = CATALOG_HAS_LEN_MIN << which;
	u64 n;

	if (r->to->flags & has || json_kind(v) != JSON_NUMBER)
		return;
	if (json_u64(v, &n)) {
		tell(r->s, v, v, ODD_VALUE, json_key(v));
		return;
	}
	r->to->limit[which] = n > UINT32_MAX ? UINT32_MAX : (u32)n;
	r->to->flags |= has;
}


static void
k_items(struct reader *r, struct jcur v, u32 unused)
{
	if (r->to->items == SCHEMA_NONE && json_kind(v) == JSON_OBJECT)
		r->to->items = (u32)v.at;
}

static void
k_additional(struct reader *r, struct jcur v, u32 unused)
{
	struct shape *to = r->to;

	if (to->flags & (SHAPE_OPEN | CATALOG_NODE_CLOSED))
		return;
	switch (json_kind(v)) {
	case JSON_FALSE: to->flags |= CATALOG_NODE_CLOSED; return;
	case JSON_TRUE: to->flags |= SHAPE_OPEN; return;
	case JSON_OBJECT:
		to->flags |= SHAPE_OPEN;
		if (json_len(v))
			to->additional = (u32)v.at;
		return;
	default: return;
	}
}

static void
k_selector(struct reader *r, struct jcur v, u32 unused)
{
	take_text(r, &r->to->selector, json_get(v, "propertyName"));
}

static void
k_required(struct reader *r, struct jcur v, u32 unused)
{
	for (struct jcur e = refs_elements(v); !e.err; e = json_next(e)) {
		struct str name = json_str(e, r->s->arena);

		if (name.p && name.n && r->need_n < CATALOG_ARGS_MAX)
			r->need[r->need_n++] = name;
	}
}

/* Whether a schema says so little that another one for the same property is surely narrower. */
static bool
bare(struct jcur v)
{
	static const char *const says[] = { "type", "$ref", "allOf", "oneOf", "anyOf", "enum", "properties", "items",
		"const", "format" };

	for (u32 i = 0; i < ARRAY_N(says); i++)
		if (!json_get(v, says[i]).err)
			return false;
	return true;
}

/* The same name twice: equal targets are no contradiction, else the first or narrower stands. */
static void
prop_again(struct reader *r, struct shape_prop *old, struct jcur v)
{
	struct jcur was = old->ref == SCHEMA_NONE ? json_none(ERR_NONE) : refs_at(r->s->refs, old->ref);

	if (!was.err && refs_follow(r->s->refs, was).at == refs_follow(r->s->refs, v).at)
		return;
	if (was.err || bare(was)) {
		old->ref = (u32)v.at;
		return;
	}
	if (!bare(v))
		r->s->counts->conflicts++;
}

static void
k_properties(struct reader *r, struct jcur v, u32 unused)
{
	bool fresh = r->to->prop_n == 0;
	const struct refs *refs = r->s->refs;

	if (json_kind(v) != JSON_OBJECT)
		return;
	r->to->flags |= SHAPE_PROPERTIES;
	for (struct jcur e = json_first(v); !e.err && r->s->work; e = json_next(e)) {
		struct shape_prop prop = { .name = json_key_str(e, r->s->arena), .ref = (u32)e.at };
		struct shape_prop *old;

		if (!prop.name.p || refs_get(refs, v, prop.name).at != e.at)
			continue;
		schema_spend(r->s, 1 + (fresh ? 0 : r->to->prop_n / 16));
		old = fresh ? NULL : schema_prop(r->to, prop.name);
		if (old)
			prop_again(r, old, e);
		else
			schema_add_prop(r->s, r->to, &prop);
	}
}

static void
k_alts(struct reader *r, struct jcur v, u32 unused)
{
	for (struct jcur e = refs_elements(v); !e.err && r->s->work; e = json_next(e)) {
		struct jcur type = json_get(e, "type");

		schema_spend(r->s, 1);
		if (json_is(type, "null"))
			r->to->flags |= SHAPE_NULLABLE;
		else
			schema_add_alt(r->s, r->to, (u32)e.at);
	}
}

/* What kinds of values a keyword may have. */
#define IS_TEXT (1U << JSON_STRING)
#define IS_LIST (1U << JSON_ARRAY)
#define IS_OBJECT (1U << JSON_OBJECT)
#define IS_NUMBER (1U << JSON_NUMBER)
#define IS_FLAG (1U << JSON_TRUE | 1U << JSON_FALSE)
#define IS_ANY 0xffU

static const struct keyword {
	const char *name;
	void (*take)(struct reader *, struct jcur, u32 what);
	u32 what;
	u8 kinds;
} keywords[] = {
	{ "type", k_type, 0, IS_TEXT | IS_LIST },
	{ "description", k_text, offsetof(struct shape, text), IS_TEXT },
	{ "nullable", k_flag, SHAPE_NULLABLE, IS_FLAG },
	{ "properties", k_properties, 0, IS_OBJECT },
	{ "format", k_format, 0, IS_TEXT },
	{ "example", k_example, 0, IS_ANY },
	{ "enum", k_enum, 0, IS_LIST },
	{ "title", k_text, offsetof(struct shape, title), IS_TEXT },
	{ "required", k_required, 0, IS_LIST | IS_FLAG },
	{ "items", k_items, 0, IS_OBJECT | IS_FLAG },
	{ "default", k_default, 0, IS_ANY },
	{ "oneOf", k_alts, 0, IS_LIST },
	{ "anyOf", k_alts, 0, IS_LIST },
	{ "additionalProperties", k_additional, 0, IS_OBJECT | IS_FLAG },
	{ "readOnly", k_flag, CATALOG_NODE_READ_ONLY, IS_FLAG },
	{ "writeOnly", k_flag, CATALOG_NODE_WRITE_ONLY, IS_FLAG },
	{ "x-secret", k_flag, CATALOG_NODE_SECRET, IS_FLAG },
	{ "deprecated", k_flag, CATALOG_NODE_DEPRECATED, IS_FLAG },
	{ "examples", k_examples, 0, IS_LIST | IS_OBJECT },
	{ "const", k_const, 0, IS_ANY },
	{ "pattern", k_text, offsetof(struct shape, pattern), IS_TEXT },
	{ "minimum", k_bound, CATALOG_HAS_MIN, IS_NUMBER },
	{ "maximum", k_bound, CATALOG_HAS_MAX, IS_NUMBER },
	{ "multipleOf", k_bound, CATALOG_HAS_STEP, IS_NUMBER },
	{ "exclusiveMinimum", k_open, CATALOG_NODE_OPEN_MIN, IS_NUMBER | IS_FLAG },
	{ "exclusiveMaximum", k_open, CATALOG_NODE_OPEN_MAX, IS_NUMBER | IS_FLAG },
	{ "minLength", k_limit, LIMIT_LEN_MIN, IS_NUMBER },
	{ "maxLength", k_limit, LIMIT_LEN_MAX, IS_NUMBER },
	{ "minItems", k_limit, LIMIT_ITEMS_MIN, IS_NUMBER },
	{ "maxItems", k_limit, LIMIT_ITEMS_MAX, IS_NUMBER },
	{ "minProperties", k_limit, LIMIT_PROPS_MIN, IS_NUMBER },
	{ "maxProperties", k_limit, LIMIT_PROPS_MAX, IS_NUMBER },
	{ "uniqueItems", k_flag, CATALOG_NODE_UNIQUE, IS_FLAG },
	{ "discriminator", k_selector, 0, IS_OBJECT },
};

static void
own_keywords(struct reader *r, struct jcur schema)
{
	for (struct jcur v = json_first(schema); !v.err; v = json_next(v)) {
		struct str key = json_key(v);

		for (u32 i = 0; i < ARRAY_N(keywords); i++)
			if (str_is(key, keywords[i].name)) {
				if (!(keywords[i].kinds >> json_kind(v) & 1))
					tell(r->s, v, v, ODD_VALUE, key);
				keywords[i].take(r, v, keywords[i].what);
				break;
			}
	}
}

/* Merges the schema at c into r->to: its own keywords first, because the outer words stand before the inner ones. The
 * recursion goes through $ref and allOf only, at most SCHEMA_DEPTH_MAX deep and never through the same schema. */
static void
merge(struct reader *r, struct jcur c)
{
	struct jcur all, ref;

	if (!r->s->work || r->depth == SCHEMA_DEPTH_MAX || json_kind(c) != JSON_OBJECT)
		return;
	schema_spend(r->s, 1);
	for (u32 i = 0; i < r->depth; i++)
		if (r->path[i] == (u32)c.at) {
			r->s->counts->cut_cycle++;
			return;
		}
	r->path[r->depth++] = (u32)c.at;
	own_keywords(r, c);
	ref = refs_get(r->s->refs, c, STR("$ref"));
	if (json_kind(ref) == JSON_STRING) {
		struct jcur to = refs_follow(r->s->refs, c);

		if (to.err)
			schema_broken_ref(r->s, c, to.err);
		merge(r, to);
	}
	all = refs_get(r->s->refs, c, STR("allOf"));
	for (struct jcur e = refs_elements(all); !e.err; e = json_next(e)) {
		r->s->counts->merged++;
		merge(r, e);
	}
	r->depth--;
}

static void
apply_required(struct reader *r)
{
	for (u32 i = 0; i < r->need_n; i++) {
		struct shape_prop *prop = schema_prop(r->to, r->need[i]);
		struct shape_prop bare_one = { .name = r->need[i], .ref = SCHEMA_NONE, .required = true };

		schema_spend(r->s, r->to->prop_n / 16);
		if (prop)
			prop->required = true;
		else
			schema_add_prop(r->s, r->to, &bare_one);
	}
}

static u32
value_type(u8 c)
{
	switch (c) {
	case '"': return CATALOG_T_STRING;
	case '{': return CATALOG_T_OBJECT;
	case '[': return CATALOG_T_ARRAY;
	case 't':
	case 'f': return CATALOG_T_BOOL;
	default: return CATALOG_T_NUMBER;
	}
}

/* A schema without a type usually means one all the same. */
static void
infer_type(struct shape *sh)
{
	if (sh->types || sh->alt_n)
		return;
	if (sh->prop_n || sh->flags & (SHAPE_PROPERTIES | SHAPE_OPEN | CATALOG_NODE_CLOSED))
		sh->types = CATALOG_T_OBJECT;
	else if (sh->items != SCHEMA_NONE)
		sh->types = CATALOG_T_ARRAY;
	else if (sh->enums.n > 2)
		sh->types = value_type(sh->enums.p[1]);
	else if (str_is(sh->format, "date-time") || str_is(sh->format, "uuid") || str_is(sh->format, "uri") ||
	         sh->pattern.n || sh->flags & (CATALOG_HAS_LEN_MIN | CATALOG_HAS_LEN_MAX))
		sh->types = CATALOG_T_STRING;
}

static struct shape *
read(struct schema *s, struct jcur c)
{
	struct reader r = { .s = s, .to = schema_new(s) };
	size_t mark = s->scratch.used;

	r.need = ARENA_ARRAY(&s->scratch, struct str, CATALOG_ARGS_MAX);
	if (r.to == &s->anything || !r.need) {
		arena_rewind(&s->scratch, mark);
		return &s->anything;
	}
	r.to->tok = (u32)c.at;
	/* Known before it is whole: a child that refers back finds it. */
	s->of_token[c.at] = r.to->number + 1;
	merge(&r, c);
	if (r.to->alt_n == 1) {
		r.to->alt_n = 0;
		merge(&r, refs_at(s->refs, r.to->alt[0]));
	}
	apply_required(&r);
	arena_rewind(&s->scratch, mark);
	infer_type(r.to);
	if (r.to->flags & SHAPE_NULLABLE && r.to->types)
		r.to->types |= CATALOG_T_NULL;
	return r.to;
}

struct shape *
schema_shape(struct schema *s, u32 ref)
{
	struct jcur c, to;

	if (ref == SCHEMA_NONE)
		return &s->anything;
	if (ref & SCHEMA_SHAPE)
		return s->shape[ref & ~SCHEMA_SHAPE];
	if (s->of_token[ref])
		return s->shape[s->of_token[ref] - 1];
	c = refs_at(s->refs, ref);
	if (json_kind(c) != JSON_OBJECT && json_kind(c) != JSON_TRUE && json_kind(c) != JSON_FALSE)
		tell(s, c, c, "a schema is no object: anything is allowed there", json_key(c));
	if (json_kind(c) != JSON_OBJECT || !s->work)
		return &s->anything;
	/* A schema that is nothing but a $ref is what it refers to. */
	if (json_len(c) == 1) {
		to = refs_follow(s->refs, c);
		if (to.err) {
			schema_broken_ref(s, c, to.err);
			return &s->anything;
		}
		if (to.at != c.at)
			return json_kind(to) != JSON_OBJECT ? &s->anything :
			    s->of_token[to.at] ? s->shape[s->of_token[to.at] - 1] : read(s, to);
	}
	return read(s, c);
}
