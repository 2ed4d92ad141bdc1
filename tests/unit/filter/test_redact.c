/* redact: no value passes, in no form, however the bytes come and go; everything else passes as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "filter/redact.h"
#include "json/jscan.h"
#include "lib/naive.h"

static struct lease lease;
static void *lease_memory;
static u8 out_memory[1 << 18];
static struct needles set;

/* How the bytes come: pieces of at most in bytes (0: all at once); and go: at most out bytes a time (0: all). */
struct pace {
	u32 in, out;
};

static const struct pace paces[] = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 1 }, { 7, 3 }, { 64, 1000 } };

static void
one(const char *value)
{
	needles_init(&set);
	assert_int_equal(needles_add(&set, str_c(value)), 0);
}

static u32
leased(void)
{
	u32 n = 0;

	for (u32 i = 0; i < LEASE_CLASSES; i++)
		n += lease.pool[i].used;
	return n;
}

/* Runs a piece through r: from memory of just its size, so that the address sanitizer sees more. */
static void
feed(struct redact *r, struct str piece, struct pace pace, struct buf *out)
{
	u8 *copy = (u8 *)malloc(piece.n ? piece.n : 1);
	struct str in = str_of(copy, piece.n), v;

	if (piece.n)
		memcpy(copy, piece.p, piece.n);
	else
		redact_end(r);
	while ((v = redact_look(r, &in)).n) {
		u32 n = pace.out ? min_u32(pace.out, v.n) : v.n;

		buf_put(out, str_cut(v, 0, n));
		redact_took(r, &in, n);
	}
	assert_int_equal(r->err, 0);
	assert_int_equal(in.n, 0);
	free(copy);
}

static struct str
run(struct redact *r, struct str text, struct pace pace)
{
	struct buf out = buf_over(out_memory, sizeof out_memory);

	for (u32 at = 0; at < text.n; at += pace.in ? pace.in : text.n)
		feed(r, str_cut(text, at, pace.in ? at + pace.in : text.n), pace, &out);
	feed(r, STR_NONE, pace, &out);
	assert_int_equal(leased(), 0);
	assert_false(out.over);
	return buf_str(&out);
}

static void
test_nothing_to_find(void **state)
{
	struct redact r;
	struct str s = STR("{\"a\":\"\\u0041%41\\\\ text\"}"), in = s, v;

	redact_init(&r, NULL, REDACT_JSON, REDACT_UNKNOWN, &lease);
	assert_true(str_same(run(&r, s, paces[1]), s));
	needles_init(&set);
	redact_init(&r, &set, REDACT_JSON, REDACT_UNKNOWN, &lease);
	assert_true(str_same(run(&r, s, paces[1]), s));
	one("s3cret/key");
	for (u32 i = 0; i < ARRAY_N(paces); i++)
		for (u32 json = 0; json < 2; json++) {
			redact_init(&r, &set, json ? REDACT_JSON : REDACT_TEXT, i & 1 ? s.n : REDACT_UNKNOWN, &lease);
			assert_true(str_same(run(&r, s, paces[i]), s));
			assert_int_equal(r.count, 0);
		}
	redact_init(&r, &set, REDACT_JSON, s.n, &lease);
	v = redact_look(&r, &in);
	assert_ptr_equal(v.p, s.p); /* not copied, in one piece */
	assert_int_equal(v.n, s.n);
}

/* All forms at all alignments, each in two pieces at every place, in pieces of one byte, and drained byte by byte. */
static void
test_every_form_every_cut(void **state)
{
	static u8 text[4096];
	struct str value = STR("gh_16C/e4+F\"9");

	needles_init(&set);
	assert_int_equal(needles_add(&set, value), 0);
	for (u32 form = 0; form < 7; form++)
		for (u32 how = 0; how < 7; how++) {
			struct buf b = buf_over(text, sizeof text);
			struct redact r;
			struct str got, rest;

			BUF_LIT(&b, "{\"a\":\"gh_16C/e4");
			naive_write(&b, value, form, how);
			BUF_LIT(&b, "\"}");
			for (u32 cut = 0; cut < b.w + ARRAY_N(paces); cut++) {
				struct buf out = buf_over(out_memory, sizeof out_memory);

				redact_init(&r, &set, REDACT_TEXT, cut & 1 ? b.w : REDACT_UNKNOWN, &lease);
				if (cut < b.w) {
					feed(&r, str_cut(buf_str(&b), 0, cut ? cut : 1), paces[0], &out);
					feed(&r, str_cut(buf_str(&b), cut ? cut : 1, b.w), paces[0], &out);
					feed(&r, STR_NONE, paces[0], &out);
					got = buf_str(&out);
				} else {
					got = run(&r, buf_str(&b), paces[cut - b.w]);
				}
				rest = str_cut(got, 15, got.n);
				if (r.count != 1 || !str_starts(got, STR("{\"a\":\"gh_16C/e4")) ||
				    (u32)str_find_str(rest, STR("[redacted]")) > 14) /* behind at most two characters */
					fail_msg("form %u how %u cut %u: %.*s gives %.*s", form, how, cut, STR_ARG(buf_str(&b)), STR_ARG(got));
				assert_true(form || str_is(rest, "[redacted]\"}"));
			}
		}
}

