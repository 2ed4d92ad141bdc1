/* Response heads of upstreams: framing, refusals, cut at every byte. */
#include "http/head.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct field at[64];

static int
parse(struct str text, struct resp *resp, enum method method)
{
	*resp = (struct resp){ .method = (u8)method, .fields = { .at = at, .max = 64 } };
	return resp_parse(text, resp);
}

#define TYPICAL \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 12\r\n" \
	"Retry-After: 3\r\nLocation: /x\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nServer: caf\xe9\r\n\r\n"

static void
test_typical(void **state)
{
	struct resp resp;

	assert_int_equal(parse(guard_str(TYPICAL "HTTP/1.1"), &resp, METHOD_GET), sizeof TYPICAL - 1);
	assert_int_equal(resp.status, 200);
	assert_true(str_is(resp.reason, "OK"));
	assert_int_equal(resp.framing, FRAMING_LENGTH);
	assert_int_equal(resp.body_n, 12);
	assert_true(resp.keep_alive);
	assert_false(resp.interim);
	assert_true(str_is(field_get(&resp.fields, FIELD_RETRY_AFTER), "3"));
	assert_true(str_is(field_get(&resp.fields, FIELD_LOCATION), "/x"));
	assert_true(str_is(field_get(&resp.fields, FIELD_SET_COOKIE), "a=b"));
	for (u32 n = 0; n < sizeof TYPICAL - 1; n++)
		assert_int_equal(parse(guard_bytes(str_of(TYPICAL, n)), &resp, METHOD_GET), ERR_MORE);
	guard_free(NULL);
}

static void
test_framing(void **state)
{
	static const struct {
		const char *text;
		u8 method, framing;
		bool keep;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\n\r\n", METHOD_GET, FRAMING_CLOSE, false },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", METHOD_GET, FRAMING_LENGTH, true },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n", METHOD_GET, FRAMING_CHUNKED, true },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", METHOD_GET,
		FRAMING_CHUNKED, false },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", METHOD_HEAD, FRAMING_NONE, true },
		{ "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", METHOD_GET, FRAMING_NONE, true },
		{ "HTTP/1.1 304\r\n\r\n", METHOD_GET, FRAMING_NONE, true },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n", METHOD_GET, FRAMING_LENGTH, false },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 9\r\nConnection: Keep-Alive\r\n\r\n", METHOD_GET,
		FRAMING_LENGTH, true },
		{ "HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\n", METHOD_POST, FRAMING_LENGTH, true },
	};

	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		struct resp resp;

		assert_int_equal(parse(guard_str(cases[i].text), &resp, cases[i].method),
		    strlen(cases[i].text));
		assert_int_equal(resp.framing, cases[i].framing);
		assert_int_equal(resp.keep_alive, cases[i].keep);
	}
	guard_free(NULL);
}

static void
test_interim(void **state)
{
	struct resp resp;

	assert_int_equal(parse(guard_str("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n"),
	    &resp, METHOD_GET),
	    strlen("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"));
	assert_true(resp.interim);
	assert_int_equal(resp.framing, FRAMING_NONE);
	assert_int_equal(parse(guard_str("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), &resp, METHOD_GET),
	    ERR_BAD);
	guard_free(NULL);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"HTTP/1.1 200 OK\nContent-Length: 1\n\n", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n", "HTTP/1.1 2O0 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/2 200\r\n\r\n",
		"HTTP/1.2 200 OK\r\n\r\n",
		"ICY 200 OK\r\n\r\n", "220 mail.example ESMTP\r\n", "HTTP/1.1200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -11\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551627\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
		"HTTP/1.1 200 OK\r\nnothing\r\n\r\n", "HTTP/1.1 200 O\x01K\r\n\r\n",
		"HTTP/1.1 204 No\r\nContent-Length: x\r\n\r\n",
	};
	struct resp resp;

	for (u32 i = 0; i < ARRAY_N(bad); i++) {
		if (parse(guard_str(bad[i]), &resp, METHOD_GET) != ERR_BAD)
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(resp.why);
	}
	assert_int_equal(parse(guard_bytes(STR("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n")), &resp, METHOD_GET),
	    ERR_BAD);
	assert_int_equal(parse(guard_bytes(STR("\x15\x03\x03\0\x02\x02\x28")), &resp, METHOD_GET), ERR_BAD);
	guard_free(NULL);
}

static void
test_limits(void **state)
{
	static char text[120000];
	struct resp resp;
	u32 n = (u32)sprintf(text, "HTTP/1.1 200 OK\r\nX: ");

	memset(text + n, 'a', 100000);
	assert_int_equal(parse(str_of(text, n + 100000), &resp, METHOD_GET), ERR_BAD);
	assert_int_equal(parse(str_of(text, n + 16000), &resp, METHOD_GET), ERR_MORE);
	n = (u32)sprintf(text, "HTTP/1.1 200 OK\r\n");
	for (u32 i = 0; i < 65; i++)
		n += (u32)sprintf(text + n, "X: y\r\n");
	assert_int_equal(parse(str_of(text, n), &resp, METHOD_GET), ERR_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typical),
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_interim),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
