/* index: against a plain table, over many random adds and drops; equal hashes; growth; a full one. */
#include "scratch.h"

#include "store/index.h"

#define MAX 3000

static u8 memory[4 << 20];

static void
init(struct index *ix, u32 max)
{
	struct arena a = arena_over(memory, sizeof memory);

	memset(memory, 0xa5, sizeof memory); /* it must not rely on zeros */
	assert_int_equal(index_init(ix, &a, max), 0);
	assert_true(a.used <= index_bytes(max));
}

static bool
finds(const struct index *ix, u32 hash, u32 slot)
{
	for (u32 at = index_first(ix, hash); at != INDEX_NONE; at = index_next(ix, at)) {
		assert_int_equal(ix->entry[at].hash, hash);
		if (at == slot)
			return true;
	}
	return false;
}

static void
test_random(void **state)
{
	static u32 hash[MAX];
	static bool there[MAX];
	struct index ix;
	u32 random = 1, n = 0;

	init(&ix, MAX);
	for (u32 step = 0; step < 60000; step++) {
		random = random * 1664525 + 1013904223;
		if (random >> 31 || !n) {
			u32 h = random % 5 ? random : random % 7, slot = index_add(&ix, h);

			if (slot == INDEX_NONE) {
				assert_int_equal(n, MAX);
				continue;
			}
			assert_false(there[slot]);
			there[slot] = true;
			hash[slot] = h;
			n++;
		} else {
			u32 slot = random % ix.high;

			if (!there[slot])
				continue;
			index_drop(&ix, slot);
			there[slot] = false;
			n--;
		}
		assert_int_equal(ix.used, n);
		if (step % 1000 == 0) {
			for (u32 i = 0; i < ix.high; i++)
				assert_int_equal(finds(&ix, hash[i], i), there[i]);
		}
	}
	assert_true(ix.buckets > 1000);
}

static void
test_full(void **state)
{
	struct index ix;

	init(&ix, 10);
	for (u32 i = 0; i < 10; i++)
		assert_true(index_add(&ix, 7) != INDEX_NONE);
	assert_int_equal(index_add(&ix, 8), INDEX_NONE);
	index_drop(&ix, 4);
	assert_int_equal(index_add(&ix, 8), 4);
	index_clear(&ix);
	assert_int_equal(index_first(&ix, 7), INDEX_NONE);
	assert_int_equal(index_add(&ix, 8), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random), cmocka_unit_test(test_full) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
