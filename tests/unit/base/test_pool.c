/* pool: all objects, no more, and handles that outlive them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pool.h"

#include <stdlib.h>

struct thing {
	u8 bytes[24];
};

static struct pool pool;
static void *memory;

static int
begin(void **state)
{
	size_t n = pool_bytes(sizeof(struct thing), 5);
	struct arena a;

	memory = malloc(n);
	a = arena_over(memory, n);
	return pool_init(&pool, &a, sizeof(struct thing), 5);
}

static int
end(void **state)
{
	free(memory);
	return 0;
}

static void
test_takes_all_and_no_more(void **state)
{
	struct thing *t[5];

	for (u32 i = 0; i < 5; i++) {
		t[i] = pool_take(&pool);
		assert_non_null(t[i]);
		assert_int_equal((uintptr_t)t[i] % 16, (uintptr_t)t[0] % 16);
		for (u32 k = 0; k < sizeof t[i]->bytes; k++)
			assert_int_equal(t[i]->bytes[k], 0);
		memset(t[i], 0xff, sizeof *t[i]);
	}
	assert_null(pool_take(&pool));
	assert_int_equal(pool.used, 5);
	pool_give(&pool, t[2]);
	assert_ptr_equal(pool_take_raw(&pool), t[2]); /* the last given is the next taken: warm */
	for (u32 i = 0; i < 5; i++)
		pool_give(&pool, t[i]);
	assert_int_equal(pool.used, 0);
	assert_int_equal(pool.peak, 5);
}

static void
test_handles(void **state)
{
	struct thing *t = pool_take(&pool);
	struct ref r = pool_ref(&pool, t);

	assert_ptr_equal(pool_ref_get(&pool, r), t);
	pool_give(&pool, t);
	assert_null(pool_ref_get(&pool, r));
	assert_ptr_equal(pool_take(&pool), t);
	assert_null(pool_ref_get(&pool, r)); /* same place, another object */
	pool_give(&pool, t);
	assert_null(pool_ref_get(&pool, (struct ref){ 0, 0 }));
	assert_null(pool_ref_get(&pool, (struct ref){ 99, 1 }));
}

static void
test_walk(void **state)
{
	struct thing *a = pool_take(&pool), *b = pool_take(&pool);
	u32 n = 0;

	pool_give(&pool, a);
	for (u32 slot = 0; slot < pool.count; slot++)
		if (pool_at(&pool, slot)) {
			assert_ptr_equal(pool_at(&pool, slot), b);
			assert_int_equal(pool_slot(&pool, b), slot);
			n++;
		}
	assert_int_equal(n, 1);
	assert_null(pool_at(&pool, 99));
	pool_give(&pool, b);
}

static void
test_no_room(void **state)
{
	static _Alignas(16) u8 mem[512];
	struct pool p;

	for (size_t n = 0; n < pool_bytes(24, 5); n += 8) {
		struct arena a = arena_over(mem, n);
		int err = pool_init(&p, &a, 24, 5);

		assert_true(err == ERR_FULL || n + 3 * 16 >= pool_bytes(24, 5)); /* the plan counts the worst alignment */
	}
}

static void
test_none(void **state)
{
	u8 mem[64];
	struct arena a = arena_over(mem, sizeof mem);
	struct pool p;

	assert_int_equal(pool_init(&p, &a, 24, 0), 0);
	assert_null(pool_take(&p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_all_and_no_more),
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
