/* schema_json: from shapes to the JSON that clients see, written for the strictest of them: one type everywhere, only
 * keywords that all of them know, no reference, bounded depth. What a keyword cannot say is said in the description. */
#include "catalog/prose.h"
#include "catalog/schema.h"

#define EXTRAS_MAX 2000    /* bytes of description beyond text_max: choices, limits, defaults */
#define ENUM_TEXT_MAX 2000 /* bytes of an enumeration that is written out */
#define DEFAULT_MAX 120

/* Formats that JSON Schema itself knows; others make strict validators stumble. */
static bool
format_known(struct str s)
{
	static const char *const known[] = { "date-time", "date", "time", "duration", "email", "hostname", "ipv4",
		"ipv6", "uri", "uri-reference", "uuid" };

	for (u32 i = 0; i < ARRAY_N(known); i++)
		if (str_is(s, known[i]))
			return true;
	return false;
}

/* Whether JSON text is a scalar of this type. */
static bool
value_fits(struct str v, u32 type)
{
	if (!v.n)
		return false;
	switch (type) {
	case CATALOG_T_STRING: return v.p[0] == '"';
	case CATALOG_T_BOOL: return v.p[0] == 't' || v.p[0] == 'f';
	case CATALOG_T_NUMBER: return v.p[0] == '-' || (v.p[0] >= '0' && v.p[0] <= '9');
	case CATALOG_T_INTEGER:
		for (u32 i = 0; i < v.n; i++)
			if (!(v.p[i] >= '0' && v.p[i] <= '9') && !(i == 0 && v.p[i] == '-' && v.n > 1))
				return false;
		return true;
	}
	return false;
}

/* Whether an enumeration is written out: strings only, for some clients know no other, and not the empty one alone. */
static bool
enum_fits(const struct shape *sh, u32 type)
{
	u32 at = 1, longest = 0;
	struct str e;

	if (!sh->enums.n || sh->enums.n > ENUM_TEXT_MAX || type != CATALOG_T_STRING)
		return false;
	while ((e = schema_enum_next(sh->enums, &at)).p) {
		if (!value_fits(e, type))
			return false;
		longest = max_u32(longest, e.n);
	}
	return longest > 2;
}

/* Its values but the empty string, which some clients refuse; that one is told in words. */
static void
put_enum(struct jout *o, struct str enums)
{
	u32 at = 1;
	struct str e;

	jout_key_open(o, "enum", '[');
	while ((e = schema_enum_next(enums, &at)).p)
		if (e.n > 2)
			jout_raw(o, NULL, e);
	jout_close(o, ']');
}

/* The first values of an enumeration that is not written out as one. */
static void
say_values(const struct shape *sh, struct buf *out)
{
	u32 at = 1, n = 0, from = out->w;
	struct str e;

	BUF_LIT(out, "Values: ");
	while ((e = schema_enum_next(sh->enums, &at)).p && out->w - from + e.n < 200) {
		buf_c(out, n++ ? ", " : "");
		buf_put(out, e);
	}
	buf_c(out, n < sh->enum_n ? " ... " : ". ");
}

static void
say_bounds(const struct shape *sh, u32 type, struct buf *out)
{
	if (sh->flags & CATALOG_NODE_OPEN_MIN && sh->min.n)
		buf_fmt(out, "Greater than %S. ", str_cut(sh->min, 0, 40));
	if (sh->flags & CATALOG_NODE_OPEN_MAX && sh->max.n)
		buf_fmt(out, "Less than %S. ", str_cut(sh->max, 0, 40));
	if (sh->step.n && (type & (CATALOG_T_INTEGER | CATALOG_T_NUMBER)))
		buf_fmt(out, "Multiple of %S. ", str_cut(sh->step, 0, 40));
	if (sh->pattern.n && sh->pattern.n <= 80) {
		BUF_LIT(out, "Pattern: ");
		buf_put(out, sh->pattern);
		BUF_LIT(out, " ");
	}
}

/* What the values of a map look like: clients know additionalProperties only as yes or no. */
static void
say_map(struct schema_face *face, const struct shape *sh, struct buf *out)
{
	struct shape *value;
	u32 n = 0, type;

	if (sh->additional == SCHEMA_NONE)
		return;
	value = schema_flat(face->schema, schema_shape(face->schema, sh->additional));
	type = schema_type(value);
	if (!type)
		return;
	buf_c(out, sh->prop_n ? "Each further member: " : "Each member: ");
	buf_c(out, schema_type_text(type));
	for (u32 i = 0; i < value->prop_n && n < 8; i++) {
		buf_c(out, n++ ? ", " : " with ");
		prose_put(out, value->prop[i].name, 40);
	}
	BUF_LIT(out, ". ");
}

