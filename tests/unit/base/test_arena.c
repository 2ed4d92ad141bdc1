/* arena: alignment, exact room, rewinding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "lib/guard.h"

static void
test_room_is_exact(void **state)
{
	struct arena a = arena_over(guard_room(64), 64);

	assert_non_null(arena_take(&a, 16));
	assert_non_null(arena_bytes(&a, 47));
	assert_non_null(arena_bytes(&a, 1));
	assert_null(arena_bytes(&a, 1));
	assert_null(arena_take(&a, 1));
	assert_int_equal(a.used, 64);
	assert_null(arena_take(&a, SIZE_MAX));
	assert_null(arena_bytes(&a, SIZE_MAX - 8));
	assert_null(arena_buf(&a, 2000).p);
}

static void
test_aligned_and_zeroed(void **state)
{
	_Alignas(16) u8 mem[128];
	struct arena a;
	u8 *p;

	memset(mem, 0xaa, sizeof mem);
	a = arena_over(mem, sizeof mem);
	arena_bytes(&a, 3);
	p = arena_take(&a, 20);
	assert_int_equal((uintptr_t)p % 16, 0);
	for (u32 i = 0; i < 20; i++)
		assert_int_equal(p[i], 0);
	assert_int_equal(p[20], 0xaa);
}

/* Over fresh pages only what was taken before is cleared: the rest is not touched. */
static void
test_fresh_pages_stay_untouched(void **state)
{
	u8 mem[128] = { 0 };
	struct arena a = arena_over(mem, sizeof mem);
	u8 *p;

	a.zero = true;
	memset(arena_bytes(&a, 40), 0xaa, 40);
	mem[100] = 0xbb; /* would be cleared if it were touched */
	arena_rewind(&a, 16);
	p = arena_take(&a, 96);
	assert_non_null(p);
	for (u32 i = 0; i < 96; i++)
		assert_int_equal(p[i], p + i == mem + 100 ? 0xbb : 0);
	arena_rewind(&a, 0);
	p = arena_take(&a, 112);
	for (u32 i = 0; i < 112; i++)
		assert_int_equal(p[i], 0);
}

static void
test_copies(void **state)
{
	u8 mem[16];
	struct arena a = arena_over(mem, sizeof mem);
	struct str s = arena_dup(&a, STR("abc")), empty = arena_dup(&a, STR_NONE);

	assert_true(str_is(s, "abc"));
	assert_non_null(empty.p);
	assert_int_equal(empty.n, 0);
	assert_string_equal(arena_c(&a, STR("def")), "def");
	assert_int_equal(a.used, 7);
	assert_null(arena_c(&a, STR("123456789"))); /* the NUL does not fit */
	assert_null(arena_dup(&a, STR("1234567890")).p);
	assert_true(str_is(arena_dup(&a, STR("123456789")), "123456789"));
}

static void
test_rewind(void **state)
{
	u8 mem[64];
	struct arena a = arena_over(mem, sizeof mem);
	size_t mark;

	arena_bytes(&a, 10);
	mark = a.used;
	arena_bytes(&a, 30);
	arena_rewind(&a, mark);
	assert_int_equal(a.used, 10);
	assert_int_equal(a.peak, 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_room_is_exact, guard_free),
		cmocka_unit_test(test_aligned_and_zeroed),
		cmocka_unit_test(test_fresh_pages_stay_untouched),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_rewind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
