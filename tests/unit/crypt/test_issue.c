#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/issue.h"
#include "crypt/pem_priv.h"
#include "crypt/x509_priv.h"

#define NOW 1795000000u /* November 2026 */

static u8 memory[1 << 18];
static struct arena arena;
static struct rng rng;

static struct issue_names names;

static int
setup(void **state)
{
	arena = arena_over(memory, sizeof memory);
	names = (struct issue_names){ 3, { { STR("box.lan"), false }, { STR("\xc0\xa8\x01\x05"), true },
		{ STR("gate.example"), false } } };
	rng_init(&rng, STR("0123456789012345678901234567890123456789"));
	return 0;
}

static struct cert_key *
a_key(void)
{
	struct cert_key *k = ARENA_NEW(&arena, struct cert_key);
	struct buf der = buf_over(arena_bytes(&arena, 200), 200), pem = buf_over(arena_bytes(&arena, 400), 400);
	const char *why;

	assert_int_equal(issue_key(&rng, &der), 0);
	issue_pem(&pem, "EC PRIVATE KEY", buf_str(&der));
	assert_int_equal(cert_key_read(buf_str(&pem), &arena, k, &why), 0);
	return k;
}

static struct str
an_authority(const struct cert_key *key, const struct issue_names *of)
{
	struct buf der = buf_over(arena_bytes(&arena, ISSUE_CERT_MAX), ISSUE_CERT_MAX);

	assert_int_equal(issue_ca(key, of, NOW, &rng, &der), 0);
	return buf_str(&der);
}

static void
test_chain(void **state)
{
	const struct cert_key *ca_key = a_key(), *key = a_key();
	struct issue i = { ca_key, an_authority(ca_key, &names), key };
	struct buf der = buf_over(arena_bytes(&arena, ISSUE_CERT_MAX), ISSUE_CERT_MAX);
	struct x509 ca, leaf;

	assert_int_equal(issue_leaf(&i, &names, NOW, &rng, &der), 0);
	assert_int_equal(x509_read(i.ca, &ca), 0);
	assert_int_equal(x509_read(buf_str(&der), &leaf), 0);
	assert_true(ca.ca && !leaf.ca);
	assert_true(str_same(ca.subject, ca.issuer) && str_same(leaf.issuer, ca.subject));
	assert_int_equal(leaf.from, NOW - ISSUE_EARLY_S);
	assert_int_equal(leaf.until, NOW + ISSUE_LEAF_S);
	assert_int_equal(ca.until, NOW + ISSUE_CA_S);
	assert_true(issue_fits(buf_str(&der), &names));
}

static void
test_names(void **state)
{
	struct str ca = an_authority(a_key(), &names);
	struct issue_names fewer = names, other = names, wider = names;

	fewer.n = 2;
	other.of[1].text = STR("\xc0\xa8\x01\x06");
	wider.of[0].text = STR("lan");
	assert_true(issue_covers(ca, &names));
	assert_true(issue_covers(ca, &fewer));
	assert_false(issue_covers(ca, &other));
	assert_false(issue_covers(ca, &wider));
	assert_false(issue_fits(ca, &names));
}

static void
test_wrong_keys(void **state)
{
	const struct cert_key *ca_key = a_key(), *key = a_key();
	struct issue i = { key, an_authority(ca_key, &names), key };
	struct buf der = buf_over(arena_bytes(&arena, ISSUE_CERT_MAX), ISSUE_CERT_MAX), small;

	assert_int_equal(issue_leaf(&i, &names, NOW, &rng, &der), ERR_BAD); /* another key than the certificate's */
	i.ca_key = ca_key;
	small = buf_over(arena_bytes(&arena, 100), 100);
	assert_int_equal(issue_leaf(&i, &names, NOW, &rng, &small), ERR_FULL);
	assert_int_equal(issue_leaf(&i, &names, NOW, &rng, &der), 0);
}

static void
test_full(void **state)
{
	static u8 long_name[ISSUE_NAME_MAX];
	struct issue_names many = { .n = ISSUE_NAMES };
	struct buf der = buf_over(arena_bytes(&arena, ISSUE_CERT_MAX), ISSUE_CERT_MAX);

	memset(long_name, 'a', sizeof long_name);
	for (u32 i = 0; i < ISSUE_NAMES; i++)
		many.of[i].text = str_of(long_name, sizeof long_name);
	assert_int_equal(issue_ca(a_key(), &many, NOW, &rng, &der), ERR_FULL);
	assert_false(issue_fits(STR(""), &many));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_chain, setup),
		cmocka_unit_test_setup(test_names, setup),
		cmocka_unit_test_setup(test_wrong_keys, setup),
		cmocka_unit_test_setup(test_full, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
