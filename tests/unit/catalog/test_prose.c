/* Descriptions made plain and short. */
#include "made.h"

#include "catalog/prose.h"

static void
prose(const char *text, u32 max, const char *want)
{
	u8 space[512];
	struct buf out = buf_over(space, sizeof space);

	prose_put(&out, guard_str(text), max);
	if (!str_is(buf_str(&out), want))
		fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(buf_str(&out)), want);
	assert_true(out.w <= max);
	assert_false(out.over);
}

static void
test_plain(void **state)
{
	prose("", 100, "");
	prose("  a \n\n b\t", 100, "a b");
	prose("a\x01z\x7f", 100, "a z");
	prose("<p>Lists <b>all</b> books.<br/>Second.</p>", 100, "Lists all books. Second.");
	prose("<a href=\"https://x.example/?a=b\">here</a>", 100, "here");
	prose("see [the docs](https://x.example) and [1]", 100, "see the docs and [1]");
	prose("id <id> and a < b, <bogus>", 100, "id <id> and a < b, <bogus>");
	prose("## Head\n**bold** `code`", 100, "Head bold `code`");
	prose("a &lt; b &amp;&amp; c &unknown;", 100, "a < b && c &unknown;");
	prose("Gr\xc3\xbc\xc3\x9f\x65", 100, "Gr\xc3\xbc\xc3\x9f\x65");
	prose("bad \xff\xc3", 100, "bad");
	prose("<", 100, "<");
	prose("[x", 100, "[x");
	prose("<p", 100, "<p");
}

static void
test_cut(void **state)
{
	prose("First sentence here. Second one is long.", 30, "First sentence here.");
	prose("one two three four", 12, "one two...");
	prose("aaaaaaaaaaaaaaaa", 10, "aaaaaaa...");
	prose("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 8, "\xc3\xbc\xc3\xbc...");
	prose("abcdef", 3, "abc");
	prose("abcdef", 0, "");
	prose("exact", 5, "exact");
	prose("a. bb cc dd ee ff gg hh", 15, "a. bb cc dd...");
}

/* At every budget: within it, valid, and a beginning of the text. */
static void
test_every_budget(void **state)
{
	const char *text = "One <b>\xe2\x82\xac</b> two. Three [four](x) five &gt; six, seven.";

	for (u32 max = 0; max < 60; max++) {
		u8 *space = guard_room(max);
		struct buf out = buf_over(space, max);

		prose_put(&out, str_c(text), 1000);
		assert_false(out.over);
		prose_put(&out, str_c(text), 1000);
		assert_false(out.over);
	}
}

static void
join(const char *before, const char *want)
{
	u8 space[64];
	struct buf out = buf_over(space, sizeof space);

	buf_c(&out, before);
	prose_join(&out, 0);
	assert_str(buf_str(&out), want);
}

static void
test_join(void **state)
{
	join("", "");
	join("a", "a. ");
	join("a.", "a. ");
	join("a. ", "a. ");
	join("Really?", "Really? ");
	join("see \"Rates.\"", "see \"Rates.\" ");
	join("(now)", "(now). ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_cut), cmocka_unit_test(test_every_budget),
		cmocka_unit_test(test_join),
	};

	return cmocka_run_group_tests(tests, NULL, guard_free);
}
