/* file: real directories below TMPDIR, and every call made to fail by the fault hooks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "sys/fault.h"
#include "sys/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char where[64];
static int dir = -1;

static int
setup(void **state)
{
	strcpy(where, "/tmp/test_file.XXXXXX");
	if (!mkdtemp(where))
		return -1;
	dir = file_open_dir(FILE_HERE, where);
	return dir < 0;
}

static int
teardown(void **state)
{
	struct file_names it;
	const char *name;

	fault_plan(NULL);
	fault_watch(NULL, NULL);
	file_names_init(&it, dir);
	while (file_names_next(&it, &name) == 1)
		if (unlinkat(dir, name, 0))
			unlinkat(dir, name, AT_REMOVEDIR);
	file_close(dir);
	return rmdir(where);
}

static void
write_file(const char *name, const char *text)
{
	int fd = file_open(dir, name, FILE_WRITE | FILE_CREATE | FILE_TRUNCATE);

	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, text, (u32)strlen(text)), 0);
	file_close(fd);
}

static void
check_file(const char *name, const char *want)
{
	u8 room[4096];
	struct arena a = arena_over(room, sizeof room);
	struct str text;

	assert_int_equal(file_load(dir, name, 0, sizeof room - 1, &a, &text), 0);
	assert_true(str_is(text, want));
}

static void
test_open_refuses(void **state)
{
	assert_int_equal(file_open(dir, "none", FILE_READ), ERR_NONE);
	write_file("a", "one");
	assert_int_equal(file_open(dir, "a", FILE_WRITE | FILE_NEW), ERR_LATE);
	assert_int_equal(symlinkat("a", dir, "link"), 0);
	assert_int_equal(file_open(dir, "link", FILE_READ), ERR_DENY);
	assert_int_equal(file_open_dir(dir, "a"), ERR_DENY);
	assert_int_equal(symlinkat(where, dir, "dirlink"), 0);
	assert_int_equal(file_open_dir(dir, "dirlink"), ERR_DENY);
	file_close(file_open(dir, "link", FILE_READ | FILE_FOLLOW));
	check_file("a", "one");
}

static void
test_made_private_and_closed_on_exec(void **state)
{
	int fd = file_open(dir, "p", FILE_WRITE | FILE_NEW);
	struct file_info info;

	assert_int_equal(file_info(fd, &info), 0);
	assert_int_equal(info.mode, 0600);
	assert_int_equal(info.kind, FILE_REGULAR);
	assert_int_equal(info.owner, geteuid());
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(dir, F_GETFD) & FD_CLOEXEC);
	file_close(fd);
}

static void
test_fifo_does_not_hang(void **state)
{
	struct file_info info;
	struct str text;
	u8 room[64];
	struct arena a = arena_over(room, sizeof room);

	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(file_look(dir, "fifo", &info), 0);
	assert_int_equal(info.kind, FILE_FIFO);
	assert_int_equal(file_load(dir, "fifo", 0, 32, &a, &text), ERR_DENY);
}

static void
test_load_limits(void **state)
{
	u8 room[8];
	struct arena a = arena_over(room, sizeof room);
	struct str text;

	write_file("a", "12345678");
	assert_int_equal(file_load(dir, "a", 0, 7, &a, &text), ERR_FULL);
	assert_int_equal(file_load(dir, "a", 0, 8, &a, &text), ERR_FULL); /* no room for the NUL */
	write_file("a", "1234567");
	assert_int_equal(file_load(dir, "a", 0, 7, &a, &text), 0);
	assert_int_equal(text.p[7], 0);
}

/* What an interrupted, a short and a failing call leave behind. */
static void
test_short_and_interrupted(void **state)
{
	u8 bytes[100], back[100];
	int fd = file_open(dir, "a", FILE_READ | FILE_WRITE | FILE_NEW);

	for (u32 i = 0; i < sizeof bytes; i++)
		bytes[i] = (u8)i;
	fault_plan("pwrite:EINTR:1,pwrite:SHORT1:1-50,pwrite:EINTR:40-42,pread:SHORT3:1-,pread:EINTR:2");
	assert_int_equal(file_write_at(fd, 5, bytes, 100), 0);
	assert_true(fault_count("pwrite") == 52);
	assert_int_equal(file_read_at(fd, 5, back, 100), 100);
	assert_memory_equal(bytes, back, 100);
	assert_int_equal(file_read_at(fd, 100, back, 100), 5);
	fault_plan("pwrite:SHORT10:1,pwrite:ENOSPC:2");
	assert_int_equal(file_write_at(fd, 0, bytes, 100), ERR_FULL);
	assert_string_equal(file_why(), strerror(ENOSPC));
	fault_plan("fdatasync:EIO:1");
	assert_int_equal(file_sync(fd), ERR_IO);
	assert_int_equal(file_sync(fd), 0);
	file_close(fd);
}