static void
say_cut(const struct shape *sh, struct buf *out)
{
	u32 from = out->w;

	if (!sh->prop_n)
		return;
	BUF_LIT(out, "Members: ");
	for (u32 i = 0; i < sh->prop_n && out->w - from < 160; i++) {
		buf_c(out, i ? ", " : "");
		prose_put(out, sh->prop[i].name, 40);
	}
	BUF_LIT(out, ". ");
}

/* One value of the document's, where no keyword may carry it. */
static void
say_example(const struct schema_face *face, const struct shape *sh, struct buf *out)
{
	if (face->text_max < 200 || sh->enums.n || !sh->example.n || sh->example.n > 80 || sh->initial.n)
		return;
	BUF_LIT(out, "Example: ");
	buf_put(out, sh->example);
	BUF_LIT(out, " ");
}

static void
say_all(struct schema_face *face, const struct shape *sh, u32 type, struct buf *out)
{
	if (sh->note.n) {
		buf_put(out, sh->note);
		buf_byte(out, ' ');
	}
	if (!type)
		BUF_LIT(out, "Any JSON value; write objects and arrays as JSON text. ");
	if (sh->enums.n && !enum_fits(sh, type))
		say_values(sh, out);
	else if (sh->enums.n && schema_enum_has(sh->enums, STR("\"\"")))
		BUF_LIT(out, "May be empty. ");
	say_bounds(sh, type, out);
	if (type == CATALOG_T_OBJECT)
		say_map(face, sh, out);
	if (sh->initial.n && (sh->initial.n > DEFAULT_MAX || !value_fits(sh->initial, type)))
		buf_fmt(out, "Default: %S ", str_cut(sh->initial, 0, DEFAULT_MAX));
	say_example(face, sh, out);
	if (sh->types & CATALOG_T_NULL && sh->types != CATALOG_T_NULL)
		BUF_LIT(out, "May be null. ");
	if (sh->flags & CATALOG_NODE_DEPRECATED)
		BUF_LIT(out, "Deprecated. ");
}

/* What stands in the description: the text, then what other keywords would say. */
static void
describe(struct schema_face *face, struct jout *o, const struct shape *sh, const struct str said[2], bool cut)
{
	size_t mark = face->schema->scratch.used;
	u32 n = face->text_max + EXTRAS_MAX;
	u8 *p = face->text_max ? arena_bytes(&face->schema->scratch, n) : NULL;
	struct buf out = buf_over(p, n);

	if (!p)
		return;
	prose_put(&out, said[0].n ? said[0] : sh->text, face->text_max);
	/* A title of one word is the name of a type, and says nothing. */
	if (!out.w && str_find(sh->title, ' ', 0) > 0)
		prose_put(&out, sh->title, face->text_max);
	prose_join(&out, 0);
	if (said[1].n) {
		prose_put(&out, said[1], 200);
		prose_join(&out, 0);
	}
	say_all(face, sh, schema_type(sh), &out);
	if (cut)
		say_cut(sh, &out);
	while (out.w && out.p[out.w - 1] == ' ')
		out.w--;
	if (out.w)
		jout_str(o, "description", buf_str(&out));
	arena_rewind(&face->schema->scratch, mark);
}

static void
scalar(struct jout *o, const struct shape *sh, u32 type)
{
	if (enum_fits(sh, type))
		put_enum(o, sh->enums);
	if (sh->initial.n <= DEFAULT_MAX && value_fits(sh->initial, type))
		jout_raw(o, "default", sh->initial);
	if (type == CATALOG_T_STRING) {
		if (format_known(sh->format))
			jout_str(o, "format", sh->format);
		if (sh->flags & CATALOG_HAS_LEN_MIN)
			jout_u64(o, "minLength", sh->limit[LIMIT_LEN_MIN]);
		if (sh->flags & CATALOG_HAS_LEN_MAX && sh->limit[LIMIT_LEN_MAX] < UINT32_MAX)
			jout_u64(o, "maxLength", sh->limit[LIMIT_LEN_MAX]);
		return;
	}
	if (!(type & (CATALOG_T_INTEGER | CATALOG_T_NUMBER)))
		return;
	if (sh->min.n && !(sh->flags & CATALOG_NODE_OPEN_MIN))
		jout_raw(o, "minimum", sh->min);
	if (sh->max.n && !(sh->flags & CATALOG_NODE_OPEN_MAX))
		jout_raw(o, "maximum", sh->max);
}

