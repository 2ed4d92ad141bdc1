/* lease: the smallest block that fits, growing, and running out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/lease.h"
#include "base/limits.h"

#include <stdlib.h>

static struct lease lease;
static void *memory;

static int
begin(void **state)
{
	struct arena a;

	memory = malloc(lease_bytes());
	a = arena_over(memory, lease_bytes());
	return lease_init(&lease, &a);
}

static int
end(void **state)
{
	free(memory);
	return 0;
}

static u32
used(void)
{
	u32 n = 0;

	for (u32 i = 0; i < LEASE_CLASSES; i++)
		n += lease.pool[i].used;
	return n;
}

static void
test_smallest_that_fits(void **state)
{
	static const u32 asked[] = { 0, 1, 512, 513, 1024, 1025, 4096, 4097, 16384, 16385, 65536, 65537, 262144 };
	static const u32 got[] = { 512, 512, 512, 1024, 1024, 4096, 4096, 16384, 16384, 65536, 65536, 266240, 266240 };

	for (u32 i = 0; i < ARRAY_N(asked); i++) {
		struct buf b = lease_take(&lease, asked[i]);

		assert_non_null(b.p);
		assert_int_equal(b.cap, got[i]);
		assert_int_equal(buf_len(&b), 0);
		memset(b.p, 1, b.cap);
		lease_give(&lease, &b);
		assert_null(b.p);
		lease_give(&lease, &b); /* harmless */
	}
	assert_null(lease_take(&lease, 300000).p);
	assert_int_equal(used(), 0);
}

static void
test_grows_and_keeps(void **state)
{
	struct buf b = { 0 };

	assert_int_equal(lease_grow(&lease, &b, 10), 0);
	assert_int_equal(b.cap, 512);
	assert_int_equal(lease_grow(&lease, &b, 4000), 0);
	assert_int_equal(b.cap, 4096);
	for (u32 i = 0; i < 4096; i++)
		buf_byte(&b, (u8)i);
	assert_int_equal(lease_grow(&lease, &b, 1), 0);
	assert_int_equal(b.cap, 16384);
	assert_int_equal(buf_len(&b), 4096);
	for (u32 i = 0; i < 4096; i++)
		assert_int_equal(buf_str(&b).p[i], (u8)i);
	buf_eat(&b, 4000);
	assert_int_equal(lease_grow(&lease, &b, 16000), 0); /* by moving down, not by a larger block */
	assert_int_equal(b.cap, 16384);
	assert_int_equal(buf_len(&b), 96);
	assert_int_equal(buf_str(&b).p[0], (u8)4000);
	assert_int_equal(lease_grow(&lease, &b, 300000), ERR_FULL);
	assert_int_equal(lease_grow(&lease, &b, UINT32_MAX - 50), ERR_FULL);
	assert_int_equal(buf_len(&b), 96); /* unchanged */
	assert_int_equal(used(), 1);
	lease_give(&lease, &b);
}

static void
test_runs_out(void **state)
{
	static struct buf all[LEASE_ALL];
	u32 n = 0;

	assert_int_equal(lease_room(&lease), 266240);
	for (; n < ARRAY_N(all); n++) {
		all[n] = lease_take(&lease, 1); /* larger ones when the small are gone */
		assert_non_null(all[n].p);
	}
	assert_null(lease_take(&lease, 1).p);
	assert_int_equal(lease_room(&lease), 0);
	lease_give(&lease, &all[0]);
	assert_int_equal(lease_room(&lease), 512);
	while (n > 0)
		lease_give(&lease, &all[--n]);
	assert_int_equal(used(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest_that_fits),
		cmocka_unit_test(test_grows_and_keeps),
		cmocka_unit_test(test_runs_out),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
