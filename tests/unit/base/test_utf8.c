/* utf8: every code point there and back, every kind of wrong byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "lib/guard.h"

static void
test_every_point(void **state)
{
	for (u32 c = 0; c < 0x110000; c++) {
		u8 mem[4];
		struct buf b = buf_over(mem, sizeof mem);
		u32 point = 0;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		utf8_put(&b, c);
		if (utf8_take(buf_str(&b), &point) != (int)b.w || point != c)
			fail_msg("U+%x", c);
		for (u32 n = 0; n < b.w; n++)
			if (utf8_take(str_cut(buf_str(&b), 0, n), &point) != ERR_MORE)
				fail_msg("U+%x cut after %u", c, n);
	}
}

static void
test_not_characters(void **state)
{
	u8 mem[8];
	struct buf b = buf_over(mem, sizeof mem);

	utf8_put(&b, 0xd800);
	assert_true(str_is(buf_str(&b), "\xef\xbf\xbd"));
	b.w = 0;
	utf8_put(&b, 0x110000);
	assert_true(str_is(buf_str(&b), "\xef\xbf\xbd"));
}

/* All pairs of bytes, with good bytes behind: exactly the pairs of the Unicode standard's table
 * 3-7 begin a character. */
static void
test_all_pairs(void **state)
{
	for (u32 a = 0; a < 256; a++)
		for (u32 b = 0; b < 256; b++) {
			u8 s[4] = { (u8)a, (u8)b, 0x80, 0x80 };
			u32 low = a == 0xe0 ? 0xa0 : a == 0xf0 ? 0x90 : 0x80, high = a == 0xed ? 0x9f : a == 0xf4 ? 0x8f : 0xbf;
			bool good = a < 0x80 || (a >= 0xc2 && a <= 0xf4 && b >= low && b <= high);
			u32 point;

			assert_int_equal(utf8_take(str_of(s, 4), &point) > 0, good);
		}
}

static void
test_valid(void **state)
{
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "a\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3(", "\xe2\x28\xa1", "\xe2\x82\x28" };

	assert_true(utf8_valid(guard_str("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80")));
	assert_true(utf8_valid(STR_NONE));
	for (u32 i = 0; i < ARRAY_N(bad); i++)
		assert_false(utf8_valid(guard_str(bad[i])));
}

static void
test_prefix(void **state)
{
	struct str s = guard_str("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
	static const u32 want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

	for (u32 n = 0; n < ARRAY_N(want); n++)
		assert_int_equal(utf8_prefix(s, n).n, want[n]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_point),
		cmocka_unit_test(test_not_characters),
		cmocka_unit_test(test_all_pairs),
		cmocka_unit_test_teardown(test_valid, guard_free),
		cmocka_unit_test_teardown(test_prefix, guard_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
