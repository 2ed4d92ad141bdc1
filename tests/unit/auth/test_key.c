/* key: secrets, records, verification through the cache, and the control plane, on a ram store that answers at once and on
 * one that answers late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "auth/key.h"
#include "sys/clock.h"
#include "sys/loop.h"

#include <stdio.h>
#include <stdlib.h>

#define WALL 1800000000

struct place {
	u8 *memory;
	struct store *st;
	struct keys *ks;
	struct loop loop;
	struct ready owner;
	u32 marked;
	msec now;
	wall wall;
	struct rng rng;
};

static void
note(struct ready *r, msec now)
{
	CONTAINER_OF(r, struct place, owner)->marked++;
}

static int
setup(void **state, u64 seed)
{
	struct place *p = calloc(1, sizeof *p);
	struct arena a;

	p->memory = malloc(1 << 20);
	memset(p->memory, 0xa5, 1 << 20);
	a = arena_over(p->memory, 1 << 20);
	p->wall = WALL;
	p->now = 1000;
	p->st = store_open_ram(&a, 400, seed, p->now, p->wall);
	rng_init(&p->rng, STR("0123456789abcdef0123456789abcdef0123456789abcdef"));
	p->ks = keys_init(&a, p->st, &p->rng);
	loop_init(&p->loop, &a, 4, 4);
	store_attach(p->st, &p->loop);
	ready_init(&p->owner, note);
	*state = p;
	return p->ks == NULL;
}

static int
setup_at_once(void **state)
{
	return setup(state, 0);
}

static int
setup_late(void **state)
{
	return setup(state, 99);
}

static int
teardown(void **state)
{
	struct place *p = *state;

	loop_done(&p->loop);
	free(p->memory);
	free(p);
	return 0;
}

static void
turn(struct place *p)
{
	store_commit(p->st, p->now, p->wall);
	loop_steps(&p->loop, p->now);
}

/* Runs until the work is done; its err. */
static int
finish(struct place *p, struct key_work *w, enum step step)
{
	while (step == STEP_WAIT) {
		turn(p);
		step = key_work_step(p->ks, w);
	}
	assert_int_equal(step, w->op.err ? STEP_FAIL : STEP_DONE);
	return w->op.err;
}

static int
add(struct place *p, const char *secret, const char *name, wall dies, struct key_work *w)
{
	*w = (struct key_work){ .key.created = p->wall };
	w->key.who.scopes = SCOPE_READ | SCOPE_WRITE;
	w->key.who.dies = dies;
	assert_int_equal(principal_set_name(&w->key.who, str_c(name)), 0);
	assert_int_equal(principal_set_apis(&w->key.who, STR("gitea,pdns")), 0);
	return finish(p, w, key_add(p->ks, w, str_c(secret), &p->owner));
}

static int
revoke(struct place *p, const char *which, struct key_work *w)
{
	*w = (struct key_work){ 0 };
	return finish(p, w, key_revoke(p->ks, w, str_c(which), &p->owner));
}

static int
verify(struct place *p, struct str secret, struct principal *who)
{
	struct key_check c;
	enum step step = key_start(p->ks, &c, secret, who, &p->owner);

	while (step == STEP_WAIT) {
		turn(p);
		step = key_step(p->ks, &c, who);
	}
	assert_int_equal(step, c.op.err ? STEP_FAIL : STEP_DONE);
	return c.op.err;
}

#define OURS "sk-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcdefg"

