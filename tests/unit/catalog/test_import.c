/* Whole documents: counts, reasons, golden tools, refusals, too little memory. */
#include "made.h"

static struct made shelf;

static int
setup(void **state)
{
	made_text(&shelf, fixture(SHELF));
	return 0;
}

static int
teardown(void **state)
{
	made_free(&shelf);
	return guard_free(state);
}

static void
test_counts(void **state)
{
	const struct catalog_counts *n = &shelf.im.report.info.counts;

	assert_int_equal(n->operations, 16);
	assert_int_equal(n->imported, 12);
	assert_int_equal(n->skipped, 4);
	assert_int_equal(n->reads + n->writes + n->destructives, n->imported);
	assert_int_equal(n->destructives, 2);
	assert_int_equal(n->deprecated, 1);
	assert_int_equal(n->elsewhere, 1);
	assert_int_equal(n->merged, 2);
	assert_int_equal(n->conflicts, 1);
	assert_int_equal(n->dropped, 2);
	assert_true(n->cut_cycle > 0);
	assert_int_equal(shelf.c.op_n, n->imported);
}

static void
item_is(u32 i, u32 kind, const char *pointer, const char *why)
{
	const struct report_item *item = &shelf.im.report.item[i];

	assert_int_equal(item->kind, kind);
	assert_str(item->pointer, pointer);
	assert_string_equal(item->why, why);
}

/* Every operation that is left out has a place and a reason. */
static void
test_reasons(void **state)
{
	u32 skipped = 0;

	item_is(0, REPORT_SKIP, "/paths/~1broken/get", "it is no object");
	item_is(1, REPORT_SKIP, "/paths/~1broken/trace", "TRACE requests are never made");
	for (u32 i = 0; i < shelf.im.report.n; i++)
		skipped += shelf.im.report.item[i].kind == REPORT_SKIP;
	assert_int_equal(skipped, shelf.im.report.info.counts.skipped);
	assert_int_equal(shelf.im.report.item[2].method, CATALOG_POST);
}

/* The tools as they are served, one a line. To change them on purpose: build/…/test_import write > the golden file. */
static void
test_golden(void **state)
{
	struct str want = fixture("tests/data/openapi/shelf.tools");
	struct catalog_op op;

	for (u32 i = 0; i < shelf.c.op_n; i++) {
		struct str line = str_next(&want, '\n');

		catalog_op(&shelf.c, i, &op);
		if (!str_same(tool_text(&shelf.c, &op), line))
			fail_msg("\n%.*s\nis not the golden\n%.*s", STR_ARG(tool_text(&shelf.c, &op)), STR_ARG(line));
	}
	assert_int_equal(want.n, 0);
}

/* The same document gives the same bytes. */
static void
test_repeatable(void **state)
{
	struct made again;

	made_text(&again, shelf.im.text);
	assert_true(str_same(again.im.out, shelf.im.out));
	made_free(&again);
}

static void
refused(const char *text, const char *why, u32 line)
{
	struct made m;

	made_import(&m, guard_str(text), MADE_ARENA);
	assert_int_equal(m.err, ERR_BAD);
	assert_int_equal(m.im.out.n, 0);
	assert_string_equal(m.im.report.why, why);
	assert_int_equal(m.im.report.why_place.line, line);
	made_free(&m);
}

static void
test_no_document(void **state)
{
	struct made m;

	refused("openapi: 3.0.0\n", "the document has no paths", 0);
	refused("a\n", "this is no OpenAPI document: it is no object", 0);
	refused("[]", "this is no OpenAPI document: it is no object", 0);
	refused("openapi: 3.0.0\npaths:\n\t/a: b", "a tab in the indentation: spaces are expected", 3);
	refused("{}", "this is no OpenAPI document: it has no member \"openapi\"", 0);
	refused("{\"swagger\":\"1.2\"}", "this version of Swagger is not known: 2.0 is", 0);
	refused("{\"openapi\":\"4.0.0\"}", "this version of OpenAPI is not known: 2.0, 3.0, 3.1 and 3.2 are", 0);
	refused("{\"openapi\":3}", "this is no OpenAPI document: it has no member \"openapi\"", 0);
	refused("{\"openapi\":\"3.0.0\"}", "the document has no paths", 0);
	refused("{\"openapi\":\"3.0.0\",\"paths\":[]}", "the document has no paths", 0);
	made_import(&m, guard_str("{\n\"openapi\":\n\"3.0.0\",,}"), MADE_ARENA);
	assert_int_equal(m.err, ERR_BAD);
	assert_int_equal(m.im.report.why_place.line, 3);
	made_free(&m);
	made_import(&m, guard_str(""), MADE_ARENA);
	assert_int_equal(m.err, ERR_BAD);
	made_free(&m);
}

