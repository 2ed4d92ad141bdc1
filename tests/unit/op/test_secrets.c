/* secrets: which part of a credential is one, when it is prepared anew, and who may take a place. */
#include "op/secrets.h"

#include "filter/redact.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>

#define MEMORY ((size_t)8 << 20)

static struct secrets secrets;
static struct vault vault;
static struct arena arena;
static struct store *store;
static struct seal_keys keys;
static struct rng rng;

static struct credential
made(u8 in, const char *value, const char *secret)
{
	return (struct credential){ .in = in, .value = str_c(value), .secret = secret ? str_c(secret) : STR_NONE };
}

static int
take(const struct environment *e, struct vault *v, const char *own, const struct needles **set)
{
	const struct secrets_ask ask = { e, v, str_c(own), *own != 0 };

	return secrets_take(&secrets, &ask, 1000, set);
}

/* The text as it comes back from an environment with this credential. */
static struct str
shown(const struct credential *c, const char *text)
{
	static u8 room[256];
	struct buf b = buf_over(room, sizeof room);
	struct environment e = { .credential = *c };
	const struct needles *set;

	assert_int_equal(take(&e, &vault, "", &set), 0);
	redact_put(set, str_c(text), &b);
	secrets_give(&secrets, set);
	return buf_str(&b);
}

#define shows(in, value, secret, text, want) \
	do { \
		struct credential shows_c = made(in, value, secret); \
		struct str shows_got = shown(&shows_c, text); \
		if (!str_is(shows_got, want)) \
			fail_msg("%.*s", STR_ARG(shows_got)); \
	} while (0)

static void
test_which_part(void **state)
{
	shows(CREDENTIAL_HEADER, "token s3cret-key", "s3cret-key", "token s3cret-key", "token [redacted]");
	shows(CREDENTIAL_HEADER, "s3cret-key", "s3cret-key", "k: s3cret-key", "k: [redacted]");
	shows(CREDENTIAL_HEADER, "token s3cret-key", NULL, "k: s3cret-key", "k: [redacted]");
	shows(CREDENTIAL_HEADER, "token s3cret-key", "token s3cret-key", "k: s3cret-key", "k: [redacted]");
	shows(CREDENTIAL_HEADER, "pass phrase", NULL, "pass phrase", "[redacted]"); /* the last word would be too short */
	shows(CREDENTIAL_BEARER, "s3cret-key", "s3cret-key", "Bearer s3cret-key", "Bearer [redacted]");
	shows(CREDENTIAL_BASIC, "ann:s3cret-key", "s3cret-key", "Basic YW5uOnMzY3JldC1rZXk=", "Basic YW5uO[redacted]=");
	shows(CREDENTIAL_BASIC, "ann:s3cret:key", "s3cret:key", "ann:s3cret:key", "ann:[redacted]");
	shows(CREDENTIAL_BASIC, "ann:s3cret:key", NULL, "ann:s3cret:key", "ann:[redacted]");
	shows(CREDENTIAL_BASIC, "s3cret-key:", NULL, "s3cret-key", "[redacted]");
	shows(CREDENTIAL_BASIC, "s3cret-key:x", "s3cret-key", "s3cret-key:x", "[redacted]:x");
	shows(CREDENTIAL_QUERY, "short", "short", "short", "short");
}

static void
test_none(void **state)
{
	struct environment e = { .credential = { .in = CREDENTIAL_NONE } };
	const struct needles *set = (const struct needles *)&e;

	assert_int_equal(take(&e, NULL, "", &set), 0);
	assert_null(set);
	secrets_give(&secrets, set);
}

/* Prepared once; anew when the secret is another, while who began before keeps the old one. */
static void
test_prepared_once(void **state)
{
	struct environment e = { .credential = made(CREDENTIAL_BEARER, "s3cret-key", NULL) };
	const struct needles *a, *b, *c;
	u8 room[64];
	struct buf out = buf_over(room, sizeof room);

	assert_int_equal(take(&e, &vault, "", &a), 0);
	assert_int_equal(take(&e, &vault, "", &b), 0);
	assert_ptr_equal(a, b);
	e.credential = made(CREDENTIAL_BEARER, "another-key", NULL);
	assert_int_equal(take(&e, &vault, "", &c), 0);
	assert_ptr_not_equal(a, c);
	assert_int_equal(redact_put(a, STR("s3cret-key another-key "), &out), 1);
	assert_int_equal(redact_put(c, STR("s3cret-key another-key"), &out), 1);
	assert_true(str_is(buf_str(&out), "[redacted] another-key s3cret-key [redacted]"));
	secrets_give(&secrets, a);
	secrets_give(&secrets, b);
	secrets_give(&secrets, c);
}

static void
test_all_in_use(void **state)
{
	struct environment e[SECRETS_MAX + 1];
	const struct needles *set[SECRETS_MAX + 1];
	struct str text = STR("number-000");
	u8 room[64];

	for (u32 i = 0; i <= SECRETS_MAX; i++) {
		e[i] = (struct environment){ .credential = made(CREDENTIAL_BEARER, "number-000", NULL) };
		assert_int_equal(take(&e[i], &vault, "", &set[i]), i < SECRETS_MAX ? 0 : ERR_FULL);
	}
	assert_null(set[SECRETS_MAX]);
	secrets_give(&secrets, set[5]);
	assert_int_equal(take(&e[5], &vault, "", &set[5]), 0);
	secrets_give(&secrets, set[7]);
	secrets_give(&secrets, set[5]);
	assert_int_equal(take(&e[SECRETS_MAX], &vault, "", &set[SECRETS_MAX]), 0);
	assert_ptr_equal(set[SECRETS_MAX], set[7]); /* the one unused for longest */
	secrets_give(&secrets, set[SECRETS_MAX]);
	for (u32 i = 0; i < SECRETS_MAX; i++)
		if (i != 5 && i != 7) {
			struct buf b = buf_over(room, sizeof room);

			assert_int_equal(redact_put(set[i], text, &b), 1);
			secrets_give(&secrets, set[i]);
		}
}

