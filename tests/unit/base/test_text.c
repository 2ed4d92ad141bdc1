/* text: what people read and write: suggestions, sizes, durations, globs, times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "lib/guard.h"

static void
assert_text(struct buf *b, const char *want)
{
	if (!str_is(buf_str(b), want))
		fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(buf_str(b)), want);
	b->r = b->w = 0;
}

static void
test_distance(void **state)
{
	assert_int_equal(text_distance(STR("kitten"), STR("sitting")), 3);
	assert_int_equal(text_distance(STR(""), STR("abc")), 3);
	assert_int_equal(text_distance(STR("abc"), STR("ABC")), 0);
	assert_int_equal(text_distance(guard_str("0123456789012345678901234567890123"), STR("0")), 99);
	assert_int_equal(text_distance(guard_str("01234567890123456789012345678901"), STR("")), 32);
}

static void
test_nearest(void **state)
{
	static const char *const words[] = { "listen", "public_url", "data", "path" };

	assert_string_equal(text_nearest(STR("lisen"), words, 4), "listen");
	assert_string_equal(text_nearest(STR("publicurl"), words, 4), "public_url");
	assert_null(text_nearest(STR("zzz"), words, 4));
	assert_null(text_nearest(STR(""), words, 4));
}

static void
test_safe(void **state)
{
	u8 mem[64];
	struct buf b = buf_over(mem, sizeof mem);

	text_safe(&b, guard_bytes(STR("a\n\x1b[1m\0\x7f")), 99);
	assert_text(&b, "a\\x0a\\x1b[1m\\x00\\x7f");
	text_safe(&b, STR("abcdef"), 3);
	assert_text(&b, "abc...");
	text_safe(&b, STR("abc"), 3);
	assert_text(&b, "abc");
}

static void
test_size(void **state)
{
	u8 mem[64];
	struct buf b = buf_over(mem, sizeof mem);

	text_size(&b, 0);
	assert_text(&b, "0 B");
	text_size(&b, 1023);
	assert_text(&b, "1023 B");
	text_size(&b, 1024);
	assert_text(&b, "1.0 KB");
	text_size(&b, 1363149);
	assert_text(&b, "1.3 MB");
	text_size(&b, 5ULL << 40);
	assert_text(&b, "5.0 TB");
}

static void
test_read(void **state)
{
	static const char *const bad_sizes[] = { "", "k", "-1", "1t", "1 k", "1.5m", "99999999999999999999", "18014398509481984k" };
	static const char *const bad_times[] = { "", "5", "s", "-5s", "5x", "1.5h" };
	u64 v;

	assert_int_equal(text_read_size(guard_str("100"), &v), 0);
	assert_int_equal(v, 100);
	assert_int_equal(text_read_size(guard_str("64k"), &v), 0);
	assert_int_equal(v, 65536);
	assert_int_equal(text_read_size(guard_str("2MB"), &v), 0);
	assert_int_equal(v, 2097152);
	assert_int_equal(text_read_duration(guard_str("500ms"), &v), 0);
	assert_int_equal(v, 500);
	assert_int_equal(text_read_duration(guard_str("7d"), &v), 0);
	assert_int_equal(v, 604800000);
	for (u32 i = 0; i < ARRAY_N(bad_sizes); i++)
		assert_int_equal(text_read_size(guard_str(bad_sizes[i]), &v), ERR_BAD);
	for (u32 i = 0; i < ARRAY_N(bad_times); i++)
		assert_int_equal(text_read_duration(guard_str(bad_times[i]), &v), ERR_BAD);
}

static void
test_glob(void **state)
{
	static const struct {
		const char *pattern, *s;
		bool match;
	} t[] = { { "", "", 1 }, { "*", "", 1 }, { "a*", "abc", 1 }, { "*c", "abc", 1 }, { "a*c", "abbc", 1 }, { "a*c", "abcd", 0 },
		{ "*b*", "abc", 1 }, { "a", "ab", 0 }, { "ab", "a", 0 }, { "a**b", "ab", 1 }, { "*ab", "aab", 1 }, { "?", "a", 0 },
		{ "*.b.*", "a.b", 0 }, { "list_*", "list_items", 1 } };

	for (u32 i = 0; i < ARRAY_N(t); i++)
		if (text_glob(guard_str(t[i].pattern), guard_str(t[i].s)) != t[i].match)
			fail_msg("%s on %s", t[i].pattern, t[i].s);
}

/* Many stars must not take exponential time. */
static void
test_glob_worst_case(void **state)
{
	char s[2001] = { 0 };

	memset(s, 'a', 2000);
	assert_false(text_glob(STR("*a*a*a*a*a*a*a*a*a*a*a*a*b"), str_c(s)));
}

static void
test_time(void **state)
{
	static const struct {
		wall at;
		const char *text;
	} t[] = { { 0, "1970-01-01T00:00:00Z" }, { 951782399, "2000-02-28T23:59:59Z" }, { 951782400, "2000-02-29T00:00:00Z" },
		{ 951868800, "2000-03-01T00:00:00Z" }, { 1709164800, "2024-02-29T00:00:00Z" }, { 1795248000, "2026-11-21T08:00:00Z" },
		{ 2147483648, "2038-01-19T03:14:08Z" }, { 4107542400, "2100-03-01T00:00:00Z" }, { 4294967295, "2106-02-07T06:28:15Z" } };
	u8 mem[32];
	struct buf b = buf_over(mem, sizeof mem);

	for (u32 i = 0; i < ARRAY_N(t); i++) {
		text_time(&b, t[i].at);
		assert_text(&b, t[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_distance, guard_free),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test_teardown(test_safe, guard_free),
		cmocka_unit_test(test_size),
		cmocka_unit_test_teardown(test_read, guard_free),
		cmocka_unit_test_teardown(test_glob, guard_free),
		cmocka_unit_test(test_glob_worst_case),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
