/* life: whose it is, of whoever has died, of nobody. */
#include "op/life.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_lives(void **state)
{
	u32 pages[3] = { 0 };
	struct lives one, two, again;

	assert_int_equal(lives_bytes(3), sizeof pages);
	lives_begin(&one, pages, 3, 0, 7);
	lives_begin(&two, pages, 3, 2, 0); /* what is random may be that */
	assert_true(lives_on(&one, 2, two.own) && lives_on(&two, 2, two.own));
	assert_false(lives_on(&one, 0, two.own)); /* the life of another */
	for (u32 i = 3; i < 70; i += 33) /* fewer workers than when it was written */
		assert_false(lives_on(&one, i, two.own));
	assert_false(lives_on(&one, 1, 0)); /* one that has not begun */
	lives_over(pages, 2);
	assert_false(lives_on(&one, 2, two.own) || lives_on(&one, 2, 0));
	lives_begin(&again, pages, 3, 2, 9);
	assert_false(lives_on(&one, 2, two.own));
	assert_true(lives_on(&one, 2, again.own));
}

/* Without shared pages there is one worker. */
static void
test_alone(void **state)
{
	struct lives l = { .own = 7 };

	assert_true(lives_on(&l, 5, 7));
	assert_false(lives_on(&l, 5, 8));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