static void
test_nearly_nothing(void **state)
{
	struct made m;
	struct catalog_server server;

	made_text(&m, guard_str("\xef\xbb\xbf{\"openapi\":\"3.1.1\",\"paths\":{}}"));
	assert_int_equal(m.c.op_n, 0);
	assert_int_equal(m.c.server_n, 1);
	catalog_server(&m.c, 0, &server);
	assert_int_equal(server.url.n, 0);
	assert_false(server.absolute);
	made_walk(&m.c);
	made_free(&m);
}

/* Cut at every byte: never a catalog, never a crash. */
static void
test_every_length(void **state)
{
	struct str text = guard_str("{\"openapi\":\"3.0.0\",\"paths\":{\"/a/{b}\":{\"get\":{\"parameters\":[{\"in\":\"path\","
	                            "\"name\":\"b\",\"schema\":{\"$ref\":\"#/x\"}}]}}},\"x\":{\"allOf\":[{\"type\":\"null\"}]}}");
	struct made m;

	for (u32 n = 0; n < text.n; n++) {
		made_import(&m, guard_bytes(str_cut(text, 0, n)), (size_t)2 << 20);
		assert_int_equal(m.err, ERR_BAD);
		made_free(&m);
	}
	made_text(&m, text);
	assert_int_equal(m.c.op_n, 1);
	made_free(&m);
}

/* Every amount of memory from too little upwards: ERR_FULL with a reason until it is enough. */
static void
test_small_arena(void **state)
{
	size_t enough = shelf.arena.peak, step = enough / 300;
	struct made m;

	for (size_t room = 1024; room < enough; room += step) {
		made_import(&m, shelf.im.text, room);
		if (m.err == 0)
			assert_true(str_same(m.im.out, shelf.im.out));
		else
			assert_int_equal(m.err, ERR_FULL);
		made_free(&m);
	}
	made_import(&m, shelf.im.text, enough);
	assert_int_equal(m.err, 0);
	made_free(&m);
	assert_true(import_arena_bytes(shelf.im.text.n) >= enough);
}

static void
test_strict(void **state)
{
	struct made m = { .err = 0 };

	m.arena = arena_over(malloc(MADE_ARENA), MADE_ARENA);
	m.im = (struct import){ .arena = &m.arena, .text = shelf.im.text, .strict = true };
	assert_int_equal(import_document(&m.im), ERR_DENY);
	assert_int_equal(m.im.out.n, 0);
	assert_true(report_losses(&m.im.report));
	made_free(&m);
}

/* A tool that would be too large is told shorter, and still takes every argument. */
static void
test_tool_max(void **state)
{
	struct made m = { .err = 0 };
	struct catalog_op op;

	m.arena = arena_over(malloc(MADE_ARENA), MADE_ARENA);
	m.im = (struct import){ .arena = &m.arena, .text = shelf.im.text, .tool_max = 700 };
	assert_int_equal(import_document(&m.im), 0);
	assert_int_equal(catalog_open(&m.c, m.im.out), 0);
	assert_int_equal(m.c.op_n, 12);
	assert_true(m.im.report.info.counts.cut_size >= 2);
	made_op(&m, "tree", &op);
	assert_true(op.tool_n <= 700);
	assert_true(op.flags & CATALOG_OP_CUT);
	assert_int_equal(op.props_n, 3);
	made_op(&m, "list_books", &op);
	assert_int_equal(op.props_n, 8); /* six and two of ours */
	made_free(&m);
	m.arena = arena_over(malloc(MADE_ARENA), MADE_ARENA);
	m.im = (struct import){ .arena = &m.arena, .text = shelf.im.text, .tool_max = 80 };
	assert_int_equal(import_document(&m.im), 0);
	assert_int_equal(m.im.report.info.counts.imported + m.im.report.info.counts.skipped, 16);
	made_free(&m);
}

