/* vault: secrets of the store, remembered; of users, under names that nobody can give to others. */
#include "op/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MEMORY ((size_t)8 << 20)

static struct vault vault;
static struct arena arena;
static struct store *store;
static struct seal_keys keys;
static struct rng rng;

static void
put(struct str name, const char *secret)
{
	u8 room[VAULT_SECRET_MAX], key[80];
	struct buf b = buf_over(room, sizeof room), k = buf_over(key, sizeof key);
	struct store_op op = { .verb = STORE_PUT, .ttl_s = STORE_FOREVER };

	buf_fmt(&k, "u:%S", name);
	assert_int_equal(vault_seal(&keys, &rng, name, str_c(secret), &b), 0);
	op.key = buf_str(&k);
	op.val = buf_str(&b);
	assert_int_equal(store_do(store, &op), 0);
}

static void
test_user(void **state)
{
	u8 a[VAULT_USER_N], b[VAULT_USER_N];
	struct str ann = vault_user(0x1234, 7, a), bob = vault_user(0x1235, 7, b), secret;

	assert_true(str_is(ann, "@0000000000001234/0000000000000007"));
	assert_false(vault_name_ok(ann)); /* nobody configures it */
	put(ann, "anns-key");
	assert_int_equal(vault_get(&vault, ann, &secret, 0), 0);
	assert_true(str_is(secret, "anns-key"));
	assert_int_equal(vault_get(&vault, bob, &secret, 0), ERR_NONE);
	assert_int_equal(secret.n, 0);
	put(bob, "bobs-key");
	assert_int_equal(vault_get(&vault, bob, &secret, 0), 0);
	assert_true(str_is(secret, "bobs-key"));
	assert_int_equal(vault_get(&vault, STR("@x"), &secret, 0), ERR_FULL);
}

/* More users than it remembers: each still gets his own. */
static void
test_many(void **state)
{
	for (u32 round = 0; round < 2; round++)
		for (u64 i = 1; i <= VAULT_ENTRIES + 20; i++) {
			u8 name[VAULT_USER_N];
			char text[32];
			struct str secret;

			snprintf(text, sizeof text, "key-of-%u", (unsigned)i);
			if (!round)
				put(vault_user(i, 9, name), text);
			assert_int_equal(vault_get(&vault, vault_user(i, 9, name), &secret, 0), 0);
			assert_true(str_is(secret, text));
		}
	assert_int_equal(vault.n, VAULT_ENTRIES);
}

static int
setup(void **state)
{
	static const u8 seed[RNG_SEED_N] = { 7 }, key[SEAL_KEY_N] = { 1 };

	arena = arena_over(malloc(MEMORY), MEMORY);
	rng_init(&rng, str_of(seed, sizeof seed));
	store = store_open_ram(&arena, 200, 0, 1000, 1700000000);
	return !store || seal_key(&keys, 1, key) || vault_init(&vault, &arena, store, &keys, NULL);
}

static int
teardown(void **state)
{
	free(arena.p);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
