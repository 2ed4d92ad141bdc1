/* Request heads: what is read out of them, where they are refused, cut at every byte. */
#include "http/head.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct field at[64];

static int
parse(struct str text, struct req *req)
{
	*req = (struct req){ .fields = { .at = at, .max = 64 } };
	return head_parse(text, req);
}

/* The status a head is refused with; 0 when it is accepted,
    1 when more is wanted. Never before its line is whole. */
static u32
status(const char *text)
{
	struct req req;
	int used = parse(guard_str(text), &req);

	guard_free(NULL);
	if (used == ERR_MORE)
		return 1;
	return used < 0 ? req.status : 0;
}

#define TYPICAL \
	"POST /mcp?x=%20y HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: application/json, text/event-stream\r\n" \
	"Content-Type: application/json\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n" \
	"Mcp-Name: get_task\r\nAuthorization: Bearer sk-0123456789\r\nContent-Length: 17\r\n" \
	"Expect: 100-Continue\r\n\r\n"

static void
test_typical(void **state)
{
	struct req req;

	assert_int_equal(parse(guard_str(TYPICAL "rest"), &req), sizeof TYPICAL - 1);
	assert_int_equal(req.method, METHOD_POST);
	assert_true(str_is(req.method_name, "POST"));
	assert_int_equal(req.minor, 1);
	assert_true(str_is(req.target, "/mcp?x=%20y"));
	assert_true(str_is(req.path, "/mcp"));
	assert_true(str_is(req.query, "x=%20y"));
	assert_true(str_is(req.authority, "127.0.0.1:8080"));
	assert_int_equal(req.framing, FRAMING_LENGTH);
	assert_int_equal(req.body_n, 17);
	assert_true(req.keep_alive);
	assert_true(req.expect_continue);
	assert_int_equal(req.fields.n, 9);
	assert_true(str_is(field_get(&req.fields, FIELD_MCP_METHOD), "tools/call"));
	guard_free(NULL);
}

/* Every strict prefix wants more, flush against an unreadable page. */
static void
test_cut_at_every_byte(void **state)
{
	struct req req;

	for (u32 n = 0; n < sizeof TYPICAL - 1; n++)
		assert_int_equal(parse(guard_bytes(str_of(TYPICAL, n)), &req), ERR_MORE);
	assert_true(parse(guard_bytes(str_of(TYPICAL, sizeof TYPICAL - 1)), &req) > 0);
	guard_free(NULL);
	assert_int_equal(parse(STR_NONE, &req), ERR_MORE);
}

