/* The JSON vectors of ../shared/data/json, from the top of the repository (or $SHARED):
 * JSONTestSuite at syntax level and our own at both levels, whole, and in two pieces at every
 * byte (large ones at some). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "json/json.h"
#include "json/jscan.h"
#include "lib/guard.h"

#define TOKENS (1 << 20)
#define EVERY_BYTE 4096 /* longer vectors are cut at 64 places only */

static struct jsmntok *tok, *other;
static struct arena scratch;

static const char *
shared(const char *name)
{
	static char path[512];
	const char *top = getenv("SHARED");

	snprintf(path, sizeof path, "%s/data/json/%s", top ? top : "../shared", name);
	return path;
}

/* A whole file in memory that the caller frees. */
static struct str
slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	u8 *p;
	long n;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	p = malloc((size_t)n + 1);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, (size_t)n, f), n);
	fclose(f);
	return str_of(p, (size_t)n);
}

static void
check_in_two(struct str s, int want)
{
	u32 step = s.n <= EVERY_BYTE ? 1 : s.n / 64;

	for (u32 cut = 0; cut <= s.n; cut += step) {
		struct jscan j;

		jscan_init(&j, JSON_DEPTH_MAX, 0);
		jscan_feed(&j, str_cut(s, 0, cut));
		jscan_feed(&j, str_cut(s, cut, s.n));
		assert_int_equal(jscan_end(&j) ? ERR_BAD : 0, want);
	}
}

/* 'A' accepted, 'P' refused by policy only, 'S' refused by syntax; the size limit counts as
 * syntax, as in the vectors. */
static char
verdict(struct str s)
{
	struct jdoc d;
	int syntax = jscan_check(s, JSON_DEPTH_MAX, JSCAN_SMALL, NULL), request;

	if (s.n <= JSCAN_TEXT_MAX) {
		check_in_two(s, syntax);
		assert_int_equal(json_parse(&d, s, tok, TOKENS), syntax);
	}
	request = json_parse_request(&d, s, other, TOKENS, &scratch);
	if (!request) /* tokenized another way, to the same tokens */
		assert_memory_equal(other, tok, sizeof *tok * (size_t)d.n);
	return syntax ? 'S' : request ? 'P' : 'A';
}

/* Runs the suite's files that begin with letter; counts what was accepted at both levels. */
static u32
suite(char letter, u32 *accepted, u32 *policy)
{
	char path[1024];
	DIR *d = opendir(shared("JSONTestSuite/test_parsing"));
	u32 n = 0;

	if (!d)
		return 0;
	for (struct dirent *e; (e = readdir(d));) {
		struct str s;
		char v;

		if (e->d_name[0] != letter)
			continue;
		snprintf(path, sizeof path, "%s/%s", shared("JSONTestSuite/test_parsing"), e->d_name);
		s = slurp(path);
		v = verdict(guard_bytes(s));
		free((void *)(uintptr_t)s.p);
		guard_free(NULL);
		n++;
		*accepted += v != 'S';
		*policy += v == 'P';
		if (v == 'S' ? letter == 'y' : letter == 'n')
			print_error("%s: %c\n", e->d_name, v);
	}
	closedir(d);
	return n;
}

static void
skip_without(u32 n)
{
	if (n)
		return;
	print_message("skipped: no ../shared\n");
	skip();
}

static void
test_suite_must_accept(void **state)
{
	u32 yes = 0, policy = 0, n = suite('y', &yes, &policy);

	skip_without(n);
	assert_int_equal(n, 95);
	assert_int_equal(yes, 95);
	assert_int_equal(policy, 4); /* two with duplicate keys, two with U+0000 */
}

static void
test_suite_must_refuse(void **state)
{
	u32 yes = 0, policy = 0, n = suite('n', &yes, &policy);

	skip_without(n);
	assert_int_equal(n, 188);
	assert_int_equal(yes, 0);
}

static void
test_suite_may_do_either(void **state)
{
	u32 yes = 0, policy = 0, n = suite('i', &yes, &policy);

	skip_without(n);
	assert_int_equal(n, 35);
	assert_int_equal(yes, 10);
}

/* One line of json_cases.jsonl: {"id":..., "want":"A"|"P"|"S", "why":..., "b64":...}. */
static bool
run_case(struct str line)
{
	static struct jsmntok few[16];
	struct jdoc d;
	struct str b64, want;
	u8 *raw;
	int n;
	char v;

	assert_int_equal(json_parse(&d, line, few, ARRAY_N(few)), 0);
	b64 = json_str(json_get(json_root(&d), "b64"), &scratch);
	want = json_str(json_get(json_root(&d), "want"), &scratch);
	raw = malloc(b64.n + 1);
	assert_non_null(raw);
	n = base64_read(b64, raw, b64.n);
	assert_true(n >= 0);
	v = verdict(guard_bytes(str_of(raw, (size_t)n)));
	free(raw);
	guard_free(NULL);
	if (want.n == 1 && want.p[0] == v)
		return true;
	print_error("%.*s: %c\n", STR_ARG(json_raw(json_get(json_root(&d), "id"))), v);
	return false;
}

static void
test_own_cases(void **state)
{
	FILE *f = fopen(shared("json_cases.jsonl"), "rb");
	u32 n = 0, right = 0;
	struct str all, rest;

	skip_without(f != NULL);
	fclose(f);
	all = rest = slurp(shared("json_cases.jsonl"));
	while (rest.p) {
		struct str line = str_next(&rest, '\n');

		if (line.n == 0)
			continue;
		n++;
		right += run_case(line);
	}
	free((void *)(uintptr_t)all.p);
	assert_int_equal(n, 341);
	assert_int_equal(right, 341);
}

static int
begin(void **state)
{
	size_t room = 8 << 20;

	tok = malloc(sizeof *tok * TOKENS);
	other = malloc(sizeof *tok * TOKENS);
	scratch = arena_over(malloc(room), room);
	return !tok || !scratch.p;
}

static int
end(void **state)
{
	free(tok);
	free(other);
	free(scratch.p);
	return guard_free(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suite_must_accept),
		cmocka_unit_test(test_suite_must_refuse),
		cmocka_unit_test(test_suite_may_do_either),
		cmocka_unit_test(test_own_cases),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