static void
array(struct schema_face *face, struct jout *o, const struct shape *sh)
{
	if (sh->flags & CATALOG_HAS_ITEMS_MIN)
		jout_u64(o, "minItems", sh->limit[LIMIT_ITEMS_MIN]);
	if (sh->flags & CATALOG_HAS_ITEMS_MAX && sh->limit[LIMIT_ITEMS_MAX] < UINT32_MAX)
		jout_u64(o, "maxItems", sh->limit[LIMIT_ITEMS_MAX]);
	jout_key(o, STR("items"));
	schema_json(face, o, sh->items, STR_NONE, STR_NONE);
}

/* Whether a member may be sent: what the server alone writes is no argument. */
static bool
sendable(struct schema *s, const struct shape_prop *prop)
{
	return !(schema_shape(s, prop->ref)->flags & CATALOG_NODE_READ_ONLY);
}

static void
object(struct schema_face *face, struct jout *o, const struct shape *sh)
{
	struct schema *s = face->schema;
	u32 n = 0, required = 0;

	for (u32 i = 0; i < sh->prop_n && !o->buf->over; i++) {
		if (!sendable(s, &sh->prop[i]))
			continue;
		if (!n++)
			jout_key_open(o, "properties", '{');
		required += sh->prop[i].required;
		jout_key(o, sh->prop[i].name);
		schema_json(face, o, sh->prop[i].ref, STR_NONE, STR_NONE);
	}
	if (n)
		jout_close(o, '}');
	if (required)
		jout_key_open(o, "required", '[');
	for (u32 i = 0; i < sh->prop_n && required; i++)
		if (sh->prop[i].required && sendable(s, &sh->prop[i]))
			jout_str(o, NULL, sh->prop[i].name);
	if (required)
		jout_close(o, ']');
}

/* Whether the members of an object stay untold: too deep, or it contains itself. */
static bool
cut_here(struct schema_face *face, const struct shape *sh, bool is_object)
{
	for (u32 i = 0; i < face->depth && is_object; i++)
		if (face->stack[i] == sh->number) {
			face->cut_cycle++;
			return true;
		}
	if (face->depth < SCHEMA_LEVELS_MAX && (!is_object || face->objects < face->levels))
		return false;
	face->cut_depth++;
	return true;
}

static void
inside(struct schema_face *face, struct jout *o, const struct shape *sh, u32 type)
{
	bool is_object = type == CATALOG_T_OBJECT;

	face->stack[face->depth++] = sh->number;
	face->objects += is_object;
	if (is_object)
		object(face, o, sh);
	else
		array(face, o, sh);
	face->objects -= is_object;
	face->depth--;
}

/* An array that is not gone into still says what it is of. */
static void
bare_items(struct schema_face *face, struct jout *o, const struct shape *sh)
{
	u32 type = schema_type(schema_flat(face->schema, schema_shape(face->schema, sh->items)));

	jout_key_open(o, "items", '{');
	jout_c(o, "type", type && type != CATALOG_T_ARRAY ? schema_type_text(type) : "string");
	jout_close(o, '}');
}

void
schema_json(struct schema_face *face, struct jout *o, u32 ref, struct str text, struct str extra)
{
	struct schema *s = face->schema;
	const struct shape *sh = schema_flat(s, schema_shape(s, ref));
	u32 type = schema_type(sh);
	bool holder = type == CATALOG_T_ARRAY || (type == CATALOG_T_OBJECT && sh->prop_n);
	bool cut = holder && cut_here(face, sh, type == CATALOG_T_OBJECT);

	jout_open(o, '{');
	jout_c(o, "type", type ? schema_type_text(type) : "string");
	describe(face, o, sh, (struct str[2]){ text, extra }, cut);
	if (type & (CATALOG_T_STRING | CATALOG_T_NUMBER | CATALOG_T_INTEGER | CATALOG_T_BOOL))
		scalar(o, sh, type);
	else if (holder && !cut)
		inside(face, o, sh, type);
	else if (type == CATALOG_T_ARRAY)
		bare_items(face, o, sh);
	if (type == CATALOG_T_OBJECT && !cut && sh->flags & (CATALOG_NODE_CLOSED | SHAPE_OPEN))
		jout_bool(o, "additionalProperties", !(sh->flags & CATALOG_NODE_CLOSED));
	jout_close(o, '}');
}
