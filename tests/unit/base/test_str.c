/* str: views compared, searched, cut, split and read as numbers, all at the edge of a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "lib/guard.h"

static void
test_compare(void **state)
{
	assert_true(str_same(STR_NONE, STR("")));
	assert_true(str_same(guard_str("abc"), guard_str("abc")));
	assert_false(str_same(STR("abc"), STR("abd")));
	assert_false(str_same(STR("abc"), STR("ab")));
	assert_true(str_is(guard_str("abc"), "abc"));
	assert_false(str_is(STR("abc\0"), "abc"));
	assert_true(str_is(str_c(NULL), ""));
	assert_true(str_same_nocase(guard_str("Content-LENGTH"), STR("content-length")));
	assert_false(str_same_nocase(STR("a@"), STR("a`"))); /* only letters have a case */
	assert_false(str_same_nocase(STR("[]"), STR("{}")));
	assert_false(str_same_nocase(STR("a"), STR("ab")));
}

static void
test_order(void **state)
{
	static const char *const sorted[] = { "", "A", "a", "a\x01", "aa", "ab", "b", "\xff" };

	for (u32 i = 0; i < ARRAY_N(sorted); i++)
		for (u32 k = 0; k < ARRAY_N(sorted); k++) {
			int d = str_cmp(guard_str(sorted[i]), guard_str(sorted[k]));

			assert_int_equal(d < 0, i < k);
			assert_int_equal(d == 0, i == k);
		}
}

static void
test_starts_and_ends(void **state)
{
	struct str s = guard_str("abcabc");

	assert_true(str_starts(s, STR("abc")));
	assert_true(str_ends(s, STR("bc")));
	assert_true(str_starts(s, STR_NONE));
	assert_true(str_ends(s, STR_NONE));
	assert_false(str_starts(s, STR("bc")));
	assert_false(str_ends(s, STR("ab")));
	assert_false(str_starts(STR("ab"), s));
	assert_false(str_ends(STR("ab"), s));
}

static void
test_find(void **state)
{
	struct str s = guard_str("abcabd");

	assert_int_equal(str_find(s, 'a', 0), 0);
	assert_int_equal(str_find(s, 'a', 1), 3);
	assert_int_equal(str_find(s, 'a', 4), -1);
	assert_int_equal(str_find(s, 'd', 5), 5);
	assert_int_equal(str_find(s, 'd', 6), -1);
	assert_int_equal(str_find(STR_NONE, 'd', 0), -1);
	assert_int_equal(str_find_str(s, STR("abd")), 3);
	assert_int_equal(str_find_str(s, STR("abe")), -1);
	assert_int_equal(str_find_str(s, STR("abcabde")), -1);
	assert_int_equal(str_find_str(s, STR("")), 0);
	assert_int_equal(str_find_str(guard_str("aaab"), STR("aab")), 1);
	assert_int_equal(str_find_str(guard_str("a"), STR("aa")), -1);
}

static void
test_cut_is_clipped(void **state)
{
	struct str s = STR("abc");

	assert_true(str_is(str_cut(s, 1, 2), "b"));
	assert_true(str_is(str_cut(s, 0, 99), "abc"));
	assert_int_equal(str_cut(s, 5, 9).n, 0);
	assert_int_equal(str_cut(s, 2, 1).n, 0);
	assert_null(str_cut(STR_NONE, 0, 5).p);
}

static void
test_trim(void **state)
{
	assert_true(str_is(str_trim(guard_str(" \t\r\nab c\n ")), "ab c"));
	assert_int_equal(str_trim(guard_str(" \t")).n, 0);
	assert_true(str_is(str_trim(STR("\x0b" "a\x0c")), "\x0b" "a\x0c"));
}

static void
test_next(void **state)
{
	static const char *const want[] = { "a", "", "b", "" };
	struct str rest = guard_str("a,,b,");
	u32 n = 0;

	while (rest.p)
		assert_true(str_is(str_next(&rest, ','), want[n++]));
	assert_int_equal(n, 4);
	rest = STR("");
	assert_int_equal(str_next(&rest, ',').n, 0); /* an empty text has one empty part */
	assert_null(rest.p);
}

static void
test_numbers(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "1x", "0x1", "18446744073709551616", "99999999999999999999" };
	u64 v = 7;

	for (u32 i = 0; i < ARRAY_N(bad); i++)
		assert_int_equal(str_u64(guard_str(bad[i]), &v), ERR_BAD);
	assert_int_equal(v, 7);
	assert_int_equal(str_u64(guard_str("18446744073709551615"), &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(str_u64(guard_str("007"), &v), 0);
	assert_int_equal(v, 7);
	assert_int_equal(str_hex(guard_str("fFfFfFfFfFfFfFfF"), &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(str_hex(STR("00000000000000001"), &v), ERR_BAD);
	assert_int_equal(str_hex(STR("g"), &v), ERR_BAD);
	assert_int_equal(str_hex(STR(""), &v), ERR_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_compare, guard_free),
		cmocka_unit_test_teardown(test_order, guard_free),
		cmocka_unit_test_teardown(test_starts_and_ends, guard_free),
		cmocka_unit_test_teardown(test_find, guard_free),
		cmocka_unit_test(test_cut_is_clipped),
		cmocka_unit_test_teardown(test_trim, guard_free),
		cmocka_unit_test_teardown(test_next, guard_free),
		cmocka_unit_test_teardown(test_numbers, guard_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
