#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/pass.h"
#include "lib/guard.h"
#include "lib/hex.h"

static void
derive(const char *password, const char *salt, u32 rounds, u32 slice, const char *want)
{
	struct pass p;
	u32 steps = 1;

	pass_begin(&p, guard_str(password), guard_str(salt), rounds);
	while (pass_step(&p, slice) == STEP_MORE)
		steps++;
	assert_int_equal(steps, rounds <= 1 ? 1 : (rounds - 2) / slice + 1);
	hex_same(p.sum, HASH_N, want);
	pass_done(&p);
	assert_int_equal(p.sum[0] | p.last[31] | p.key.state[0], 0);
}

/* RFC 7914 section 11 (first blocks), and the well-known RFC 6070 input with SHA-256. */
static void
test_vectors(void **state)
{
	derive("passwd", "salt", 1, 10,
	       "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
	derive("Password", "NaCl", 80000, PASS_SLICE,
	       "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
	derive("passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 7,
	       "348c89dbcbd32b2f32d814b8116e84cf2b17347ebc1800181c4e2a1fb8dd53e1");
}

static void
test_record(void **state)
{
	struct pass_record rec = { .rounds = 1000 }, back;
	u8 text[PASS_RECORD_MAX];
	struct buf b = buf_over(text, sizeof text);
	struct pass p;

	memset(rec.salt, 0xa5, sizeof rec.salt);
	pass_begin(&p, STR("open sesame"), str_of(rec.salt, PASS_SALT_N), rec.rounds);
	while (pass_step(&p, 100) == STEP_MORE)
		continue;
	memcpy(rec.hash, p.sum, HASH_N);
	pass_print(&b, &rec);
	assert_false(b.over);
	assert_int_equal(pass_read(guard_bytes(buf_str(&b)), &back), 0);
	assert_int_equal(back.rounds, 1000);
	assert_memory_equal(back.salt, rec.salt, PASS_SALT_N);
	assert_true(pass_same(&p, &back));
	back.hash[31] ^= 1;
	assert_false(pass_same(&p, &back));
	for (u32 n = 0; n < b.w; n++)
		assert_int_equal(pass_read(guard_bytes(str_of(text, n)), &back), ERR_BAD);
}

static void
test_record_refused(void **state)
{
	static const char *const bad[] = {
		"pbkdf2-sha256$0$paWlpaWlpaWlpaWlpaWlpQ$"
		"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU",
		"pbkdf2-sha256$100000001$paWlpaWlpaWlpaWlpaWlpQ$"
		"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU",
		"pbkdf2-sha1$1000$paWlpaWlpaWlpaWlpaWlpQ$"
		"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU",
		"pbkdf2-sha256$-1$paWlpaWlpaWlpaWlpaWlpQ$"
		"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU",
		"pbkdf2-sha256$1000$paWlpaWlpaWlpaWlpaWlpQ$"
		"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU$",
		"pbkdf2-sha256$1000$$",
	};
	struct pass_record rec;

	for (size_t i = 0; i < ARRAY_N(bad); i++)
		assert_int_equal(pass_read(guard_str(bad[i]), &rec), ERR_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_record_refused),
	};

	return cmocka_run_group_tests(tests, NULL, guard_free);
}
