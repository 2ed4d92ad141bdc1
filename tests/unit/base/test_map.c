/* map: against a plain array, with colliding hashes, through adds and drops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"

#include <stdlib.h>

#define MOST 100

static u64 hashes[MOST];
static bool there[MOST];

/* How many entries the map finds with hash h; each must be there and have that hash. */
static u32
found(const struct map *m, u64 h)
{
	u32 it = 0, value, n = 0;

	while (map_next(m, h, &it, &value)) {
		assert_true(value < MOST && there[value]);
		assert_true(hashes[value] == h);
		n++;
	}
	return n;
}

static void
check_all(const struct map *m)
{
	for (u32 i = 0; i < MOST; i++) {
		u32 want = 0;

		for (u32 k = 0; k < MOST; k++)
			want += there[k] && hashes[k] == hashes[i];
		assert_int_equal(found(m, hashes[i]), want);
	}
}

static void
test_against_an_array(void **state)
{
	static _Alignas(16) u8 mem[8192];
	struct arena a = arena_over(mem, sizeof mem);
	struct map m;
	u32 seed = 1;

	assert_int_equal(map_init(&m, &a, MOST), 0);
	for (u32 i = 0; i < MOST; i++)
		hashes[i] = i % 10 == 0 ? 7 : i % 3 ? (u64)i << 32 | 0x7e : map_hash(str_of(&i, 4), 0); /* long runs, wrapping */
	for (u32 round = 0; round < 3000; round++) {
		u32 i = (seed = seed * 1103515245 + 12345) >> 8;

		i %= MOST;
		if (there[i]) {
			assert_true(map_drop(&m, hashes[i], i));
			assert_false(map_drop(&m, hashes[i], i));
		} else {
			assert_int_equal(map_add(&m, hashes[i], i), 0);
		}
		there[i] = !there[i];
		if (round % 10 == 0)
			check_all(&m);
	}
}

static void
test_full(void **state)
{
	static _Alignas(16) u8 mem[1024];
	struct arena a = arena_over(mem, sizeof mem);
	struct map m;
	u32 n = 0, it = 0, value;

	assert_int_equal(map_init(&m, &a, 10), 0);
	while (map_add(&m, 5, n) == 0)
		n++;
	assert_true(n >= 10 && n < 16);
	assert_false(map_next(&m, 6, &it, &value)); /* ends, though nearly full */
	assert_true(map_change(&m, 5, 3, 300));
	assert_false(map_change(&m, 5, 3, 301));
	assert_true(map_drop(&m, 5, 300));
	assert_int_equal(map_add(&m, 5, 3), 0);
}

static void
test_no_room(void **state)
{
	u8 mem[64];
	struct arena a = arena_over(mem, sizeof mem);
	struct map m;

	assert_int_equal(map_init(&m, &a, 100), ERR_FULL);
}

static void
test_hash(void **state)
{
	assert_true(map_hash(STR("a"), 0) != map_hash(STR("b"), 0));
	assert_true(map_hash(STR("a"), 0) != map_hash(STR("a"), 1));
	assert_true(map_hash(STR("a\0"), 0) != map_hash(STR("a"), 0));
	assert_true(map_hash(STR("12345678"), 0) != map_hash(STR("12345679"), 0));
	assert_true(map_hash(STR_NONE, 0) != 0);
	assert_true(map_hash(STR("same words"), 9) == map_hash(STR("same words"), 9));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_an_array),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
