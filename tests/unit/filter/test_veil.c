#include "filter/veil_priv.h"

#include "base/cpu.h"
#include "filter/escape.h"
#include "filter/redact.h"
#include "json/jscan.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static struct veil_names names;

static int
setup(void **state)
{
	veil_names_init(&names);
	return veil_names_add(&names, STR("pin_code,!psk,sha1"));
}

/* What comes out of text when it comes in pieces of so many bytes and is taken in pieces of so many. */
static u32
run(struct str text, u32 piece, u32 bite, char out[4096])
{
	struct buf b = buf_over(out, 4095);
	struct veil v;

	veil_init(&v, &names);
	for (u32 at = 0; at < text.n; at += piece) {
		struct str in = str_cut(text, at, at + piece), part;

		while ((part = veil_look(&v, &in)).n) {
			u32 n = min_u32(bite, part.n);

			buf_put(&b, str_cut(part, 0, n));
			veil_took(&v, &in, n);
		}
		assert_int_equal(in.n, 0);
	}
	assert_false(b.over);
	out[b.w] = 0;
	return v.count;
}

static void
passes(const char *text, const char *want, u32 count)
{
	u32 n = (u32)strlen(text);
	char out[4096];

	for (u32 piece = 1; piece <= n; piece++)
		for (u32 bite = 1; bite <= n; bite += bite < 4 ? 1 : n) {
			u32 got = run(guard_str(text), piece, bite, out);

			assert_string_equal(out, want);
			assert_int_equal(got, count);
		}
	if (jscan_check(str_c(text), 32, 0, NULL) == 0)
		assert_int_equal(jscan_check(str_c(want), 32, 0, NULL), 0);
}

static void
test_names(void **state)
{
	passes("{\"password\":\"x\"}", "{\"password\":\"[redacted]\"}", 1);
	passes("{\"clientSecret\" : \"a\\\"b\\\\\",\"b\":\"c\"}", "{\"clientSecret\" : \"[redacted]\",\"b\":\"c\"}", 1);
	passes("{\"Client-Secret\":\n \"abc\",\"API_KEY\":\"d\"}",
	    "{\"Client-Secret\":\n \"[redacted]\",\"API_KEY\":\"[redacted]\"}", 2);
	passes("[{\"pin_code\":\"1\"},{\"psk\":\"2\"},{\"sha1\":\"3\"}]",
	    "[{\"pin_code\":\"[redacted]\"},{\"psk\":\"2\"},{\"sha1\":\"[redacted]\"}]", 2);
	passes("{\"p\\u0061ssword\":\"x\",\"\\u0070assword\":\"y\"}",
	    "{\"p\\u0061ssword\":\"[redacted]\",\"\\u0070assword\":\"[redacted]\"}", 2);
}

/* Whole names, strings only, members only. */
static void
test_what_stays(void **state)
{
	static const char *const texts[] = { "{\"next_page_token\":\"abc\",\"token\":\"d\",\"secretary\":\"e\"}",
		"{\"my_password\":\"a\",\"password_hint\":\"b\"}", "{\"password\":null,\"secret\":17,\"api_key\":true}",
		"{\"secret\":{\"name\":\"a\",\"list\":[\"b\"]},\"password\":[\"c\"]}", "{\"password\":\"\"}",
		"[\"password\",\":\",\"x\"]", "{\"a\":\"password:\\\"b\"}", "{\"url\":\"http://a:b@c/\"}", "password:\"x\"",
		"", ":", "\":\"", "\"\":\"\"", "{\"\":\"x\",\"-\":\"y\"}" };

	for (u32 i = 0; i < ARRAY_N(texts); i++)
		passes(texts[i], texts[i], 0);
}

static void
test_nested(void **state)
{
	passes("{\"log\":\"{\\\"password\\\":\\\"x\\\",\\\"a\\\":1}\"}",
	    "{\"log\":\"{\\\"password\\\":\\\"[redacted]\\\",\\\"a\\\":1}\"}", 1);
	passes("{\"log\":\"{\\\"secret\\\": \\\"x\\\\\\\"y\\\\\\\\\\\"}\",\"b\":\"c\"}",
	    "{\"log\":\"{\\\"secret\\\": \\\"[redacted]\\\"}\",\"b\":\"c\"}", 1);
	passes("{\"log\":\"\\\"secret\\\":\\\"cut\",\"b\":\"c\"}", "{\"log\":\"\\\"secret\\\":\\\"[redacted]\",\"b\":\"c\"}", 1);
}

