/* Server URLs: variables, relative ones, none, several. */
#include "made.h"

static void
server_is(const char *servers, const char *base, const char *url, bool absolute)
{
	static char text[4096];
	struct made m = { .err = 0 };
	struct catalog_server server;

	snprintf(text, sizeof text, "{\"openapi\":\"3.0.0\",%s\"paths\":{}}", servers);
	m.arena = arena_over(malloc(MADE_ARENA), MADE_ARENA);
	m.im = (struct import){ .arena = &m.arena, .text = guard_str(text), .base = str_c(base) };
	assert_int_equal(import_document(&m.im), 0);
	assert_int_equal(catalog_open(&m.c, m.im.out), 0);
	catalog_server(&m.c, 0, &server);
	if (!str_is(server.url, url))
		fail_msg("%.*s is not %s", STR_ARG(server.url), url);
	assert_int_equal(server.absolute, absolute);
	made_free(&m);
}

static void
test_urls(void **state)
{
	server_is("\"servers\":[{\"url\":\"https://a.example/v1/\"}],", "", "https://a.example/v1", true);
	server_is("\"servers\":[{\"url\":\"HTTP://a.example\"}],", "", "HTTP://a.example", true);
	server_is("\"servers\":[{\"url\":\"https://{h}.example:{p}/{b}\",\"variables\":{\"h\":{\"default\":\"x\"},\"p\":{\"default\":"
	          "\"81\"},\"b\":{\"default\":\"\"}}}],", "", "https://x.example:81", true);
	server_is("\"servers\":[{\"url\":\"https://{h}.example\"}],", "", "https://{h}.example", false);
	server_is("\"servers\":[{\"url\":\"https://{h\"}],", "", "https://{h", true);
	server_is("\"servers\":[{\"url\":\"/api\"}],", "", "/api", false);
	server_is("\"servers\":[{\"url\":\"xxx\"}],", "", "xxx", false);
	server_is("\"servers\":[{\"url\":\"https://a.example/x?y=1#z\"}],", "", "https://a.example/x", true);
	server_is("\"servers\":[{\"url\":\"https://a b\"}],", "", "", false);
	server_is("\"servers\":[{\"url\":\"https:///x\"}],", "", "https:///x", false);
	server_is("\"servers\":[],", "", "", false);
	server_is("\"servers\":{},", "", "", false);
	server_is("\"servers\":[7],", "", "", false);
	server_is("", "", "", false);
}

static void
test_relative(void **state)
{
	server_is("\"servers\":[{\"url\":\"/api\"}],", "https://h.example/docs/o.json", "https://h.example/api", true);
	server_is("\"servers\":[{\"url\":\"api\"}],", "https://h.example/docs/o.json", "https://h.example/docs/api", true);
	server_is("\"servers\":[{\"url\":\"./api\"}],", "https://h.example/docs/", "https://h.example/docs/api", true);
	server_is("\"servers\":[{\"url\":\"api\"}],", "https://h.example", "https://h.example/api", true);
	server_is("", "http://h.example/x/o.json?v=/1", "http://h.example/x", true);
	server_is("\"servers\":[{\"url\":\"https://b.example\"}],", "https://h.example", "https://b.example", true);
	server_is("\"servers\":[{\"url\":\"/api\"}],", "ftp://h.example", "/api", false);
}

/* Operations elsewhere are marked; a path that repeats the document's server is not elsewhere. */
static void
test_elsewhere(void **state)
{
	static const char *const paths = "\"/a\":{\"servers\":[{\"url\":\"https://a.example/\"}],\"get\":{\"operationId\":\"a\"}},"
	    "\"/b\":{\"servers\":[{\"url\":\"https://b.example\"}],\"get\":{\"operationId\":\"b\"},\"put\":{\"operationId\":"
	    "\"c\",\"servers\":[{\"url\":\"https://c.example\"},{\"url\":\"https://a.example\"}]}}";
	struct made m;
	struct catalog_op op;

	made_text(&m, made_document(paths, ""));
	made_op(&m, "a", &op);
	assert_int_equal(op.server, 0);
	assert_false(op.flags & CATALOG_OP_ELSEWHERE);
	made_op(&m, "b", &op);
	assert_int_equal(op.server, 1);
	assert_true(op.flags & CATALOG_OP_ELSEWHERE);
	made_op(&m, "c", &op);
	assert_int_equal(op.server, 0);
	assert_false(op.flags & CATALOG_OP_ELSEWHERE);
	assert_int_equal(m.im.report.info.counts.elsewhere, 1);
	made_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls), cmocka_unit_test(test_relative), cmocka_unit_test(test_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, guard_free);
}
