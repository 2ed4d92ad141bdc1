/* crc: the check values of RFC 3720 B.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crc.h"

static void
test_vectors(void **state)
{
	u8 block[32] = { 0 };

	assert_int_equal(crc32c(0, STR_NONE), 0);
	assert_int_equal(crc32c(0, STR("123456789")), 0xe3069283);
	assert_int_equal(crc32c(0, str_of(block, 32)), 0x8a9136aa);
	memset(block, 0xff, 32);
	assert_int_equal(crc32c(0, str_of(block, 32)), 0x62a8ab43);
	for (u8 i = 0; i < 32; i++)
		block[i] = i;
	assert_int_equal(crc32c(0, str_of(block, 32)), 0x46dd794e);
	for (u8 i = 0; i < 32; i++)
		block[i] = (u8)(31 - i);
	assert_int_equal(crc32c(0, str_of(block, 32)), 0x113fdb5c);
}

static void
test_in_pieces(void **state)
{
	struct str s = STR("the store is safe by format");

	for (u32 cut = 0; cut <= s.n; cut++)
		assert_int_equal(crc32c(crc32c(0, str_cut(s, 0, cut)), str_cut(s, cut, s.n)), crc32c(0, s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
