/* What people see: reports, operations. */
#include "made.h"

#include "catalog/show.h"
#include "json/jscan.h"

static struct made shelf;
static u8 space[65536];
static struct buf out;

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
has(const char *part)
{
	if (str_find_str(buf_str(&out), str_c(part)) < 0)
		fail_msg("\n%.*s\nlacks \"%s\"", STR_ARG(buf_str(&out)), part);
}

static void
lacks(const char *part)
{
	if (str_find_str(buf_str(&out), str_c(part)) >= 0)
		fail_msg("\n%.*s\nhas \"%s\"", STR_ARG(buf_str(&out)), part);
}

static void
test_report_text(void **state)
{
	out = buf_over(space, sizeof space);
	report_text(&shelf.im.report, false, &out);
	has("Shelf 1.2 (OpenAPI 3.0.3, ");
	has("16 operations: 12 imported, 4 skipped\n");
	has("    1  TRACE requests are never made\n");
	has("effects: 3 read, 7 write, 2 destructive; 1 deprecated, 1 on other servers\n");
	lacks("/paths/~1broken/trace");
	report_text(&shelf.im.report, true, &out);
	has("  skipped TRACE /broken: TRACE requests are never made\n          at /paths/~1broken/trace (line ");
	assert_false(out.over);
	assert_true(report_losses(&shelf.im.report));
}

static void
test_report_json(void **state)
{
	struct jsmntok tok[2048];
	struct jdoc doc;
	struct jcur root;
	u64 n, sum = 0;

	out = buf_over(space, sizeof space);
	report_json(&shelf.im.report, &shelf.c, &out);
	assert_int_equal(json_parse(&doc, buf_str(&out), tok, 2048), 0);
	root = json_root(&doc);
	assert_int_equal(json_kind(json_get(root, "imported")), JSON_TRUE);
	assert_int_equal(json_u64(json_pointer(root, STR("/counts/operations")), &n), 0);
	assert_int_equal(n, 16);
	assert_int_equal(json_len(json_get(root, "skipped")), 4);
	for (struct jcur r = json_first(json_get(root, "skipped_because")); !r.err; r = json_next(r)) {
		assert_int_equal(json_u64(r, &n), 0);
		sum += n;
	}
	assert_int_equal(sum, 4);
	assert_true(json_is(json_pointer(root, STR("/skipped/1/pointer")), "/paths/~1broken/trace"));
	assert_int_equal(json_u64(json_pointer(root, STR("/tools/bytes")), &n), 0);
	assert_int_equal(n, shelf.im.report.tool_bytes);
	assert_int_equal(json_len(json_get(root, "operations")), shelf.c.op_n);
	has("\"method\":\"PUT\",\"path\":\"/books/{id}.{format}\",\"tool\":\"update_book\",\"effect\":\"write\",");
	has("\"renamed_arguments\":{\"id\":\"query_id\"");
	has("\"renamed_from\":\"");
	/* Commas stand between tools: all of them together are that much longer. */
	assert_int_equal(n + shelf.c.op_n - 1, catalog_tools_n(&shelf.c));
}

static void
test_report_refused(void **state)
{
	struct made m;

	made_import(&m, guard_str("{\n\n7}"), MADE_ARENA);
	out = buf_over(space, sizeof space);
	report_text(&m.im.report, true, &out);
	has("not imported: ");
	has("(line 3, column 1)");
	out = buf_over(space, sizeof space);
	report_json(&m.im.report, NULL, &out);
	assert_int_equal(jscan_check(buf_str(&out), 64, 0, NULL), 0);
	has("\"imported\":false");
	made_free(&m);
}

static void
test_largest(void **state)
{
	struct report r = { .arena = &shelf.arena };
	const u32 bytes[] = { 10, 90, 40, 40, 1, 99, 50 };

	for (u32 i = 0; i < ARRAY_N(bytes); i++)
		report_tool(&r, STR("x"), bytes[i]);
	assert_int_equal(r.tool_bytes, 330);
	assert_int_equal(r.largest[0].bytes, 99);
	assert_int_equal(r.largest[1].bytes, 90);
	assert_int_equal(r.largest[4].bytes, 40);
	assert_int_equal(report_tokens(0), 0);
	assert_int_equal(report_tokens(5), 2);
}

static void
test_show(void **state)
{
	struct catalog_op op;

	out = buf_over(space, sizeof space);
	made_op(&shelf, "update_book", &op);
	show_op(&shelf.c, &op, &out);
	for (u32 i = 0; i < op.param_n; i++)
		show_arg(&shelf.c, &op, i, &out);
	has("update_book\n  PUT /books/{id}.{format}\n  effect: write, idempotent, deprecated\n");
	has("  body: application/merge-patch+json\n");
	has("  security: key\n  or login [\"books:read\"] and key\n");
	has("  query_id                  query, integer, sent as id\n");
	assert_false(out.over);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_text), cmocka_unit_test(test_report_json),
		cmocka_unit_test(test_report_refused), cmocka_unit_test(test_largest), cmocka_unit_test(test_show),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
