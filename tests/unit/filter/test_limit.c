/* limit: cut JSON stays JSON, whatever the budget and however the bytes come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "filter/limit.h"
#include "json/json.h"
#include "lib/guard.h"

#define TOKENS 65536

static struct lease lease;
static void *lease_memory;
static u8 out_memory[1 << 18];
static struct jsmntok tok[TOKENS];

/* How the bytes come: pieces of at most in bytes (0: all at once); and go: at most out bytes a
 * time (0: all). */
struct pace {
	u32 in, out;
};

static struct str
run(struct limit *l, struct str text, struct pace pace)
{
	struct buf out = buf_over(out_memory, sizeof out_memory);
	u32 at = 0;

	while (!limit_over(l)) {
		struct str in = str_cut(text, at, pace.in ? at + pace.in : text.n), v;

		at += in.n;
		in = guard_bytes(in);
		if (in.n == 0)
			limit_end(l);
		while ((v = limit_look(l, &in)).n) {
			u32 n = pace.out ? min_u32(pace.out, v.n) : v.n;

			buf_put(&out, str_cut(v, 0, n));
			limit_took(l, &in, n);
		}
		assert_int_equal(l->err, 0);
		guard_free(NULL);
	}
	assert_int_equal(lease.pool[0].used, 0); /* nothing is kept */
	assert_false(out.over);
	return buf_str(&out);
}

static bool
is_json(struct str s)
{
	return jscan_check(s, 64, 0, NULL) == 0;
}

static const struct pace paces[] = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 1 }, { 7, 3 }, { 4096, 1000 } };

/* {"total":N,"data":[{"id":0,...},...]} of about n bytes. */
static struct str
listing(char *to, u32 n)
{
	u32 at = (u32)sprintf(to, "{\"total\":99,\"page\":{\"n\":1},\"data\":[");

	for (u32 i = 0; at < n; i++)
		at += (u32)sprintf(to + at, "%s{\"id\":%u,\"name\":\"n\\u00e9 \\\"%u\\\"\",\"tags\":[\"a\",\"b\"]}", i ? "," : "", i, i);
	at += (u32)sprintf(to + at, "],\"end\":true}");
	return str_of(to, at);
}

static void
test_within_budget_is_untouched(void **state)
{
	char text[16384];
	struct str s = listing(text, 9000);

	for (u32 i = 0; i < ARRAY_N(paces); i++)
		for (u32 extra = 0; extra < 2; extra++)
			for (u32 known = 0; known < 2; known++)
				for (enum limit_kind kind = LIMIT_TEXT; kind <= LIMIT_JSON; kind++) {
					struct limit l;

					limit_init(&l, kind, s.n + extra, known ? s.n : LIMIT_UNKNOWN, &lease);
					assert_true(str_same(run(&l, s, paces[i]), s));
					assert_false(l.cut);
					assert_false(l.broken);
					assert_int_equal(l.seen, s.n);
					assert_int_equal(l.passed, s.n);
				}
}

/* A length that is told late: the rest is passed as it is, and a length beyond the budget
 * changes nothing. */
static void
test_length_told_late(void **state)
{
	char text[16384];
	struct str s = listing(text, 9000), in;
	struct limit l;

	limit_init(&l, LIMIT_JSON, 10000, LIMIT_UNKNOWN, &lease);
	in = str_cut(s, 0, 2000);
	limit_took(&l, &in, limit_look(&l, &in).n);
	limit_know(&l, s.n);
	in = str_cut(s, 2000, s.n);
	assert_int_equal(limit_look(&l, &in).n, in.n);
	limit_took(&l, &in, in.n);
	limit_end(&l);
	assert_true(limit_over(&l) && !l.cut && !l.broken && l.passed == s.n);
	limit_init(&l, LIMIT_JSON, 1000, LIMIT_UNKNOWN, &lease);
	limit_know(&l, s.n);
	assert_true(is_json(run(&l, s, paces[0])));
	assert_true(l.cut);
}

/* A small document at every budget below its length: all of it stands in the held part. */
static void
test_every_budget(void **state)
{
	struct str s = STR("{\"a\":[1,{\"b\":\"x\\ud83d\\ude00\xe2\x82\xac\"},[true,null]],\"c\":-1.5e3,\"d\":\"\",\"e\":[{},[]] } ");

	for (u32 budget = 0; budget < s.n - 1; budget++)
		for (u32 i = 0; i < ARRAY_N(paces); i++) {
			struct limit l;
			struct str got;

			limit_init(&l, LIMIT_JSON, budget, i & 1 ? s.n : LIMIT_UNKNOWN, &lease);
			got = run(&l, s, paces[i]);
			assert_true(l.cut);
			assert_false(l.broken);
			assert_true(l.passed <= budget);
			if (!is_json(got))
				fail_msg("budget %u: %.*s", budget, STR_ARG(got));
			assert_true(str_starts(s, str_cut(got, 0, (u32)l.passed)));
		}
}

