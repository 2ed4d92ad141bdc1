/* later: whose life a handle hangs on, where get_result is offered, what is refused before a call is taken over. What
 * becomes of calls: tests/outside/later.test.mjs. */
#include "mcp/later_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static u32 next;

static void
random_of(void *of, u8 *p, u32 n)
{
	next++;
	memset(p, (int)next, n);
}

static struct mcp_shared
worker(u32 *pages, u32 n, u32 index)
{
	struct mcp_shared sh = { .random = random_of };

	later_live(&sh, pages, n, index);
	return sh;
}

/* A call belongs to the worker that began it: it is lost when that one is gone, and with no other. */
static void
test_lives(void **state)
{
	u32 pages[3] = { 0 };
	struct mcp_shared one = worker(pages, 3, 0), two = worker(pages, 3, 2), again;
	struct later_note note = { .worker = two.worker, .life = two.life }, bad = note;

	assert_int_equal(later_lives_bytes(3), sizeof pages);
	assert_true(later_lives(&one, &note) && later_lives(&two, &note));
	bad.worker = 0; /* the life of another */
	assert_false(later_lives(&one, &bad));
	for (u32 i = 3; i < 70; i += 33) { /* fewer workers than when it was written */
		bad.worker = i;
		assert_false(later_lives(&one, &bad));
	}
	bad.worker = 1; /* one that has not begun */
	assert_false(later_lives(&one, &bad));
	again = worker(pages, 3, 2);
	assert_false(later_lives(&one, &note) || later_lives(&again, &note)); /* it has died, and another came */
	note.life = again.life;
	assert_true(later_lives(&one, &note));
}

/* Without shared pages there is one worker. */
static void
test_lives_alone(void **state)
{
	struct mcp_shared sh = { .life = 7 };
	struct later_note note = { .worker = 5, .life = 7 };

	assert_true(later_lives(&sh, &note));
	note.life = 8;
	assert_false(later_lives(&sh, &note));
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
	struct mcp_shared sh = { .life = 1 };
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
		cmocka_unit_test(test_lives_alone),
		cmocka_unit_test(test_fetcher),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