static void
test_whole_texts(void **state)
{
	static const struct { const char *value, *text, *want; bool json; u32 n; } cases[] = {
		{ "s3cret/key", "s3cret/key", "[redacted]", false, 1 },
		{ "s3cret/key", "s3cret/keys3cret/key", "[redacted][redacted]", false, 2 },
		{ "s3cret/key", "s3cret/kes3cret/key", "s3cret/ke[redacted]", false, 1 },
		{ "s3cret/key", "s3cret/kes3cret\\/ke", "s3cret/kes3cret\\/ke", false, 0 },
		{ "aaaaaaab", "aaaaaaaaaaaaabaaaaaaab", "aaaaaa[redacted][redacted]", false, 2 },
		{ "aaaaaaaa", "aaaaaaaaaaaaaaaaaaaa", "[redacted][redacted]aaaa", false, 2 },
		{ "s3cret/key", "{\"k\\n\":\"\\\\s3cret\\/key\\n\",\"n\":1}", "{\"k\\n\":\"\\\\[redacted]\\n\",\"n\":1}", true, 1 },
		{ "nsecretx", "[\"\\nsecretx\\nsecretx\"]", "[\"[redacted][redacted]\"]", true, 2 },
		{ "41secret", "[\"\\u0041secret\\u0\"]", "[\"[redacted]\\u0\"]", true, 1 },
		{ "12345678", "[12345678,\"12345678\",\"\\\"\",12345678,{\"12345678\":12345678}]",
			"[12345678,\"[redacted]\",\"\\\"\",12345678,{\"[redacted]\":12345678}]", true, 2 },
		{ "12345678", "12345678 and 12345678", "[redacted] and [redacted]", false, 2 },
	};

	for (u32 i = 0; i < ARRAY_N(cases); i++)
		for (u32 k = 0; k < ARRAY_N(paces); k++) {
			struct str s = str_c(cases[i].text), got;
			struct redact r;

			one(cases[i].value);
			redact_init(&r, &set, cases[i].json ? REDACT_JSON : REDACT_TEXT, k & 1 ? s.n : REDACT_UNKNOWN, &lease);
			got = run(&r, s, paces[k]);
			if (!str_is(got, cases[i].want) || r.count != cases[i].n)
				fail_msg("%s, pace %u: %.*s, %u", cases[i].text, k, STR_ARG(got), r.count);
			assert_true(!cases[i].json || i == 8 || jscan_check(got, 64, 0, NULL) == 0);
		}
}

/* Made-up texts of few letters and many secrets, whole and in parts, against the slow and obvious way. */
static void
test_as_the_naive_way(void **state)
{
	static struct naive naive;
	static u8 text_room[1 << 14], want_room[1 << 15], inside[1 << 14];
	u32 found = 0, held = 0;

	srand(7);
	for (u32 round = 0; round < 6000; round++) {
		struct buf text = buf_over(text_room, sizeof text_room), want = buf_over(want_room, sizeof want_room);
		static const char letters[] = "aab%\\u0041\"/+ \xc3\xa4n5CX";
		u32 few = round % 2 ? 2 + (u32)rand() % 4 : (u32)sizeof letters - 1, values = 1 + (u32)rand() % 3;
		bool json = rand() % 2, known = rand() % 2;
		u8 bytes[3][40], program[40];
		struct str value[3], got;
		struct redact r;

		needles_init(&set);
		for (u32 v = 0; v < values; v++) {
			value[v] = str_of(bytes[v], 8 + (u32)rand() % (round % 2 ? 8 : 30));
			for (u32 i = 0; i < value[v].n; i++)
				bytes[v][i] = (u8)letters[(u32)rand() % few];
			if (needles_add(&set, value[v]))
				values = v;
		}
		if (values == 0)
			continue;
		for (u32 i = 0; i < sizeof program; i++)
			program[i] = (u8)(rand() % 3 ? letters[(u32)rand() % few] : 0xe0 + rand() % 32);
		naive_text(&text, str_of(program, (u32)rand() % sizeof program), value, values);
		naive_init(&naive, value, values, json);
		redact_init(&r, &set, json ? REDACT_JSON : REDACT_TEXT, known ? text.w : REDACT_UNKNOWN, &lease);
		got = run(&r, buf_str(&text), (struct pace){ (u32)rand() % 12, (u32)rand() % 3 });
		found += naive_redact(&naive, buf_str(&text), inside, &want);
		held += r.count;
		if (found != held || !str_same(got, buf_str(&want)))
			fail_msg("round %u, value %.*s: %.*s\ngives %.*s\nnot   %.*s", round, STR_ARG(value[0]), STR_ARG(buf_str(&text)),
			    STR_ARG(got), STR_ARG(buf_str(&want)));
	}
	assert_true(found > 5000);
}

