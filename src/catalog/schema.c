#include "catalog/schema.h"

#include "base/utf8.h"

#define SCRATCH (512 * 1024)
#define FEW_PROPS 8 /* first room for properties and alternatives */

int
schema_init(struct schema *s, const struct refs *refs, struct build *build, struct report *report)
{
	u32 tokens = (u32)refs->doc->n;
	struct jcur named;
	u8 *scratch;

	memset(s, 0, sizeof *s);
	s->refs = refs;
	s->arena = refs->arena;
	s->report = report;
	s->counts = &report->info.counts;
	s->build = build;
	named = json_pointer(json_root(refs->doc), STR("/components/schemas"));
	if (named.err)
		named = json_get(json_root(refs->doc), "definitions"); /* Swagger 2.0 */
	s->named = named.err ? SCHEMA_NONE - 1 : (u32)named.at;
	s->work = (u64)tokens * 8 + 100000;
	s->of_token = ARENA_ARRAY(s->arena, u32, tokens);
	s->told = ARENA_ARRAY(s->arena, u8, tokens / 8 + 1);
	scratch = arena_bytes(s->arena, SCRATCH);
	if (!s->of_token || !s->told || !scratch)
		return ERR_FULL;
	s->scratch = arena_over(scratch, SCRATCH);
	s->anything.additional = s->anything.items = s->anything.tok = SCHEMA_NONE;
	s->anything.number = SCHEMA_NONE;
	return 0;
}

/* An array of u32-sized or larger things with room for one more. */
static void *
grown(struct schema *s, void *old, u32 n, u32 *cap, u32 size)
{
	u32 more = *cap ? *cap * 2 : FEW_PROPS;
	void *p;

	if (n < *cap)
		return old;
	p = arena_take(s->arena, (size_t)more * size);
	if (!p) {
		s->full = true;
		return NULL;
	}
	if (n)
		memcpy(p, old, (size_t)n * size);
	*cap = more;
	return p;
}

struct shape *
schema_new(struct schema *s)
{
	struct shape **list = grown(s, s->shape, s->n, &s->cap, sizeof *list);
	struct shape *sh = list ? ARENA_NEW(s->arena, struct shape) : NULL;

	if (!sh) {
		s->full = true;
		return &s->anything;
	}
	s->shape = list;
	sh->number = s->n;
	sh->additional = sh->items = sh->tok = SCHEMA_NONE;
	s->shape[s->n++] = sh;
	return sh;
}

void
schema_add_prop(struct schema *s, struct shape *sh, const struct shape_prop *prop)
{
	struct shape_prop *list = sh == &s->anything ? NULL :
	        grown(s, sh->prop, sh->prop_n, &sh->prop_cap, sizeof *list);

	if (!list)
		return;
	sh->prop = list;
	sh->prop[sh->prop_n++] = *prop;
}

void
schema_add_alt(struct schema *s, struct shape *sh, u32 ref)
{
	u32 *list = sh == &s->anything ? NULL : grown(s, sh->alt, sh->alt_n, &sh->alt_cap, sizeof *list);

	if (!list)
		return;
	sh->alt = list;
	sh->alt[sh->alt_n++] = ref;
}

struct shape_prop *
schema_prop(const struct shape *sh, struct str name)
{
	for (u32 i = 0; i < sh->prop_n; i++)
		if (str_same(sh->prop[i].name, name))
			return &sh->prop[i];
	return NULL;
}

struct str
schema_name(struct schema *s, const struct shape *sh)
{
	if (sh->title.n)
		return sh->title;
	if (sh->tok == SCHEMA_NONE || s->refs->parent[sh->tok] != s->named)
		return STR_NONE;
	return json_key_str(refs_at(s->refs, sh->tok), &s->scratch);
}

void
schema_compact(struct buf *out, struct str json)
{
	bool inside = false;

	for (u32 i = 0; i < json.n; i++) {
		u8 c = json.p[i];

		if (!inside && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			continue;
		if (c == '"')
			inside = !inside;
		buf_byte(out, c);
		if (inside && c == '\\' && i + 1 < json.n)
			buf_byte(out, json.p[++i]);
	}
}

u32
schema_type(const struct shape *sh)
{
	static const u32 order[] = { CATALOG_T_OBJECT, CATALOG_T_ARRAY, CATALOG_T_STRING, CATALOG_T_NUMBER,
		CATALOG_T_INTEGER, CATALOG_T_BOOL };

	for (u32 i = 0; i < ARRAY_N(order); i++)
		if (sh->types & order[i])
			return order[i];
	return 0;
}

const char *
schema_type_text(u32 type)
{
	switch (type) {
	case CATALOG_T_NULL: return "null";
	case CATALOG_T_BOOL: return "boolean";
	case CATALOG_T_INTEGER: return "integer";
	case CATALOG_T_NUMBER: return "number";
	case CATALOG_T_STRING: return "string";
	case CATALOG_T_ARRAY: return "array";
	case CATALOG_T_OBJECT: return "object";
	default: return "value";
	}
}

struct str
schema_enum_next(struct str enums, u32 *at)
{
	bool inside = false;
	u32 from = *at, i, depth = 0;

	for (i = from; i < enums.n; i++) {
		u8 c = enums.p[i];

		if (inside && c == '\\')
			i++;
		else if (c == '"')
			inside = !inside;
		else if (!inside && (c == '[' || c == '{'))
			depth++;
		else if (!inside && depth && (c == ']' || c == '}'))
			depth--;
		else if (!inside && !depth && (c == ',' || c == ']'))
			break;
	}
	if (from >= enums.n || i == from)
		return STR_NONE;
	*at = i + 1;
	return str_cut(enums, from, i);
}

bool
schema_enum_has(struct str enums, struct str value)
{
	u32 at = 1;
	struct str e;

	while ((e = schema_enum_next(enums, &at)).p)
		if (str_same(e, value))
			return true;
	return false;
}
