/* The request vectors of ../shared/data/http over real connections, plain and TLS, in three ways of cutting them, by
 * their own runner. With a port as argument: the test server alone, until it is killed. */
#include "crypt/rng.h"
#include "net/wtls.h"
#include "world.h"

#include "lib/fixture.h"

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
static struct addr tls_addr = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };

static void
listen_tls(void)
{
	static struct rng rng;
	const char *why = NULL;
	int fd = sock_listen(&tls_addr);

	rng_init(&rng, STR("not a secret: this is a test, and its key is public, too"));
	assert_int_equal(wtls_init(&W.net, &W.arena, &rng), 0);
	wtls_wall(&W.net, 1800000000);
	assert_int_equal(
	    wtls_identity(&W.net, fixture("tests/data/tls/ec.pem"), fixture("tests/data/tls/ec.key"), &why), 0);
	assert_true(fd >= 0);
	assert_int_equal(sock_local(fd, &tls_addr), 0);
	assert_int_equal(serve_listen(&W.serve, fd, &tls_addr, true, false), 0);
}

static int
start(void **state)
{
	world_open(0);
	listen_tls();
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
run_vectors(const struct addr *at, const char *how)
{
	char command[300];

	if (access(RUNNER, R_OK) || system("python3 -c pass 2>/dev/null")) {
		print_message("skipped: no ../shared (or no python3)\n");
		skip();
	}
	snprintf(command, sizeof command, "python3 %s %u ../shared/data/http/http_cases.jsonl %s", RUNNER,
	    (u32)at->port, how);
	assert_int_equal(system(command), 0);
}

static void
test_vectors_whole(void **state)
{
	run_vectors(&W.addr, "");
}

static void
test_vectors_byte_by_byte(void **state)
{
	run_vectors(&W.addr, "--split 1byte");
}

static void
test_vectors_random_cuts(void **state)
{
	run_vectors(&W.addr, "--split rand");
}

static void
test_vectors_over_tls(void **state)
{
	run_vectors(&tls_addr, "--tls");
}

static void
test_vectors_over_tls_random_cuts(void **state)
{
	run_vectors(&tls_addr, "--tls --split rand");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_whole),
		cmocka_unit_test(test_vectors_byte_by_byte),
		cmocka_unit_test(test_vectors_random_cuts),
		cmocka_unit_test(test_vectors_over_tls),
		cmocka_unit_test(test_vectors_over_tls_random_cuts),
	};

	if (argc > 1) {
		world_open((u16)atoi(argv[1]));
		serve_forever();
	}
	return cmocka_run_group_tests(tests, start, stop);
}
