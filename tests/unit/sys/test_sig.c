/* Signals arrive as readable numbers, and children are told with how they ended. */
#include "sys/sig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

static void
test_signals_are_read(void **state)
{
	int fd = sig_open();

	assert_true(fd >= 0);
	assert_int_equal(sig_next(fd), 0);
	raise(SIGHUP);
	raise(SIGTERM);
	raise(SIGPIPE); /* ignored */
	assert_int_equal(sig_next(fd), SIGHUP);
	assert_int_equal(sig_next(fd), SIGTERM);
	assert_int_equal(sig_next(fd), 0);
	close(fd);
}

static void
test_children_are_told(void **state)
{
	int fd = sig_open(), status, pid = fork(), got;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char words[16];

	if (pid == 0)
		_exit(3);
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(sig_next(fd), SIGCHLD);
	assert_int_equal(sig_child(&status), pid);
	sig_words(status, words);
	assert_string_equal(words, "exit 3");
	assert_int_equal(sig_child(&status), 0);

	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	sig_send(pid, SIGKILL);
	assert_int_equal(poll(&p, 1, 5000), 1);
	while ((got = sig_child(&status)) == 0)
		;
	assert_int_equal(got, pid);
	sig_words(status, words);
	assert_string_equal(words, "signal 9");
	close(fd);
}

static void
test_default_again(void **state)
{
	int fd = sig_open(), status, pid = fork(), got;
	char words[16];

	if (pid == 0) {
		sig_default();
		raise(SIGTERM);
		_exit(0);
	}
	while ((got = sig_child(&status)) == 0)
		;
	assert_int_equal(got, pid);
	sig_words(status, words);
	assert_string_equal(words, "signal 15");
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals_are_read),
		cmocka_unit_test(test_children_are_told),
		cmocka_unit_test(test_default_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
