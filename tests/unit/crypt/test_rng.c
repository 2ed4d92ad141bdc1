#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/rng.h"
#include "lib/hex.h"

static struct rng
seeded(void)
{
	struct rng r = { 0 };
	u8 seed[RNG_SEED_N];

	for (u8 i = 0; i < sizeof seed; i++)
		seed[i] = i;
	rng_init(&r, str_of(seed, sizeof seed));
	return r;
}

/* Computed with a separate implementation of SP 800-90A HMAC_DRBG. */
static void
test_known(void **state)
{
	struct rng r = seeded();
	u8 out[40];

	rng_bytes(&r, out, 40);
	hex_same(
	    out, 40,
	    "0ffb80875a3e9022a4941a3fa1b0d3611df14e1cf651a73ce9229b9f3ad56887680428845710288e");
	rng_reseed(&r, STR("more"));
	rng_bytes(&r, out, 8);
	hex_same(out, 8, "6d4cec84c014c7ea");
}

static void
test_long_request(void **state)
{
	static u8 out[65536 + 100];
	struct rng r = seeded();
	u32 ones = 0;

	rng_bytes(&r, out, sizeof out);
	for (size_t i = 0; i < sizeof out; i++)
		ones += (u32)__builtin_popcount(out[i]);
	assert_in_range(ones, sizeof out * 4 - 2600, sizeof out * 4 + 2600); /* 7 sigma */
	assert_memory_not_equal(out, out + 65536, 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_long_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
