/* The release's own memcpy and so on, beside the C library's, at the edges of pages. */
#define memcpy our_memcpy
#define memmove our_memmove
#define memset our_memset
#define memcmp our_memcmp
#define memchr our_memchr
#include "base/copy.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr

#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MOST 600 /* over the size from which the block instruction is used */

static void
test_copies(void **state)
{
#if defined(__x86_64__)
	static uint8_t from[MOST], all[2 * MOST], expect[2 * MOST];

	for (uint32_t i = 0; i < MOST; i++)
		from[i] = (uint8_t)(i * 7 + 1);
	for (uint32_t n = 0; n <= MOST; n++) {
		uint8_t *edge = guard_room(n), *to = guard_room(n);

		memcpy(edge, from, n);
		our_memcpy(to, edge, n);
		assert_memory_equal(to, from, n);
		our_memset(to, 0xa5, n);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(to[i], 0xa5);
		for (uint32_t by = 0; by <= MOST - n && by < 40; by++) {
			memset(all, 1, sizeof all);
			memcpy(all + 20, from, n);
			memcpy(expect, all, sizeof all);
			memmove(expect + by, expect + 20, n);
			our_memmove(all + by, all + 20, n);
			assert_memory_equal(all, expect, sizeof all);
		}
		guard_free(NULL);
	}
#endif
}

#if defined(__x86_64__)
static int
sign(int d)
{
	return (d > 0) - (d < 0);
}
#endif

static void
test_compares(void **state)
{
#if defined(__x86_64__)

	for (uint32_t n = 0; n <= 100U; n++) {
		uint8_t *a = guard_room(n), *b = guard_room(n);

		assert_int_equal(our_memcmp(a, b, n), 0);
		for (uint32_t i = 0; i < n; i++) {
			b[i] = 200;
			if (i + 1 < n)
				a[i + 1] = 255; /* the first difference decides */
			assert_int_equal(sign(our_memcmp(a, b, n)), sign(memcmp(a, b, n)));
			assert_int_equal(sign(our_memcmp(b, a, n)), sign(memcmp(b, a, n)));
			b[i] = 0;
			if (i + 1 < n)
				a[i + 1] = 0;
		}
		guard_free(NULL);
	}
#endif
}

static void
test_finds(void **state)
{
#if defined(__x86_64__)

	for (uint32_t n = 0; n <= 100U; n++) {
		uint8_t *a = guard_room(n);

		assert_null(our_memchr(a, 0xe9, n));
		for (uint32_t i = n; i-- > 0;) {
			a[i] = 0xe9; /* also found before another */
			assert_ptr_equal(our_memchr(a, 0x1e9, n), a + i);
		}
		guard_free(NULL);
	}
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_compares),
		cmocka_unit_test(test_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
