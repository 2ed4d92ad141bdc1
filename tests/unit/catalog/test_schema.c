/* Schemas of documents as tools show them and as nodes check them: one small document per question. */
#include "strict.h"

static struct made m;

/* Compiles an operation `op` whose JSON body has the member `a` with this schema, and opens the catalog. */
static void
with(const char *schema, const char *schemas)
{
	static char paths[16384], components[16384];

	snprintf(paths, sizeof paths, "\"/p\":{\"post\":{\"operationId\":\"op\",\"requestBody\":{\"content\":{"
	    "\"application/json\":{\"schema\":{\"type\":\"object\",\"properties\":{\"a\":%s}}}}}}}", schema);
	snprintf(components, sizeof components, "\"schemas\":{%s}", schemas);
	made_text(&m, made_document(paths, components));
	strict_catalog(&m.c);
	made_walk(&m.c);
}

/* The tool's schema of `a` is exactly this. */
static void
shows(const char *schema, const char *schemas, const char *want)
{
	struct catalog_op op;
	struct jsmntok tok[4096];
	struct jdoc doc;
	struct str raw;

	with(schema, schemas);
	made_op(&m, "op", &op);
	assert_int_equal(json_parse(&doc, tool_text(&m.c, &op), tok, 4096), 0);
	raw = json_raw(json_pointer(json_root(&doc), STR("/inputSchema/properties/a")));
	if (!str_is(raw, want))
		fail_msg("\n%.*s\nis not\n%s", STR_ARG(raw), want);
	made_free(&m);
}

static void
test_types(void **state)
{
	shows("{\"type\":\"string\"}", "", "{\"type\":\"string\"}");
	shows("{\"type\":[\"integer\",\"null\"]}", "", "{\"type\":\"integer\",\"description\":\"May be null.\"}");
	shows("{\"type\":\"integer\",\"nullable\":true}", "", "{\"type\":\"integer\",\"description\":\"May be null.\"}");
	shows("{\"type\":[\"string\",\"number\"]}", "", "{\"type\":\"string\"}");
	shows("{\"enum\":[1,2,null]}", "", "{\"type\":\"number\",\"description\":\"Values: 1, 2. May be null.\"}");
	shows("{\"enum\":[\"\",\"a\"]}", "", "{\"type\":\"string\",\"description\":\"May be empty.\",\"enum\":[\"a\"]}");
	shows("{\"enum\":[\"\"]}", "", "{\"type\":\"string\",\"description\":\"Values: \\\"\\\".\"}");
	shows("{\"const\":\"x\"}", "", "{\"type\":\"string\",\"enum\":[\"x\"]}");
	shows("{\"properties\":{\"b\":{\"type\":\"boolean\"}}}", "",
	    "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"boolean\"}}}");
	shows("{\"items\":{\"type\":\"boolean\"}}", "", "{\"type\":\"array\",\"items\":{\"type\":\"boolean\"}}");
	shows("{\"type\":\"array\"}", "", "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"description\":"
	      "\"Any JSON value; write objects and arrays as JSON text.\"}}");
	shows("true", "", "{\"type\":\"string\",\"description\":\"Any JSON value; write objects and arrays as JSON text.\"}");
	shows("{\"type\":\"nonsense\"}", "",
	    "{\"type\":\"string\",\"description\":\"Any JSON value; write objects and arrays as JSON text.\"}");
}

