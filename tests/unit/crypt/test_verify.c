/* verify: a signature of each kind, made once by openssl; every bit of it counts, and weak keys are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/base64.h"
#include "crypt/verify.h"

static const char rsa_n[] = "qoUgDC-QE9mf6z3NbsmH_-HIPDsT-suhPuumhfDAogWcvtvW9y_FT9R9LG0j-okXIA12-U2nW5IbMVK9vL6eBnkjao"
    "_pGJS72t0dzQ--yMCmxF5Y5Dp5UcgffVU4uVudPnfJM1Q9ltKAWcfppClBFrVMe6INBJbotmuVOAvr6NP8CjxmrVl5"
    "A3qLALKjHf5FkIubMBuRdKfb1H57UkfrLxovCabF_ncWM6NiDIsahmB0ul1dY6bDLXW0muRfEENHcmh-usCT7cRYCL"
    "TyH_8B7wN66xb_nQtJl9pPS4GZd50KR_jvd7p4-c49SjIdUJi55ddxpEl_sDBoPmQqnLsynw";
static const char rsa_sig[] = "M6FL4RimojwzQmsob7V4YdkmqckdOOnwhzIXAq1Vx66-PuZRF5tD-a4sy_m9bnMI-u17wu6UgF-f_JEnJFNMh1tqI9"
    "gwtZKVOBeobyWheRpwvXrR2XknghceRjJliV4yUTTeM9dcimqwBvVBh9tpiPhw8HtbxX8fVGlzOejVZxPfq5Dyu58S"
    "E5fQPQlmJ2FTqIfpUlONjVy7KYYnNR7se1E-kkTqh98NI3FQ-c7E0IXu2nOcHWNnYPBNz6U_KknMcDkL-KhrtlV8Lp"
    "XbzyjooHDJqReWL7_rQc3kswK-kGzkKo40P3tOvVY4TVLqcpNoqPHu6Up-VwU5qV12rO9YXg";
static const char ec_x[] = "nQAU_kNcPoDTqTRAL3FMFGs-8b_XwC5XEgiUgU1njaI";
static const char ec_y[] = "c7CLGpUCyyHva-LAOfzDHOClQ_CBydsHjHLVRACv_I0";
static const char ec_sig[] = "IZ0Jy2J6TDPTLUagNz97ZQuONL0fE5VydjHYiF-X80Ne2mPg3UiGkXX3VWa8RklRLqoOQ1b3ZDaJbR3Y4izILw";

#define SAID STR("signed by others")

static struct str
read_text(const char *text, u8 *room, u32 cap)
{
	int n = base64_read_url(str_c(text), room, cap);

	assert_true(n > 0);
	return str_of(room, (u32)n);
}

static struct verify_key
rsa_key(void)
{
	struct verify_key k = { .kind = VERIFY_RS256, .e = 65537 };

	k.n = (u16)read_text(rsa_n, k.at, sizeof k.at).n;
	return k;
}

static struct verify_key
ec_key(void)
{
	struct verify_key k = { .kind = VERIFY_ES256, .n = VERIFY_POINT_N, .at = { 4 } };

	read_text(ec_x, k.at + 1, 32);
	read_text(ec_y, k.at + 33, 32);
	return k;
}

/* Every signature with one bit turned, cut or longer, and every other text, is none. */
static void
tries(const struct verify_key *k, const char *text)
{
	u8 room[VERIFY_RSA_MAX + 1];
	struct str sig = read_text(text, room, sizeof room);

	assert_true(verify_key_ok(k));
	assert_true(verify_sig(k, SAID, sig));
	assert_false(verify_sig(k, STR("signed by other"), sig));
	assert_false(verify_sig(k, SAID, str_cut(sig, 0, sig.n - 1)));
	assert_false(verify_sig(k, SAID, str_of(sig.p, sig.n + 1)));
	assert_false(verify_sig(k, SAID, STR("")));
	for (u32 i = 0; i < sig.n; i += 7) {
		room[i] ^= 1;
		assert_false(verify_sig(k, SAID, sig));
		room[i] ^= 1;
	}
	memset(room, 0, sig.n);
	assert_false(verify_sig(k, SAID, sig));
}

static void
test_rsa(void **state)
{
	struct verify_key k = rsa_key(), other = k;

	tries(&k, rsa_sig);
	other.at[9] ^= 4;
	assert_false(verify_sig(&other, SAID, read_text(rsa_sig, (u8[VERIFY_RSA_MAX]){ 0 }, VERIFY_RSA_MAX)));
}

static void
test_ec(void **state)
{
	struct verify_key k = ec_key();

	tries(&k, ec_sig);
}

static void
test_weak(void **state)
{
	static const u32 exponents[] = { 0, 1, 3, 65536, 65538 };
	struct verify_key k = rsa_key();

	for (u32 i = 0; i < ARRAY_N(exponents); i++) {
		k.e = exponents[i];
		assert_false(verify_key_ok(&k));
	}
	k = rsa_key();
	k.n = 128;
	assert_false(verify_key_ok(&k));
	k.n = VERIFY_RSA_MAX + 1;
	assert_false(verify_key_ok(&k));
	k = ec_key();
	k.at[40] ^= 1; /* not on the curve */
	assert_false(verify_key_ok(&k));
	k = ec_key();
	k.n--;
	assert_false(verify_key_ok(&k));
	k.kind = 0;
	assert_false(verify_key_ok(&k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_ec),
		cmocka_unit_test(test_weak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
