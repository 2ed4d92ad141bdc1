#include "call/breaker.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static u32 wait_ms;

static void
open_it(struct breaker *b, msec now)
{
	for (u32 i = 0; i < BREAKER_LIMIT; i++) {
		assert_true(breaker_try(b, now, &wait_ms));
		breaker_bad(b, now, i);
	}
	assert_false(breaker_try(b, now, &wait_ms));
}

static void
test_opens_and_closes(void **state)
{
	struct breaker b = { 0 };

	open_it(&b, 1000);
	assert_in_range(wait_ms, BREAKER_FIRST_MS * 3 / 4, BREAKER_FIRST_MS);
	assert_false(breaker_try(&b, b.until - 1, &wait_ms));
	assert_true(breaker_try(&b, b.until, &wait_ms));
	for (u32 i = 0; i < 1000; i++)
		assert_false(breaker_try(&b, b.until + i, &wait_ms)); /* one probe */
	breaker_good(&b);
	assert_true(breaker_try(&b, 5000, &wait_ms));
}

static void
test_waits_longer(void **state)
{
	struct breaker b = { 0 };
	msec now = 0;
	u32 last = 0;

	open_it(&b, now);
	for (u32 i = 0; i < 10; i++) {
		now = b.until;
		assert_true(breaker_try(&b, now, &wait_ms));
		breaker_bad(&b, now, 7);
		assert_true(b.wait_ms >= last && b.until - now <= BREAKER_MAX_MS);
		last = b.wait_ms;
	}
	assert_int_equal(last, BREAKER_MAX_MS);
}

static void
test_latecomers_do_not_prolong(void **state)
{
	struct breaker b = { 0 };
	msec until;

	open_it(&b, 0);
	until = b.until;
	breaker_bad(&b, 500, 1); /* a connect that began before it opened */
	assert_int_equal(b.until, until);
	assert_true(breaker_try(&b, until, &wait_ms));
	breaker_none(&b); /* the probe was cancelled: another one may look */
	assert_true(breaker_try(&b, until, &wait_ms));
}

static void
test_success_between_starts_anew(void **state)
{
	struct breaker b = { 0 };

	for (u32 i = 0; i < 20; i++) {
		assert_true(breaker_try(&b, i, &wait_ms));
		if (i % BREAKER_LIMIT == BREAKER_LIMIT - 1)
			breaker_good(&b);
		else
			breaker_bad(&b, i, i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_and_closes), cmocka_unit_test(test_waits_longer),
		cmocka_unit_test(test_latecomers_do_not_prolong), cmocka_unit_test(test_success_between_starts_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
