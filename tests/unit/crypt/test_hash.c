#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/hash.h"
#include "lib/guard.h"
#include "lib/hex.h"

/* FIPS 180-4 examples. */
static const struct {
	const char *text, *sum;
} sums[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void
test_sha256(void **state)
{
	u8 out[HASH_N];

	for (size_t i = 0; i < ARRAY_N(sums); i++) {
		hash_once(guard_str(sums[i].text), out);
		hex_same(out, HASH_N, sums[i].sum);
	}
}

static void
test_sha256_in_pieces(void **state)
{
	struct str text = guard_str(sums[2].text);
	struct hash h;
	u8 out[HASH_N];

	for (u32 cut = 0; cut <= text.n; cut++) {
		hash_begin(&h);
		hash_add(&h, str_cut(text, 0, cut));
		hash_out(&h, out); /* looking does not disturb */
		hash_add(&h, str_cut(text, cut, text.n));
		hash_out(&h, out);
		hex_same(out, HASH_N, sums[2].sum);
	}
	hash_begin(&h);
	for (int i = 0; i < 100000; i++)
		hash_add(&h, STR("aaaaaaaaaa"));
	hash_out(&h, out);
	hex_same(out, HASH_N, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 4231, cases 1 to 4, 6 and 7: key and text in hex or repeated bytes. */
static void
check_mac(struct str key, struct str text, const char *want)
{
	struct hash_key k;
	struct hash_mac m;
	u8 out[HASH_N];

	hash_key(&k, key);
	hash_mac(&k, text, out);
	hex_same(out, HASH_N, want);
	hash_mac_begin(&m, &k);
	for (u32 i = 0; i < text.n; i++)
		hash_mac_add(&m, str_cut(text, i, i + 1));
	hash_mac_out(&m, out);
	hex_same(out, HASH_N, want);
}

static void
test_hmac(void **state)
{
	u8 b[131], counted[25], dd[50], cd[50];

	memset(b, 0x0b, sizeof b);
	check_mac(str_of(b, 20), STR("Hi There"),
	          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	check_mac(STR("Jefe"), STR("what do ya want for nothing?"),
	          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(b, 0xaa, sizeof b);
	memset(dd, 0xdd, sizeof dd);
	check_mac(str_of(b, 20), str_of(dd, 50),
	          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	for (u8 i = 0; i < 25; i++)
		counted[i] = (u8)(i + 1);
	memset(cd, 0xcd, sizeof cd);
	check_mac(str_of(counted, 25), str_of(cd, 50),
	          "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
	check_mac(str_of(b, 131), STR("Test Using Larger Than Block-Size Key - Hash Key First"),
	          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	check_mac(str_of(b, 131),
	          STR("This is a test using a larger than block-size key and a larger than "
	              "block-size data. "
	              "The key needs to be hashed before being used by the HMAC algorithm."),
	          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

/* RFC 5869, A.1 to A.3. */
static void
test_hkdf(void **state)
{
	u8 ikm[80], salt[80], info[80], out[82];

	memset(ikm, 0x0b, sizeof ikm);
	for (u32 i = 0; i < 80; i++) {
		salt[i] = (u8)i;
		info[i] = (u8)(0xf0 + i);
	}
	hash_hkdf(str_of(ikm, 22), str_of(salt, 13), str_of(info, 10), out, 42);
	hex_same(
	    out, 42,
	    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
	hash_hkdf(str_of(ikm, 22), STR_NONE, STR_NONE, out, 42);
	hex_same(
	    out, 42,
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
	for (u32 i = 0; i < 80; i++) {
		ikm[i] = (u8)i;
		salt[i] = (u8)(0x60 + i);
		info[i] = (u8)(0xb0 + i);
	}
	hash_hkdf(str_of(ikm, 80), str_of(salt, 80), str_of(info, 80), out, 82);
	hex_same(out, 82,
	         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac782727"
	         "1cb41c65e590e09"
	         "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_sha256_in_pieces),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_hkdf),
	};

	return cmocka_run_group_tests(tests, NULL, guard_free);
}