/* The same path twice, the same method twice: one of each is imported, the other reported. */
static void
test_twice(void **state)
{
	struct made m;

	made_text(&m, made_document("\"/a\":{\"get\":{\"operationId\":\"one\"},\"get\":{\"operationId\":\"two\"}},"
	                            "\"/a\":{\"get\":{\"operationId\":\"three\"}}", ""));
	assert_int_equal(m.im.report.info.counts.operations, 3);
	assert_int_equal(m.im.report.info.counts.imported, 1);
	assert_int_equal(m.im.report.info.counts.skipped, 2);
	assert_int_equal(catalog_find(&m.c, STR("one"), NULL), 0);
	made_free(&m);
}

/* What OpenAPI 3.2 adds: the method QUERY, others that are never sent, content that is a reference. */
static void
test_three_two(void **state)
{
	struct catalog_op op;
	struct made m;

	made_text(&m, made_document("\"/x\":{\"query\":{\"operationId\":\"find\",\"requestBody\":{\"content\":{\"application/json\":"
	    "{\"$ref\":\"#/components/mediaTypes/M\"}}}},\"additionalOperations\":{\"COPY\":{},\"QUERY\":{},"
	    "\"REPORT\":{\"operationId\":\"report\"},\"CONNECT\":{},\"a b\":{}}},"
	    "\"/y\":{\"additionalOperations\":{\"QUERY\":{\"operationId\":\"more\",\"responses\":{\"200\":{\"content\":{"
	    "\"text/event-stream\":{\"itemSchema\":{}}}}}},\"x\":1}}",
	    "\"mediaTypes\":{\"M\":{\"schema\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}}}}}"));
	assert_int_equal(m.im.report.info.counts.operations, 8);
	assert_int_equal(m.im.report.info.counts.imported, 4);
	assert_int_equal(m.im.report.info.counts.skipped, 4);
	assert_string_equal(m.im.report.item[0].why, "the same method and path stand in the document before");
	assert_string_equal(m.im.report.item[1].why, "its method is none that is sent");
	assert_str(m.im.report.item[1].pointer, "/paths/~1x/additionalOperations/CONNECT");
	assert_str(m.im.report.item[1].verb, "CONNECT");
	assert_str(m.im.report.item[m.im.report.n - 1].pointer, "/paths/~1y/additionalOperations/QUERY/responses/200/content/text~1event-stream");
	made_op(&m, "copy_x", &op);
	assert_int_equal(op.method, CATALOG_METHOD_OTHER);
	assert_str(catalog_verb(&op), "COPY");
	assert_int_equal(op.effect, CATALOG_DESTRUCTIVE); /* nobody knows what it does */
	made_op(&m, "report", &op);
	assert_str(catalog_verb(&op), "REPORT");
	assert_int_equal(op.effect, CATALOG_READ);
	made_op(&m, "find", &op);
	assert_int_equal(op.method, CATALOG_METHOD_QUERY);
	assert_int_equal(op.effect, CATALOG_READ);
	assert_true(op.flags & CATALOG_OP_IDEMPOTENT);
	assert_int_equal(catalog_param_named(&m.c, &op, STR("name"), NULL), 0);
	made_op(&m, "more", &op);
	assert_int_equal(op.method, CATALOG_METHOD_QUERY);
	made_free(&m);
}

/* What is wrong with a document itself, and where: references that lead nowhere, also those that no tool asks for; ids
 * given twice; schemas that are none. */
