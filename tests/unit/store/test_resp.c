/* resp: what is read is cut at every byte, at the edge of a guard page; what is written is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/guard.h"
#include "store/resp.h"

#include <stdio.h>

static const struct {
	const char *text;
	u8 kind;
	u32 n;
	const char *first; /* NULL: null, or there is none */
} good[] = {
	{ "+OK\r\n", '+', 1, "OK" },
	{ "-ERR no such thing\r\n", '-', 1, "ERR no such thing" },
	{ ":-7\r\n", ':', 1, "-7" },
	{ "$0\r\n\r\n", '$', 1, "" },
	{ "$5\r\na\r\nbc\r\n", '$', 1, "a\r\nbc" },
	{ "$-1\r\n", '$', 1, NULL },
	{ "*0\r\n", '*', 0, NULL },
	{ "*-1\r\n", '*', 0, NULL },
	{ "*3\r\n$1\r\nx\r\n:2\r\n$-1\r\n", '*', 3, "x" },
};

static void
test_read(void **state)
{
	for (u32 i = 0; i < ARRAY_N(good); i++) {
		struct resp r;
		u32 n = (u32)strlen(good[i].text);

		for (u32 cut = 0; cut < n; cut++)
			assert_int_equal(resp_read(guard_bytes(str_of(good[i].text, cut)), &r), ERR_MORE);
		assert_int_equal(resp_read(guard_bytes(str_of(good[i].text, n)), &r), n);
		assert_int_equal(r.kind, good[i].kind);
		assert_int_equal(r.n, good[i].n);
		if (good[i].first)
			assert_true(r.item[0].p && str_is(r.item[0], good[i].first));
		else if (r.n)
			assert_null(r.item[0].p);
	}
}

static void
test_bad(void **state)
{
	static const char *const bad[] = {
		"x\r\n", ":1x\r\n", ":\r\n", "$x\r\n", "$-2\r\n", "$99999999999\r\n", "$1\r\nabc", "*17\r\n", "*-2\r\n",
		"*1\r\n*1\r\n:1\r\n", ":99999999999999999999\r\n", "*1\r\n-\r\n*0\r\n",
	};
	struct resp r;
	u8 line[600];

	for (u32 i = 0; i + 1 < ARRAY_N(bad); i++)
		assert_int_equal(resp_read(guard_str(bad[i]), &r), ERR_BAD);
	assert_int_equal(resp_read(guard_str(bad[ARRAY_N(bad) - 1]), &r), 7); /* what follows is the next value */
	memset(line, '+', sizeof line);
	assert_int_equal(resp_read(str_of(line, sizeof line), &r), ERR_BAD);
}

static void
test_write(void **state)
{
	u8 room[200];
	struct buf b = buf_over(room, sizeof room);
	struct resp r;
	int64_t v = 0;

	resp_array(&b, 3);
	resp_bulk(&b, STR("GET"));
	resp_bulk_number(&b, INT64_MIN + 1);
	resp_bulk_head(&b, 2);
	buf_put(&b, STR("ab"));
	buf_put(&b, RESP_END);
	assert_int_equal(resp_read(buf_str(&b), &r), (int)b.w);
	assert_int_equal(r.n, 3);
	assert_true(str_is(r.item[0], "GET") && str_is(r.item[2], "ab"));
	assert_int_equal(resp_number(r.item[1], &v), 0);
	assert_true(v == INT64_MIN + 1);
	assert_int_equal(resp_number(STR_NONE, &v), ERR_BAD);
	assert_int_equal(resp_number(STR("-"), &v), ERR_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read), cmocka_unit_test(test_bad), cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, guard_free);
}
