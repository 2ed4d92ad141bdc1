/* otp: the vectors of RFC 6238 appendix B (SHA-1, last six digits), of RFC 4226 appendix D, and of RFC 4648. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "crypt/otp.h"

#define SECRET STR("12345678901234567890")

static void
test_times(void **state)
{
	static const struct {
		u64 at;
		u32 code;
	} rows[] = { { 59, 287082 }, { 1111111109, 81804 }, { 1111111111, 50471 }, { 1234567890, 5924 },
		{ 2000000000, 279037 }, { 20000000000, 353130 } };

	for (u32 i = 0; i < ARRAY_N(rows); i++)
		assert_int_equal(otp_code(SECRET, rows[i].at / OTP_STEP_S), rows[i].code);
}

static void
test_counters(void **state)
{
	static const u32 codes[] = { 755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489 };

	for (u32 i = 0; i < ARRAY_N(codes); i++)
		assert_int_equal(otp_code(SECRET, i), codes[i]);
}

static void
test_neighbours(void **state)
{
	for (u64 step = 4; step <= 6; step++)
		assert_int_equal(otp_find(SECRET, 5, otp_code(SECRET, step)), step);
	assert_int_equal(otp_find(SECRET, 5, otp_code(SECRET, 3)), 0);
	assert_int_equal(otp_find(SECRET, 5, otp_code(SECRET, 7)), 0);
}

static void
test_base32(void **state)
{
	static const char *const rows[][2] = { { "", "" }, { "f", "my" }, { "fo", "mzxq" }, { "foo", "mzxw6" },
		{ "foob", "mzxw6yq" }, { "fooba", "mzxw6ytb" }, { "foobar", "mzxw6ytboi" } };
	u8 room[32];

	for (u32 i = 0; i < ARRAY_N(rows); i++) {
		struct buf b = buf_over(room, sizeof room);

		otp_base32(&b, str_c(rows[i][0]));
		assert_true(str_is(buf_str(&b), rows[i][1]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_base32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
