/* The syntax of UCI: quoting, comments, continued lines; mistakes with the line where they stand. */
#include "main/uci.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/guard.h"

static u8 room[65536];

/* All events of text as "C type|name O name|value L name|value", mistakes as "!line:why(word)". */
static const char *
events(const char *text)
{
	static char out[4096];
	struct arena a = arena_over(room, sizeof room);
	struct buf b = buf_over(out, sizeof out - 1);
	struct uci_event e;
	struct uci u;
	int got;

	uci_init(&u, guard_str(text), &a);
	while ((got = uci_next(&u, &e)) != 0) {
		if (buf_len(&b))
			buf_byte(&b, ' ');
		if (got == 1)
			buf_fmt(&b, "%c%u:%S|%S", "COL"[e.kind], e.line, e.word[0], e.word[1]);
		else if (got == ERR_BAD)
			buf_fmt(&b, "!%u:%s(%S)", e.line, u.why, u.word);
		else
			break;
	}
	out[b.w] = 0;
	guard_free(NULL);
	return out;
}

static void
test_plain_file(void **state)
{
	assert_string_equal(events("config api 'gitea'\n\toption path /mcp\n\tlist host 'a' # more\n"),
	    "C1:api|gitea O2:path|/mcp L3:host|a");
	assert_string_equal(events(""), "");
	assert_string_equal(events("\n\n  # nothing\n\t\n#"), "");
	assert_string_equal(events("package mcpgated\n\nconfig server"), "C3:server|");
	assert_string_equal(events("c server\r\no a 1\r\nl b 2\r\n"), "C1:server| O2:a|1 L3:b|2");
}

static void
test_quoting(void **state)
{
	assert_string_equal(events("option a 'x y'"), "O1:a|x y");
	assert_string_equal(events("option a \"x \\\"y\\\" \\\\\""), "O1:a|x \"y\" \\");
	assert_string_equal(events("option a x\\ y"), "O1:a|x y");
	assert_string_equal(events("option a 'x'\"y\"z"), "O1:a|xyz");
	assert_string_equal(events("option a 'it'\\''s'"), "O1:a|it's");
	assert_string_equal(events("option a ''"), "O1:a|");
	assert_string_equal(events("option a '\\n # ; not special'"), "O1:a|\\n # ; not special");
	assert_string_equal(events("option a x#comment\noption b y"), "O1:a|x O2:b|y");
	assert_string_equal(events("option a 1; option b 2"), "O1:a|1 O1:b|2");
}

static void
test_lines_go_on(void **state)
{
	assert_string_equal(events("option a \\\n\t'x'\noption b y"), "O1:a|x O3:b|y");
	assert_string_equal(events("option a \"one \\\ntwo\"\noption b y"), "O1:a|one two O3:b|y");
	assert_string_equal(events("option a 'one\ntwo'\noption b y"), "O1:a|one\ntwo O3:b|y");
	assert_string_equal(events("option a x\\\r\ny\noption b z"), "O1:a|xy O3:b|z");
}

static void
test_mistakes_have_lines(void **state)
{
	assert_string_equal(events("opton a b\noption c d"),
	    "!1:a line begins with config, option or list, not with(opton) O2:c|d");
	assert_string_equal(events("\nconfig\n"), "!2:a type is missing after(config)");
	assert_string_equal(events("option a\n"), "!1:a value is missing after(a)");
	assert_string_equal(events("list\n"), "!1:a name and a value are missing after(list)");
	assert_string_equal(events("option a b c\noption d e"),
	    "!1:too many words: put the value in quotes, after(b) O2:d|e");
	assert_string_equal(events("package dhcp"), "!1:this file is read as package mcpgated, not as(dhcp)");
	assert_non_null(strstr(events("option a \x01"), "control character"));
	assert_non_null(strstr(events("option a \xff"), "UTF-8"));
}

static void
test_missing_quote_is_found_where_it_is_missing(void **state)
{
	assert_string_equal(events("option a 'x\n"), "!1:the ' that opens in line 1 is never closed()");
	/* the quote of line 2 swallows line 3 up to its first quote; everything behind is inside out */
	assert_non_null(strstr(events("config server\noption a 'x\noption b 'y'\noption c 'z'\n"), "line 2 is never closed"));
}

static void
test_full_arena_is_told(void **state)
{
	static u8 small[16];
	struct arena a = arena_over(small, sizeof small);
	struct uci_event e;
	struct uci u;

	uci_init(&u, STR("option name aVeryLongValueThatDoesNotFit"), &a);
	assert_int_equal(uci_next(&u, &e), ERR_FULL);
}

static void
test_what_is_quoted_comes_back(void **state)
{
	static const char *const words[] = { "", "plain", "it's", "''", "a\nb", "\\", "\"", "#;", "end'" };
	u8 text[256];

	for (u32 i = 0; i < ARRAY_N(words); i++) {
		struct arena a = arena_over(room, sizeof room);
		struct buf b = buf_over(text, sizeof text);
		struct uci_event e;
		struct uci u;

		BUF_LIT(&b, "option x ");
		uci_quote(&b, str_c(words[i]));
		uci_init(&u, buf_str(&b), &a);
		assert_int_equal(uci_next(&u, &e), 1);
		assert_true(str_is(e.word[1], words[i]));
		assert_int_equal(uci_next(&u, &e), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_file),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_lines_go_on),
		cmocka_unit_test(test_mistakes_have_lines),
		cmocka_unit_test(test_missing_quote_is_found_where_it_is_missing),
		cmocka_unit_test(test_full_arena_is_told),
		cmocka_unit_test(test_what_is_quoted_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
