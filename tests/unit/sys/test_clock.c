/* clock: test builds can be moved in time by a file, while they run. rand beside it: two draws differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "sys/clock.h"
#include "sys/rand.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
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
	assert_true(clock_mono_ns() <= clock_mono_ns());
}

/* Moves time on by an hour over and over, the monotonic clock first. */
static void
move_on(volatile int64_t *offsets)
{
	for (;;) {
		__atomic_fetch_add(&offsets[1], 3600000, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&offsets[0], 3600, __ATOMIC_SEQ_CST);
	}
}

/* Whatever happens between the two readings, the wall clock is not ahead of the monotonic one: time that passes would
 * count twice (store/age.h). The mapping is the one of the test before. */
static void
test_both(void **state)
{
	const char *path = getenv("MCPGATED_TEST_CLOCK");
	int fd = open(path, O_RDWR);
	int64_t *offsets = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int64_t ahead = 0; /* seconds of the wall clock before the other */
	msec now, first;
	wall system;
	pid_t child;

	assert_ptr_not_equal(offsets, MAP_FAILED);
	offsets[0] = offsets[1] = 0;
	system = clock_both(&first);
	child = fork();
	if (child == 0)
		move_on(offsets);
	for (u32 i = 0; i < 200000 && ahead <= 2; i++) {
		ahead = (int64_t)clock_both(&now) - system;
		ahead -= (now - first) / 1000;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	munmap(offsets, 16);
	close(fd);
	unlink(path);
	assert_true(ahead <= 2);
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
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_time_moves), cmocka_unit_test(test_both),
		cmocka_unit_test(test_rand) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