/* No answer shows a credential of another environment or API; of which there are two sets, so that one who began
 * before keeps the old one. */
static void
test_others(void **state)
{
	struct environment e[3] = { { .credential = made(CREDENTIAL_BEARER, "first-secret", NULL) },
		{ .credential = made(CREDENTIAL_HEADER, "token second-secret", "second-secret") }, { .name = STR("none") } };
	struct api api[2] = { { .environment = e, .environments = 2 }, { .environment = &e[2], .environments = 1 } };
	struct gen gen = { .number = 1, .api = api, .apis = 2 };
	const struct needles *a, *b, *none;
	u8 room[200];
	struct buf out = buf_over(room, sizeof room);

	secrets.gen = &gen;
	secrets.rng = &rng;
	assert_int_equal(take(&e[0], &vault, "", &a), 0);
	assert_int_equal(take(&e[2], &vault, "", &none), 0);
	assert_int_equal(redact_put(a, STR("first-secret c2Vjb25kLXNlY3JldA "), &out), 2);
	assert_int_equal(redact_put(none, STR("second-secret"), &out), 1);
	assert_true(str_is(buf_str(&out), "[redacted] [redacted]A [redacted]"));
	gen.number = 2;
	e[1].credential = made(CREDENTIAL_HEADER, "token third-secret", "third-secret");
	assert_int_equal(take(&e[0], &vault, "", &b), 0);
	out = buf_over(room, sizeof room);
	assert_int_equal(redact_put(a, STR("second-secret third-secret "), &out), 1);
	assert_int_equal(redact_put(b, STR("second-secret third-secret"), &out), 1);
	assert_true(str_is(buf_str(&out), "[redacted] third-secret second-secret [redacted]"));
	secrets_give(&secrets, a);
	secrets_give(&secrets, b);
	secrets_give(&secrets, none);
	secrets.gen = NULL;
}

static void
put_sealed(const char *secret)
{
	u8 room[VAULT_SECRET_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct store_op op = { .verb = STORE_PUT, .key = STR("u:main"), .ttl_s = STORE_FOREVER };

	assert_int_equal(vault_seal(&keys, &rng, STR("main"), str_c(secret), &b), 0);
	op.val = buf_str(&b);
	assert_int_equal(store_do(store, &op), 0);
}

static void
test_from_the_store(void **state)
{
	struct credential c = made(CREDENTIAL_HEADER, "token {secret}", NULL);

	c.store = STR("main");
	put_sealed("s3cret-key");
	assert_true(str_is(shown(&c, "token s3cret-key"), "token [redacted]"));
	put_sealed("another-key");
	assert_true(str_is(shown(&c, "token s3cret-key another-key"), "token s3cret-key [redacted]"));
	c.value = STR("");
	put_sealed("token s3cret-key");
	assert_true(str_is(shown(&c, "token s3cret-key"), "token [redacted]"));
	c.in = CREDENTIAL_BASIC;
	put_sealed("ann:s3cret-key");
	assert_true(str_is(shown(&c, "ann:s3cret-key"), "ann:[redacted]"));
}

static int
setup(void **state)
{
	static const u8 seed[RNG_SEED_N] = { 7 }, key[SEAL_KEY_N] = { 1 };

	arena = arena_over(malloc(MEMORY), MEMORY);
	rng_init(&rng, str_of(seed, sizeof seed));
	store = store_open_ram(&arena, 10, 0, 1000, 1700000000);
	return !store || seal_key(&keys, 1, key) || vault_init(&vault, &arena, store, &keys, NULL) || secrets_init(&secrets, &arena);
}

static int
teardown(void **state)
{
	free(arena.p);
	return 0;
}

/* A caller's own: found like the others, not shared with another caller's, and nothing of it stays. */
static void
test_own(void **state)
{
	struct environment e = { .credential = { .in = CREDENTIAL_HEADER, .of = CREDENTIAL_CALLERS } };
	const struct needles *a, *b, *c;
	u8 room[64];
	struct buf out = buf_over(room, sizeof room);
	static const struct needles none;

	assert_int_equal(take(&e, &vault, "callers-key-1", &a), 0);
	assert_int_equal(take(&e, &vault, "callers-key-1", &b), 0);
	assert_int_equal(take(&e, &vault, "callers-key-2", &c), 0);
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_int_equal(redact_put(a, STR("callers-key-1 callers-key-2"), &out), 1);
	assert_true(str_is(buf_str(&out), "[redacted] callers-key-2"));
	secrets_give(&secrets, a);
	assert_memory_not_equal(b, &none, sizeof none);
	secrets_give(&secrets, b);
	assert_memory_equal(b, &none, sizeof none);
	secrets_give(&secrets, c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_part),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_prepared_once),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_all_in_use),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_from_the_store),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
