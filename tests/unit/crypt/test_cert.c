#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/base64.h"
#include "crypt/cert.h"
#include "crypt/pem_priv.h"
#include "crypt/x509_priv.h"
#include "lib/fixture.h"
#include "lib/guard.h"
#include "lib/hex.h"

#define DIR "tests/data/tls/"

static u8 memory[1 << 18];
static struct arena arena;
static const char *why;

static int
setup(void **state)
{
	arena = arena_over(memory, sizeof memory);
	why = "not set";
	return 0;
}

/* The pin of a name in the file openssl made. */
static void
known_pin(const char *name, u8 pin[CERT_PIN_N])
{
	struct str text = fixture(DIR "pins"), line;

	while ((line = str_next(&text, '\n')).n)
		if (str_is(str_next(&line, ' '), name)) {
			assert_int_equal(cert_pin_read(line, pin), 0);
			return;
		}
	fail_msg("no pin for %s", name);
}

static void
test_chains(void **state)
{
	static const struct {
		const char *file, *pin;
		u32 n;
		wall until;
	} chains[] = {
		{ DIR "ec.pem", "ec", 1, 4102444800 },     { DIR "rsa.pem", "rsa", 2, 4102444800 },
		{ DIR "p384.pem", "p384", 1, 4102444800 }, { DIR "old.pem", "ec", 1, 1577836800 },
		{ DIR "self.pem", "self", 1, 4102444800 },
	};

	for (size_t i = 0; i < ARRAY_N(chains); i++) {
		struct cert_chain c;
		u8 pin[CERT_PIN_N];

		assert_int_equal(cert_chain_read(fixture(chains[i].file), &arena, &c, &why), 0);
		assert_int_equal(c.n, chains[i].n);
		assert_int_equal(c.from, 946684800);
		assert_int_equal(c.until, chains[i].until);
		known_pin(chains[i].pin, pin);
		assert_memory_equal(c.pin, pin, CERT_PIN_N);
	}
}

static void
test_keys_fit(void **state)
{
	static const struct {
		const char *cert, *key;
		bool fits;
	} pairs[] = {
		{ DIR "ec.pem", DIR "ec.key", true },
		{ DIR "ec.pem", DIR "ec.sec1.key", true },
		{ DIR "rsa.pem", DIR "rsa.key", true },
		{ DIR "rsa.pem", DIR "rsa.pkcs1.key", true },
		{ DIR "p384.pem", DIR "p384.key", true },
		{ DIR "p384.pem", DIR "p384.sec1.key", true },
		{ DIR "self.pem", DIR "ec.key", true },
		{ DIR "ec.pem", DIR "rsa.key", false },
		{ DIR "rsa.pem", DIR "ec.key", false },
		{ DIR "p384.pem", DIR "ec.key", false },
		{ DIR "ec.pem", DIR "p384.sec1.key", false },
	};

	for (size_t i = 0; i < ARRAY_N(pairs); i++) {
		struct cert_chain c;
		struct cert_key k;

		assert_int_equal(cert_chain_read(fixture(pairs[i].cert), &arena, &c, &why), 0);
		assert_int_equal(cert_key_read(fixture(pairs[i].key), &arena, &k, &why), 0);
		assert_int_equal(cert_match(&c, &k), pairs[i].fits);
	}
}

/* Two P-256 keys: the right kind alone does not make a pair. */
static void
test_other_key_of_same_kind(void **state)
{
	struct cert_chain c;
	struct cert_key k;

	assert_int_equal(cert_chain_read(fixture(DIR "ca.pem"), &arena, &c, &why), 0);
	assert_int_equal(cert_key_read(fixture(DIR "ec.key"), &arena, &k, &why), 0);
	assert_false(cert_match(&c, &k));
}

