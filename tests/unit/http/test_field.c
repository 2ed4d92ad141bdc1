/* Names by id in any case, lists, repeated fields. */
#include "http/field.h"
#include "http/head.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
	const char *name;
	enum field_id id;
} names[] = {
	{ "accept", FIELD_ACCEPT }, { "accept-encoding", FIELD_ACCEPT_ENCODING }, { "apikey", FIELD_APIKEY },
	{ "authorization", FIELD_AUTHORIZATION }, { "cache-control", FIELD_CACHE_CONTROL },
	{ "connection", FIELD_CONNECTION }, { "content-disposition", FIELD_CONTENT_DISPOSITION },
	{ "content-encoding", FIELD_CONTENT_ENCODING }, { "content-length", FIELD_CONTENT_LENGTH },
	{ "content-range", FIELD_CONTENT_RANGE }, { "content-type", FIELD_CONTENT_TYPE }, { "cookie",
	FIELD_COOKIE },
	{ "etag", FIELD_ETAG }, { "expect", FIELD_EXPECT }, { "forwarded", FIELD_FORWARDED }, { "host",
	FIELD_HOST },
	{ "if-match", FIELD_IF_MATCH }, { "if-none-match", FIELD_IF_NONE_MATCH }, { "keep-alive",
	FIELD_KEEP_ALIVE },
	{ "last-event-id", FIELD_LAST_EVENT_ID }, { "last-modified", FIELD_LAST_MODIFIED }, { "link",
	FIELD_LINK },
	{ "location", FIELD_LOCATION }, { "mcp-method", FIELD_MCP_METHOD }, { "mcp-name", FIELD_MCP_NAME },
	{ "mcp-protocol-version", FIELD_MCP_PROTOCOL_VERSION }, { "mcp-session-id", FIELD_MCP_SESSION_ID },
	{ "mcp-param-x", FIELD_MCP_OTHER }, { "origin", FIELD_ORIGIN }, { "range", FIELD_RANGE },
	{ "referer", FIELD_REFERER }, { "retry-after", FIELD_RETRY_AFTER }, { "sec-fetch-site",
	FIELD_SEC_FETCH_SITE },
	{ "set-cookie", FIELD_SET_COOKIE }, { "te", FIELD_TE }, { "trailer", FIELD_TRAILER },
	{ "transfer-encoding", FIELD_TRANSFER_ENCODING }, { "upgrade", FIELD_UPGRADE },
	{ "user-agent", FIELD_USER_AGENT }, { "www-authenticate", FIELD_WWW_AUTHENTICATE },
	{ "x-api-key", FIELD_X_API_KEY }, { "x-forwarded-for", FIELD_X_FORWARDED_FOR },
	{ "x-forwarded-host", FIELD_X_FORWARDED_HOST }, { "x-forwarded-proto", FIELD_X_FORWARDED_PROTO },
};

/* Every id is found by its name, in any case; a name that differs in one byte is another. */
static void
test_ids(void **state)
{
	assert_int_equal(ARRAY_N(names), FIELD_IDS - 1);
	for (u32 i = 0; i < ARRAY_N(names); i++) {
		char other[40];
		u32 n = (u32)strlen(names[i].name);

		assert_int_equal(field_id(guard_str(names[i].name)), names[i].id);
		for (u32 k = 0; k <= n; k++) {
			char c = names[i].name[k];

			other[k] = c >= 'a' && k % 2 == 0 ? (char)(c - 32) : c;
		}
		assert_int_equal(field_id(guard_str(other)), names[i].id);
		for (u32 k = 0; k < n; k++) {
			memcpy(other, names[i].name, n + 1);
			other[k] = other[k] == 'q' ? 'z' : 'q';
			if (names[i].id == FIELD_MCP_OTHER && k > 3)
				continue;
			assert_int_not_equal(field_id(guard_str(other)), names[i].id);
		}
		guard_free(NULL);
	}
	assert_int_equal(field_id(STR("")), FIELD_OTHER);
	assert_int_equal(field_id(STR("hos\x14")), FIELD_OTHER); /* a control that bit 5 would turn into 't' */
	assert_int_equal(field_id(STR("mcp-")), FIELD_OTHER);
	assert_int_equal(field_id(STR("Mcp-Other")), FIELD_MCP_OTHER);
	assert_int_equal(field_id(STR("content_length")), FIELD_OTHER);
}

static int
parse(const char *text, struct req *req)
{
	static struct field at[64];

	*req = (struct req){ .fields = { .at = at, .max = 64 } };
	return head_parse(guard_str(text), req);
}

static void
test_access(void **state)
{
	struct req req;
	u32 i = 0;

	assert_true(parse("GET / HTTP/1.1\r\nhOST: a\r\nX-One: 1\r\nCookie: a=b\r\nx-one:2 \r\n"
	                  "Cookie:c=d\r\nEmpty:\r\n\r\n",
	                &req) > 0);
	assert_true(str_is(field_get(&req.fields, FIELD_HOST), "a"));
	assert_true(str_is(field_get(&req.fields, FIELD_COOKIE), "a=b"));
	assert_null(field_get(&req.fields, FIELD_ORIGIN).p);
	assert_true(str_is(field_find(&req.fields, STR("X-ONE"))->value, "1"));
	assert_null(field_find(&req.fields, STR("X-On")));
	assert_non_null(field_find(&req.fields, STR("empty"))->value.p);
	assert_int_equal(field_find(&req.fields, STR("empty"))->value.n, 0);
	assert_true(str_is(field_next(&req.fields, FIELD_COOKIE, &i)->value, "a=b"));
	assert_true(str_is(field_next(&req.fields, FIELD_COOKIE, &i)->value, "c=d"));
	assert_null(field_next(&req.fields, FIELD_COOKIE, &i));
	assert_int_equal(req.fields.n, 6);
	guard_free(NULL);
}

static void
test_lists(void **state)
{
	struct req req;

	assert_true(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Keep-Alive ,\ty\r\n"
	                  "Connection: z\r\n\r\n", &req) > 0);
	assert_true(field_has(&req.fields, FIELD_CONNECTION, STR("x")));
	assert_true(field_has(&req.fields, FIELD_CONNECTION, STR("keep-alive")));
	assert_true(field_has(&req.fields, FIELD_CONNECTION, STR("Y")));
	assert_true(field_has(&req.fields, FIELD_CONNECTION, STR("z")));
	assert_false(field_has(&req.fields, FIELD_CONNECTION, STR("keep")));
	assert_false(field_has(&req.fields, FIELD_CONNECTION, STR("close")));
	guard_free(NULL);
}

static void
test_tokens_and_values(void **state)
{
	assert_true(field_token(STR("!#$%&'*+-.^_`|~09azAZ")));
	assert_false(field_token(STR("")));
	for (u32 c = 0; c < 256; c++) {
		u8 one[3] = { 'a', (u8)c, 'a' };
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		bool token = alnum || (c && strchr("!#$%&'*+-.^_`|~", (int)c));

		assert_int_equal(field_token(str_of(one, 3)), token);
		assert_int_equal(field_value_ok(str_of(one, 3)), c == '\t' || (c >= 0x20 && c != 0x7f));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_tokens_and_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
