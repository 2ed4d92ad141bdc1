/* buf: a write that does not fit writes nothing and is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/guard.h"

static void
test_room_is_exact(void **state)
{
	struct buf b = buf_over(guard_room(4), 4);

	buf_put(&b, STR("ab"));
	buf_byte(&b, 'c');
	assert_int_equal(buf_room(&b), 1);
	buf_put(&b, STR("de"));
	assert_true(b.over);
	buf_byte(&b, 'x'); /* would fit, but nothing follows a failure */
	assert_true(str_is(buf_str(&b), "abc"));
}

static void
test_eat(void **state)
{
	u8 mem[8];
	struct buf b = buf_over(mem, sizeof mem);

	BUF_LIT(&b, "abcdef");
	buf_eat(&b, 2);
	assert_true(str_is(buf_str(&b), "cdef"));
	assert_int_equal(buf_room(&b), 2);
	buf_compact(&b);
	assert_true(str_is(buf_str(&b), "cdef"));
	assert_int_equal(buf_room(&b), 4);
	buf_eat(&b, 4);
	assert_int_equal(buf_room(&b), 8); /* empty: back to the start */
	assert_int_equal(b.r, 0);
}

static void
test_numbers(void **state)
{
	u8 mem[128];
	struct buf b = buf_over(mem, sizeof mem);

	buf_u64(&b, 0);
	buf_byte(&b, ' ');
	buf_u64(&b, UINT64_MAX);
	buf_byte(&b, ' ');
	buf_i64(&b, INT64_MIN);
	buf_byte(&b, ' ');
	buf_i64(&b, -1);
	buf_byte(&b, ' ');
	buf_hex(&b, 0x00c0ffee, 8);
	buf_hex(&b, 0x123, 2);
	assert_true(str_is(buf_str(&b), "0 18446744073709551615 -9223372036854775808 -1 00c0ffee23"));
}

static void
test_fmt(void **state)
{
	u8 mem[128];
	struct buf b = buf_over(mem, sizeof mem);

	buf_fmt(&b, "%S|%s|%d|%u|%U|%D|%x|%x|%c|%%|", STR("a\0b"), "c", -5, 5U, (u64)6, (int64_t)-7, 0U, 0xabcU, 'z');
	assert_true(str_same(buf_str(&b), STR("a\0b|c|-5|5|6|-7|0|abc|z|%|")));
	buf_fmt(&b, "%s", (const char *)NULL);
	assert_false(b.over);
}

static void
test_empty(void **state)
{
	struct buf b = { 0 };

	buf_put(&b, STR_NONE);
	assert_false(b.over);
	assert_int_equal(buf_str(&b).n, 0);
	buf_compact(&b);
	buf_byte(&b, 'a');
	assert_true(b.over);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_room_is_exact, guard_free),
		cmocka_unit_test(test_eat),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_fmt),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