static void
test_warnings(void **state)
{
	static const char text[] = "openapi: 3.0.3\npaths:\n  /a:\n    get:\n      operationId: same\n      parameters:\n"
	    "        - {name: a, in: query, schema: {type: strnig}}\n"
	    "        - {name: b, in: query, schema: {type: integer, minimum: five}}\n"
	    "        - {name: c, in: query, schema: 12}\n"
	    "        - {name: d, in: query, schema: {$ref: '#/components/schemas/Gone'}}\n"
	    "        - {name: e, in: query, schema: {type: string, maxLength: -1, example: {$ref: '#/no/matter'}}}\n"
	    "      responses: {'200': {$ref: '#/components/responses/Missing'}}\n"
	    "    post: {operationId: same, responses: {}}\n";
	static const struct { const char *why, *detail; u32 line, column; } want[] = {
		{ "an operationId stands in the document before", "same", 13, 25 },
		{ "a schema's type is none that there is: anything is allowed there", "\"strnig\"", 7, 47 },
		{ "a schema's keyword has a value that it cannot have", "minimum", 8, 65 },
		{ "a schema is no object: anything is allowed there", "schema", 9, 40 },
		{ "a $ref leads nowhere or in a circle: anything is allowed there", "#/components/schemas/Gone", 10, 47 },
		{ "a schema's keyword has a value that it cannot have", "maxLength", 11, 66 },
		{ "a $ref leads nowhere or in a circle: anything is allowed there", "#/components/responses/Missing", 12, 33 },
	};
	struct made m;

	made_text(&m, guard_str(text));
	assert_int_equal(m.im.report.info.counts.imported, 2);
	assert_int_equal(m.im.report.n, ARRAY_N(want));
	for (u32 i = 0; i < ARRAY_N(want); i++) {
		const struct report_item *it = &m.im.report.item[i];

		assert_string_equal(it->why, want[i].why);
		assert_str(it->detail, want[i].detail);
		assert_int_equal(it->place.line, want[i].line);
		assert_int_equal(it->place.column, want[i].column);
	}
	made_free(&m);
}

/* A query in a path is sent as it stands; a fragment tells operations apart and is not sent. */
static void
test_odd_paths(void **state)
{
	static const char *const why[] = { "its path holds a query, which OpenAPI forbids: it is sent as it stands there",
		"its path holds a fragment: what stands behind # is never sent" };
	struct catalog_op op;
	struct made m;

	made_text(&m, made_document("\"/a?src={src}&mode=x\":{\"get\":{\"parameters\":[{\"name\":\"src\",\"in\":\"query\"},"
	    "{\"name\":\"mode\",\"in\":\"query\"},{\"name\":\"more\",\"in\":\"query\"}]}},"
	    "\"/a\":{\"get\":{}},\"/#A=1\":{\"post\":{\"operationId\":\"one\"}},\"/#A=2\":{\"post\":{\"operationId\":\"two\"}}", ""));
	assert_int_equal(m.im.report.info.counts.imported, 4);
	for (u32 i = 0; i < m.im.report.n; i++)
		assert_string_equal(m.im.report.item[i].why, why[str_find(m.im.report.item[i].path, '#', 0) >= 0]);
	made_op(&m, "get_a_src_mode_x", &op);
	assert_int_equal(op.param_n, 2); /* mode is given by the path */
	assert_str(op.path, "/a?src={src}&mode=x");
	made_op(&m, "two", &op);
	assert_str(op.path, "/#A=2");
	made_free(&m);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts), cmocka_unit_test(test_reasons), cmocka_unit_test(test_golden),
		cmocka_unit_test(test_repeatable), cmocka_unit_test(test_no_document),
		cmocka_unit_test(test_nearly_nothing), cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_small_arena), cmocka_unit_test(test_strict), cmocka_unit_test(test_tool_max),
		cmocka_unit_test(test_twice), cmocka_unit_test(test_three_two), cmocka_unit_test(test_odd_paths), cmocka_unit_test(test_warnings),
	};

	if (argc > 1) {
		struct catalog_op op;

		setup(NULL);
		for (u32 i = 0; i < shelf.c.op_n; i++) {
			catalog_op(&shelf.c, i, &op);
			printf("%.*s\n", STR_ARG(tool_text(&shelf.c, &op)));
		}
		return teardown(NULL);
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