static void
test_keywords(void **state)
{
	shows("{\"type\":\"string\",\"minLength\":1,\"maxLength\":9,\"pattern\":\"^a\",\"format\":\"date-time\"}", "",
	    "{\"type\":\"string\",\"description\":\"Pattern: ^a\",\"format\":\"date-time\",\"minLength\":1,\"maxLength\":9}");
	shows("{\"type\":\"string\",\"format\":\"int-or-so\"}", "", "{\"type\":\"string\"}");
	shows("{\"type\":\"integer\",\"minimum\":1,\"maximum\":1e2,\"multipleOf\":5,\"default\":10}", "",
	    "{\"type\":\"integer\",\"description\":\"Multiple of 5.\",\"default\":10,\"minimum\":1,\"maximum\":1e2}");
	shows("{\"type\":\"number\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":1.5}", "",
	    "{\"type\":\"number\",\"description\":\"Greater than 0. Less than 1.5.\"}");
	shows("{\"type\":\"integer\",\"default\":\"ten\"}", "",
	    "{\"type\":\"integer\",\"description\":\"Default: \\\"ten\\\"\"}");
	shows("{\"type\":\"array\",\"minItems\":1,\"maxItems\":2,\"items\":{\"type\":\"string\"}}", "",
	    "{\"type\":\"array\",\"minItems\":1,\"maxItems\":2,\"items\":{\"type\":\"string\"}}");
	shows("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}", "",
	    "{\"type\":\"object\",\"description\":\"Each member: integer.\",\"additionalProperties\":true}");
	shows("{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"x\":{\"type\":\"string\"}}}", "",
	    "{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"string\"}},\"additionalProperties\":false}");
	shows("{ \"enum\" : [ \"a b\" , \"c\\\"d\" , \"a b\" ] }", "",
	    "{\"type\":\"string\",\"enum\":[\"a b\",\"c\\\"d\"]}");
	shows("{\"type\":\"object\",\"required\":[\"r\",\"w\"],\"properties\":{\"r\":{\"type\":\"string\",\"readOnly\":true},"
	      "\"w\":{\"type\":\"string\"}}}", "",
	    "{\"type\":\"object\",\"properties\":{\"w\":{\"type\":\"string\"}},\"required\":[\"w\"]}");
	shows("{\"type\":\"string\",\"deprecated\":true,\"example\":\"x\",\"description\":\"D\"}", "",
	    "{\"type\":\"string\",\"description\":\"D. Example: \\\"x\\\" Deprecated.\"}");
}

static void
test_refs(void **state)
{
	shows("{\"$ref\":\"#/components/schemas/A\"}", "\"A\":{\"$ref\":\"#/components/schemas/B~1c%20d\"},\"B/c d\":{\"type\":"
	      "\"boolean\"}", "{\"type\":\"boolean\"}");
	/* Words beside a $ref stand before those behind it. */
	shows("{\"$ref\":\"#/components/schemas/A\",\"description\":\"Mine\",\"nullable\":true}",
	    "\"A\":{\"type\":\"boolean\",\"description\":\"Theirs\"}",
	    "{\"type\":\"boolean\",\"description\":\"Mine. May be null.\"}");
	shows("{\"$ref\":\"#/nowhere\"}", "",
	    "{\"type\":\"string\",\"description\":\"Any JSON value; write objects and arrays as JSON text.\"}");
	shows("{\"$ref\":\"#/components/schemas/A\"}", "\"A\":{\"$ref\":\"#/components/schemas/B\"},\"B\":{\"$ref\":"
	      "\"#/components/schemas/A\"}",
	    "{\"type\":\"string\",\"description\":\"Any JSON value; write objects and arrays as JSON text.\"}");
	shows("{\"$ref\":\"other.json#/A\"}", "",
	    "{\"type\":\"string\",\"description\":\"Any JSON value; write objects and arrays as JSON text.\"}");
}

/* Anything is allowed where a schema cannot be had; where it lies outside, that is a loss for the exit code, too. */
static void
test_refs_told(void **state)
{
	static const struct { const char *schema; u32 outside; } refs[] = {
		{ "{\"$ref\":\"#/nowhere\"}", 0 },
		{ "{\"$ref\":\"http://127.0.0.1:1/s.json\"}", 1 },
		{ "{\"$ref\":\"file:///etc/passwd\"}", 1 },
		{ "{\"type\":\"object\",\"properties\":{\"x\":{\"$ref\":\"other.json\",\"title\":\"X\"}}}", 1 },
	};

	for (u32 i = 0; i < ARRAY_N(refs); i++) {
		with(refs[i].schema, "");
		assert_int_equal(m.im.report.outside > 0, refs[i].outside);
		assert_int_equal(report_losses(&m.im.report), refs[i].outside);
		assert_true(m.im.report.note_n > 0);
		made_free(&m);
	}
}

static void
test_all_of(void **state)
{
	shows("{\"allOf\":[{\"type\":\"object\",\"required\":[\"x\"],\"properties\":{\"x\":{\"type\":\"string\"}}},{\"properties\":"
	      "{\"y\":{\"type\":\"integer\"}}}]}", "",
	    "{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"string\"},\"y\":{\"type\":\"integer\"}},\"required\":[\"x\"]}");
	/* Narrower stands: number and integer is integer; what says nothing yields. */
	shows("{\"allOf\":[{\"type\":\"number\"},{\"type\":\"integer\",\"minimum\":2},{\"minimum\":1}]}", "",
	    "{\"type\":\"integer\",\"minimum\":2}");
	shows("{\"allOf\":[{\"properties\":{\"x\":{\"description\":\"d\"}}},{\"properties\":{\"x\":{\"type\":\"boolean\"}}}]}", "",
	    "{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"boolean\"}}}");
	shows("{\"allOf\":[{\"enum\":[\"a\",\"b\",\"c\"]},{\"enum\":[\"b\"]}]}", "", "{\"type\":\"string\",\"enum\":[\"b\"]}");
	/* A schema that contains itself by allOf. */
	shows("{\"$ref\":\"#/components/schemas/A\"}",
	    "\"A\":{\"allOf\":[{\"$ref\":\"#/components/schemas/A\"},{\"type\":\"boolean\"}]}", "{\"type\":\"boolean\"}");
}

