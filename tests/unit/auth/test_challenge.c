#include "auth/challenge.h"

#include "auth/principal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
wants(const char *url, const char *path, const char *origin, const char *metadata)
{
	u8 room[400], want[400];
	struct buf b = buf_over(room, sizeof room), w = buf_over(want, sizeof want);

	assert_true(str_is(challenge_origin(str_c(url)), origin));
	challenge_put(&b, str_c(url), str_c(path), SCOPE_READ | SCOPE_WRITE);
	buf_fmt(&w, "resource_metadata=\"%s\", scope=\"read write\"", metadata);
	assert_true(str_same(buf_str(&b), buf_str(&w)));
}

/* RFC 9728 section 3.1: the well-known name comes right behind the host. */
static void
test_places(void **state)
{
	wants("https://box.example", "/mcp", "https://box.example",
	    "https://box.example/.well-known/oauth-protected-resource/mcp");
	wants("http://127.0.0.1:8080", "/one/mcp", "http://127.0.0.1:8080",
	    "http://127.0.0.1:8080/.well-known/oauth-protected-resource/one/mcp");
	wants("https://box.example/gate", "/mcp", "https://box.example",
	    "https://box.example/.well-known/oauth-protected-resource/gate/mcp");
	wants("https://[::1]:1/a/b", "/one/sandbox/mcp/readonly", "https://[::1]:1",
	    "https://[::1]:1/.well-known/oauth-protected-resource/a/b/one/sandbox/mcp/readonly");
}

static void
test_step_up(void **state)
{
	u8 room[400];
	struct buf b = buf_over(room, sizeof room), small = buf_over(room, 60);

	challenge_step_up(&b, STR("https://box.example/gate"), STR("/mcp"), SCOPE_ALL);
	assert_true(str_is(buf_str(&b), "Bearer error=\"insufficient_scope\", error_description=\"this call needs more "
	    "rights\", resource_metadata=\"https://box.example/.well-known/oauth-protected-resource/gate/mcp\", "
	    "scope=\"read write destructive production\""));
	challenge_step_up(&small, STR("https://box.example/gate"), STR("/mcp"), SCOPE_ALL);
	assert_true(small.over);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_step_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
