/* What changes for those who call, from one version of a document to the next. */
#include "made.h"

#include "catalog/diff.h"

static u8 space[65536];

static u8 tools[2][65536];

/* All differences of two documents' paths as one text. */
static struct str
told(const char *old, const char *new, struct diff *d)
{
	static struct made a, b;
	struct buf out = buf_over(space, sizeof space);

	made_free(&a);
	made_free(&b);
	made_text(&a, made_document(old, ""));
	made_text(&b, made_document(new, ""));
	*d = (struct diff){ .a = &a.c, .b = &b.c };
	for (u32 i = 0; i < 2; i++)
		d->tool[i] = buf_over(tools[i], sizeof tools[i]);
	while (diff_next(d)) {
		buf_fmt(&out, "%s %S\n", diff_text(d->kind), d->op[d->kind == DIFF_ADDED].name);
		diff_put(d, &out);
	}
	assert_false(out.over);
	return buf_str(&out);
}

#define OP(id, more) "{\"operationId\":\"" id "\"" more "}"
#define QUERY(name, more) "{\"in\":\"query\",\"name\":\"" name "\"" more "}"
#define PARAMS(list) ",\"parameters\":[" list "]"

static void
test_comes_and_goes(void **state)
{
	struct diff d;

	assert_str(told("\"/x\":{\"get\":" OP("gone", "") "},\"/y\":{\"get\":" OP("same", "") "}",
	    "\"/z\":{\"get\":" OP("zoo", "") "},\"/y\":{\"get\":" OP("same", "") "}", &d), "removed gone\nadded zoo\n");
	assert_int_equal(d.count[DIFF_ADDED], 1);
	assert_int_equal(d.count[DIFF_REMOVED], 1);
	assert_int_equal(d.count[DIFF_CHANGED], 0);
	assert_str(told("\"/y\":{\"get\":" OP("same", "") "}", "\"/y\":{\"get\":" OP("same", "") "}", &d), "");
}

static void
test_renamed(void **state)
{
	struct diff d;

	assert_str(told("\"/x\":{\"get\":" OP("b", PARAMS(QUERY("p", ""))) "}", "\"/x\":{\"get\":" OP("a", "") "}", &d),
	    "renamed b\nis called a now\n- argument p\n");
	assert_str(told("\"/x\":{\"get\":" OP("a", "") "}", "\"/x\":{\"get\":" OP("b", "") "}", &d), "renamed a\nis called b now\n");
	/* The name has gone to another operation: that is what changed for those who call it. */
	assert_str(told("\"/x\":{\"get\":" OP("a", "") "}", "\"/x\":{\"get\":" OP("b", "") "},\"/y\":{\"get\":" OP("a", "") "}", &d),
	    "changed a\nGET /x is now GET /y\nadded b\n");
}

static void
test_meaning(void **state)
{
	struct diff d;

	assert_str(told("\"/y\":{\"post\":" OP("kept", PARAMS(QUERY("p", ""))) "}", "\"/y\":{\"delete\":" OP("kept",
	    PARAMS(QUERY("q", ",\"required\":true"))) "}", &d), "changed kept\nPOST /y is now DELETE /y\n"
	    "effect write is now destructive\n- argument p\n+ argument q, required\n");
	assert_str(told("\"/y\":{\"get\":" OP("k", PARAMS(QUERY("p", ",\"schema\":{\"type\":\"string\"}"))) "}", "\"/y\":{\"get\":" OP("k",
	    ",\"deprecated\":true" PARAMS(QUERY("p", ",\"required\":true,\"schema\":{\"type\":\"integer\"}"))) "}", &d),
	    "changed k\ndeprecated now\nargument p is required now\nargument p was string, is integer\n");
	assert_str(told("\"/y\":{\"get\":" OP("k", PARAMS(QUERY("p", ",\"schema\":{\"type\":\"string\",\"enum\":[\"a\"]}"))) "}",
	    "\"/y\":{\"get\":" OP("k", PARAMS(QUERY("p", ",\"schema\":{\"type\":\"string\",\"enum\":[\"b\"]}"))) "}", &d),
	    "changed k\nargument p takes other values\n");
	assert_str(told("\"/y\":{\"get\":" OP("k", PARAMS(QUERY("p", ",\"schema\":{\"type\":\"integer\"}"))) "}",
	    "\"/y\":{\"get\":" OP("k", PARAMS(QUERY("p", ",\"schema\":{\"type\":\"integer\",\"maximum\":5}"))) "}", &d),
	    "changed k\nwhat arguments may hold\n");
}

static void
test_words(void **state)
{
	struct diff d;

	assert_str(told("\"/y\":{\"get\":" OP("k", ",\"summary\":\"One\"" PARAMS(QUERY("p", ",\"description\":\"q \\\"x\\\"\""))) "}",
	    "\"/y\":{\"get\":" OP("k", ",\"summary\":\"Two\"" PARAMS(QUERY("p", ",\"description\":\"r\""))) "}", &d), "words k\n");
	assert_int_equal(d.count[DIFF_WORDS], 1);
	assert_int_equal(d.count[DIFF_CHANGED], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_and_goes), cmocka_unit_test(test_renamed), cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
