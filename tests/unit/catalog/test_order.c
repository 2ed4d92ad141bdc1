/* Sorting, whatever the order was. */
#include "made.h"

#include "catalog/order.h"

static bool
smaller(const void *ctx, u32 a, u32 b)
{
	return a < b;
}

static bool
by_key(const void *ctx, u32 a, u32 b)
{
	const int *key = ctx;

	return key[a] != key[b] ? key[a] < key[b] : a < b;
}

static void
test_all_small(void **state)
{
	/* Every sequence of 6 digits below 4. */
	for (u32 code = 0; code < 4096; code++) {
		u32 item[6], sum = 0;

		for (u32 i = 0; i < 6; i++)
			sum += item[i] = code >> (2 * i) & 3;
		order_sort(item, 6, smaller, NULL);
		for (u32 i = 0; i < 6; i++) {
			sum -= item[i];
			assert_true(i == 0 || item[i - 1] <= item[i]);
		}
		assert_int_equal(sum, 0);
	}
}

static void
test_large(void **state)
{
	static u32 item[5000];

	for (u32 i = 0; i < 5000; i++)
		item[i] = i * 2654435761U;
	order_sort(item, 5000, smaller, NULL);
	for (u32 i = 1; i < 5000; i++)
		assert_true(item[i - 1] < item[i]);
	order_sort(item, 1, smaller, NULL);
	order_sort(item, 0, smaller, NULL);
}

static void
test_context(void **state)
{
	const int key[] = { 5, -1, 3, -1 };
	u32 item[] = { 0, 1, 2, 3 };

	order_sort(item, 4, by_key, key);
	assert_int_equal(item[0], 1);
	assert_int_equal(item[1], 3);
	assert_int_equal(item[2], 2);
	assert_int_equal(item[3], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_small), cmocka_unit_test(test_large), cmocka_unit_test(test_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
