/* What `mode auto` decides, on both sides of each bound, and for each role by what it sees. */
#include "gen.h"

#include "base/limits.h"
#include "gate/mode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct made m;
static u8 text[64 * 1024];

static u8
decide(u32 operations, u64 tokens, const char *said)
{
	struct mode mode = { operations, tokens };
	u8 room[300];
	struct buf b = buf_over(room, sizeof room);

	mode_say(&mode, &b);
	assert_false(b.over);
	if (str_find_str(buf_str(&b), str_c(said)) < 0)
		fail_msg("'%.*s' does not say '%s'", STR_ARG(buf_str(&b)), said);
	return mode_decide(&mode);
}

static void
test_bounds(void **state)
{
	assert_int_equal(decide(MODE_OPS, MODE_TOKENS, "auto: 100 operations, about 25000 tokens a list: tools (up to"),
	    API_MODE_TOOLS);
	assert_int_equal(decide(MODE_OPS + 1, 10, "(above 100 operations): code mode would be chosen"), API_MODE_CODE);
	assert_int_equal(decide(1, MODE_TOKENS + 1, "(above 25000 tokens): code mode would be chosen; this version has "
	    "none and serves tools"), API_MODE_CODE);
	assert_int_equal(decide(0, 0, ": tools"), API_MODE_TOOLS);
}

/* A document of n operations that read and one that writes. */
static struct mode
of_document(u32 n, u32 role)
{
	struct buf b = buf_over(text, sizeof text);
	struct mode all;

	BUF_LIT(&b, "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":{");
	for (u32 i = 0; i < n; i++)
		buf_fmt(&b, "\"/r%u\":{\"get\":{\"operationId\":\"r%u\",\"responses\":{}}},", i, i);
	BUF_LIT(&b, "\"/w\":{\"put\":{\"operationId\":\"w\",\"responses\":{}}}}}");
	assert_false(b.over);
	made_open(&m, 2);
	doc_open(&m.doc, buf_str(&b));
	made_compile(&m);
	all = mode_of_all(&m.doc.catalog);
	assert_int_equal(all.operations, n + 1);
	assert_int_equal(all.tokens, (catalog_tools_n(&m.doc.catalog) + 3) / 4); /* as lint has it */
	return mode_of_role(&m.api, role, &m.doc.catalog);
}

static void
test_roles(void **state)
{
	u32 viewer, member;
	struct mode one;

	made_open(&m, 1);
	viewer = (u32)role_find(&m.gen, STR("viewer")), member = (u32)role_find(&m.gen, STR("member"));
	one = of_document(MODE_OPS, viewer);
	assert_int_equal(one.operations, MODE_OPS);
	assert_int_equal(mode_decide(&one), API_MODE_TOOLS);
	one = of_document(MODE_OPS, member);
	assert_int_equal(one.operations, MODE_OPS + 1);
	assert_int_equal(mode_decide(&one), API_MODE_CODE);
	one = of_document(MODE_OPS - 1, member);
	assert_int_equal(mode_decide(&one), API_MODE_TOOLS);
}

/* What is offered less counts less: list only of config api. */
static void
test_narrowed(void **state)
{
	struct rule only[2];
	const char *why;
	struct mode one;

	assert_int_equal(rule_read(&only[0], STR("GET /r1*"), &why), 0);
	assert_int_equal(rule_read(&only[1], STR("op:w"), &why), 0);
	of_document(MODE_OPS, 0);
	m.api.only = only;
	m.api.onlys = 2;
	made_compile(&m);
	one = mode_of_role(&m.api, (u32)role_find(&m.gen, STR("member")), &m.doc.catalog);
	assert_int_equal(one.operations, 12); /* r1, r10 to r19, w */
	one = mode_of_role(&m.api, (u32)role_find(&m.gen, STR("viewer")), &m.doc.catalog);
	assert_int_equal(one.operations, 11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_narrowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