static void
test_any_of(void **state)
{
	shows("{\"oneOf\":[{\"type\":\"string\",\"maxLength\":5},{\"type\":\"null\"}]}", "",
	    "{\"type\":\"string\",\"description\":\"May be null.\",\"maxLength\":5}");
	shows("{\"anyOf\":[{\"type\":\"string\",\"enum\":[\"a\"]},{\"type\":\"string\",\"enum\":[\"b\",\"a\"]}]}", "",
	    "{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}");
	/* Limits of one alternative do not keep out the other. */
	shows("{\"oneOf\":[{\"type\":\"integer\",\"maximum\":5},{\"type\":\"string\",\"enum\":[\"auto\"]}]}", "",
	    "{\"type\":\"string\",\"description\":\"Also accepted: \\\"auto\\\", integer.\"}");
	shows("{\"anyOf\":[{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"string\"}}},{\"type\":\"string\",\"enum\":[\"\"]}]}",
	    "", "{\"type\":\"object\",\"description\":\"Also accepted: \\\"\\\".\",\"properties\":{\"x\":{\"type\":\"string\"}}}");
	shows("{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"string\"},\"y\":{\"type\":\"string\"}},\"anyOf\":[{\"required\":"
	      "[\"x\"]},{\"required\":[\"y\"]}]}", "",
	    "{\"type\":\"object\",\"description\":\"One of: (x); (y).\",\"properties\":{\"x\":{\"type\":\"string\"},\"y\":{\"type\":"
	    "\"string\"}}}");
	shows("{\"oneOf\":[{\"type\":\"array\",\"items\":{\"type\":\"string\"}},{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}]}",
	    "", "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"description\":\"Also accepted: integer.\"}}");
	/* Alternatives of alternatives, and one that is its own. */
	shows("{\"$ref\":\"#/components/schemas/A\"}", "\"A\":{\"oneOf\":[{\"$ref\":\"#/components/schemas/A\"},{\"anyOf\":[{\"type\":"
	      "\"boolean\"},{\"type\":\"boolean\"}]}]}", "{\"type\":\"boolean\"}");
}

static void
test_forms(void **state)
{
	shows("{\"oneOf\":[{\"$ref\":\"#/components/schemas/Cat\"},{\"$ref\":\"#/components/schemas/Dog\"}],\"discriminator\":{"
	      "\"propertyName\":\"kind\"}}",
	    "\"Cat\":{\"type\":\"object\",\"required\":[\"kind\",\"lives\"],\"properties\":{\"kind\":{\"const\":\"cat\"},\"lives\":"
	    "{\"type\":\"integer\"}}},\"Dog\":{\"type\":\"object\",\"required\":[\"kind\"],\"properties\":{\"kind\":{\"const\":\"dog\"}}}",
	    "{\"type\":\"object\",\"description\":\"kind chooses the form: Cat (kind, lives); Dog (kind).\",\"properties\":{\"kind\":"
	    "{\"type\":\"string\",\"enum\":[\"cat\",\"dog\"]},\"lives\":{\"type\":\"integer\"}},\"required\":[\"kind\"]}");
}

/* Objects in one another beyond the limit are named, not shown; arrays keep their type. */
static void
test_depth(void **state)
{
	static char deep[8192];
	u32 n = 0;
	struct catalog_op op;

	for (u32 i = 0; i < 20; i++)
		n += (u32)snprintf(deep + n, sizeof deep - n, "{\"type\":\"object\",\"properties\":{\"k%u\":", i);
	n += (u32)snprintf(deep + n, sizeof deep - n, "{\"type\":\"string\"}");
	for (u32 i = 0; i < 20; i++)
		n += (u32)snprintf(deep + n, sizeof deep - n, "}}");
	with(deep, "");
	made_op(&m, "op", &op);
	assert_int_equal(m.im.report.info.counts.cut_depth, 1);
	assert_true(op.flags & CATALOG_OP_CUT);
	assert_true(str_find_str(tool_text(&m.c, &op), STR("Members: k5.")) > 0);
	assert_true(str_find_str(tool_text(&m.c, &op), STR("k6")) < 0);
	made_free(&m);
	shows("{\"$ref\":\"#/components/schemas/L\"}", "\"L\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/L\"}}",
	    "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{"
	    "\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{"
	    "\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{"
	    "\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}}}}}}}}}}}");
}

