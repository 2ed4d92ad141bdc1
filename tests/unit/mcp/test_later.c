/* later: whose life a handle hangs on, where get_result is offered, what is refused before a call is taken over. What
 * becomes of calls: tests/outside/later.test.mjs. */
#include "mcp/later_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A call belongs to the worker that began it: it is lost when that one is gone. */
static void
test_lives(void **state)
{
	u32 pages[3] = { 0 };
	struct ops ops[2] = { 0 };
	struct mcp_shared one = { .ops = &ops[0] };
	struct later_note note = { .worker = 2 };

	lives_begin(&ops[0].lives, pages, 3, 0, 8);
	lives_begin(&ops[1].lives, pages, 3, 2, 9);
	note.life = ops[1].lives.own;
	assert_true(later_lives(&one, &note));
	lives_over(pages, 2);
	assert_false(later_lives(&one, &note));
}

/* It is offered where a call can take that long, under a name that the API does not have. */
static void
test_fetcher(void **state)
{
	static u8 room[2048];
	struct buf b = buf_over(room, sizeof room);
	static struct jsmntok tok[128];
	struct jdoc d;
	struct api api = { .late_ms = 0 };
	static const struct catalog none;
	struct mcp m = { .api = &api, .catalog = &none };

	assert_int_equal(later_fetcher(&m).n, 0);
	api.late_ms = 1;
	assert_true(str_is(later_fetcher(&m), "get_result"));
	later_tool(&m, &b);
	assert_false(b.over);
	assert_int_equal(json_parse(&d, buf_str(&b), tok, ARRAY_N(tok)), 0);
	assert_true(str_is(json_str(json_get(json_root(&d), "name"), NULL), "get_result"));
	assert_int_equal(json_kind(json_get(json_get(json_get(json_root(&d), "inputSchema"), "properties"), "handle")),
	    JSON_OBJECT);
}

/* No place is left: the call goes on as it did. */
static void
test_full(void **state)
{
	static u8 memory[4 << 20];
	struct arena a = arena_over(memory, sizeof memory);
	struct mcp_shared sh = { .now_s = 0 };
	struct principal who = { .id = 9 };
	struct mcp m = { .shared = &sh, .who = &who };

	assert_true(later_bytes() <= sizeof memory);
	assert_int_equal(later_init(&sh, &a), 0);
	while (pool_take(&sh.laters))
		;
	assert_int_equal(later_take(&m, 1000), ERR_FULL); /* no place: nothing has changed */
	assert_false(list_linked(&sh.late));
	later_stop(&sh, 1000); /* nothing to stop */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_fetcher),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
