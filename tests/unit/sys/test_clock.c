/* clock: test builds can be moved in time by a file, while they run. rand beside it: two draws differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "sys/clock.h"
#include "sys/rand.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void
set_offsets(const char *path, int64_t wall_s, int64_t mono_ms)
{
	int64_t both[2] = { wall_s, mono_ms };
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	assert_int_equal(fwrite(both, sizeof both, 1, f), 1);
	fclose(f);
}

static void
test_time_moves(void **state)
{
	char path[] = "/tmp/test_clock.XXXXXX";
	int fd = mkstemp(path);
	wall now = (wall)time(NULL);
	msec before;

	assert_int_equal(ftruncate(fd, 16), 0);
	close(fd);
	setenv("MCPGATED_TEST_CLOCK", path, 1);
	assert_in_range(clock_wall_s(), now, now + 1);
	before = clock_mono_ms();
	set_offsets(path, 86400, 3600000);
	assert_in_range(clock_wall_s(), now + 86400, now + 86402);
	assert_in_range(clock_mono_ms() - before, 3600000, 3602000);
	set_offsets(path, -7200, 0);
	assert_in_range(clock_wall_s(), now - 7200, now - 7198);
	set_offsets(path, -5000000000, 0);
	assert_int_equal(clock_wall_s(), 0);
	unlink(path);
	assert_true(clock_mono_ns() <= clock_mono_ns());
}

static void
test_rand(void **state)
{
	u8 a[1000] = { 0 }, b[1000] = { 0 };
	u32 same = 0;

	rand_bytes(a, sizeof a);
	rand_bytes(b, sizeof b);
	for (u32 i = 0; i < sizeof a; i++)
		same += a[i] == b[i];
	assert_in_range(same, 0, 40); /* about 4 of 1000 by chance */
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_time_moves), cmocka_unit_test(test_rand) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