/* What the cut document holds, and what limit says it holds. */
static void
test_cut_between_elements(void **state)
{
	static char text[65536];
	struct str s = listing(text, 40000);

	for (u32 budget = 20000; budget < 20200; budget += 7)
		for (u32 i = 0; i < ARRAY_N(paces); i++) {
			struct limit l;
			struct jdoc d;
			struct str got;
			u8 path[64];
			struct buf b = buf_over(path, sizeof path);

			limit_init(&l, LIMIT_JSON, budget, i & 1 ? s.n : LIMIT_UNKNOWN, &lease);
			got = run(&l, s, paces[i]);
			assert_true(l.cut);
			assert_true(l.passed <= budget && l.passed > budget - 80); /* an element is shorter than 80 */
			assert_int_equal(json_parse(&d, got, tok, TOKENS), 0);
			assert_int_equal(l.where.level, 2);
			assert_int_equal(l.where.top_level, 2);
			assert_int_equal(json_len(json_get(json_root(&d), "data")), l.where.index);
			assert_int_equal(json_len(json_at(json_get(json_root(&d), "data"), l.where.index - 1)), 3);
			limit_path(&l, l.where.level, &b);
			if (!str_is(buf_str(&b), "data"))
				fail_msg("pace %u budget %u: %.*s", i, budget, STR_ARG(buf_str(&b)));
		}
}

/* An element that is longer than what is held: the cut goes into it, and the outer place is told
 * too. */
static void
test_cut_inside_a_long_element(void **state)
{
	static char text[32768];
	u32 at = (u32)sprintf(text, "[{\"x\":1},{\"rows\":[");
	struct limit l;
	struct jdoc d;
	u8 path[64];
	struct buf b = buf_over(path, sizeof path);

	for (u32 i = 0; i < 2000; i++)
		at += (u32)sprintf(text + at, "%s%u", i ? "," : "", 1000 + i);
	at += (u32)sprintf(text + at, "]}]");
	limit_init(&l, LIMIT_JSON, 5000, LIMIT_UNKNOWN, &lease);
	assert_int_equal(json_parse(&d, run(&l, str_of(text, at), paces[4]), tok, TOKENS), 0);
	assert_int_equal(l.where.level, 3);
	assert_int_equal(l.where.index, json_len(json_pointer(json_root(&d), STR("/1/rows"))));
	assert_int_equal(l.where.top_level, 1);
	assert_int_equal(l.where.top_index, 1);
	limit_path(&l, 3, &b);
	assert_true(str_is(buf_str(&b), "1.rows"));
}

