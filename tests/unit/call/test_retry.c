#include "call/retry.h"

#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW "Sun, 06 Nov 1994 08:49:37 GMT"

static void
test_after(void **state)
{
	static const struct { const char *value, *date; u32 s; } rows[] = {
		{ "5", NULL, 5 }, { "0", NULL, 0 }, { "60", NULL, 60 }, { "61", NULL, 60 },
		{ "315360000", NULL, 60 }, { "99999999999999999999999999", NULL, 60 },
		{ "-5", NULL, 0 }, { "+5", NULL, 0 }, { "5 s", NULL, 0 }, { "", NULL, 0 }, { "soon", NULL, 0 },
		{ "Sun, 06 Nov 1994 08:49:47 GMT", NOW, 10 },
		{ "Sun, 06 Nov 1994 09:49:47 GMT", NOW, 60 },
		{ "Mon, 06 Nov 2034 08:49:37 GMT", NOW, 60 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", NOW, 0 },
		{ "Sun, 06 Nov 1984 08:49:37 GMT", NOW, 0 },
		{ "Sun, 06 Nov 1994 08:49:47 GMT", "nonsense", 60 },
		{ "Sun, 06 Nov 1994 08:49:47 GMT", NULL, 60 },
		{ "Sun, 06 Nov 1994 08:49:47 CET", NOW, 0 },
	};

	for (u32 i = 0; i < ARRAY_N(rows); i++)
		assert_int_equal(retry_after(guard_str(rows[i].value), str_c(rows[i].date), 60), rows[i].s);
	assert_int_equal(retry_after(STR_NONE, STR(NOW), 60), 0);
}

static void
test_date(void **state)
{
	static const struct { const char *text; u64 s; } rows[] = {
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 }, { NOW, 784111777 },
		{ "Tue, 29 Feb 2000 12:00:00 GMT", 951825600 }, { "Tue, 19 Jan 2038 03:14:08 GMT", 2147483648 },
		{ "Sun, 07 Feb 2106 06:28:16 GMT", 4294967296 }, { "Fri, 31 Dec 1999 23:59:60 GMT", 946684800 },
	};
	static const char *const bad[] = {
		"Thu, 01 Jan 1969 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
		"Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 8:49:37 GMT ", "Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 19x4 08:49:37 GMT", "",
	};
	u64 s;

	for (u32 i = 0; i < ARRAY_N(rows); i++) {
		assert_int_equal(retry_date(guard_str(rows[i].text), &s), 0);
		assert_int_equal(s, rows[i].s);
		for (u32 n = 0; n < 29; n++)
			assert_int_equal(retry_date(guard_bytes(str_of(rows[i].text, n)), &s), ERR_BAD);
	}
	for (u32 i = 0; i < ARRAY_N(bad); i++)
		assert_int_equal(retry_date(guard_str(bad[i]), &s), ERR_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_after, guard_free),
		cmocka_unit_test_teardown(test_date, guard_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
