#include "call/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
test_counts_together(void **state)
{
	void *pages = calloc(1, share_bytes(3));
	struct share s[3];

	for (u32 i = 0; i < 3; i++)
		share_init(&s[i], pages, 3, i);
	assert_int_equal(share_enter(&s[0], 77), 1);
	assert_int_equal(share_enter(&s[1], 77), 2);
	assert_int_equal(share_enter(&s[2], 78), 1);
	assert_int_equal(share_enter(&s[0], 77), 3);
	assert_int_equal(share_own(&s[0], 77), 2);
	share_leave(&s[1], 77);
	assert_int_equal(share_count(&s[1], 77), 2);
	share_forget(pages, 0); /* it died */
	assert_int_equal(share_count(&s[1], 77), 0);
	assert_int_equal(share_count(&s[1], 78), 1);
	free(pages);
}

/* Cells are found again, whatever came and went between; a full set says so. */
static void
test_cells(void **state)
{
	void *pages = calloc(1, share_bytes(1));
	static u64 key[1500];
	struct share s;

	share_init(&s, pages, 1, 0);
	for (u32 round = 0; round < 50; round++) {
		for (u32 i = 0; i < ARRAY_N(key); i++) {
			key[i] = (u64)random() << 32 ^ (u64)random() << 8 ^ i;
			if (!share_enter(&s, key[i]))
				key[i] = 0;
		}
		for (u32 i = 0; i < ARRAY_N(key); i++)
			if (key[i]) {
				assert_int_equal(share_count(&s, key[i]), 1);
				share_leave(&s, key[i]);
				assert_int_equal(share_count(&s, key[i]), 0);
			}
	}
	for (u32 i = 0; i < SHARE_SETS * SHARE_SET; i++)
		share_enter(&s, (u64)i * 0x123456789abcdULL + 1);
	for (u32 i = 0; i < SHARE_SETS * SHARE_SET; i++)
		if (!share_enter(&s, (u64)random() << 33 | 3))
			goto full;
	fail_msg("more keys than cells");
full:
	free(pages);
}

static void
test_fair(void **state)
{
	u32 one = 0, two[2] = { 0 }, all = 0;

	while (share_fair(one, one, 256))
		one++;
	assert_int_equal(one, 205);
	for (bool more = true; more;) {
		more = false;
		for (u32 i = 0; i < 2; i++)
			if (share_fair(two[i], all, 256)) {
				two[i]++;
				all++;
				more = true;
			}
	}
	assert_in_range(all, 220, 230); /* a newcomer finds room */
	assert_in_range(two[0], 110, 115);
	assert_true(share_fair(0, 0, 1));
	assert_false(share_fair(0, 1, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_together),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_fair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
