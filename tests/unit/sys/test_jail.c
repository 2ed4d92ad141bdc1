/* The jail, tried from inside: a child enters it and does one thing. It ends by its own exit code, or by SIGSYS. */
#include "sys/jail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static struct jail
usual(u8 kind)
{
	return (struct jail){ .kind = kind, .files_max = 64, .file_n_max = 1 << 20,
		.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
}

/* Runs what in a child that has entered; its wait status. */
static int
inside(const struct jail *j, int (*what)(void))
{
	int status = 0, pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		u8 room[512];
		struct buf why = buf_over(room, sizeof room);

		if (jail_drop(j, &why) < 0 || jail_files(j, &why) < 0 || jail_calls(j, &why) < 0)
			_exit(99);
		_exit(what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Whether this kernel and build filter system calls at all; without it those cases show nothing. */
static bool
filters(void)
{
	struct jail j = usual(JAIL_WORKER);
	int status = 0, pid = fork();

	if (pid == 0) {
		u8 room[512];
		struct buf why = buf_over(room, sizeof room);

		jail_drop(&j, &why);
		_exit(jail_calls(&j, &why));
	}
	waitpid(pid, &status, 0);
	close(j.dir);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
confines(void)
{
	return syscall(444, NULL, 0, 1U) > 0;
}

static int
do_nothing(void)
{
	return 0;
}

static int
do_fork(void)
{
	return fork() < 0 ? 7 : 8;
}

static int
do_exec(void)
{
	char *argv[] = { (char *)(uintptr_t)"true", NULL };

	execve("/bin/true", argv, NULL);
	return 7;
}

static int
do_writable_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 7 : 8;
}

static int
do_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? 7 : 8;
}

static int
do_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? 7 : close(fd);
}

static int
do_data_file(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/x", dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || fdatasync(fd) || ftruncate(fd, 0))
		return 7;
	close(fd);
	return unlinkat(AT_FDCWD, path, 0) ? 8 : 0;
}

static int
do_other_file(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 7;
}

static int
do_listen(void)
{
	struct sockaddr sa = { .sa_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, &sa, sizeof sa) < 0 ? 0 : 7; /* bind is not even a listed call */
}

static int
do_large_file(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/y", dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || pwrite(fd, "x", 1, 1 << 20) > 0)
		return 7;
	unlinkat(AT_FDCWD, path, 0);
	return errno == EFBIG ? 0 : 8;
}

static void
expect(u8 kind, int (*what)(void), int code)
{
	struct jail j = usual(kind);
	int status = inside(&j, what);

	close(j.dir);
	if (code < 0) {
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), -code);
	} else {
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), code);
	}
}

static void
test_listed_calls_work(void **state)
{
	expect(JAIL_WORKER, do_nothing, 0);
	expect(JAIL_WORKER, do_socket, 0);
	expect(JAIL_WORKER, do_data_file, 0);
	expect(JAIL_IMPORT, do_data_file, 0);
}

static void
test_other_calls_end_it(void **state)
{
	if (!filters())
		skip();
	expect(JAIL_WORKER, do_fork, -SIGSYS);
	expect(JAIL_WORKER, do_exec, -SIGSYS);
	expect(JAIL_WORKER, do_writable_code, -SIGSYS);
	expect(JAIL_WORKER, do_packet_socket, -SIGSYS);
	expect(JAIL_WORKER, do_listen, -SIGSYS);
	expect(JAIL_IMPORT, do_socket, -SIGSYS);
	expect(JAIL_IMPORT, do_fork, -SIGSYS);
}

static void
test_files_elsewhere_are_out_of_reach(void **state)
{
	if (!confines())
		skip();
	expect(JAIL_WORKER, do_other_file, 0);
	expect(JAIL_IMPORT, do_other_file, 0);
}

static int
do_look_at_status(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 7;
}

static void
test_drop_leaves_nothing(void **state)
{
	struct jail j = usual(JAIL_WORKER);
	int status = 0, pid = fork();

	if (pid == 0) {
		u8 room[512];
		struct buf why = buf_over(room, sizeof room);
		struct rlimit l;

		signal(SIGXFSZ, SIG_IGN);
		if (jail_drop(&j, &why) != 0)
			_exit(9);
		if (do_look_at_status() || getrlimit(RLIMIT_CORE, &l) || l.rlim_max != 0)
			_exit(10);
		if (getrlimit(RLIMIT_NOFILE, &l) || l.rlim_max != 64)
			_exit(11);
		if (getuid() == 0 && setuid(1) == 0) /* root without capabilities may not even do that */
			_exit(12);
		_exit(do_large_file());
	}
	waitpid(pid, &status, 0);
	close(j.dir);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int
am_nobody(void)
{
	return getuid() == 65534 && getgid() == 65534 && getgroups(0, NULL) == 0 ? 0 : 7;
}

static void
test_user_is_left_for_good(void **state)
{
	struct jail j = usual(JAIL_WORKER);
	int status = 0, pid;

	if (geteuid() != 0)
		skip();
	j.drops = true;
	j.uid = j.gid = 65534;
	pid = fork();
	if (pid == 0) {
		u8 room[512];
		struct buf why = buf_over(room, sizeof room);

		if (jail_drop(&j, &why) < 0)
			_exit(9);
		_exit(am_nobody());
	}
	waitpid(pid, &status, 0);
	close(j.dir);
	assert_int_equal(status, 0);
}

static void
test_user_that_cannot_be_taken_is_told(void **state)
{
	struct jail j = usual(JAIL_WORKER);
	u8 room[512];
	struct buf why = buf_over(room, sizeof room);
	int status = 0, pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(9);
		j.drops = true;
		j.uid = j.gid = 12345;
		_exit(jail_drop(&j, &why) == ERR_DENY && str_find_str(buf_str(&why), STR("12345")) >= 0 ? 0 : 10);
	}
	waitpid(pid, &status, 0);
	close(j.dir);
	assert_int_equal(status, 0);
}

/* Threads that were there before are confined, too. */
static int gate[2];

static void *
forks_when_told(void *unused)
{
	char c;

	if (read(gate[0], &c, 1) == 1)
		_exit(fork() < 0 ? 7 : 8);
	return unused;
}

static int
do_let_thread_fork(void)
{
	char c = 'x';

	if (write(gate[1], &c, 1) != 1)
		return 6;
	for (;;)
		sleep(1);
}

static void
test_threads_are_confined(void **state)
{
	struct jail j = usual(JAIL_WORKER);
	int status = 0, pid;

	if (!filters())
		skip();
	assert_int_equal(pipe(gate), 0);
	pid = fork();
	if (pid == 0) {
		u8 room[512];
		struct buf why = buf_over(room, sizeof room);
		pthread_t t;

		if (jail_drop(&j, &why) < 0 || pthread_create(&t, NULL, forks_when_told, NULL) || jail_calls(&j, &why))
			_exit(9);
		_exit(do_let_thread_fork());
	}
	waitpid(pid, &status, 0);
	close(j.dir);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listed_calls_work),
		cmocka_unit_test(test_other_calls_end_it),
		cmocka_unit_test(test_files_elsewhere_are_out_of_reach),
		cmocka_unit_test(test_drop_leaves_nothing),
		cmocka_unit_test(test_user_is_left_for_good),
		cmocka_unit_test(test_user_that_cannot_be_taken_is_told),
		cmocka_unit_test(test_threads_are_confined),
	};
	int failed;

	snprintf(dir, sizeof dir, "/tmp/test_jail.XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
