/* side: jobs run beside the loop, one at a time, and in line without a thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/side.h"

#include <unistd.h>

static void
nap(void *arg)
{
	usleep(50 * 1000);
	++*(u32 *)arg;
}

/* Ends when it is told to. */
struct held {
	u32 go, n;
};

static void
hold(void *arg)
{
	struct held *h = arg;

	for (u32 i = 0; i < 5000 && !__atomic_load_n(&h->go, __ATOMIC_ACQUIRE); i++)
		usleep(1000);
	h->n++;
}

static void
test_in_line(void **state)
{
	struct side s;
	u32 n = 0;

	side_init(&s);
	side_give(&s, nap, &n);
	assert_int_equal(n, 1);
	assert_false(side_busy(&s));
	side_wait(&s);
	side_stop(&s);
}

static void
test_beside_the_loop(void **state)
{
	static u8 room[65536];
	struct arena a = arena_over(room, sizeof room);
	struct loop loop;
	struct held h = { 0 };
	struct side s;
	u32 n = 1;
	msec began = clock_mono_ms();

	assert_int_equal(loop_init(&loop, &a, 4, 4), 0);
	side_init(&s);
	assert_int_equal(side_start(&s, &loop), 0);
	side_give(&s, hold, &h);
	assert_true(side_busy(&s)); /* had giving waited for it, it would be over */
	__atomic_store_n(&h.go, 1, __ATOMIC_RELEASE);
	while (side_busy(&s)) /* loop_wake ends the wait long before the ten seconds are over */
		loop_wait(&loop, clock_mono_ms(), clock_mono_ms() + 10000);
	assert_int_equal(h.n, 1);
	assert_in_range(clock_mono_ms() - began, 0, 5000);
	for (u32 i = 0; i < 3; i++) {
		side_give(&s, nap, &n);
		side_wait(&s);
	}
	assert_int_equal(n, 4);
	side_give(&s, nap, &n);
	side_stop(&s);
	assert_int_equal(n, 5);
	side_give(&s, nap, &n); /* in line again */
	assert_int_equal(n, 6);
	loop_done(&loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_in_line), cmocka_unit_test(test_beside_the_loop) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
