/* work: what workers share, when one of them has died. */
#include "call/share.h"
#include "main/work.h"
#include "op/life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* What a worker had under way ends with it, before there is another one in its place; nothing else does. */
static void
test_gone(void **state)
{
	void *common = aligned_alloc(64, (work_common_bytes(3) + 63) / 64 * 64);
	struct share share[3];
	struct lives lives[3];
	struct work_shared s;

	memset(common, 0, work_common_bytes(3));
	work_shared(&s, common, 3);
	s.all->pass_rounds = 5;
	for (u32 i = 0; i < 3; i++) {
		share_init(&share[i], s.shares, 3, i);
		lives_begin(&lives[i], s.lives, 3, i, 70 + i);
		share_enter(&share[i], 77);
		s.all->rate.hashing[i] = 1;
		s.all->audit_down[i] = 1;
	}
	work_gone(common, 3, 1);
	assert_int_equal(share_count(&share[0], 77), 2);
	assert_false(lives_on(&lives[0], 1, 71));
	assert_true(lives_on(&lives[1], 0, 70) && lives_on(&lives[1], 2, 72));
	for (u32 i = 0; i < 3; i++) {
		assert_int_equal(s.all->rate.hashing[i], i != 1);
		assert_int_equal(s.all->audit_down[i], i != 1);
	}
	assert_int_equal(s.all->pass_rounds, 5);
	free(common);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_gone) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