/* Documents made to explode: finished in time, and still checked. */
static void
test_bombs(void **state)
{
	static char bomb[16384], all[16384];
	u32 n = 0, k = 0;

	/* Each schema is twice the next: 2^40 by allOf, by oneOf and by properties. */
	for (u32 i = 0; i < 40; i++) {
		n += (u32)snprintf(bomb + n, sizeof bomb - n, "%s\"B%u\":{\"allOf\":[{\"$ref\":\"#/components/schemas/B%u\"},{\"$ref\":"
		    "\"#/components/schemas/B%u\"}]}", i ? "," : "", i, i + 1, i + 1);
		k += (u32)snprintf(all + k, sizeof all - k, "%s\"B%u\":{\"oneOf\":[{\"$ref\":\"#/components/schemas/B%u\"},{\"$ref\":"
		    "\"#/components/schemas/B%u\"}],\"properties\":{\"x\":{\"$ref\":\"#/components/schemas/B%u\"}}}",
		    i ? "," : "", i, i + 1, i + 1, i + 1);
	}
	snprintf(bomb + n, sizeof bomb - n, ",\"B40\":{\"type\":\"object\"}");
	snprintf(all + k, sizeof all - k, ",\"B40\":{\"type\":\"object\"}");
	with("{\"$ref\":\"#/components/schemas/B0\"}", bomb);
	made_free(&m);
	with("{\"$ref\":\"#/components/schemas/B0\"}", all);
	made_free(&m);
}

/* Very many names in very many alternatives: the work is bounded, and said to be. */
static void
test_entangled(void **state)
{
	size_t room = (size_t)4 << 20;
	char *text = malloc(room);
	u32 n = (u32)snprintf(text, room, "{\"openapi\":\"3.0.0\",\"paths\":{\"/p\":{\"post\":{\"requestBody\":{\"content\":{"
	    "\"application/json\":{\"schema\":{\"properties\":{\"a\":{\"oneOf\":[");
	const struct report *r = &m.im.report;

	for (u32 i = 0; i < 40; i++) {
		n += (u32)snprintf(text + n, room - n, "%s{\"type\":\"object\",\"properties\":{", i ? "," : "");
		for (u32 k = 0; k < 1000; k++)
			n += (u32)snprintf(text + n, room - n, "%s\"p%ux%u\":{}", k ? "," : "", i, k);
		n += (u32)snprintf(text + n, room - n, "}}");
	}
	n += (u32)snprintf(text + n, room - n, "]}}}}}}}}}}");
	made_import(&m, str_of(text, n), (size_t)64 << 20);
	assert_int_equal(m.err, 0);
	assert_int_equal(r->info.counts.imported, 1);
	assert_true(r->n > 0);
	assert_string_equal(r->item[r->n - 1].why, "its schemas are too entangled: some of them allow anything");
	made_free(&m);
	free(text);
}

static void
node_of(const char *schema, const char *schemas, struct catalog_node *node)
{
	struct catalog_op op;
	struct catalog_param p;

	with(schema, schemas);
	made_op(&m, "op", &op);
	made_arg(&m, &op, "a", &p);
	catalog_node(&m.c, p.node, node);
}

/* What the tool cannot say the node still knows. */
static void
test_nodes(void **state)
{
	struct catalog_node node, alt;

	node_of("{\"type\":[\"string\",\"number\",\"null\"]}", "", &node);
	assert_int_equal(node.types, CATALOG_T_STRING | CATALOG_T_NUMBER | CATALOG_T_NULL);
	made_free(&m);
	node_of("{\"oneOf\":[{\"type\":\"integer\"},{\"anyOf\":[{\"type\":\"boolean\"},{\"type\":\"string\"}]}]}", "", &node);
	assert_int_equal(node.alt_n, 3);
	catalog_node(&m.c, catalog_alt(&m.c, &node, 2), &alt);
	assert_int_equal(alt.types, CATALOG_T_STRING);
	made_free(&m);
	node_of("{\"type\":\"number\",\"minimum\":-0.25,\"maximum\":1e3,\"multipleOf\":0.01}", "", &node);
	assert_true(node.min >= -0.25 && node.min <= -0.25);
	assert_true(node.max >= 1000 && node.max <= 1000);
	assert_true(node.step >= 0.01 && node.step <= 0.01);
	assert_int_equal(node.flags, CATALOG_HAS_MIN | CATALOG_HAS_MAX | CATALOG_HAS_STEP);
	made_free(&m);
	node_of("{\"type\":\"number\",\"minimum\":-1e999,\"maximum\":123456789012345678901234567890}", "", &node);
	assert_true(node.min < -1e300 && node.max > 1.2e29 && node.max < 1.3e29);
	made_free(&m);
	node_of("{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":4294967299,\"additionalProperties\":false}", "", &node);
	assert_int_equal(node.props_min, 1);
	assert_int_equal(node.props_max, UINT32_MAX);
	assert_true(node.flags & CATALOG_NODE_CLOSED);
	made_free(&m);
}

