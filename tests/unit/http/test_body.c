/* Framing of bodies: every way of cutting the input gives the same payload or the same refusal. */
#include "http/body.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What came of a body: "payload" and the bytes used, or the status it was refused with. */
struct result {
	char payload[300];
	u32 n, used, status;
	bool done;
};

/* Feeds text in two arrivals, cut at `cut`, as a reader would: unread bytes stay in front. */
static struct result
run(struct body b, struct str text, u32 cut)
{
	struct result r = { 0 };
	u32 have = cut;

	while (!b.done) {
		struct str part, in = guard_bytes(str_cut(text, r.used, have));
		int used = body_take(&b, in, &part);

		if (used == ERR_MORE && have < text.n) {
			have = text.n;
			continue;
		}
		if (used < 0) {
			r.status = b.status;
			break;
		}
		assert_true(r.n + part.n <= sizeof r.payload);
		if (part.n)
			memcpy(r.payload + r.n, part.p, part.n);
		r.n += part.n;
		r.used += (u32)used;
	}
	r.done = b.done;
	guard_free(NULL);
	return r;
}

static struct result
run_all_cuts(struct body b, const char *text)
{
	struct str s = str_c(text);
	struct result whole = run(b, s, s.n);

	for (u32 cut = 0; cut < s.n; cut++) {
		struct result r = run(b, s, cut);

		assert_int_equal(r.status, whole.status);
		if (r.status)
			continue; /* how much came before it depends on the cut */
		assert_int_equal(r.done, whole.done);
		assert_int_equal(r.n, whole.n);
		assert_int_equal(r.used, whole.used);
		assert_memory_equal(r.payload, whole.payload, r.n);
	}
	return whole;
}

static struct body
chunked(u64 max, u32 chunks)
{
	struct body b;

	body_init(&b, FRAMING_CHUNKED, 0, max);
	b.chunks_max = chunks;
	return b;
}

static void
assert_chunks(const char *text, const char *payload, u32 left)
{
	struct result r = run_all_cuts(chunked(1000, 10), text);

	assert_int_equal(r.status, 0);
	assert_true(r.done);
	assert_int_equal(r.n, strlen(payload));
	assert_memory_equal(r.payload, payload, r.n);
	assert_int_equal(r.used, strlen(text) - left);
}

static void
test_chunked(void **state)
{
	assert_chunks("0\r\n\r\n", "", 0);
	assert_chunks("3\r\nabc\r\n0\r\n\r\nGET", "abc", 3);
	assert_chunks("3;a\r\nabc\r\n00000002;a=b;c=d\r\nde\r\n000\r\nX: y\r\nZ:\r\n\r\n", "abcde", 0);
	assert_chunks("A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n", "0123456789abcdefghij", 0);
}

static void
test_chunked_refused(void **state)
{
	static const struct {
		const char *text;
		u32 status;
	} bad[] = {
		{ "\r\n", 400 }, { "g\r\n", 400 }, { " 3\r\n", 400 }, { "3 \r\n", 400 }, { "+3\r\n", 400 },
		{ "-3\r\n", 400 },
		{ "0x3\r\n", 400 }, { "000000003\r\n", 400 }, { "3;\r\n", 400 }, { "3;a=\r\n", 400 },
		{ "3;=b\r\n", 400 },
		{ "3; a\r\n", 400 }, { "3;a=\"b\"\r\n", 400 }, { "3;a=b=c\r\n", 400 }, { "3;a;\r\n", 400 },
		{ "3\n", 400 },
		{ "3\r\nabcd", 400 }, { "3\r\nabc\n", 400 }, { "3\r\nabc\rX", 400 }, { "3\r\nabc0\r\n", 400 },
		{ "FFFFFFFF\r\n", 413 }, { "3e9\r\n", 413 }, { "ffffffffffffffff1\r\n", 400 },
		{ "0\r\nContent-Length: 3\r\n", 400 }, { "0\r\nhost: a\r\n", 400 },
		{ "0\r\nMcp-Anything: a\r\n", 400 },
		{ "0\r\nX : y\r\n", 400 }, { "0\r\n X: y\r\n", 400 }, { "0\r\nX: \x01\r\n", 400 },
		{ "0\r\nX\r\n", 400 },
	};

	for (u32 i = 0; i < ARRAY_N(bad); i++) {
		struct result r = run_all_cuts(chunked(1000, 10), bad[i].text);

		if (r.status != bad[i].status)
			fail_msg("%s: %u, not %u", bad[i].text, r.status, bad[i].status);
	}
}