/* Every way to look for them finds the same colons, wherever it begins and ends. */
static void
test_kernels(void **state)
{
	static const char *const parts[] = { "\"password\":\"", "\"name\":", "\\\"", "\\u0064\":", "secret", ":", " :", "\":",
		"\\", "_\":", "note", ",{", "\303\266d\":", "api_key\" : ", "                 " };
	u32 seed = 7;

	for (u32 round = 0; round < 400; round++) {
		char text[600];
		struct str s;
		u32 n = 0, found = 0;

		while (n < sizeof text - 20) {
			seed = seed * 1103515245 + 12345;
			n += (u32)snprintf(text + n, sizeof text - n, "%s", parts[(seed >> 16) % ARRAY_N(parts)]);
		}
		s = guard_str(text);
		for (u32 at = VEIL_BEFORE; at <= s.n; at++) {
			u32 want = at;

			while (want < s.n && (s.p[want] != ':' || !veil_may(&names, s, want)))
				want++;
			found += want < s.n;
			assert_int_equal(veil_skip(&names, s, at), want);
			assert_int_equal(veil_skip_any(&names, s, at), want);
#if defined(__x86_64__)
			if (cpu_found & CPU_VBMI2)
				assert_int_equal(veil_skip_vbmi(&names, s, at), want);
#endif
		}
		assert_true(found);
	}
}

static void
test_full(void **state)
{
	struct veil_names s;
	char list[2000];
	u32 n = 0;

	for (u32 i = 0; i < VEIL_NAMES; i++)
		n += (u32)snprintf(list + n, sizeof list - n, "name%u,", i);
	veil_names_init(&s);
	assert_int_equal(veil_names_add(&s, str_of(list, n)), ERR_FULL);
	assert_int_equal(s.n, VEIL_NAMES);
}

#define DENSE_N 131072

/* What lists of records look like. */
static u32
fill(char *text)
{
	u32 n = (u32)snprintf(text, DENSE_N, "{\"items\":[");

	for (u32 i = 0; n < DENSE_N - 400; i++)
		n += (u32)snprintf(text + n, DENSE_N - n,
		    "%s{\"id\":%u,\"sku\":\"AB-%u\",\"name\":\"Widget \\\"Pro\\\" %u\",\"price\":%u.5,\"active\":true,"
		    "\"tags\":[\"new\",\"sale\"],\"note\":\"Gr\303\266\303\237e %u line one\\nline two\"}",
		    i ? "," : "", i, i, i, i % 100, i);
	return n + (u32)snprintf(text + n, DENSE_N - n, "]}");
}

/* A body on its way to a model: values, members, escaping. Bytes that were taken out of in. */
static u32
pass(struct redact *r, struct veil *v, struct str in, struct buf *out)
{
	struct escape e = { .kept_n = 0 };
	struct str a, b;
	u32 had = in.n;

	while ((a = redact_look(r, &in)).n) {
		u32 n = a.n;

		while ((b = veil_look(v, &a)).n) {
			u32 took = escape_run(&e, b, out);

			assert_true(took);
			veil_took(v, &a, took);
		}
		redact_took(r, &in, n - a.n);
	}
	return had - in.n;
}

static void
test_speed(void **state)
{
	static char text[DENSE_N], out[2 * DENSE_N];
	static struct needles set;
	struct str all = str_of(text, fill(text));
	double best = 1e9;

	needles_init(&set);
	assert_int_equal(needles_add(&set, STR("s3cret-of-this-upstream")), 0);
	for (u32 round = 0; round < 30; round++) {
		struct timespec from, to;
		struct redact r;
		struct veil v;
		double ns;

		clock_gettime(CLOCK_MONOTONIC, &from);
		for (u32 i = 0; i < 8; i++) {
			struct buf b = buf_over(out, sizeof out);

			redact_init(&r, &set, REDACT_JSON, all.n, NULL); /* nothing has to be held: all of it is here */
			veil_init(&v, &names);
			assert_int_equal(pass(&r, &v, all, &b), all.n);
		}
		clock_gettime(CLOCK_MONOTONIC, &to);
		ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
		best = ns < best ? ns : best;
	}
	print_message("speed: redact, veil and escape together %.2f GB/s of JSON\n", 8 * all.n / best);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_what_stays),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_speed),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
