#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/ct.h"

static void
test_same(void **state)
{
	u8 a[33], b[33];

	memset(a, 0x5a, sizeof a);
	memset(b, 0x5a, sizeof b);
	assert_true(ct_same(a, b, sizeof a));
	for (size_t i = 0; i < sizeof a; i++)
		for (int bit = 0; bit < 8; bit++) {
			b[i] ^= (u8)(1 << bit);
			assert_false(ct_same(a, b, sizeof a));
			assert_true(ct_same(a, b, i));
			b[i] ^= (u8)(1 << bit);
		}
	assert_true(ct_same(NULL, NULL, 0));
}

static void
test_wipe(void **state)
{
	u8 a[5] = { 1, 2, 3, 4, 5 };

	ct_wipe(a + 1, 3);
	assert_memory_equal(a, "\1\0\0\0\5", 5);
	ct_wipe(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
