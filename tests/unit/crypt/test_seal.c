#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/seal.h"
#include "lib/guard.h"
#include "lib/hex.h"

#define USE ((struct seal_use){ STR("credential|demo|1"), STR("header") })
#define SECRET STR("a secret token")

static struct rng rng;
static struct seal_keys keys;

static int
setup(void **state)
{
	u8 seed[RNG_SEED_N], key[SEAL_KEY_N];

	for (u8 i = 0; i < sizeof seed; i++)
		seed[i] = i;
	for (u8 i = 0; i < sizeof key; i++)
		key[i] = (u8)(100 + i);
	rng_init(&rng, str_of(seed, sizeof seed));
	keys = (struct seal_keys){ 0 };
	return seal_key(&keys, 7, key);
}

/* The record a separate implementation (HMAC and AEAD of another library) makes of the same
 * inputs. */
static void
test_known(void **state)
{
	u8 room[128];
	struct buf b = buf_over(room, sizeof room);

	assert_int_equal(seal_make(&keys, &rng, USE, SECRET, &b), 0);
	assert_int_equal(b.w, SECRET.n + SEAL_EXTRA);
	hex_same(b.p, b.w,
	         "01070ffb80875a3e9022a4941a3fa1b0d3611df14e1cf651a73ce9229b9f3ad56887"
	         "b1634d89d6ed76ca9acfbfc8accbe937ed218975092a36a3267cab39065c");
}

static void
test_round_trip(void **state)
{
	u8 plain[300];

	for (u32 i = 0; i < sizeof plain; i++)
		plain[i] = (u8)i;
	for (u32 n = 0; n <= sizeof plain; n += n < 70 ? 1 : 23) {
		struct buf sealed = buf_over(guard_room(n + SEAL_EXTRA), n + SEAL_EXTRA);
		struct buf back = buf_over(guard_room(n + SEAL_EXTRA), n + SEAL_EXTRA);

		assert_int_equal(seal_make(&keys, &rng, USE, str_of(plain, n), &sealed), 0);
		assert_int_equal(seal_open(&keys, USE, buf_str(&sealed), &back), 0);
		assert_true(str_same(buf_str(&back), str_of(plain, n)));
	}
}

static void
test_text(void **state)
{
	u8 plain[100];

	memset(plain, 0xc3, sizeof plain);
	for (u32 n = 0; n <= sizeof plain; n++) {
		u32 text_n = (n + SEAL_EXTRA) * 4 / 3 + ((n + SEAL_EXTRA) % 3 != 0);
		struct buf text = buf_over(guard_room(text_n), text_n);
		struct buf back = buf_over(guard_room(n + SEAL_EXTRA), n + SEAL_EXTRA);

		assert_int_equal(seal_make_text(&keys, &rng, USE, str_of(plain, n), &text), 0);
		assert_int_equal(text.w, text_n);
		for (u32 i = 0; i < text.w; i++)
			assert_non_null(strchr(
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
			    text.p[i]));
		assert_int_equal(seal_open_text(&keys, USE, buf_str(&text), &back), 0);
		assert_true(str_same(buf_str(&back), str_of(plain, n)));
	}
}

/* Every bit of the record counts, and nothing of the text comes out. */
static void
test_tampered(void **state)
{
	u8 room[128], out[128];
	struct buf b = buf_over(room, sizeof room);

	assert_int_equal(seal_make(&keys, &rng, USE, SECRET, &b), 0);
	for (u32 i = 0; i < b.w * 8; i++) {
		struct buf back = buf_over(out, sizeof out);
		int want =
		    i / 8 == 1 ? ERR_NONE : ERR_BAD; /* byte 1 names a key that is not here */

		room[i / 8] ^= (u8)(1 << (i & 7));
		assert_int_equal(seal_open(&keys, USE, buf_str(&b), &back), want);
		assert_int_equal(back.w, 0);
		if (i / 8 >= 34)
			assert_memory_equal(out, (u8[SEAL_EXTRA]){ 0 }, SEAL_EXTRA);
		room[i / 8] ^= (u8)(1 << (i & 7));
	}
	for (u32 n = 0; n < b.w; n++) {
		struct buf back = buf_over(out, sizeof out);

		assert_int_equal(seal_open(&keys, USE, guard_bytes(str_of(room, n)), &back),
		                 ERR_BAD);
	}
}