static void
test_big_offsets(void **state)
{
	int fd = file_open(dir, "big", FILE_READ | FILE_WRITE | FILE_NEW);
	const u64 at = 5ULL * 1024 * 1024 * 1024;
	struct file_info info;
	u8 c = 0;

	assert_int_equal(file_write_at(fd, at, "x", 1), 0);
	assert_int_equal(file_info(fd, &info), 0);
	assert_true(info.size == at + 1);
	assert_int_equal(file_read_at(fd, at, &c, 1), 1);
	assert_int_equal(c, 'x');
	assert_int_equal(file_cut(fd, at - 1), 0);
	file_close(fd);
}

/* Whatever fails, the name holds all of the old bytes or all of the new ones. */
static void
test_replace_is_whole(void **state)
{
	static const char *const calls[] = { "open", "pwrite", "fdatasync", "rename", "fsync" };

	for (u32 i = 0; i < ARRAY_N(calls); i++) {
		char plan[64];

		write_file("r", "old");
		snprintf(plan, sizeof plan, "%s:EIO:1", calls[i]);
		fault_plan(plan);
		assert_int_equal(file_replace(dir, "r", STR("new text")), ERR_IO);
		fault_plan(NULL);
		check_file("r", i < 4 ? "old" : "new text");
	}
	assert_int_equal(file_replace(dir, "r", STR("newer")), 0);
	check_file("r", "newer");
	assert_int_equal(file_replace(dir, "../r", STR("x")), ERR_BAD);
}

static void
test_names(void **state)
{
	struct file_names it;
	const char *name;
	u32 n = 0, sum = 0;

	for (u32 i = 0; i < 200; i++) {
		char label[16];

		snprintf(label, sizeof label, "n%u", i);
		write_file(label, "");
	}
	for (u32 round = 0; round < 2; round++) {
		file_names_init(&it, dir);
		while (file_names_next(&it, &name) == 1) {
			n++;
			sum += (u32)strtoul(name + 1, NULL, 10);
		}
	}
	assert_int_equal(n, 400);
	assert_int_equal(sum, 2 * 199 * 200 / 2);
	fault_plan("getdents64:EIO:1");
	file_names_init(&it, dir);
	assert_int_equal(file_names_next(&it, &name), ERR_IO);
}

static void
test_lock(void **state)
{
	int second = file_open_dir(FILE_HERE, where);

	assert_int_equal(file_lock(dir), 0);
	assert_int_equal(file_lock(second), ERR_LATE);
	file_close(dir);
	assert_int_equal(file_lock(second), 0);
	dir = second;
}

static void
test_map(void **state)
{
	int fd;
	struct str view;

	write_file("m", "");
	fd = file_open(dir, "m", FILE_READ);
	assert_int_equal(file_map(fd, &view), 0);
	assert_int_equal(view.n, 0);
	file_unmap(view);
	file_close(fd);
	write_file("m", "mapped");
	fd = file_open(dir, "m", FILE_READ);
	assert_int_equal(file_map(fd, &view), 0);
	file_close(fd);
	assert_int_equal(file_unlink(dir, "m"), 0);
	assert_true(str_is(view, "mapped"));
	file_unmap(view);
}

static void
note_event(void *arg, const struct fault_event *e)
{
	struct buf *b = arg;

	buf_fmt(b, "%s(%s,%U,%u) ", e->call, e->name ? e->name : "-", e->at, e->bytes.n);
}

static void
test_watch(void **state)
{
	u8 room[256];
	struct buf b = buf_over(room, sizeof room);

	fault_watch(note_event, &b);
	assert_int_equal(file_replace(dir, "w", STR("abc")), 0);
	assert_true(str_is(buf_str(&b), "open(.w.new,0,0) pwrite(-,0,3) fdatasync(-,0,0) rename(.w.new,0,0) fsync(-,0,0) "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_made_private_and_closed_on_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo_does_not_hang, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_short_and_interrupted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_big_offsets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replace_is_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