static void
test_made_secrets(void **state)
{
	u8 random[32] = { 0 }, room[100];
	struct buf b = buf_over(room, sizeof room);

	key_secret(&b, random);
	assert_true(str_is(buf_str(&b), "sk-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
	assert_int_equal(b.w, KEY_SECRET_N);
	assert_int_equal(key_form(buf_str(&b)), KEY_OURS);
}

static void
test_forms(void **state)
{
	char longest[KEY_SECRET_MAX + 2];

	assert_int_equal(key_form(STR(OURS)), KEY_OURS);
	assert_int_equal(key_form(STR("k-4f9c2a7be1d84f0c9a7d")), KEY_FOREIGN);
	assert_int_equal(key_form(STR("sk-short")), ERR_BAD);
	assert_int_equal(key_form(STR("sk-1234567890123456789012345678901")), KEY_FOREIGN); /* 31 */
	assert_int_equal(key_form(STR("sk-12345678901234567890123456789012")), KEY_OURS);
	assert_int_equal(key_form(STR("sk-1234567890123456789012345678901.")), KEY_FOREIGN);
	assert_int_equal(key_form(STR("123456789012345")), ERR_BAD);
	assert_int_equal(key_form(STR("1234567890 23456")), ERR_BAD);
	assert_int_equal(key_form(STR("1234567890123456\n")), ERR_BAD);
	assert_int_equal(key_form(STR("123456789012345\xc3\xa4")), ERR_BAD);
	memset(longest, 'x', sizeof longest);
	assert_int_equal(key_form(str_of(longest, KEY_SECRET_MAX)), KEY_FOREIGN);
	assert_int_equal(key_form(str_of(longest, KEY_SECRET_MAX + 1)), ERR_BAD);
}

static void
test_records(void **state)
{
	u8 room[KEY_RECORD_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct key k = { .created = 5, .hint_n = 4, .hint = "sk-x" }, back;
	char long_list[PRINCIPAL_LIST_MAX];

	memset(long_list, 'a', sizeof long_list);
	memset(k.hash, 7, sizeof k.hash);
	k.who.scopes = SCOPE_ALL;
	k.who.dies = 77;
	principal_set_name(&k.who, STR("1234567890123456789012345678901234567890"));
	principal_set_role(&k.who, STR("123456789012345678901234"));
	principal_set_apis(&k.who, str_of(long_list, sizeof long_list));
	principal_set_environments(&k.who, str_of(long_list, sizeof long_list));
	key_encode(&b, &k);
	assert_int_equal(key_decode(buf_str(&b), &back), 0); /* of nobody in particular, as all once were */
	assert_true(back.who.user == 0 && back.who.team == 0);
	b = buf_over(room, sizeof room);
	k.who.user = principal_tag(STR("alice"));
	k.who.team = 0x8000000000000001;
	key_encode(&b, &k);
	assert_false(b.over); /* the largest record fits */
	assert_int_equal(key_decode(buf_str(&b), &back), 0);
	assert_memory_equal(back.hash, k.hash, 32);
	assert_true(back.who.scopes == SCOPE_ALL && back.who.dies == 77 && back.created == 5);
	assert_true(str_same(principal_name(&back.who), principal_name(&k.who)));
	assert_true(back.who.kind == PRINCIPAL_KEY && back.who.id == 0x0707070707070707);
	assert_true(back.hint_n == 4 && memcmp(back.hint, "sk-x", 4) == 0);
	assert_int_equal(back.who.apis_n, PRINCIPAL_LIST_MAX);
	assert_true(back.who.user == k.who.user && back.who.team == k.who.team && back.who.client == 0);
	for (u32 n = 0; n < b.w; n++) { /* shorter: refused, or a shorter list of whole fields */
		if (key_decode(str_of(room, n), &back) == 0)
			assert_true(n >= 1 + 2 + 32);
	}
	buf_put(&b, STR("\x40\x01x")); /* a field of the future */
	assert_int_equal(key_decode(buf_str(&b), &back), 0);
	buf_put(&b, STR("\x80\x01x")); /* one that must be understood */
	assert_int_equal(key_decode(buf_str(&b), &back), ERR_BAD);
	room[0] = 2;
	assert_int_equal(key_decode(buf_str(&b), &back), ERR_BAD);
}

static void
test_life_of_a_key(void **state)
{
	struct place *p = *state;
	struct key_work w;
	struct principal who = { 0 };

	assert_int_equal(verify(p, STR(OURS), &who), ERR_DENY);
	assert_int_equal(add(p, OURS, "laptop", 0, &w), 0);
	assert_memory_equal(w.key.hint, "sk-AbCdE", 8);
	assert_int_equal(add(p, OURS, "again", 0, &w), ERR_LATE);
	for (u32 i = 0; i < 3; i++) {
		who = (struct principal){ 0 };
		assert_int_equal(verify(p, STR(OURS), &who), 0);
		assert_true(who.kind == PRINCIPAL_KEY && str_is(principal_name(&who), "laptop"));
		assert_true(who.scopes == (SCOPE_READ | SCOPE_WRITE) && who.id && who.stamp);
		assert_true(principal_api(&who, STR("pdns")) && !principal_api(&who, STR("other")));
	}
	assert_int_equal(verify(p, STR("sk-BbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcdefg"), &who), ERR_DENY);
	assert_int_equal(verify(p, STR(OURS "h"), &who), ERR_DENY);
	assert_int_equal(verify(p, STR("short"), &who), ERR_DENY);
	assert_int_equal(revoke(p, "laptop", &w), 0);
	assert_true(str_is(principal_name(&w.key.who), "laptop"));
	assert_int_equal(verify(p, STR(OURS), &who), ERR_DENY); /* at once: the cache has noticed */
	assert_int_equal(revoke(p, "laptop", &w), ERR_NONE);
}

static void
test_expiry(void **state)
{
	struct place *p = *state;
	struct key_work w;
	struct principal who;

	assert_int_equal(add(p, OURS, "past", WALL, &w), ERR_BAD);
	assert_int_equal(add(p, OURS, "short", WALL + 60, &w), 0);
	p->wall += 59;
	p->now += 59000;
	turn(p);
	assert_int_equal(verify(p, STR(OURS), &who), 0);
	assert_int_equal(verify(p, STR(OURS), &who), 0);
	p->wall += 1;
	p->now += 1000;
	turn(p);
	assert_int_equal(verify(p, STR(OURS), &who), ERR_DENY);
}

static void
test_revoke_names_one(void **state)
{
	struct place *p = *state;
	struct key_work w;
	struct principal who;
	u8 room[64];
	struct buf id = buf_over(room, sizeof room);
	char secret[64], name[16];

	for (u32 i = 0; i < 40; i++) {
		snprintf(secret, sizeof secret, "sk-%02u%s", i, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
		snprintf(name, sizeof name, "n%u", i / 2); /* every name twice */
		assert_int_equal(add(p, secret, name, 0, &w), 0);
	}
	key_id_print(&id, &w.key);
	assert_int_equal(id.w, KEY_ID_N);
	assert_int_equal(revoke(p, "n3", &w), ERR_LATE);
	assert_int_equal(w.found, 2);
	assert_int_equal(revoke(p, "", &w), ERR_NONE);
	assert_int_equal(revoke(p, "sk-06zzz", &w), 0);
	assert_int_equal(verify(p, STR("sk-06zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), &who), ERR_DENY);
	assert_int_equal(revoke(p, "n3", &w), 0); /* now it is the only one */
	room[12] = 0;
	assert_int_equal(revoke(p, (char *)room, &w), 0);
	assert_true(str_is(principal_name(&w.key.who), "n19"));
	room[5] = 0;
	assert_int_equal(revoke(p, (char *)room, &w), ERR_NONE); /* five characters are too few */
}

/* More keys than the cache has places: all right, only slower. */
static void
test_crowded_cache(void **state)
{
	struct place *p = *state;
	struct key_work w;
	struct principal who;
	char secret[64];

	for (u32 round = 0; round < 2; round++) {
		for (u32 i = 0; i < 300; i++) {
			snprintf(secret, sizeof secret, "an.imported.secret.%u", i);
			if (!round)
				assert_int_equal(add(p, secret, "x", 0, &w), 0);
			assert_int_equal(verify(p, str_c(secret), &who), 0);
		}
	}
	assert_int_equal(w.key.hint_n, 0); /* of a short secret nothing is shown */
}

static void
test_cancel(void **state)
{
	struct place *p = *state;
	struct key_work w;
	struct principal who;

	assert_int_equal(add(p, OURS, "x", 0, &w), 0);
	for (u32 i = 0; i < 20; i++) {
		struct key_check *c = malloc(sizeof *c);
		u32 marked;

		p->wall++; /* past the cache's second */
		p->now += 1000;
		turn(p);
		marked = p->marked;
		key_start(p->ks, c, STR(OURS), &who, &p->owner);
		key_cancel(p->ks, c);
		free(c);
		for (u32 k = 0; k < 10; k++)
			turn(p);
		assert_int_equal(p->marked, marked);
	}
}

/* The hot path: what a known key costs besides its SHA-256. A bound far above what is measured (printed). */
static void
test_cost(void **state)
{
	struct place *p = *state;
	struct key_work w;
	struct principal who;
	struct key_check *c = calloc(1, sizeof *c);
	u64 began;
	const u32 n = 20000;

	assert_int_equal(add(p, OURS, "x", 0, &w), 0);
	began = clock_mono_ns();
	for (u32 i = 0; i < n; i++)
		key_start(p->ks, c, STR(OURS), &who, &p->owner);
	print_message("a known key: %u ns with its SHA-256\n", (u32)((clock_mono_ns() - began) / n));
	assert_true(clock_mono_ns() - began < n * 50000ULL);
	free(c);
}

#define AT_ONCE(test) cmocka_unit_test_setup_teardown(test, setup_at_once, teardown)
#define LATE(test) { #test " late", test, setup_late, teardown, NULL }

static void
put_owner(struct place *p, u64 born, bool disabled)
{
	u8 room[USER_RECORD_MAX], key[USER_KEY_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct store_op op = { .verb = STORE_PUT, .ttl_s = STORE_FOREVER };
	struct user u = { .born = born, .epoch = 1, .disabled = disabled };

	user_set_name(&u, STR("ada"));
	user_set_team(&u, STR("main"));
	user_set_role(&u, STR("viewer"));
	user_encode(&b, &u);
	op.key = user_key(user_name(&u), key);
	op.val = buf_str(&b);
	store_start(p->st, &op, p->now);
	while (!op.done)
		turn(p);
}

static void
test_owned(void **state)
{
	struct place *p = *state;
	struct principal who;
	struct key_work w = { 0 };

	w.key.who.scopes = SCOPE_READ;
	w.key.born = 5;
	w.key.owner_n = 3;
	memcpy(w.key.owner, "ada", 3);
	principal_set_name(&w.key.who, STR("mine"));
	assert_int_equal(finish(p, &w, key_add(p->ks, &w, STR(OURS), &p->owner)), 0);
	assert_int_equal(verify(p, STR(OURS), &who), ERR_DENY); /* nobody of that name */
	put_owner(p, 5, false);
	assert_int_equal(verify(p, STR(OURS), &who), 0);
	assert_true(who.user == principal_tag(STR("ada")) && who.team == principal_tag(STR("main")));
	assert_true(str_is(principal_role(&who), "viewer"));
	assert_int_equal(verify(p, STR(OURS), &who), 0); /* remembered */
	put_owner(p, 5, true);
	assert_int_equal(verify(p, STR(OURS), &who), ERR_DENY);
	put_owner(p, 6, false); /* somebody else who is called the same */
	assert_int_equal(verify(p, STR(OURS), &who), ERR_DENY);
	put_owner(p, 5, false);
	assert_int_equal(verify(p, STR(OURS), &who), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_secrets), cmocka_unit_test(test_forms), cmocka_unit_test(test_records),
		AT_ONCE(test_life_of_a_key), LATE(test_life_of_a_key), AT_ONCE(test_expiry), LATE(test_expiry),
		AT_ONCE(test_revoke_names_one), LATE(test_revoke_names_one), AT_ONCE(test_crowded_cache),
		LATE(test_crowded_cache), AT_ONCE(test_cancel), LATE(test_cancel), AT_ONCE(test_cost),
		cmocka_unit_test_setup_teardown(test_owned, setup_at_once, teardown),
		cmocka_unit_test_setup_teardown(test_owned, setup_late, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