static void
test_needs_more(void **state)
{
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\r\n"), 1);
	assert_int_equal(status("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400); /* space before colon */
}

static void
test_methods(void **state)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
		"TRACE" };

	for (u32 i = 0; i < ARRAY_N(known); i++) {
		assert_int_equal(head_method(str_c(known[i])), METHOD_GET + i);
		assert_true(str_is(head_method_name((enum method)(METHOD_GET + i)), known[i]));
	}
	assert_int_equal(head_method(STR("get")), METHOD_OTHER);
	assert_int_equal(head_method(STR("")), METHOD_OTHER);
	assert_int_equal(status("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(status("ABCDEFGHIJKLMNOP / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(status("ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
}

static void
test_targets(void **state)
{
	struct req req;

	assert_true(parse(STR("GET http://b.c:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n"), &req) > 0);
	assert_true(str_is(req.authority, "b.c:81"));
	assert_true(str_is(req.path, "/p"));
	assert_true(str_is(req.query, "q"));
	assert_true(parse(STR("GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n"), &req) > 0);
	assert_true(str_is(req.path, "/"));
	assert_null(req.query.p);
	assert_true(parse(STR("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n"), &req) > 0);
	assert_true(str_is(req.path, "/"));
	assert_true(str_is(req.query, "q"));
	assert_true(parse(STR("GET /? HTTP/1.1\r\nHost: a\r\n\r\n"), &req) > 0);
	assert_non_null(req.query.p);
	assert_true(parse(STR("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), &req) > 0);
	assert_true(str_is(req.path, "*"));
	assert_int_equal(status("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status("GET http:// HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status("GET http://u@b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status("GET mailto:x HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

static void
test_versions(void **state)
{
	struct req req;

	assert_true(parse(STR("GET / HTTP/1.0\r\n\r\n"), &req) > 0);
	assert_int_equal(req.minor, 0);
	assert_false(req.keep_alive);
	assert_true(parse(STR("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), &req) > 0);
	assert_true(req.keep_alive);
	assert_true(parse(STR("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n"), &req) > 0);
	assert_false(req.keep_alive);
	assert_int_equal(status("GET / HTTP/1.1\r\n\r\n"), 400); /* no Host */
	assert_int_equal(status("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505);
	assert_int_equal(status("GET / HTTP/2.0\r\n\r\n"), 505);
	assert_int_equal(status("GET / HTTP/1.11\r\n\r\n"), 400);
	assert_int_equal(status("GET / http/1.1\r\n\r\n"), 400);
	assert_int_equal(status("GET /\r\n"), 400);
}

static void
test_framing(void **state)
{
	static const struct {
		const char *fields;
		u32 status;
	} cases[] = {
		{ "Content-Length: 5\r\n", 0 }, { "Content-Length: 005\r\n", 0 }, { "Content-Length:\t5 \r\n",
		0 },
		{ "Content-Length: +5\r\n", 400 }, { "Content-Length: -5\r\n", 400 },
		{ "Content-Length: 5,5\r\n", 400 },
		{ "Content-Length: 0x5\r\n", 400 }, { "Content-Length:\r\n", 400 },
		{ "Content-Length: 9999999999999999999\r\n", 0 }, { "Content-Length: 00000000000000000005\r\n",
		400 },
		{ "Content-Length: 18446744073709551621\r\n", 400 },
		{ "Content-Length: 5\r\nContent-Length: 5\r\n", 400 },
		{ "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400 },
		{ "Transfer-Encoding: Chunked\r\n", 0 }, { "Transfer-Encoding: gzip\r\n", 501 },
		{ "Transfer-Encoding: gzip, chunked\r\n", 400 }, { "Transfer-Encoding: chunked, chunked\r\n",
		400 },
		{ "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400 },
		{ "Transfer-Encoding : chunked\r\n", 400 }, { "Expect: 200-ok\r\n", 417 },
	};

	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		char text[300];

		snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n", cases[i].fields);
		if (status(text) != cases[i].status)
			fail_msg("%s: %u", cases[i].fields, status(text));
	}
	assert_int_equal(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

static void
test_body_limit(void **state)
{
	struct req req = { .fields = { .at = at, .max = 64 }, .body_max = 10 };

	assert_true(head_parse(STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"), &req) > 0);
	assert_int_equal(head_parse(STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"), &req),
	    ERR_BAD);
	assert_int_equal(req.status, 413);
	assert_int_equal(req.body_max, 10); /* what the caller set stays */
	assert_ptr_equal(req.fields.at, at);
}

static void
test_line_ends(void **state)
{
	assert_int_equal(status("GET / HTTP/1.1\nHost: a\n\n"), 400);
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\n"), 400);
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"), 400);
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"), 400);
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\r\nX: a\x0b\r\n\r\n"), 400);
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\r\nX: a\x0b"), 1); /* the line is not whole yet */
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\r\nX: a\tb\r\n\r\n"), 0);
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n\r\n"), 0);
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\r\nCookie: \xe9\r\n\r\n"), 400);
	assert_int_equal(status("GET / HTTP/1.1\r\nHost: a\r\nMcp-Param-A: \xe9\r\n\r\n"), 400);
	assert_int_equal(status("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(status("\r\n\r\n"), 400);
	assert_int_equal(status("\n"), 400);
	assert_int_equal(status("\r"), 1);
}

/* A control character at every place of a long value and of a long target,
    so that no lane of the scan is missed. */
static void
test_controls_at_every_place(void **state)
{
	char text[200], copy[200];
	u32 n = (u32)snprintf(text, sizeof text, "GET /0123456789abcdef0123456789abcdef HTTP/1.1\r\nHost: a\r\n"
	                                         "X-Long: 0123456789abcdef0123456789abcdef0123456789abcdef\r\n\r\n");

	for (u32 i = 0; i < n - 4; i++) {
		static const char evil[] = { 0, '\n', '\r', 0x0b, 0x1f, 0x7f };

		for (u32 k = 0; k < sizeof evil; k++) {
			struct req req;

			memcpy(copy, text, n);
			if (copy[i] == evil[k])
				continue;
			copy[i] = evil[k];
			assert_int_equal(parse(guard_bytes(str_of(copy, n)), &req), ERR_BAD);
			assert_int_equal(req.status, 400);
		}
		guard_free(NULL);
	}
}

static u32
long_head(const char *before, u32 n, const char *after)
{
	static char text[40000];
	u32 from = (u32)strlen(before);

	memcpy(text, before, from);
	memset(text + from, 'a', n);
	memcpy(text + from + n, after, strlen(after) + 1);
	return status(text);
}

static void
test_limits(void **state)
{
	char text[4000] = "GET / HTTP/1.1\r\nHost: a\r\n";

	assert_int_equal(long_head("GET /", 8192 - 14, " HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(long_head("GET /", 8192 - 13, " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
	assert_int_equal(long_head("GET /", 8192 - 4, ""), 414); /* without waiting for its end */
	assert_int_equal(long_head("GET /", 8192 - 5, ""), 1);
	assert_int_equal(long_head("GET / HTTP/1.1\r\nHost: a\r\nX: ", 16384 - 9 - 5, "\r\n\r\n"), 0);
	assert_int_equal(long_head("GET / HTTP/1.1\r\nHost: a\r\nX: ", 16384 - 9 - 4, "\r\n\r\n"), 431);
	assert_int_equal(long_head("GET / HTTP/1.1\r\nHost: a\r\nX: ", 16384, ""), 431);
	for (u32 i = 0; i < 63; i++)
		strcat(text, "A: b\r\n");
	strcat(text, "\r\n");
	assert_int_equal(status(text), 0);
	text[strlen(text) - 2] = 0;
	strcat(text, "A: b\r\n\r\n");
	assert_int_equal(status(text), 431);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typical),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_needs_more),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_body_limit),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_controls_at_every_place),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