static void
test_long_string_is_marked(void **state)
{
	static char text[32768];
	struct str got;
	struct limit l;

	/* the same place for every alignment of a character and an escape at the cut */
	for (u32 shift = 0; shift < 24; shift++) {
		u32 at = (u32)sprintf(text, "{\"id\":1,\"log\":\"%.*s", (int)shift, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx");

		while (at < 20000)
			at += (u32)sprintf(text + at, "\xe2\x82\xac\\ud83d\\ude00\\n");
		at += (u32)sprintf(text + at, "\"}");
		limit_init(&l, LIMIT_JSON, 10000, LIMIT_UNKNOWN, &lease);
		got = run(&l, str_of(text, at), paces[shift % ARRAY_N(paces)]);
		assert_true(is_json(got));
		assert_true(str_ends(got, STR("[cut]\"}")));
		assert_true(l.passed > 10000 - 13 && l.passed <= 10000);
		assert_int_equal(l.where.level, 0);
	}
}

/* No array is open: the last comma is the place, unless that drops a long string. */
static void
test_cut_between_members(void **state)
{
	static char text[16384];

	for (u32 longest = 400; longest <= 3200; longest += 1400) {
		u32 at = (u32)sprintf(text, "{\"list\":[1,2,3],\"a\":\"");
		struct limit l;
		struct str got;

		while (at < 6500 - longest)
			text[at++] = 'x';
		at += (u32)sprintf(text + at, "\",\"b\":[\"");
		memset(text + at, 'y', 5000);
		limit_init(&l, LIMIT_JSON, 6500, LIMIT_UNKNOWN, &lease);
		got = run(&l, str_of(text, at + 5000), paces[2]);
		assert_true(is_json(got));
		assert_true(str_ends(got, longest < 1000 ? STR("x\"}") : STR("y[cut]\"]}")));
		/* b is open, nothing of it was passed in full; the commas of list do not count
		 * for it */
		assert_int_equal(l.where.level, 0);
		assert_int_equal(l.where.top_level, 2);
		assert_int_equal(l.where.top_index, 0);
	}
}

/* A comma of an array that is closed is no place to cut the next array of its level. */
static void
test_commas_of_closed_arrays(void **state)
{
	static char text[16384];
	u32 at = (u32)sprintf(text, "{\"pad\":\"");
	struct limit l;
	struct str got;

	while (at < 5000)
		text[at++] = 'x';
	at += (u32)sprintf(text + at, "\",\"a\":[1,2,3],\"b\":[");
	memset(text + at, ' ', 5000);
	limit_init(&l, LIMIT_JSON, 6500, LIMIT_UNKNOWN, &lease);
	got = run(&l, str_of(text, at + 5000), paces[0]);
	assert_true(is_json(got));
	assert_true(str_ends(got, STR("\"a\":[1,2,3]}")));
	assert_int_equal(l.where.level, 0);
}

/* The ways a text can be in between when 3584 bytes pass without a comma. */
static void
test_no_comma_near(void **state)
{
	static const char *const before[] = { "[1", "[", "{\"a\"", "{\"a\":", "{", "[1,", "{\"a\":1,", "", "{\"a\":[{\"b\":", "[[1]" };
	static char text[16384];

	for (u32 i = 0; i < ARRAY_N(before); i++) {
		struct limit l;
		struct str got;

		memset(text, ' ', 12000);
		memcpy(text, before[i], strlen(before[i]));
		text[12000] = ']'; /* whatever: it is not reached */
		limit_init(&l, LIMIT_JSON, 8000, LIMIT_UNKNOWN, &lease);
		got = run(&l, str_of(text, 12001), paces[i % ARRAY_N(paces)]);
		assert_true(l.cut);
		if (!is_json(got))
			fail_msg("%s: %.*s", before[i], (int)(got.n - 7980), got.p + 7980);
	}
}

static void
test_deep_cut(void **state)
{
	static char text[16384];
	struct limit l;
	u32 at = 0;

	for (u32 i = 0; i < 200; i++)
		at += (u32)sprintf(text + at, i % 2 ? "{\"k\":" : "[");
	for (u32 i = 0; i < 2000; i++)
		at += (u32)sprintf(text + at, i % 100 ? "[7]" : "[[8],9]");
	/* not valid any more after the first value, so it is text from there */
	limit_init(&l, LIMIT_JSON, 3000, LIMIT_UNKNOWN, &lease);
	run(&l, str_of(text, at), paces[0]);
	assert_true(l.broken);
	at = 0;
	for (u32 i = 0; i < 200; i++)
		at += (u32)sprintf(text + at, i % 2 ? "{\"k\":" : "[");
	at += (u32)sprintf(text + at, "{\"x\":0");
	for (u32 i = 0; i < 1000; i++)
		at += (u32)sprintf(text + at, ",\"x\":%u", i);
	limit_init(&l, LIMIT_JSON, 3000, LIMIT_UNKNOWN, &lease);
	assert_int_equal(jscan_check(run(&l, str_of(text, at), paces[4]), 256, 0, NULL), 0);
	assert_true(l.passed > 2980);
	assert_int_equal(l.where.level, 0);
	assert_int_equal(l.where.top_level, 1);
}

static void
test_broken_json_passes_as_text(void **state)
{
	static char text[16384];
	static const u32 places[] = { 0, 10, 3000, 5900, 6100, 9990, 9999 };

	for (u32 i = 0; i < ARRAY_N(places); i++)
		for (u32 p = 0; p < ARRAY_N(paces); p++)
			for (u32 n = 9000; n <= 12000; n += 1000) {
				struct limit l;
				struct str got;

				memset(text, '1', sizeof text);
				memset(text, '[', 1);
				for (u32 k = 2; k < n; k += 2)
					text[k] = ',';
				text[places[i] | 1] = '}'; /* where a number should be */
				limit_init(&l, LIMIT_JSON, 10000, LIMIT_UNKNOWN, &lease);
				got = run(&l, str_of(text, n), paces[p]);
				assert_true(l.broken || n > 10000);
				assert_int_equal(l.cut, n > 10000);
				assert_true(str_same(str_cut(got, 0, min_u32(n, 10000)), str_of(text, min_u32(n, 10000))));
				if (n > 10000)
					assert_true(str_is(str_cut(got, 10000, got.n), "\n[cut]"));
			}
}

/* Upstream went away in the middle: everything passes, and it is told. */
static void
test_ends_too_early(void **state)
{
	static char text[16384];
	struct str s = listing(text, 9000);

	for (u32 n = 1; n < s.n; n += 97) {
		struct limit l;

		limit_init(&l, LIMIT_JSON, 10000, LIMIT_UNKNOWN, &lease);
		assert_true(str_same(run(&l, str_cut(s, 0, n), paces[n % ARRAY_N(paces)]), str_cut(s, 0, n)));
		assert_true(l.broken);
		assert_false(l.cut);
	}
}

static void
test_text_is_cut_between_characters(void **state)
{
	struct str s = STR("ab\xe2\x82\xac" "cd\xf0\x9f\x98\x80" "ef");
	static const u32 ends[] = { 0, 1, 2, 5, 5, 5, 6, 7, 11, 11, 11, 11, 12 };

	for (u32 budget = 0; budget < s.n; budget++)
		for (u32 p = 0; p < ARRAY_N(paces); p++) {
			struct limit l;
			struct str got;

			limit_init(&l, LIMIT_TEXT, budget, LIMIT_UNKNOWN, &lease);
			got = run(&l, s, paces[p]);
			assert_true(l.cut);
			assert_int_equal(got.n, ends[budget] + 6);
			assert_true(str_starts(s, str_cut(got, 0, ends[budget])));
			assert_true(str_ends(got, STR("\n[cut]")));
		}
}

/* A line end behind a text that just fits is no cut. */
static void
test_space_behind_the_end(void **state)
{
	struct str s = STR("[1,2,3]\r\n  \n");
	struct limit l;

	limit_init(&l, LIMIT_JSON, 7, LIMIT_UNKNOWN, &lease);
	assert_true(str_is(run(&l, s, paces[1]), "[1,2,3]"));
	assert_false(l.cut);
	assert_false(l.broken);
	assert_int_equal(l.seen, s.n);
	limit_init(&l, LIMIT_JSON, 7, LIMIT_UNKNOWN, &lease);
	assert_true(str_is(run(&l, STR("[1,2,3]\nx"), paces[0]), "[1,2,3]"));
	assert_true(l.cut);
}

static void
test_without_a_block(void **state)
{
	struct str in = STR("[1,2,3]");
	struct limit l;

	while (lease_take(&lease, 4096).p)
		;
	limit_init(&l, LIMIT_JSON, 3, LIMIT_UNKNOWN, &lease);
	assert_int_equal(limit_look(&l, &in).n, 0);
	assert_int_equal(l.err, ERR_FULL);
	limit_done(&l);
}

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
test_speed(void **state)
{
	static char text[131072];
	struct str s = listing(text, 100000);
	double best[2] = { 1e9, 1e9 };
	u64 passed = 0;

	for (u32 round = 0; round < 200; round++) {
		struct limit l;
		struct str in, v;
		double from = now_ns();

		for (u32 i = 0; i < 100; i++) {
			in = str_cut(s, 0, 1024);
			limit_init(&l, LIMIT_JSON, RESPONSE_BUDGET, 1024, &lease);
			while ((v = limit_look(&l, &in)).n)
				limit_took(&l, &in, v.n);
			limit_end(&l);
			passed += l.passed;
		}
		best[0] = now_ns() - from < best[0] ? now_ns() - from : best[0];
		from = now_ns();
		in = s;
		limit_init(&l, LIMIT_JSON, 2 * s.n, LIMIT_UNKNOWN, &lease);
		while ((v = limit_look(&l, &in)).n)
			limit_took(&l, &in, v.n);
		limit_end(&l);
		best[1] = now_ns() - from < best[1] ? now_ns() - from : best[1];
	}
	assert_int_equal(passed, 200 * 100 * 1024);
	print_message("speed: limit %.0f ns for 1 KB of known length, %.0f us for 100 KB of unknown\n", best[0] / 100,
	              best[1] / 1000);
}

static int
begin(void **state)
{
	struct arena a;

	lease_memory = malloc(lease_bytes());
	a = arena_over(lease_memory, lease_bytes());
	return lease_init(&lease, &a);
}

static int
end(void **state)
{
	free(lease_memory);
	return guard_free(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_within_budget_is_untouched),
		cmocka_unit_test(test_length_told_late),
		cmocka_unit_test(test_every_budget),
		cmocka_unit_test(test_cut_between_elements),
		cmocka_unit_test(test_cut_inside_a_long_element),
		cmocka_unit_test(test_long_string_is_marked),
		cmocka_unit_test(test_cut_between_members),
		cmocka_unit_test(test_commas_of_closed_arrays),
		cmocka_unit_test(test_no_comma_near),
		cmocka_unit_test(test_deep_cut),
		cmocka_unit_test(test_broken_json_passes_as_text),
		cmocka_unit_test(test_ends_too_early),
		cmocka_unit_test(test_text_is_cut_between_characters),
		cmocka_unit_test(test_space_behind_the_end),
		cmocka_unit_test(test_speed),
		cmocka_unit_test(test_without_a_block), /* last: it uses the blocks up */
	};

	return cmocka_run_group_tests(tests, begin, end);
}
