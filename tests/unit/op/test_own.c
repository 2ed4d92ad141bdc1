/* own: a credential that the caller brings along: where it goes, what of it is secret, and how a session keeps it. */
#include "op/op.h"

#include "lib/upstream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct up *u;
static struct ops ops;
static struct seal_keys keys;
static struct store *store;
static const struct passthrough pass = { .field = { { (const u8 *)"apikey", 6 }, { (const u8 *)"Authorization", 13 } },
	.fields = 2 };
static const struct environment at = { .name = { (const u8 *)"live", 4 }, .pass = &pass };
static const struct environment other = { .name = { (const u8 *)"test", 4 }, .pass = &pass };
static const struct api api = { .name = { (const u8 *)"pwf", 3 } };

static int
setup(void **state)
{
	static const u8 key[SEAL_KEY_N] = { 1 };

	u = up_new();
	memset(&ops, 0, sizeof ops);
	memset(&keys, 0, sizeof keys);
	store = store_open_ram(&u->rig->arena, 100, 0, u->rig->now, 1700000000);
	ASSERT(store && seal_key(&keys, 1, key) == 0);
	ASSERT(ops_init(&ops, &u->rig->arena, &u->rig->loop, &u->calls) == 0);
	ASSERT(vault_init(&ops.vault, &u->rig->arena, store, &keys, &u->rig->loop) == 0);
	ops.rng = &u->rig->rng;
	return 0;
}

static int
teardown(void **state)
{
	up_free(u);
	return 0;
}

static int
put(const char *before, const struct own *own, char text[600])
{
	u8 fields[300], words[300];
	struct params p = { .fields = buf_over(fields, sizeof fields) };
	struct buf why = buf_over(words, sizeof words);
	int err;

	buf_c(&p.fields, before);
	err = own_put(&at, own, &p, &why);
	snprintf(text, 600, "%.*s%.*s", STR_ARG(buf_str(&p.fields)), STR_ARG(buf_str(&why)));
	return err;
}

static void
test_put(void **state)
{
	struct own own = { pass.field[0], STR("s3cret-key") };
	char text[600];

	assert_int_equal(put("A: b\r\n", &own, text), 0);
	assert_string_equal(text, "A: b\r\napikey: s3cret-key\r\n");
	assert_int_equal(put("", NULL, text), ERR_NONE);
	assert_non_null(strstr(text, "header apikey or header Authorization."));
	/* an argument of the call is not sent in its place, nor beside it */
	assert_int_equal(put("A: b\r\nAPIKEY: mine\r\n", &own, text), ERR_DENY);
	assert_int_equal(put("authorization: Bearer x\r\n", &own, text), ERR_DENY);
	assert_int_equal(put("X-apikey: mine\r\n", &own, text), 0);
}

static void
secret_is(const char *value, const char *want)
{
	struct own own = { pass.field[1], str_c(value) };
	u8 room[OWN_MAX];
	struct str got = own_secret(&own, room);

	if (!str_is(got, want))
		fail_msg("%s: %.*s", value, STR_ARG(got));
}

static void
test_secret(void **state)
{
	secret_is("s3cret-key", "s3cret-key");
	secret_is("Bearer a.b.c-d-e-f", "a.b.c-d-e-f");
	secret_is("token s3cret-key", "s3cret-key");
	secret_is("Basic YW5uOnMzY3JldC1rZXk=", "s3cret-key");
	secret_is("basic YW5uOnMzY3JldC1rZXk=", "s3cret-key");
	secret_is("Basic !", "Basic !");
	secret_is("", "");
}

static int
reopen(const struct own_session *s, struct own *own, u8 *room)
{
	struct buf record = buf_over(room, OWN_MAX + 128);
	struct store_op op = { .verb = STORE_GET, .key = s->key, .out = &record };

	if (store_do(store, &op))
		return op.err;
	assert_true(str_find_str(op.val, STR("s3cret-key")) < 0);
	return own_open(&ops, s, &record, own);
}

static void
test_kept_for_one_session(void **state)
{
	static u8 room[OWN_MAX + 128];
	static char big[900]; /* the store of this test holds 1 KB */
	struct own own = { pass.field[1], STR("Bearer s3cret-key") }, got;
	struct own_session s = { STR("e:1"), &api, &at }, moved = { STR("e:2"), &api, &at };
	struct store_op op = { .verb = STORE_PUT, .key = STR("e:2"), .ttl_s = 60 };
	struct buf record = buf_over(room, sizeof room);

	own_keep(&ops, &own, &s, 60);
	assert_int_equal(reopen(&s, &got, room), 0);
	assert_ptr_equal(got.field.p, pass.field[1].p);
	assert_true(str_is(got.value, "Bearer s3cret-key"));
	/* neither under the key of another session, nor for another environment */
	op.val = STR_NONE;
	struct store_op get = { .verb = STORE_GET, .key = s.key, .out = &record };
	assert_int_equal(store_do(store, &get), 0);
	op.val = get.val;
	assert_int_equal(store_do(store, &op), 0);
	assert_int_equal(reopen(&moved, &got, room), ERR_BAD);
	s.environment = &other;
	assert_int_equal(reopen(&s, &got, room), ERR_BAD);
	memset(big, 'x', sizeof big);
	s = (struct own_session){ STR("e:3"), &api, &at };
	own = (struct own){ pass.field[0], str_of(big, sizeof big) };
	own_keep(&ops, &own, &s, 60);
	assert_int_equal(reopen(&s, &got, room), 0);
	assert_int_equal(got.value.n, sizeof big);
	/* a field that is taken no more */
	own.field = STR("X-Old");
	own_keep(&ops, &own, &s, 60);
	assert_int_equal(reopen(&s, &got, room), ERR_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secret, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept_for_one_session, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
