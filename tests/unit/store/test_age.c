/* age: wall time that never runs back and believes a large jump only when it lasts. */
#include "scratch.h"

#include "store/age.h"

#define START 1800000000

static void
test_follows_the_clock(void **state)
{
	struct age a;

	age_init(&a, 0, 5000, START);
	assert_int_equal(a.wall, START);
	age_turn(&a, 6000, START + 1);
	assert_int_equal(a.wall, START + 1);
	age_turn(&a, 7000, START + 3600); /* set an hour ahead: believed */
	assert_int_equal(a.wall, START + 3600);
}

static void
test_set_back(void **state)
{
	struct age a;

	age_init(&a, 0, 0, START);
	age_turn(&a, 1000, START - 7200);
	assert_int_equal(a.wall, START + 1);
	for (msec now = 1000; now <= 61000; now += 10) /* many short turns lose nothing */
		age_turn(&a, now, START - 7200);
	assert_int_equal(a.wall, START + 61);
	age_turn(&a, 62000, START + 62);
	assert_int_equal(a.wall, START + 62);
}

/* After a restart on a box without a battery clock. */
static void
test_starts_in_1970(void **state)
{
	struct age a;
	msec now = 0;

	age_init(&a, START, now, 20);
	assert_int_equal(a.wall, START);
	age_turn(&a, now += 30000, 50);
	assert_int_equal(a.wall, START + 30);
	/* Then it finds a time server: three days have passed. */
	age_turn(&a, now += 1000, START + 3 * 86400);
	assert_int_equal(a.wall, START + 31);
	for (u32 i = 1; i < 600; i++) {
		age_turn(&a, now += 1000, START + 3 * 86400 + i);
		assert_int_equal(a.wall, START + 31 + i);
	}
	age_turn(&a, now += 1000, START + 3 * 86400 + 600);
	assert_int_equal(a.wall, START + 3 * 86400 + 600);
}

static void
test_unstable_jump(void **state)
{
	struct age a;
	msec now = 0;

	age_init(&a, START, now, START);
	for (u32 i = 0; i < 30; i++) { /* every minute, somewhere else */
		age_turn(&a, now += 60000, START + 10 * 86400 + i * 5000);
		assert_int_equal(a.wall, START + now / 1000);
	}
	/* It comes back: nothing has happened. */
	age_turn(&a, now, START + (wall)(now / 1000));
	assert_int_equal(a.wall, START + now / 1000);
	/* And the next jump has its own ten minutes. */
	age_turn(&a, now += 1000, START + 20 * 86400);
	assert_int_equal(a.wall, START + now / 1000);
}

static void
test_stored_mark_wins(void **state)
{
	struct age a;

	age_init(&a, START + 500, 0, START);
	assert_int_equal(a.wall, START + 500);
	age_init(&a, START, 0, START + 500);
	assert_int_equal(a.wall, START + 500);
	age_init(&a, START, 0, START + 8 * 86400); /* off for a week: nothing expires at once */
	assert_int_equal(a.wall, START);
	age_turn(&a, AGE_STABLE_MS, START + 8 * 86400 + AGE_STABLE_MS / 1000);
	assert_int_equal(a.wall, START + 8 * 86400 + AGE_STABLE_MS / 1000);
}

/* The system clock is read first (clock_both). A pause between the two readings is made up for, and counts once. */
static void
test_pause_between_readings(void **state)
{
	struct age a;

	age_init(&a, START, 0, START);
	for (u32 i = 1; i <= 100; i++) { /* each turn is stopped for ten seconds there */
		age_turn(&a, i * 20000, START + i * 20 - 10);
		assert_in_range(a.wall, START + i * 20 - 10, START + i * 20);
	}
	age_turn(&a, 101 * 20000, START + 101 * 20);
	assert_int_equal(a.wall, START + 101 * 20);
}

/* A clock in the last minutes of 2106: time stands still at their end and does not begin anew. */
static void
test_ends_in_2106(void **state)
{
	struct age a;

	age_init(&a, START, 0, START);
	for (u32 i = 0; i <= 700; i++)
		age_turn(&a, i * 1000, UINT32_MAX - 700 + i);
	assert_int_equal(a.wall, UINT32_MAX);
	age_turn(&a, 800000, START);
	assert_int_equal(a.wall, UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follows_the_clock), cmocka_unit_test(test_set_back),
		cmocka_unit_test(test_starts_in_1970),    cmocka_unit_test(test_unstable_jump),
		cmocka_unit_test(test_stored_mark_wins),  cmocka_unit_test(test_pause_between_readings),
		cmocka_unit_test(test_ends_in_2106),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
