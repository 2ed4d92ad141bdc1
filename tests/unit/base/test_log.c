/* log: one line per event, that outside bytes cannot forge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

static int ends[2];

static int
begin(void **state)
{
	return pipe2(ends, O_NONBLOCK);
}

static int
end(void **state)
{
	log_init(2, LOG_INFO, "test");
	close(ends[0]);
	return close(ends[1]);
}

/* What was written since the last call. */
static struct str
written(void)
{
	static u8 mem[8192];
	ssize_t n = read(ends[0], mem, sizeof mem);

	return str_of(mem, n > 0 ? (size_t)n : 0);
}

static void
test_line(void **state)
{
	log_init(ends[1], LOG_INFO, "worker1");
	log_warn("call", "host=%S err=%s", STR("a.example"), "late");
	assert_true(str_is(written(), "worker1 warn call: host=a.example err=late\n"));
	log_debug("call", "x");
	assert_int_equal(written().n, 0);
}

static void
test_cannot_be_forged(void **state)
{
	log_init(ends[1], LOG_INFO, "w");
	log_info("http", "target=%S", STR("/\r\nw error store: gone\x1b[2J"));
	assert_true(str_is(written(), "w info http: target=/\\x0d\\x0aw error store: gone\\x1b[2J\n"));
}

static void
test_long_line_is_cut(void **state)
{
	static u8 mem[2000];
	struct str line;

	log_init(ends[1], LOG_INFO, "a name that is too long");
	for (u32 n = 600; n < sizeof mem; n += 7) {
		memset(mem, n % 2 ? 'x' : '\n', n);
		log_error("area", "a=1 %S", str_of(mem, n));
		line = written();
		assert_true(line.n > 0 && line.n <= 1000);
		assert_int_equal(str_find(line, '\n', 0), line.n - 1);
		assert_true(str_starts(line, STR("a name that is  error area: a=1 ")));
	}
}

static void
test_dropped_lines_are_counted(void **state)
{
	u8 fill[4096];
	struct str line;

	memset(fill, ' ', sizeof fill);
	log_init(ends[1], LOG_INFO, "w");
	while (write(ends[1], fill, sizeof fill) > 0)
		;
	log_info("a", "lost");
	log_info("a", "lost too");
	while (written().n > 0)
		;
	log_info("a", "here");
	line = written();
	assert_true(str_is(line, "w info a: [2 lines dropped] here\n"));
	log_info("a", "again");
	assert_true(str_is(written(), "w info a: again\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_cannot_be_forged),
		cmocka_unit_test(test_long_line_is_cut),
		cmocka_unit_test(test_dropped_lines_are_counted),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
