/* URLs into parts, percent-encoding both ways, and the paths that must not pass. */
#include "http/url.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		u8 scheme;
		u16 port;
		bool v6;
		const char *host, *authority, *path, *query;
	} good[] = {
		{ "http://a", URL_HTTP, 80, false, "a", "a", "", NULL },
		{ "HTTPS://A.b-c_d:8443/api/v1?x=1&y=?", URL_HTTPS, 8443, false, "A.b-c_d", "A.b-c_d:8443",
		"/api/v1", "x=1&y=?" },
		{ "https://a/", URL_HTTPS, 443, false, "a", "a", "/", NULL },
		{ "http://a?q", URL_HTTP, 80, false, "a", "a", "", "q" },
		{ "http://a/?", URL_HTTP, 80, false, "a", "a", "/", "" },
		{ "http://[2001:db8::1]:81/x", URL_HTTP, 81, true, "2001:db8::1", "[2001:db8::1]:81", "/x",
		NULL },
		{ "http://[::1]", URL_HTTP, 80, true, "::1", "[::1]", "", NULL },
		{ "http://127.0.0.1:65535/", URL_HTTP, 65535, false, "127.0.0.1", "127.0.0.1:65535", "/",
		NULL },
		{ "unix:/run/api.sock", URL_UNIX, 0, false, "/run/api.sock", "localhost", "", NULL },
		{ "unix:/run/api.sock:/v1?a", URL_UNIX, 0, false, "/run/api.sock", "localhost", "/v1", "a" },
	};

	for (u32 i = 0; i < ARRAY_N(good); i++) {
		struct url u;

		assert_int_equal(url_parse(guard_str(good[i].text), &u), 0);
		assert_int_equal(u.scheme, good[i].scheme);
		assert_int_equal(u.port, good[i].port);
		assert_int_equal(u.v6, good[i].v6);
		assert_true(str_is(u.host, good[i].host));
		assert_true(str_is(u.authority, good[i].authority));
		assert_true(str_is(u.path, good[i].path));
		assert_int_equal(u.query.p != NULL, good[i].query != NULL);
		if (good[i].query)
			assert_true(str_is(u.query, good[i].query));
	}
	guard_free(NULL);
}

static void
test_parse_refused(void **state)
{
	static const char *const bad[] = { "", "a", "/a", "//a", "ftp://a", "http:/a", "http://", "http:///x",
		"http://:80",
		"http://a:", "http://a:0", "http://a:00", "http://a:65536", "http://a:999999", "http://a:8o",
		"http://u@a", "http://u:p@a",
		"http://a b", "http://a/ b", "http://a/#f", "http://a\\b", "http://[::1", "http://[::1]x",
		"http://[]", "http://[::g]",
		"http://a/\x01", "http://a/\xc3\xa9", "http://a%41", "unix:", "unix:/", "unix:run", "unix:/a:b",
		"javascript:alert(1)", "http://[::1]:0" };
	struct url u;

	for (u32 i = 0; i < ARRAY_N(bad); i++)
		if (url_parse(guard_str(bad[i]), &u) != ERR_BAD)
			fail_msg("accepted: %s", bad[i]);
	guard_free(NULL);
}

static void
test_same_origin(void **state)
{
	struct url a, b;

	url_parse(STR("https://A.b/x"), &a);
	url_parse(STR("https://a.B:443/y?z"), &b);
	assert_true(url_same_origin(&a, &b));
	url_parse(STR("https://a.b:444/"), &b);
	assert_false(url_same_origin(&a, &b));
	url_parse(STR("http://a.b:443/"), &b);
	assert_false(url_same_origin(&a, &b));
	url_parse(STR("unix:/a"), &a);
	url_parse(STR("unix:/A"), &b);
	assert_false(url_same_origin(&a, &b));
}

static void
assert_encoded(struct str in, enum url_set set, const char *want)
{
	u8 room[800];
	struct buf b = buf_over(room, sizeof room);

	url_encode(&b, in, set);
	assert_false(b.over);
	if (!str_is(buf_str(&b), want))
		fail_msg("%.*s, not %s", STR_ARG(buf_str(&b)), want);
}

static void
test_encode(void **state)
{
	assert_encoded(STR("az AZ09-._~"), URL_COMPONENT, "az%20AZ09-._~");
	assert_encoded(STR("a/b?c#d[e]@:!$&'()*+,;="), URL_COMPONENT,
	    "a%2Fb%3Fc%23d%5Be%5D%40%3A%21%24%26%27%28%29%2A%2B%2C%3B%3D");
	assert_encoded(STR("a/b?c#d[e]@:!$&'()*+,;="), URL_SEGMENT, "a%2Fb%3Fc%23d%5Be%5D@:!$&'()*+,;=");
	assert_encoded(STR("a/b?c#d[e]@:!$&'()*+,;= %zz%20%2"), URL_RESERVED,
	    "a/b?c#d[e]@:!$&'()*+,;=%20%25zz%20%252");
	assert_encoded(STR("\0\xff\xc3\xa9%41"), URL_COMPONENT, "%00%FF%C3%A9%2541");
}

