/* The request vectors of ../shared/data/http over real connections, in three ways of cutting them, by its own runner.
 * With a port as argument: the test server alone, until it is killed. */
#include "world.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define RUNNER "../shared/data/http/run_http.py"

static msec
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
serve_forever(void)
{
	signal(SIGPIPE, SIG_IGN);
	W.conf.hosts_n = 1;
	for (;;) {
		W.now = clock_now();
		loop_wait(&W.loop, W.now, W.now + 1000);
		W.now = clock_now();
		loop_io(&W.loop, W.now);
		loop_timers(&W.loop, W.now);
		loop_steps(&W.loop, W.now);
		loop_reaps(&W.loop);
	}
}

static pid_t server;

static int
start(void **state)
{
	world_open(0);
	server = fork();
	if (server == 0)
		serve_forever();
	return server < 0;
}

static int
stop(void **state)
{
	int status;

	/* it must still be there */
	assert_int_equal(waitpid(server, &status, WNOHANG), 0);
	kill(server, SIGKILL);
	waitpid(server, &status, 0);
	return 0;
}

static void
run_vectors(const char *how)
{
	char command[300];

	if (access(RUNNER, R_OK) || system("python3 -c pass 2>/dev/null")) {
		print_message("skipped: no ../shared (or no python3)\n");
		skip();
	}
	snprintf(command, sizeof command, "python3 %s %u ../shared/data/http/http_cases.jsonl %s", RUNNER,
	    (u32)W.addr.port, how);
	assert_int_equal(system(command), 0);
}

static void
test_vectors_whole(void **state)
{
	run_vectors("");
}

static void
test_vectors_byte_by_byte(void **state)
{
	run_vectors("--split 1byte");
}

static void
test_vectors_random_cuts(void **state)
{
	run_vectors("--split rand");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_whole),
		cmocka_unit_test(test_vectors_byte_by_byte),
		cmocka_unit_test(test_vectors_random_cuts),
	};

	if (argc > 1) {
		world_open((u16)atoi(argv[1]));
		serve_forever();
	}
	return cmocka_run_group_tests(tests, start, stop);
}