/* A long value, written as long as it can be, is held in one block that grows, and given back. */
static void
test_long(void **state)
{
	static u8 value[NEEDLE_MAX + 100], text[NEEDLES_SPAN + 4096];
	struct buf b = buf_over(text, sizeof text), out = buf_over(out_memory, sizeof out_memory);
	struct redact r;

	for (u32 i = 0; i < sizeof value; i++)
		value[i] = (u8)('a' + i * i % 23);
	needles_init(&set);
	assert_int_equal(needles_add(&set, str_of(value, NEEDLE_MAX)), 0);
	naive_write(&b, str_of(value, NEEDLE_MAX), 0, 4);
	redact_init(&r, &set, REDACT_TEXT, REDACT_UNKNOWN, &lease);
	for (u32 at = 0; at < b.w - 1; at += 1000)
		feed(&r, str_cut(buf_str(&b), at, min_u32(at + 1000, b.w - 1)), paces[0], &out);
	assert_int_equal(leased(), 1);
	assert_int_equal(out.w, 0);
	feed(&r, str_cut(buf_str(&b), b.w - 1, b.w), paces[0], &out);
	assert_true(str_is(buf_str(&out), "[redacted]"));
	assert_int_equal(leased(), 0);
	buf_eat(&out, out.w);
	redact_init(&r, &set, REDACT_TEXT, REDACT_UNKNOWN, &lease);
	feed(&r, str_cut(buf_str(&b), 0, b.w - 1), paces[0], &out);
	feed(&r, STR_NONE, paces[0], &out);
	assert_true(str_same(buf_str(&out), str_cut(buf_str(&b), 0, b.w - 1)));
	assert_int_equal(leased(), 0);
	redact_init(&r, &set, REDACT_TEXT, REDACT_UNKNOWN, &lease);
	feed(&r, str_cut(buf_str(&b), 0, 5000), paces[0], &out);
	assert_int_equal(leased(), 1);
	redact_done(&r); /* given up */
	assert_int_equal(leased(), 0);
	redact_done(&r);
}

static void
test_no_block(void **state)
{
	struct buf taken[LEASE_CLASSES * 2048];
	struct str in = STR("abc s3cret/"), v;
	struct redact r;
	u32 n = 0;

	one("s3cret/key");
	while ((taken[n] = lease_take(&lease, 1)).p)
		n++;
	redact_init(&r, &set, REDACT_TEXT, REDACT_UNKNOWN, &lease);
	v = redact_look(&r, &in);
	assert_true(str_is(v, "abc "));
	redact_took(&r, &in, v.n);
	assert_int_equal(redact_look(&r, &in).n, 0);
	assert_int_equal(r.err, ERR_FULL); /* nothing passes rather than a part of it */
	assert_int_equal(redact_look(&r, &in).n, 0);
	redact_done(&r);
	while (n > 0)
		lease_give(&lease, &taken[--n]);
}

static void
test_put(void **state)
{
	u8 room[24];
	struct buf b = buf_over(room, sizeof room);

	one("s3cret/key");
	assert_int_equal(redact_put(&set, STR("no s3cret/key, s3cret\\/"), &b), 1);
	assert_true(str_is(buf_str(&b), "no [redacted], s3cret\\/"));
	b = buf_over(room, 8);
	assert_int_equal(redact_put(&set, STR("no s3cret/key here"), &b), 1);
	assert_true(str_is(buf_str(&b), "no [reda"));
	assert_false(b.over);
	b = buf_over(room, sizeof room);
	assert_int_equal(redact_put(NULL, STR("s3cret/key"), &b), 0);
	assert_true(str_is(buf_str(&b), "s3cret/key"));
}

static int
setup(void **state)
{
	struct arena a;

	lease_memory = malloc(lease_bytes() + 4096);
	a = arena_over(lease_memory, lease_bytes() + 4096);
	return lease_init(&lease, &a);
}

static int
teardown(void **state)
{
	free(lease_memory);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_find),
		cmocka_unit_test(test_every_form_every_cut),
		cmocka_unit_test(test_whole_texts),
		cmocka_unit_test(test_as_the_naive_way),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_no_block),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
