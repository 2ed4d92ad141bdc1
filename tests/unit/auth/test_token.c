/* token: access tokens against a store that answers at once and one that answers late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "auth/token.h"
#include "base/limits.h"
#include "sys/clock.h"
#include "sys/loop.h"

#include <stdio.h>
#include <stdlib.h>

#define WALL 1800000000

struct place {
	u8 *memory;
	struct store *st;
	struct tokens *ts;
	struct loop loop;
	struct ready owner;
	struct rng rng;
	struct seal_keys seal;
	struct grant grant;
	struct user user;
	u8 family[GRANT_FAMILY_N];
	char text[TOKEN_MAX + SEAL_EXTRA];
	u32 text_n;
	wall wall;
};

static void
note(struct ready *r, msec now)
{
}

static void
turn(struct place *p)
{
	store_commit(p->st, 1000, p->wall);
	loop_steps(&p->loop, 1000);
}

static void
put(struct place *p, u8 verb, struct str key, struct str val)
{
	struct store_op op = { .verb = verb, .key = key, .val = val, .ttl_s = 100000 };

	store_start(p->st, &op, 0);
	while (!op.done)
		turn(p);
	assert_int_equal(op.err, 0);
}

static void
put_user(struct place *p)
{
	u8 room[USER_RECORD_MAX], key[USER_KEY_MAX];
	struct buf b = buf_over(room, sizeof room);

	user_encode(&b, &p->user);
	put(p, STORE_PUT, user_key(user_name(&p->user), key), buf_str(&b));
}

static void
put_grant(struct place *p)
{
	u8 room[GRANT_RECORD_MAX];
	char key[GRANT_KEY_N];
	struct buf b = buf_over(room, sizeof room);

	grant_encode(&b, &p->grant);
	grant_key(key, p->family);
	put(p, STORE_PUT, str_of(key, sizeof key), buf_str(&b));
}

static void
make_token(struct place *p, u8 scopes)
{
	struct token t = { .scopes = scopes, .seq = 1, .dies = p->wall + 900, .audience = token_audience(STR("grocy")) };
	struct buf b = buf_over(p->text, sizeof p->text);

	memcpy(t.family, p->family, sizeof t.family);
	assert_int_equal(token_put(&b, &p->seal, &p->rng, STR("mcpg_"), &t), 0);
	p->text_n = b.w;
	assert_true(b.w <= TOKEN_MAX);
}

static int
setup(void **state, u64 seed)
{
	struct place *p = calloc(1, sizeof *p);
	u8 key[SEAL_KEY_N] = { 3 };
	struct arena a;

	p->memory = malloc(1 << 20);
	memset(p->memory, 0xa5, 1 << 20);
	a = arena_over(p->memory, 1 << 20);
	p->wall = WALL;
	p->st = store_open_ram(&a, 100, seed, 1000, p->wall);
	rng_init(&p->rng, STR("0123456789abcdef0123456789abcdef0123456789abcdef"));
	seal_key(&p->seal, 1, key);
	p->ts = tokens_init(&a, p->st, &p->seal, &p->rng);
	loop_init(&p->loop, &a, 4, 4);
	store_attach(p->st, &p->loop);
	ready_init(&p->owner, note);
	user_set_name(&p->user, STR("alice"));
	user_set_team(&p->user, STR("main"));
	user_set_role(&p->user, STR("member"));
	p->user.born = p->user.epoch = 4711;
	put_user(p);
	p->grant = (struct grant){ .state = GRANT_LIVE, .scopes = SCOPE_READ | SCOPE_WRITE, .seq = 1, .dies = WALL + 9000 };
	p->grant.epoch = 4711;
	p->grant.user = STR("alice");
	p->grant.audience = STR("grocy");
	p->grant.environments = STR("sandbox");
	put_grant(p);
	make_token(p, SCOPE_READ);
	*state = p;
	return p->ts == NULL;
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

static int
verify_for(struct place *p, const char *audience, const char *wider, struct str text, struct principal *who)
{
	struct token_ask ask = { STR("mcpg_"), text, token_audience(str_c(audience)), token_audience(str_c(wider)) };
	struct token_check c;
	enum step s = token_start(p->ts, &c, &ask, who, &p->owner);

	while (s == STEP_WAIT) {
		turn(p);
		s = token_step(p->ts, &c, &ask, who);
	}
	assert_int_equal(s, c.op.err ? STEP_FAIL : STEP_DONE);
	return c.op.err;
}

static int
verify(struct place *p, struct principal *who)
{
	return verify_for(p, "grocy", "grocy", str_of(p->text, p->text_n), who);
}

static void
test_principal(void **state)
{
	struct place *p = *state;
	struct principal who;

	for (u32 i = 0; i < 3; i++) {
		assert_int_equal(verify(p, &who), 0);
		assert_true(who.kind == PRINCIPAL_TOKEN && who.scopes == SCOPE_READ);
		assert_int_equal(who.grantable, SCOPE_WRITE | SCOPE_DESTRUCTIVE | SCOPE_PRODUCTION);
		assert_true(who.user == principal_tag(STR("alice")) && who.team == principal_tag(STR("main")) && who.id);
		assert_true(principal_api(&who, STR("grocy")) && !principal_api(&who, STR("other")));
		assert_true(principal_environment(&who, STR("sandbox"), false, false));
		assert_false(principal_environment(&who, STR("production"), true, false));
	}
	p->wall += 901;
	turn(p);
	assert_int_equal(verify(p, &who), ERR_DENY);
}

static void
test_audience(void **state)
{
	struct place *p = *state;
	struct principal who;
	struct str t = str_of(p->text, p->text_n);

	for (u32 i = 0; i < 2; i++) {
		assert_int_equal(verify_for(p, "grocy:readonly", "grocy", t, &who), 0);
		assert_int_equal(verify_for(p, "grocy/production", "grocy/production", t, &who), ERR_DENY);
		assert_int_equal(verify_for(p, "other", "other", t, &who), ERR_DENY);
	}
}

static void
test_forgery(void **state)
{
	struct place *p = *state;
	struct principal who;
	char text[TOKEN_MAX];

	memcpy(text, p->text, p->text_n);
	for (u32 i = 0; i < p->text_n; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(verify_for(p, "grocy", "grocy", str_of(text, p->text_n), &who), ERR_DENY);
		text[i] = was;
	}
	for (u32 n = 0; n < p->text_n; n++)
		assert_int_equal(verify_for(p, "grocy", "grocy", str_of(text, n), &who), ERR_DENY);
}

static void
test_ends(void **state)
{
	struct place *p = *state;
	struct principal who;
	char key[GRANT_KEY_N];

	assert_int_equal(verify(p, &who), 0);
	p->user.epoch = 4712; /* a new password */
	put_user(p);
	assert_int_equal(verify(p, &who), ERR_DENY);
	p->user.epoch = 4711;
	p->user.disabled = true;
	put_user(p);
	assert_int_equal(verify(p, &who), ERR_DENY);
	p->user.disabled = false;
	user_set_role(&p->user, STR("viewer"));
	put_user(p);
	assert_int_equal(verify(p, &who), 0);
	assert_true(who.scopes == SCOPE_READ && !(who.grantable & SCOPE_WRITE));
	grant_key(key, p->family);
	put(p, STORE_DROP, str_of(key, sizeof key), STR_NONE);
	assert_int_equal(verify(p, &who), ERR_DENY);
	p->grant.state = GRANT_CODE; /* not redeemed yet */
	put_grant(p);
	assert_int_equal(verify(p, &who), ERR_DENY);
}