static void
test_decode(void **state)
{
	static const char *const bad[] = { "%", "%4", "%4g", "%g4", "a%", "%00", "a%0" };
	u8 room[300], all[255];
	struct buf b = buf_over(room, sizeof room), out;

	assert_int_equal(url_decode(&b, guard_str("a%20b%2Fc%2fd+%C3%A9")), 0);
	assert_true(str_is(buf_str(&b), "a b/c/d+\xc3\xa9"));
	for (u32 i = 0; i < ARRAY_N(bad); i++) {
		b = buf_over(room, sizeof room);
		assert_int_equal(url_decode(&b, guard_str(bad[i])), ERR_BAD);
	}
	b = buf_over(room, 2);
	assert_int_equal(url_decode(&b, STR("abc")), 0);
	assert_true(b.over);
	/* all bytes there and back */
	for (u32 set = URL_COMPONENT; set <= URL_SEGMENT; set++) {
		u8 wide[800], back[300];

		for (u32 i = 0; i < 255; i++)
			all[i] = (u8)(i + 1);
		b = buf_over(wide, sizeof wide);
		url_encode(&b, str_of(all, 255), (enum url_set)set);
		out = buf_over(back, sizeof back);
		assert_int_equal(url_decode(&out, buf_str(&b)), 0);
		assert_int_equal(out.w, 255);
		assert_memory_equal(back, all, 255);
	}
	guard_free(NULL);
}

static void
test_dots(void **state)
{
	static const char *const dots[] = { "/..", "/.", "/a/../b", "/a/./b", "/%2e%2e/", "/%2E.", "/.%2e",
		"/a/..%2fb", "/..%5c",
		"/..\\b", "/a%2f..", "..", ".", "/a/%2e", "/%2e%2E%2Fetc" };
	static const char *const plain[] = { "/", "", "/a", "/...", "/a..", "/..a", "/.a", "/a.b/c..d",
		"/%2e%2e%2e", "/a/.well-known/x",
		"/%252e%252e/" };

	for (u32 i = 0; i < ARRAY_N(dots); i++)
		if (!url_dots(guard_str(dots[i])))
			fail_msg("passed: %s", dots[i]);
	for (u32 i = 0; i < ARRAY_N(plain); i++)
		if (url_dots(guard_str(plain[i])))
			fail_msg("refused: %s", plain[i]);
	guard_free(NULL);
}

static void
test_paths(void **state)
{
	static const char *const bad[] = { "", "a", "*", "/a b", "/a?b", "/a#b", "/a\\b", "/%", "/%2", "/%zz",
		"/%00", "/%0a", "/%7f",
		"/\x7f", "/\xc3\xa9", "/a/../b", "/%2e%2e" };
	static const char *const good[] = { "/", "/mcp", "/a//b", "/%61", "/a%20b", "/%C3%A9", "/a;b=c,d",
		"/.well-known/x", "/a%2fb" };

	for (u32 i = 0; i < ARRAY_N(bad); i++)
		if (url_path_ok(guard_str(bad[i])))
			fail_msg("passed: %s", bad[i]);
	for (u32 i = 0; i < ARRAY_N(good); i++)
		if (!url_path_ok(guard_str(good[i])))
			fail_msg("refused: %s", good[i]);
	guard_free(NULL);
}

static void
test_authority(void **state)
{
	struct str host;
	u32 port;

	assert_int_equal(url_authority(guard_str("Box.lan:99999"), &host, &port), 0);
	assert_true(str_is(host, "Box.lan"));
	assert_int_equal(port, 99999);
	assert_int_equal(url_authority(guard_str("[::1]"), &host, &port), 0);
	assert_true(str_is(host, "::1"));
	assert_int_equal(port, 0);
	assert_int_equal(url_authority(guard_str("a:123456"), &host, &port), ERR_BAD);
	assert_int_equal(url_authority(guard_str("a:"), &host, &port), ERR_BAD);
	assert_int_equal(url_authority(guard_str("a,b"), &host, &port), ERR_BAD);
	assert_int_equal(url_authority(guard_str(""), &host, &port), ERR_BAD);
	guard_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refused),
		cmocka_unit_test(test_same_origin),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_dots),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