static void
test_refused_in_words(void **state)
{
	static const struct {
		const char *file, *words;
	} keys[] = {
		{ DIR "locked.key", "the private key is encrypted: give it without a passphrase" },
		{ DIR "locked.pkcs1.key",
		  "the private key is encrypted: give it without a passphrase" },
		{ DIR "ed.key", "the key is of a kind not supported: use EC (P-256 to P-521) or "
		                "RSA (2048 to 4096)" },
		{ DIR "weak.key", "the key is of a kind not supported: use EC (P-256 to P-521) or "
		                  "RSA (2048 to 4096)" },
		{ DIR "ec.pem", "the file holds no private key in PEM form" },
	};
	struct cert_anchors t;
	struct cert_chain c;
	struct cert_key k;

	for (size_t i = 0; i < ARRAY_N(keys); i++) {
		assert_int_equal(cert_key_read(fixture(keys[i].file), &arena, &k, &why), ERR_BAD);
		assert_string_equal(why, keys[i].words);
	}
	assert_int_equal(cert_chain_read(fixture(DIR "ec.key"), &arena, &c, &why), ERR_BAD);
	assert_string_equal(why, "the file holds no certificate in PEM form");
	assert_int_equal(cert_chain_read(fixture(DIR "ed.pem"), &arena, &c, &why), ERR_BAD);
	assert_string_equal(
	    why, "the first certificate is damaged or its key is of a kind not supported");
	assert_int_equal(cert_anchors_read(fixture(DIR "ec.key"), &arena, &t, &why), ERR_BAD);
	assert_string_equal(why,
	                    "the file holds no certificate that can be used as a trust anchor");
}

/* Several files behind one another, with text between and Windows line ends. */
static struct str
bundle(void)
{
	static u8 room[16384];
	static const char *const files[] = { DIR "ca.pem", DIR "ec.key", DIR "ed.pem",
		                             DIR "rsa.pem", DIR "other.pem" };
	struct buf b = buf_over(room, sizeof room);

	for (size_t i = 0; i < ARRAY_N(files); i++) {
		struct str text = fixture(files[i]);

		buf_c(&b, "# a comment -----BEGIN NOTHING\r\n");
		for (u32 j = 0; j < text.n; j++) {
			if (text.p[j] == '\n')
				buf_byte(&b, '\r');
			buf_byte(&b, text.p[j]);
		}
	}
	assert_false(b.over);
	return guard_bytes(buf_str(&b));
}

static void
test_anchors(void **state)
{
	struct cert_anchors t;
	const br_x509_trust_anchor *list;
	struct x509 x;
	struct pem block;
	struct str text = fixture(DIR "ca.pem");

	assert_int_equal(cert_anchors_read(bundle(), &arena, &t, &why), 0);
	assert_int_equal(t.n, 4); /* ca, leaf and middle of rsa, other */
	assert_int_equal(t.skipped, 1);
	list = t.list;
	assert_int_equal(list[0].flags, BR_X509_TA_CA);
	assert_int_equal(list[1].flags, 0);
	assert_int_equal(list[2].flags, BR_X509_TA_CA);
	assert_int_equal(pem_next(&text, &arena, &block), 1);
	assert_int_equal(x509_read(block.der, &x), 0);
	assert_true(str_same(x.subject, str_of(list[0].dn.data, list[0].dn.len)));
	assert_true(str_same(x.q, str_of(list[0].pkey.key.ec.q, list[0].pkey.key.ec.qlen)));
}

/* The machine's own bundle, when there is one: nearly all of it must be usable, at about 400 bytes
 * each. */
static void
test_anchors_of_this_machine(void **state)
{
	static u8 room[4 << 20];
	FILE *f = fopen("/etc/ssl/certs/ca-certificates.crt", "rb");
	struct cert_anchors t;
	struct arena big = arena_over(room, sizeof room);

	if (!f) {
		print_message("skipped: no ca-certificates\n");
		skip();
	}
	fclose(f);
	assert_int_equal(
	    cert_anchors_read(fixture("/etc/ssl/certs/ca-certificates.crt"), &big, &t, &why), 0);
	assert_true(t.n > 50);
	assert_true(t.skipped <= t.n / 20);
	assert_true(big.used <= t.n * 600);
}

/* Too little memory is an answer at every size. */
static void
test_room(void **state)
{
	struct str text = bundle();
	struct cert_anchors t;
	struct cert_chain c;
	struct cert_key k;
	size_t n = 0;
	int got;

	do {
		struct arena a = arena_over(memory, n);

		got = cert_anchors_read(text, &a, &t, &why);
		assert_true(got == 0 || got == ERR_FULL);
		n += 16;
	} while (got);
	assert_true(n > 500);
	for (n = 0; n < 2000; n += 16) {
		struct arena a = arena_over(memory, n);

		got = cert_chain_read(fixture(DIR "ec.pem"), &a, &c, &why);
		assert_true(got == 0 || got == ERR_FULL);
		a = arena_over(memory, n);
		got = cert_key_read(fixture(DIR "rsa.key"), &a, &k, &why);
		assert_true(got == 0 || got == ERR_FULL);
		guard_free(NULL);
	}
}

