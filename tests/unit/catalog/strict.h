/* strict: what the strictest client asks of a tool, checked on its JSON. */
#ifndef TESTS_UNIT_CATALOG_STRICT_H
#define TESTS_UNIT_CATALOG_STRICT_H

#include "made.h"

#define STRICT_TOKENS 65536

static inline bool
strict_among(struct jcur v, const char *const *list, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (json_key_is(v, list[i]))
			return true;
	return false;
}

static inline bool
strict_type(struct jcur type)
{
	static const char *const types[] = { "string", "object", "array", "integer", "number", "boolean" };

	for (u32 i = 0; i < ARRAY_N(types); i++)
		if (json_is(type, types[i]))
			return true;
	return false;
}

/* One schema: one type, known keywords, required among the properties, and the same below. */
static inline void
strict_schema(struct jcur s, u32 depth)
{
	static const char *const known[] = { "type", "description", "properties", "required", "items", "enum", "default",
		"format", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "additionalProperties" };
	struct jcur props = json_get(s, "properties"), required = json_get(s, "required"), open;
	bool value;

	assert_true(depth < 16);
	assert_int_equal(json_kind(s), JSON_OBJECT);
	for (struct jcur k = json_first(s); !k.err; k = json_next(k))
		if (!strict_among(k, known, ARRAY_N(known)))
			fail_msg("keyword %.*s", STR_ARG(json_key(k)));
	if (!strict_type(json_get(s, "type")))
		fail_msg("no single type in %.*s", STR_ARG(json_raw(s)));
	open = json_get(s, "additionalProperties");
	assert_true(open.err || json_bool(open, &value) == 0);
	for (struct jcur r = json_first(required); !r.err; r = json_next(r)) {
		struct str raw = json_raw(r);
		bool there = false;

		for (struct jcur p = json_first(props); !p.err && !there; p = json_next(p))
			there = str_same(json_key(p), str_cut(raw, 1, raw.n - 1));
		if (!there)
			fail_msg("required %.*s is no property", STR_ARG(raw));
	}
	assert_true(!json_is(json_get(s, "type"), "array") || !json_get(s, "items").err);
	for (struct jcur p = json_first(props); !p.err; p = json_next(p))
		strict_schema(p, depth + 1);
	if (!json_get(s, "items").err)
		strict_schema(json_get(s, "items"), depth + 1);
}

static inline void
strict_name(struct str s, const char *more)
{
	assert_true(s.n >= 1 && s.n <= 64);
	for (u32 i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
		        (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] && strchr(more, s.p[i]))))
			fail_msg("%.*s is no name", STR_ARG(s));
}

/* A whole tool: valid JSON without a doubled key, four hints that say what the effect says, one schema. */
static inline void
strict_tool(const struct catalog *c, const struct catalog_op *op, struct jsmntok *tok, struct arena *scratch)
{
	struct jdoc doc;
	struct jcur root, schema, hints;
	bool hint;

	if (json_parse_request(&doc, tool_text(c, op), tok, STRICT_TOKENS, scratch))
		fail_msg("%.*s: %s", STR_ARG(op->name), doc.fault ? doc.fault : "too large");
	root = json_root(&doc);
	strict_name(op->name, "_-");
	assert_true(json_same(json_get(root, "name"), op->name));
	assert_true(json_raw(json_get(root, "title")).n > 2);
	assert_true(json_raw(json_get(root, "description")).n > 2);
	hints = json_get(root, "annotations");
	assert_int_equal(json_len(hints), 4);
	assert_int_equal(json_bool(json_get(hints, "readOnlyHint"), &hint), 0);
	assert_int_equal(hint, op->effect == CATALOG_READ);
	assert_int_equal(json_bool(json_get(hints, "destructiveHint"), &hint), 0);
	assert_int_equal(hint, op->effect == CATALOG_DESTRUCTIVE);
	assert_int_equal(json_bool(json_get(hints, "idempotentHint"), &hint), 0);
	assert_int_equal(json_bool(json_get(hints, "openWorldHint"), &hint), 0);
	schema = json_get(root, "inputSchema");
	assert_true(json_is(json_get(schema, "type"), "object"));
	assert_int_equal(json_kind(json_get(schema, "properties")), JSON_OBJECT);
	assert_int_equal(json_len(json_get(schema, "properties")), op->props_n);
	assert_int_equal(op->props_n - (op->flags & CATALOG_OP_FIELDS ? 1 + (op->effect == CATALOG_READ) : 0),
	    op->param_n);
	assert_int_equal(json_len(json_get(schema, "required")), op->required_n);
	strict_schema(schema, 0);
	for (struct jcur p = json_first(json_get(schema, "properties")); !p.err; p = json_next(p))
		strict_name(json_key(p), "_.-");
}

/* All tools of a catalog. */
static inline void
strict_catalog(const struct catalog *c)
{
	size_t room = (size_t)1 << 20;
	struct jsmntok *tok = malloc(STRICT_TOKENS * sizeof *tok);
	struct arena scratch = arena_over(malloc(room), room);
	struct catalog_op op;

	for (u32 i = 0; i < c->op_n; i++) {
		catalog_op(c, i, &op);
		strict_tool(c, &op, tok, &scratch);
	}
	free(scratch.p);
	free(tok);
}

#endif
