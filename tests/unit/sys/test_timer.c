#include "sys/loop.h"

#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define N 200

static u8 memory[N * 64];

static struct timers *
fresh(void)
{
	static struct timers ts;
	struct arena a = arena_over(memory, sizeof memory);

	assert_int_equal(timers_init(&ts, &a, N), 0);
	return &ts;
}

static void
test_passes_in_order(void **state)
{
	struct timers *ts = fresh();
	struct timer t[N];
	struct ready owner[N];
	msec last = -1;

	memset(t, 0, sizeof t);
	srand(1);
	for (u32 i = 0; i < N; i++)
		timer_set(ts, &t[i], &owner[i], rand() % 1000);
	for (u32 i = 0; i < N; i++) {
		struct ready *r = timers_pass(ts, 1000);

		assert_non_null(r);
		assert_true(t[r - owner].at >= last);
		last = t[r - owner].at;
	}
	assert_null(timers_pass(ts, 1000));
	assert_int_equal(timers_next(ts), MSEC_NEVER);
}

static void
test_lazy(void **state)
{
	struct timers *ts = fresh();
	struct timer a = { 0 }, b = { 0 };
	struct ready ra, rb;

	timer_set(ts, &a, &ra, 10);
	timer_set(ts, &b, &rb, 20);
	timer_set(ts, &a, &ra, 30); /* later: only stored */
	assert_int_equal(timers_next(ts), 10);
	assert_null(timers_pass(ts, 15));
	assert_ptr_equal(timers_pass(ts, 25), &rb);
	timer_set(ts, &a, &ra, 5); /* earlier: moved at once */
	assert_int_equal(timers_next(ts), 5);
	timer_set(ts, &a, &ra, MSEC_NEVER);
	assert_null(timers_pass(ts, 1000000));
	assert_int_equal(ts->n, 0);
	timer_end(ts, &a);
}

static void
test_end_from_anywhere(void **state)
{
	struct timers *ts = fresh();
	struct timer t[N];
	struct ready owner[N];
	u32 left = N;

	memset(t, 0, sizeof t);
	srand(2);
	for (u32 i = 0; i < N; i++)
		timer_set(ts, &t[i], &owner[i], rand() % 1000);
	for (u32 i = 0; i < N; i += 3, left--)
		timer_end(ts, &t[i]);
	assert_int_equal(ts->n, left);
	for (msec last = -1; left; left--) {
		struct ready *r = timers_pass(ts, 1000);

		assert_non_null(r);
		assert_true(t[r - owner].at >= last);
		last = t[r - owner].at;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes_in_order),
		cmocka_unit_test(test_lazy),
		cmocka_unit_test(test_end_from_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