static void
test_other_use(void **state)
{
	static const struct seal_use others[] = {
		{ { (const u8 *)"credential|demo|2", 17 }, { (const u8 *)"header", 6 } },
		{ { (const u8 *)"credential|demo|1", 17 }, { (const u8 *)"Header", 6 } },
		{ { (const u8 *)"credential|demo|1", 17 }, { NULL, 0 } },
		{ { (const u8 *)"credential|demo|1h", 18 }, { (const u8 *)"eader", 5 } },
		{ { NULL, 0 }, { (const u8 *)"header", 6 } },
	};
	u8 room[128], out[128];
	struct buf b = buf_over(room, sizeof room);

	assert_int_equal(seal_make(&keys, &rng, USE, SECRET, &b), 0);
	for (size_t i = 0; i < ARRAY_N(others); i++) {
		struct buf back = buf_over(out, sizeof out);

		assert_int_equal(seal_open(&keys, others[i], buf_str(&b), &back), ERR_BAD);
	}
}

/* A new key in front: it seals, the old one still opens; without the old one its records are NONE,
 * not BAD. */
static void
test_rotation(void **state)
{
	u8 old_room[128], new_room[128], out[128], fresh[SEAL_KEY_N] = { 9 };
	struct buf old = buf_over(old_room, sizeof old_room),
		   now = buf_over(new_room, sizeof new_room);
	struct buf back = buf_over(out, sizeof out);
	struct seal_keys both = { 0 }, only = { 0 };

	assert_int_equal(seal_make(&keys, &rng, USE, SECRET, &old), 0);
	assert_int_equal(seal_key(&both, 8, fresh), 0);
	assert_int_equal(seal_key(&both, 7, keys.key[0]), 0);
	assert_int_equal(seal_key(&both, 7, fresh), ERR_LATE);
	assert_int_equal(seal_key(&only, 8, fresh), 0);
	assert_int_equal(seal_make(&both, &rng, USE, SECRET, &now), 0);
	assert_int_equal(now.p[1], 8);
	assert_int_equal(seal_open(&both, USE, buf_str(&old), &back), 0);
	assert_int_equal(seal_open(&only, USE, buf_str(&now), &back), 0);
	assert_int_equal(back.w, 2 * SECRET.n);
	assert_int_equal(seal_open(&only, USE, buf_str(&old), &back), ERR_NONE);
	for (u8 id = 20; both.n < SEAL_KEYS_MAX; id++)
		assert_int_equal(seal_key(&both, id, fresh), 0);
	assert_int_equal(seal_key(&both, 99, fresh), ERR_FULL);
}

static void
test_room(void **state)
{
	u8 room[64], out[64];
	struct buf b = buf_over(room, SECRET.n + SEAL_EXTRA - 1),
		   back = buf_over(out, SECRET.n + SEAL_EXTRA - 1);

	assert_int_equal(seal_make(&keys, &rng, USE, SECRET, &b), ERR_FULL);
	assert_int_equal(seal_make_text(&keys, &rng, USE, SECRET, &b), ERR_FULL);
	assert_int_equal(b.w, 0);
	b = buf_over(room, sizeof room);
	assert_int_equal(seal_make(&keys, &rng, USE, SECRET, &b), 0);
	assert_int_equal(seal_open(&keys, USE, buf_str(&b), &back), ERR_FULL);
	assert_int_equal(back.w, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_known, setup),
		cmocka_unit_test_setup(test_round_trip, setup),
		cmocka_unit_test_setup(test_text, setup),
		cmocka_unit_test_setup(test_tampered, setup),
		cmocka_unit_test_setup(test_other_use, setup),
		cmocka_unit_test_setup(test_rotation, setup),
		cmocka_unit_test_setup(test_room, setup),
	};

	return cmocka_run_group_tests(tests, NULL, guard_free);
}
