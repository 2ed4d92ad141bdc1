/* escape: what is split stays together, what is wrong is replaced, and every split and room
 * gives the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter/escape.h"
#include "json/json.h"
#include "lib/guard.h"

#define FFFD "\xef\xbf\xbd"

/* In two pieces, cut at cut, into outputs of room bytes. */
static void
escape(struct str in, u32 cut, u32 room, struct buf *whole)
{
	struct escape e = { 0 };
	u32 at = 0;
	int err;

	do {
		struct buf out = buf_over(guard_room(room), room);
		u32 used = escape_run(&e, guard_bytes(str_cut(in, at, at < cut ? cut : in.n)), &out);

		at += used;
		err = at < in.n ? ERR_FULL : escape_end(&e, &out);
		assert_true(used || out.w || at == cut || err == 0);
		assert_false(out.over);
		buf_put(whole, buf_str(&out));
		guard_free(NULL);
	} while (err);
}

static void
check(const char *in, const char *want)
{
	struct str s = str_c(in);

	for (u32 cut = 0; cut <= s.n; cut++)
		for (u32 room = 6; room < 300; room = room < 12 ? room + 1 : room + 91) {
			u8 got[1024];
			struct buf b = buf_over(got, sizeof got);

			escape(s, cut, room, &b);
			if (!str_is(buf_str(&b), want))
				fail_msg("%s cut at %u, room %u: %.*s", in, cut, room, STR_ARG(buf_str(&b)));
		}
}

static void
test_plain_and_special(void **state)
{
	check("", "");
	check("{\"id\":1,\"name\":\"a\\\\b\"}", "{\\\"id\\\":1,\\\"name\\\":\\\"a\\\\\\\\b\\\"}");
	check("\n\r\t\b\f\x01\x1f\x7f/", "\\n\\r\\t\\b\\f\\u0001\\u001f\x7f/");
}

static void
test_split_characters(void **state)
{
	check("\xc3\xa9", "\xc3\xa9");
	check("\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf", "\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf");
	check("the quick brown fox j\xc3\xbcmped over the l\xc3\xa4zy dog, and once more, \xe2\x80\x93 and on",
	      "the quick brown fox j\xc3\xbcmped over the l\xc3\xa4zy dog, and once more, \xe2\x80\x93 and on");
}

static void
test_wrong_bytes(void **state)
{
	check("\xff", FFFD);
	check("a\xe2\x82", "a" FFFD);
	check("\xe2\x82\"", FFFD "\\\"");
	check("\xe2\xe2\x82\xac", FFFD "\xe2\x82\xac");
	check("\xf0\x9f\x98", FFFD);
	check("\xf0\x9f\x98" "a", FFFD "a");
	check("\xf0\x9f\xc3\xa9", FFFD "\xc3\xa9");
	check("\xc0\x80\xed\xa0\x80", FFFD FFFD FFFD FFFD FFFD);
	check("\xf4\x90\x80\x80\x80", FFFD FFFD FFFD FFFD FFFD);
	check("\xc3", FFFD);
}

/* What comes out, between quotes, is JSON for what went in, whatever that was. */
static void
test_reads_back(void **state)
{
	u8 in[128], out[1024], back[1024];
	struct jsmntok tok[1];
	struct jdoc d;

	for (u32 i = 0; i < 128; i++)
		in[i] = (u8)i;
	for (u32 from = 0; from < 128; from++) {
		struct buf b = buf_over(out, sizeof out);
		struct escape e = { 0 };
		struct arena a = arena_over(back, sizeof back);

		buf_byte(&b, '"');
		assert_int_equal(escape_run(&e, str_of(in + from, 128 - from), &b), 128 - from);
		buf_byte(&b, '"');
		assert_int_equal(json_parse(&d, buf_str(&b), tok, 1), 0);
		assert_true(str_same(json_str(json_root(&d), &a), str_of(in + from, 128 - from)));
	}
}

static void
test_no_room(void **state)
{
	u8 out[1];
	struct buf b = buf_over(out, 1);
	struct escape e = { 0 };

	assert_int_equal(escape_run(&e, STR("\"x"), &b), 0);
	assert_int_equal(escape_run(&e, STR("x\""), &b), 1);
	assert_int_equal(escape_run(&e, STR("\xe2\x82"), &b), 2); /* kept, not written */
	assert_int_equal(escape_end(&e, &b), ERR_FULL);
	assert_int_equal(escape_run(&e, STR("\xac"), &b), 0);
	assert_false(b.over);
	b = buf_over(guard_room(3), 3);
	assert_int_equal(escape_run(&e, STR("\xac"), &b), 1);
	assert_true(str_is(buf_str(&b), "\xe2\x82\xac"));
	assert_int_equal(escape_end(&e, &b), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_and_special),
		cmocka_unit_test(test_split_characters),
		cmocka_unit_test(test_wrong_bytes),
		cmocka_unit_test(test_reads_back),
		cmocka_unit_test_teardown(test_no_room, guard_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