/* Cut anywhere, a file is refused or (behind its last block) whole. */
static void
test_cut(void **state)
{
	static u8 copy[4096];
	struct str text = fixture(DIR "rsa.pkcs1.key");
	struct cert_key k;

	memcpy(copy, text.p, text.n);
	guard_free(NULL);
	for (u32 n = 0; n < text.n; n++) {
		struct arena a = arena_over(memory, sizeof memory);
		int got = cert_key_read(guard_bytes(str_of(copy, n)), &a, &k, &why);

		assert_int_equal(
		    got, n == text.n - 1 ? 0 : ERR_BAD); /* the last line end may be missing */
		guard_free(NULL);
	}
}

/* Every byte of a certificate changed: read or refused, never out of bounds. */
static void
test_damaged(void **state)
{
	struct str text = fixture(DIR "rsa.pem");
	struct pem block;
	u32 refused = 0;
	u8 *der;

	assert_int_equal(pem_next(&text, &arena, &block), 1);
	der = guard_room(block.der.n);
	for (u32 i = 0; i < block.der.n; i++)
		for (int change = 1; change < 256; change <<= 1) {
			struct x509 x;

			memcpy(der, block.der.p, block.der.n);
			der[i] ^= (u8)change;
			refused += x509_read(str_of(der, block.der.n), &x) != 0;
		}
	assert_true(refused > 300);
	for (u32 n = 0; n < block.der.n; n++) {
		struct x509 x;

		assert_int_equal(x509_read(guard_bytes(str_of(block.der.p, n)), &x), ERR_BAD);
		if (n % 64 == 0)
			guard_free(NULL);
	}
}

static void
test_pin_text(void **state)
{
	static const char *const good[] = { "uTTMFloa7a9wfeqPcq3nac+FstT89zR+KFLK1HsAlac=",
		                            "sha256/uTTMFloa7a9wfeqPcq3nac+FstT89zR+KFLK1HsAlac=",
		                            "sha256//uTTMFloa7a9wfeqPcq3nac+FstT89zR+KFLK1HsAlac=",
		                            " uTTMFloa7a9wfeqPcq3nac+FstT89zR+KFLK1HsAlac=\n" };
	static const char *const bad[] = { "",
		                           "sha256/",
		                           "uTTMFloa7a9wfeqPcq3nac+FstT89zR+KFLK1HsAlac",
		                           "sha1/uTTMFloa7a9wfeqPcq3nac+FstT89zR+KFLK1HsAlac=",
		                           "uTTMFloa7a9wfeqPcq3nac+FstT89zR+KFLK1HsAlaec",
		                           "uTTM" };
	u8 pin[CERT_PIN_N];

	for (size_t i = 0; i < ARRAY_N(good); i++) {
		assert_int_equal(cert_pin_read(guard_str(good[i]), pin), 0);
		hex_same(pin, 4, "b934cc16");
	}
	for (size_t i = 0; i < ARRAY_N(bad); i++)
		assert_int_equal(cert_pin_read(guard_str(bad[i]), pin), ERR_BAD);
	/* A pin may itself begin with a slash. */
	assert_int_equal(cert_pin_read(STR("//////////////////////////////////////////8="), pin),
	                 0);
	assert_int_equal(
	    cert_pin_read(STR("sha256///////////////////////////////////////////8="), pin), 0);
	assert_int_equal(
	    cert_pin_read(STR("sha256////////////////////////////////////////////8="), pin), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_chains, setup, guard_free),
		cmocka_unit_test_setup_teardown(test_keys_fit, setup, guard_free),
		cmocka_unit_test_setup_teardown(test_other_key_of_same_kind, setup, guard_free),
		cmocka_unit_test_setup_teardown(test_refused_in_words, setup, guard_free),
		cmocka_unit_test_setup_teardown(test_anchors, setup, guard_free),
		cmocka_unit_test_setup_teardown(test_anchors_of_this_machine, setup, guard_free),
		cmocka_unit_test_setup_teardown(test_room, setup, guard_free),
		cmocka_unit_test_setup_teardown(test_cut, setup, guard_free),
		cmocka_unit_test_setup_teardown(test_damaged, setup, guard_free),
		cmocka_unit_test_setup_teardown(test_pin_text, setup, guard_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