static void
test_seen(void **state)
{
	struct place *p = *state;
	struct principal who;
	u8 room[GRANT_RECORD_MAX];
	struct buf b = buf_over(room, sizeof room);
	char key[GRANT_KEY_N];
	struct store_op op = { .verb = STORE_GET, .out = &b };
	struct grant g;

	assert_int_equal(verify(p, &who), 0);
	turn(p);
	grant_key(key, p->family);
	op.key = str_of(key, sizeof key);
	store_start(p->st, &op, 0);
	while (!op.done)
		turn(p);
	assert_int_equal(grant_decode(op.val, &g), 0);
	assert_true(g.seen);
}

static void
test_cost(void **state)
{
	static const u32 n = 100000;
	struct place *p = *state;
	struct token_ask ask = { STR("mcpg_"), str_of(p->text, p->text_n), token_audience(STR("grocy")), 0 };
	struct token_check *c = malloc(sizeof *c);
	struct principal who;
	u64 began;

	assert_int_equal(verify(p, &who), 0);
	assert_int_equal(verify(p, &who), 0);
	began = clock_mono_ns();
	for (u32 i = 0; i < n; i++)
		assert_int_equal(token_start(p->ts, c, &ask, &who, &p->owner), STEP_DONE);
	print_message("a known token: %u ns with its SHA-256\n", (u32)((clock_mono_ns() - began) / n));
	assert_true(clock_mono_ns() - began < n * 50000ULL);
	free(c);
}

#define AT_ONCE(test) cmocka_unit_test_setup_teardown(test, setup_at_once, teardown)
#define LATE(test) { #test " late", test, setup_late, teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		AT_ONCE(test_principal), LATE(test_principal), AT_ONCE(test_audience), LATE(test_audience),
		AT_ONCE(test_forgery), AT_ONCE(test_ends), LATE(test_ends), AT_ONCE(test_seen), LATE(test_seen),
		AT_ONCE(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
