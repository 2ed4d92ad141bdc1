/* Heads as they are written: exact bytes, no forged lines, full buffers. */
#include "http/hout.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "http/body.h"

static u8 room[1000];

static void
assert_wrote(struct buf *b, const char *text)
{
	assert_false(b->over);
	assert_int_equal(b->w, strlen(text));
	assert_memory_equal(b->p, text, b->w);
}

static void
test_heads(void **state)
{
	struct buf b = buf_over(room, sizeof room);

	hout_json(&b, 17, true);
	assert_wrote(&b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n");
	b = buf_over(room, sizeof room);
	hout_json(&b, 0, false);
	assert_wrote(&b,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	b = buf_over(room, sizeof room);
	hout_head(&b, 404, STR("text/plain"), 5, false);
	assert_wrote(&b,
	    "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
	b = buf_over(room, sizeof room);
	hout_status(&b, 599);
	hout_chunked(&b);
	hout_end(&b);
	assert_wrote(&b, "HTTP/1.1 599 \r\nTransfer-Encoding: chunked\r\n\r\n");
	b = buf_over(room, sizeof room);
	hout_request(&b, STR("POST"), STR("/a?b=%20"));
	hout_field(&b, "Host", STR("x"));
	hout_num(&b, "Content-Length", 18446744073709551615u);
	assert_wrote(&b, "POST /a?b=%20 HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n");
}

/* What is read back is what was meant. */
static void
test_read_back(void **state)
{
	static struct field at[8];
	struct resp resp = { .fields = { .at = at, .max = 8 } };
	struct buf b = buf_over(room, sizeof room);

	hout_json(&b, 123456, false);
	assert_int_equal(resp_parse(buf_str(&b), &resp), b.w);
	assert_int_equal(resp.body_n, 123456);
	assert_false(resp.keep_alive);
}

static void
test_no_injection(void **state)
{
	static const char *const evil[] = { "a\r\nX: y", "a\nb", "a\rb", "\x01", "a\x7f" };
	struct buf b;

	for (u32 i = 0; i < ARRAY_N(evil); i++) {
		b = buf_over(room, sizeof room);
		hout_field(&b, "X", str_c(evil[i]));
		hout_end(&b);
		assert_true(b.over);
		assert_int_equal(b.w, 0);
		b = buf_over(room, sizeof room);
		hout_pair(&b, str_c(evil[i]), STR("x"));
		assert_true(b.over);
		b = buf_over(room, sizeof room);
		hout_request(&b, STR("GET"), str_c(evil[i]));
		assert_true(b.over);
	}
	b = buf_over(room, sizeof room);
	hout_field(&b, "X", STR("a\0b"));
	assert_true(b.over);
	b = buf_over(room, sizeof room);
	hout_pair(&b, STR(""), STR("x"));
	assert_true(b.over);
	b = buf_over(room, sizeof room);
	hout_request(&b, STR("GE T"), STR("/"));
	assert_true(b.over);
	b = buf_over(room, sizeof room);
	hout_request(&b, STR("GET"), STR("/ HTTP/1.1"));
	assert_true(b.over);
	b = buf_over(room, sizeof room);
	hout_request(&b, STR("GET"), STR("/\xc3\xa9"));
	assert_true(b.over);
	b = buf_over(room, sizeof room);
	hout_field(&b, "X", STR("tab\tand caf\xe9"));
	assert_false(b.over);
}

/* Every size too small says so and writes nothing beyond. */
static void
test_full(void **state)
{
	for (u32 n = 0; n < 75; n++) {
		struct buf b = buf_over(guard_room(n), n);

		hout_head(&b, 404, STR("text/plain"), 5, true);
		assert_int_equal(b.over, n < 71);
	}
	guard_free(NULL);
}

static void
test_chunks(void **state)
{
	struct buf b = buf_over(room, sizeof room);
	struct body body;
	u8 copy[sizeof room];
	u32 payload, one = hout_chunk_open(&b), two;

	BUF_LIT(&b, "hello ");
	hout_chunk_close(&b, one);
	two = hout_chunk_open(&b);
	hout_chunk_close(&b, two); /* nothing in it: nothing sent */
	two = hout_chunk_open(&b);
	BUF_LIT(&b, "world, this is longer");
	hout_chunk_close(&b, two);
	hout_chunk_last(&b);
	assert_false(b.over);
	assert_int_equal(b.w, 6 + 21 + 2 * HOUT_CHUNK_COST + 5);
	memcpy(copy, b.p, b.w);
	body_init(&body, FRAMING_CHUNKED, 0, 1000);
	assert_int_equal(body_pack(&body, copy, b.w, &payload), b.w);
	assert_true(body.done);
	assert_int_equal(payload, 27);
	assert_memory_equal(copy, "hello world, this is longer", 27);
}

static void
test_reasons(void **state)
{
	assert_true(str_is(hout_reason(408), "Request Timeout"));
	assert_true(str_is(hout_reason(200), "OK"));
	assert_int_equal(hout_reason(299).n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_no_injection),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