/* Bodies that are no plain object of members. */
static void
test_bodies(void **state)
{
	static const struct {
		const char *body, *args; /* argument names in order */
		u8 kind;
	} cases[] = {
		{ "\"application/json\":{\"schema\":{\"type\":\"array\"}}", "body", CATALOG_KIND_JSON },
		{ "\"application/json\":{\"schema\":{\"type\":\"object\"}}", "body", CATALOG_KIND_JSON },
		{ "\"application/json\":{}", "body", CATALOG_KIND_JSON },
		{ "\"application/json\":{\"schema\":{\"type\":\"object\",\"properties\":{}}}", "", CATALOG_KIND_NONE },
		{ "\"application/json\":{\"schema\":{\"oneOf\":[{\"properties\":{\"x\":{}}},{\"properties\":{\"y\":{}}}]}}", "x y",
		    CATALOG_KIND_JSON },
		{ "\"multipart/form-data\":{},\"application/vnd.x+json\":{\"schema\":{\"properties\":{\"x\":{}}}}",
		    "x content_type", CATALOG_KIND_JSON },
		{ "\"multipart/form-data\":{}", "body", CATALOG_KIND_MULTIPART },
		{ "\"application/x-www-form-urlencoded\":{\"schema\":{\"properties\":{\"x\":{\"format\":\"binary\"}}}},"
		    "\"multipart/form-data\":{\"schema\":{\"properties\":{\"x\":{\"format\":\"binary\"}}}}", "x content_type",
		    CATALOG_KIND_MULTIPART },
		{ "\"image/*\":{}", "body", CATALOG_KIND_BINARY },
		{ "\"application/xml\":{\"schema\":{\"properties\":{\"x\":{}}}}", "body", CATALOG_KIND_TEXT },
		{ "\"application/json-patch+json\":{\"schema\":{}},\"application/apply-patch+yaml\":{\"schema\":{}}",
		    "body content_type", CATALOG_KIND_JSON },
		{ "\"application/json\":{\"schema\":{\"properties\":{\"content_type\":{}}}},\"text/json\":{}",
		    "content_type gate_content_type", CATALOG_KIND_JSON },
		{ "\"text/markdown; charset=utf-8\":{\"schema\":{\"type\":\"string\"}}", "body", CATALOG_KIND_TEXT },
		{ "\"*/*\":{\"schema\":{\"properties\":{\"x\":{}}}}", "x", CATALOG_KIND_JSON },
		{ "", "", CATALOG_KIND_NONE },
	};

	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		char paths[2048], args[64] = "";
		struct catalog_op op;
		struct catalog_param p;

		snprintf(paths, sizeof paths, "\"/p\":{\"post\":{\"operationId\":\"op\",\"requestBody\":{\"content\":{%s}}}}",
		    cases[i].body);
		made_text(&m, made_document(paths, ""));
		strict_catalog(&m.c);
		made_op(&m, "op", &op);
		for (u32 k = 0; k < op.param_n; k++) {
			catalog_param(&m.c, &op, k, &p);
			snprintf(args + strlen(args), sizeof args - strlen(args), "%s%.*s", k ? " " : "", STR_ARG(p.arg));
		}
		assert_string_equal(args, cases[i].args);
		assert_int_equal(op.kind, cases[i].kind);
		made_free(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types), cmocka_unit_test(test_keywords), cmocka_unit_test(test_refs), cmocka_unit_test(test_refs_told),
		cmocka_unit_test(test_all_of), cmocka_unit_test(test_any_of), cmocka_unit_test(test_forms),
		cmocka_unit_test(test_depth), cmocka_unit_test(test_bombs), cmocka_unit_test(test_entangled),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, guard_free);
}
