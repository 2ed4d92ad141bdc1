/* mark: the same for the same text under the same key, another for any other text or key; every way to compute it agrees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/mark.h"

#include <bearssl.h>

static struct mark_key
a_key(const char *seed)
{
	struct mark_key k;
	struct rng rng;

	rng_init(&rng, str_c(seed));
	mark_init(&k, &rng);
	return k;
}

static bool
same(const struct mark_key *k, struct str a, struct str b)
{
	u8 one[MARK_N], other[MARK_N];

	mark_make(k, a, one);
	mark_make(k, b, other);
	return memcmp(one, other, MARK_N) == 0;
}

static void
test_tells_apart(void **state)
{
	struct mark_key k = a_key("0123456789abcdef0123456789abcdef0123456789abcdef");
	struct str text = STR("sk-AELZ9PxYzw787N7w3KcZNoJ65Ny_PWufaB9JRazB1Wg"), whole;
	u8 room[64];

	assert_true(same(&k, text, text));
	memcpy(room, text.p, text.n);
	whole = str_of(room, text.n);
	for (u32 i = 0; i < 8 * text.n; i++) { /* each bit counts */
		room[i / 8] ^= (u8)(1 << i % 8);
		assert_false(same(&k, text, whole));
		room[i / 8] ^= (u8)(1 << i % 8);
	}
	for (u32 n = 0; n < text.n; n++)
		assert_false(same(&k, text, str_cut(text, 0, n)));
	memset(room, 0, sizeof room); /* zeroes at the end fill a block: only the length tells */
	for (u32 n = 0; n < sizeof room; n++)
		for (u32 i = 0; i < n; i++)
			assert_false(same(&k, str_of(room, i), str_of(room, n)));
}

static void
test_keys_and_ways(void **state)
{
	struct mark_key a = a_key("0123456789abcdef0123456789abcdef0123456789abcdef");
	struct mark_key b = a_key("another seed another seed another seed another s");
	u8 one[MARK_N], other[MARK_N], text[200];

	for (u32 i = 0; i < sizeof text; i++)
		text[i] = (u8)(i * 7);
	for (u32 n = 0; n <= sizeof text; n++) {
		struct mark_key slow = a;

		mark_make(&a, str_of(text, n), one);
		mark_make(&b, str_of(text, n), other);
		assert_memory_not_equal(one, other, MARK_N);
		slow.run = br_ghash_ctmul;
		mark_make(&slow, str_of(text, n), other);
		assert_memory_equal(one, other, MARK_N);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tells_apart),
		cmocka_unit_test(test_keys_and_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
