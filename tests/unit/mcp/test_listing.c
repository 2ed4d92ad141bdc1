#include "mcp/listing.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static u8 bytes[LISTINGS_N];

/* Asks for a list; where it may be written, fill writes so many bytes of c. The text as it is kept, or nothing. */
static struct str
ask(struct listings *l, u32 api, msec now, u8 c, u32 fill, bool alone)
{
	struct listing_of of = { .api = api };
	struct buf room;
	struct str text = listing_find(l, &of, alone, now, &room);
	u32 n = min_u32(fill, room.cap);

	if (!room.p)
		return text;
	memset(room.p, c, n);
	room.w = n;
	listing_keep(l, &of, &room, n == fill, alone);
	return STR_NONE;
}

static void
test_often(void **state)
{
	struct listings l = { .bytes = bytes };
	struct str a;

	for (u32 i = 0; i < 3; i++)
		assert_null(ask(&l, 1, 1000, 'a', 5, false).p);
	a = ask(&l, 1, 1000, 0, 0, false);
	assert_true(str_is(a, "aaaaa"));
	assert_null(ask(&l, 2, 1000, 'b', 3, false).p); /* another list is another list */
	assert_null(ask(&l, 2, 2001, 'b', 3, false).p); /* and not often */
	assert_null(ask(&l, 2, 2002, 'b', 3, false).p);
	assert_int_equal(l.used, 5);
	assert_null(ask(&l, 2, 2003, 'b', 3, false).p);
	assert_true(str_is(ask(&l, 2, 9999, 0, 0, false), "bbb"));
	assert_true(str_is(a, "aaaaa"));
}

static void
test_full(void **state)
{
	struct listings l = { .bytes = bytes };

	for (u32 i = 0; i < 9; i++)
		assert_null(ask(&l, 1, 0, 'a', LISTINGS_N + 1, false).p);
	assert_true(l.row[0].large);
	for (u32 i = 0; i < 4; i++)
		ask(&l, 2, 0, 'b', LISTINGS_N - 2, false);
	for (u32 i = 0; i < 9; i++)
		assert_null(ask(&l, 3, 0, 'c', 3, false).p); /* no room while somebody may be sending */
	assert_int_equal(ask(&l, 2, 0, 0, 0, false).n, LISTINGS_N - 2);
	for (u32 i = 0; i < 9; i++)
		ask(&l, 3, 0, 'c', 3, true);
	assert_true(str_is(ask(&l, 3, 0, 0, 0, false), "ccc"));
}

static void
test_many(void **state)
{
	struct listings l = { .bytes = bytes };

	for (u32 i = 0; i < LISTING_ROWS; i++)
		for (u32 k = 0; k < 3; k++)
			ask(&l, i, 0, 'a', 1, false);
	for (u32 k = 0; k < 5; k++)
		assert_null(ask(&l, 99, 0, 'b', 1, false).p);
	assert_int_equal(ask(&l, 0, 0, 0, 0, false).n, 1);
	for (u32 k = 0; k < 4; k++)
		ask(&l, 99, 0, 'b', 1, true);
	assert_true(str_is(ask(&l, 99, 0, 0, 0, false), "b"));
	assert_int_equal(l.rows, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_often), cmocka_unit_test(test_full),
		cmocka_unit_test(test_many) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