static void
test_chunked_limits(void **state)
{
	char text[3000] = "0\r\nX: ";
	struct result r;

	assert_int_equal(run_all_cuts(chunked(5, 0), "3\r\nabc\r\n3\r\n").status, 413);
	assert_int_equal(run_all_cuts(chunked(6, 0), "3\r\nabc\r\n3\r\n").status, 0);
	assert_int_equal(run_all_cuts(chunked(6, 2), "1\r\na\r\n1\r\nb\r\n1\r\n").status, 413);
	assert_int_equal(run_all_cuts(chunked(6, 3), "1\r\na\r\n1\r\nb\r\n1\r\n").status, 0);
	memset(text + 6, 'y', 2000);
	r = run(chunked(6, 2), str_c(text), 6);
	assert_int_equal(r.status, 431);
	strcpy(text, "0\r\n");
	for (u32 i = 0; i < 170; i++)
		strcat(text, "X: y\r\n");
	assert_int_equal(run(chunked(6, 2), str_c(text), 6).status, 0); /* 1020 bytes */
	strcat(text, "X: y\r\n");
	assert_int_equal(run(chunked(6, 2), str_c(text), 6).status, 431);
	memset(text, '1', 100);
	assert_int_equal(run(chunked(6, 2), str_of(text, 81), 6).status, 400); /* a size line without end */
}

static void
test_length(void **state)
{
	struct result r;
	struct body b;

	body_init(&b, FRAMING_LENGTH, 5, 5);
	r = run_all_cuts(b, "abcdeGET");
	assert_true(r.done);
	assert_int_equal(r.used, 5);
	r = run_all_cuts(b, "abcd");
	assert_false(r.done);
	assert_int_equal(r.n, 4);
	body_init(&b, FRAMING_LENGTH, 6, 5);
	assert_int_equal(run_all_cuts(b, "a").status, 413);
	body_init(&b, FRAMING_LENGTH, UINT64_MAX, 5);
	assert_int_equal(run_all_cuts(b, "a").status, 413);
	body_init(&b, FRAMING_LENGTH, 0, 5);
	assert_true(b.done);
	body_init(&b, FRAMING_NONE, 0, 5);
	assert_true(b.done);
	r = run_all_cuts(b, "GET");
	assert_int_equal(r.used, 0);
}

static void
test_until_close(void **state)
{
	struct str part;
	struct body b;

	body_init(&b, FRAMING_CLOSE, 0, 5);
	assert_int_equal(body_take(&b, STR("abc"), &part), 3);
	assert_int_equal(part.n, 3);
	assert_int_equal(body_take(&b, STR(""), &part), ERR_MORE);
	assert_int_equal(body_eof(&b), 0);
	assert_true(b.done);
	body_init(&b, FRAMING_CLOSE, 0, 5);
	assert_int_equal(body_take(&b, STR("abcdef"), &part), ERR_BAD);
	assert_int_equal(b.status, 413);
	assert_int_equal(body_eof(&b), ERR_BAD);
}

static void
test_eof(void **state)
{
	struct body b;
	struct str part;

	body_init(&b, FRAMING_LENGTH, 3, 5);
	assert_int_equal(body_take(&b, STR("ab"), &part), 2);
	assert_int_equal(body_eof(&b), ERR_BAD);
	assert_int_equal(body_take(&b, STR("c"), &part), 1);
	assert_int_equal(body_eof(&b), 0);
	b = chunked(10, 0);
	assert_int_equal(body_eof(&b), ERR_BAD);
}

/* Decoding in place: the payload in front, what follows the body untouched. */
static void
test_pack(void **state)
{
	const char *text = "3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1";

	for (u32 cut = 0; cut <= strlen(text); cut++) {
		u32 n = (u32)strlen(text), payload, total;
		u8 *p = guard_room(n);
		struct body b = chunked(100, 0);
		int used;

		memcpy(p, text, n);
		used = body_pack(&b, p, cut, &payload);
		assert_true(used >= 0 && used <= (int)cut);
		total = payload;
		memmove(p + total, p + used, n - (u32)used);
		n -= (u32)used - total;
		used = body_pack(&b, p + total, n - total, &payload);
		total += payload;
		assert_true(b.done);
		assert_int_equal(total, 7);
		assert_memory_equal(p, "abcdefg", 7);
		assert_memory_equal(p + (total - payload) + used, "GET / HTTP/1.1", 14);
		guard_free(NULL);
	}
	struct body b = chunked(100, 0);
	u8 bad[] = "3\r\nabcX";
	u32 payload;

	assert_int_equal(body_pack(&b, bad, 7, &payload), ERR_BAD);
	assert_int_equal(payload, 3);
	assert_int_equal(body_pack(&b, bad, 7, &payload), ERR_BAD); /* and it stays refused */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunked),
		cmocka_unit_test(test_chunked_refused),
		cmocka_unit_test(test_chunked_limits),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_until_close),
		cmocka_unit_test(test_eof),
		cmocka_unit_test(test_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
