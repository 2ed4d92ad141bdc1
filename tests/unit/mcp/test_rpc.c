#include "mcp/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct jsmntok tok[256];

static int
take(const char *text, struct rpc *r, const char **why)
{
	static struct jdoc d;

	assert_int_equal(json_parse(&d, str_c(text), tok, ARRAY_N(tok)), 0);
	*why = "";
	return rpc_take(r, json_root(&d), why);
}

static void
test_takes_requests(void **state)
{
	struct rpc r;
	const char *why;

	assert_int_equal(take("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}", &r, &why), 0);
	assert_true(str_is(r.id, "0"));
	assert_true(str_is(r.method, "ping"));
	assert_int_equal(json_kind(r.params), JSON_MISSING);
	assert_int_equal(take("{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"method\":\"tools\\/list\",\"params\":{\"_meta\":{}}}",
	                     &r, &why), 0);
	assert_true(str_is(r.id, "\"a\\\"b\"")); /* as written */
	assert_true(str_is(r.method, "tools/list")); /* decoded */
	assert_int_equal(json_kind(r.meta), JSON_OBJECT);
	assert_int_equal(take("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", &r, &why), 0);
	assert_int_equal(r.id.n, 0);
}

static void
test_refuses(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "[]", "an object" },
		{ "{\"id\":1,\"method\":\"ping\"}", "jsonrpc" },
		{ "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}", "jsonrpc" },
		{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", "jsonrpc" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", "id must be" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", "id must be" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"ping\"}", "id must be" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", "id must be" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", "method must be" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", "method is empty" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1}", "method is missing" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"Method\":\"ping\"}", "method is missing" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "takes no responses" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", "params must be" },
	};

	for (u32 i = 0; i < ARRAY_N(bad); i++) {
		struct rpc r;
		const char *why;

		assert_int_equal(take(bad[i].text, &r, &why), ERR_BAD);
		assert_true(str_find_str(str_c(why), str_c(bad[i].why)) >= 0);
	}
}

static void
test_long_id(void **state)
{
	char text[600];
	struct buf b = buf_over(text, sizeof text);
	struct rpc r;
	const char *why;

	BUF_LIT(&b, "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"");
	for (u32 i = 0; i < RPC_ID_MAX - 1; i++)
		buf_byte(&b, 'x');
	BUF_LIT(&b, "\"}");
	buf_byte(&b, 0);
	assert_int_equal(take(text, &r, &why), ERR_BAD);
	assert_int_equal(r.id.n, 0);
}

static void
test_writes_errors(void **state)
{
	u8 room[400];
	struct buf b = buf_over(room, sizeof room);

	rpc_error(&b, STR("7"), true, RPC_PARAMS, STR("a \"b\""), STR("{\"c\":1}"));
	assert_true(str_is(buf_str(&b), "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,"
	                                "\"message\":\"a \\\"b\\\"\",\"data\":{\"c\":1}}}"));
	b.r = b.w = 0;
	rpc_error(&b, STR_NONE, false, RPC_PARSE, STR("x"), STR_NONE);
	assert_true(str_is(buf_str(&b), "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"x\"}}"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_requests),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_long_id),
		cmocka_unit_test(test_writes_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
