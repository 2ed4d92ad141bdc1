/* browser, user, team, tags: records that go round, names that are refused, and sessions judged on a store that answers
 * at once and on one that answers late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "auth/browser.h"
#include "auth/tags.h"
#include "auth/team.h"
#include "sys/loop.h"

#include <stdio.h>
#include <stdlib.h>

#define WALL 1800000000

struct place {
	u8 *memory;
	struct store *st;
	struct loop loop;
	struct ready owner;
	msec now;
	wall wall;
	struct user user;
	struct browser b;
	struct browser_check c;
	char secret[BROWSER_SECRET_N];
};

static void
note(struct ready *r, msec now)
{
}

static void
turn(struct place *p)
{
	store_commit(p->st, p->now, p->wall);
	loop_steps(&p->loop, p->now);
}

static void
put(struct place *p, struct str key, struct str val)
{
	struct store_op op = { .verb = STORE_PUT, .key = key, .val = val, .ttl_s = STORE_FOREVER, .owner = &p->owner };

	if (store_start(p->st, &op, p->now) == STEP_WAIT)
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
	assert_false(b.over);
	put(p, user_key(user_name(&p->user), key), buf_str(&b));
}

static void
make_user(struct user *u)
{
	memset(u, 0, sizeof *u);
	assert_int_equal(user_set_name(u, STR("Ada@Example.org")), 0);
	assert_int_equal(user_set_display(u, STR("Ada Lovelace")), 0);
	assert_int_equal(user_set_team(u, TEAM_FIRST), 0);
	assert_int_equal(user_set_role(u, STR("admin")), 0);
	u->born = 0x1122334455667788;
	u->epoch = 7;
	u->created = WALL;
}

static int
setup(void **state, u64 seed)
{
	struct place *p = calloc(1, sizeof *p);
	struct arena a;

	p->memory = malloc(1 << 20);
	a = arena_over(p->memory, 1 << 20);
	p->wall = WALL;
	p->now = 1000;
	p->st = store_open_ram(&a, 400, seed, p->now, p->wall);
	loop_init(&p->loop, &a, 4, 4);
	store_attach(p->st, &p->loop);
	ready_init(&p->owner, note);
	make_user(&p->user);
	p->c.limits = (struct browser_limits){ .idle_s = 800, .max_s = 2000 };
	*state = p;
	put_user(p);
	return 0;
}

static int
setup_at_once(void **state)
{
	return setup(state, 0);
}

static int
setup_late(void **state)
{
	return setup(state, 77);
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
pass(struct place *p, u32 seconds)
{
	for (u32 i = 0; i < seconds; i += 100) { /* small steps: the store does not believe a leap */
		p->now += 100 * 1000;
		p->wall += 100;
		turn(p);
	}
}

static void
begin(struct place *p, enum browser_level level)
{
	u8 random[32] = { 1, 2, 3 };
	struct buf out = buf_over(p->secret, sizeof p->secret);
	enum step s;

	p->c.st = p->st;
	s = browser_make(&p->c, &p->user, level, random, &out, &p->owner);
	while (s == STEP_WAIT) {
		turn(p);
		s = browser_made(&p->c);
	}
	assert_int_equal(s, STEP_DONE);
	assert_int_equal(out.w, BROWSER_SECRET_N);
}

static u8
judge(struct place *p, struct str secret)
{
	enum step s = browser_start(&p->c, p->st, secret, &p->b, &p->owner);

	while (s == STEP_WAIT) {
		turn(p);
		s = browser_step(&p->c, &p->b);
	}
	assert_int_equal(s, STEP_DONE);
	return p->b.level;
}

#define OURS(p) str_of((p)->secret, BROWSER_SECRET_N)

static void
test_somebody(void **state)
{
	struct place *p = *state;
	struct str other = STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

	begin(p, BROWSER_IN);
	assert_int_equal(judge(p, OURS(p)), BROWSER_IN);
	assert_true(str_is(user_name(&p->b.user), "ada@example.org"));
	assert_true(p->b.user.admin);
	assert_int_equal(p->b.since, WALL);
	assert_int_equal(judge(p, other), BROWSER_NOBODY);
	assert_int_equal(judge(p, STR_NONE), BROWSER_NOBODY);
	p->secret[5] ^= 1;
	assert_int_equal(judge(p, OURS(p)), BROWSER_NOBODY);
}

static void
test_epoch_and_disabled_end_it(void **state)
{
	struct place *p = *state;

	begin(p, BROWSER_IN);
	p->user.epoch++;
	put_user(p);
	assert_int_equal(judge(p, OURS(p)), BROWSER_NOBODY);
	p->user.epoch--;
	p->user.disabled = true;
	put_user(p);
	assert_int_equal(judge(p, OURS(p)), BROWSER_NOBODY);
	p->user.disabled = false;
	put_user(p);
	assert_int_equal(judge(p, OURS(p)), BROWSER_IN);
}

static void
test_idle_and_absolute_end(void **state)
{
	struct place *p = *state;

	begin(p, BROWSER_IN);
	for (u32 i = 0; i < 4; i++) { /* used every 400 s: stays, until 2000 s are over */
		pass(p, 400);
		assert_int_equal(judge(p, OURS(p)), BROWSER_IN);
		assert_int_equal(p->b.since, WALL);
	}
	pass(p, 500);
	assert_int_equal(judge(p, OURS(p)), BROWSER_NOBODY);
	begin(p, BROWSER_IN);
	pass(p, 900);
	assert_int_equal(judge(p, OURS(p)), BROWSER_NOBODY);
}

static void
test_half_is_short(void **state)
{
	struct place *p = *state;

	begin(p, BROWSER_HALF);
	assert_int_equal(judge(p, OURS(p)), BROWSER_HALF);
	pass(p, 200);
	assert_int_equal(judge(p, OURS(p)), BROWSER_HALF);
	pass(p, 200); /* looking did not prolong it */
	assert_int_equal(judge(p, OURS(p)), BROWSER_NOBODY);
}

static void
test_end(void **state)
{
	struct place *p = *state;
	enum step s;

	begin(p, BROWSER_IN);
	assert_int_equal(judge(p, OURS(p)), BROWSER_IN);
	for (u32 i = 0; i < 2; i++) {
		s = browser_end(&p->c, &p->b, &p->owner);
		while (s == STEP_WAIT) {
			turn(p);
			s = browser_ended(&p->c);
		}
		assert_int_equal(s, STEP_DONE);
	}
	assert_int_equal(judge(p, OURS(p)), BROWSER_NOBODY);
}

static void
test_ended_session_is_not_prolonged(void **state)
{
	struct place *p = *state;
	struct browser seen;

	begin(p, BROWSER_IN);
	pass(p, 300);
	assert_int_equal(judge(p, OURS(p)), BROWSER_IN);
	seen = p->b;
	browser_end(&p->c, &seen, &p->owner);
	turn(p);
	assert_int_equal(judge(p, OURS(p)), BROWSER_NOBODY);
}

static void
test_cookies(void **state)
{
	static const char good[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	char text[400];
	const struct {
		const char *form;
		bool found;
	} cases[] = {
		{ "me=%s", true }, { "a=b; me=%s", true }, { "me=%s;c", true }, { "xme=%s", false },
		{ "me=%sA", false }, { "me=\"%s\"", false }, { "me=%s; me=%s", false }, { "me", false }, { "", false },
		{ "ME=%s", false }, { ";;;me=%s;=", true },
	};

	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		snprintf(text, sizeof text, cases[i].form, good, good);
		assert_int_equal(browser_cookie(str_c(text), STR("me")).n, cases[i].found ? BROWSER_SECRET_N : 0);
	}
	assert_int_equal(browser_cookie(STR_NONE, STR("me")).n, 0);
}

static void
test_user_record(void **state)
{
	u8 room[USER_RECORD_MAX];
	struct user u, back;
	struct buf b = buf_over(room, sizeof room);

	make_user(&u);
	memset(u.pass, 'x', sizeof u.pass);
	u.pass_n = sizeof u.pass;
	memset(u.totp, 9, sizeof u.totp);
	u.totp_n = sizeof u.totp;
	memset(u.invite, 3, sizeof u.invite);
	u.invited_till = WALL + 900;
	memset(u.recovery, 5, 3 * USER_RECOVERY_N);
	u.recovery_n = 3;
	u.disabled = true;
	user_encode(&b, &u);
	assert_false(b.over);
	assert_int_equal(user_decode(buf_str(&b), &back), 0);
	assert_memory_equal(&u, &back, sizeof u);
	for (u32 n = 0; n < b.w; n++) /* cut anywhere: refused, or a field short of a whole one */
		user_decode(str_of(room, n), &back);
	assert_int_equal(user_decode(str_of(room, b.w - 1), &back), ERR_BAD);
	room[0]++;
	assert_int_equal(user_decode(buf_str(&b), &back), ERR_BAD);
}

static void
test_longest_user_fits(void **state)
{
	u8 room[USER_RECORD_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct user u;

	make_user(&u);
	memset(u.name, 'a', sizeof u.name);
	u.name_n = sizeof u.name;
	memset(u.display, 'a', sizeof u.display);
	u.display_n = sizeof u.display;
	memset(u.team, 'a', sizeof u.team);
	u.team_n = sizeof u.team;
	memset(u.role, 'a', sizeof u.role);
	u.role_n = sizeof u.role;
	u.pass_n = sizeof u.pass;
	u.totp_n = sizeof u.totp;
	u.invited_till = u.created = UINT32_MAX;
	u.born = u.epoch = UINT64_MAX;
	u.recovery_n = USER_RECOVERY;
	u.disabled = u.upstream = true;
	user_encode(&b, &u);
	assert_false(b.over);
}

static void
test_names(void **state)
{
	static const char *const good[] = { "a", "ada", "Ada.Lovelace+x@example.org", "0-_" };
	static const char *const bad[] = { "", ".a", "a b", "a/b", "a\"b", "ä", "a:b", "@a",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmno" };
	struct user u = { 0 };
	struct team t;

	for (u32 i = 0; i < ARRAY_N(good); i++)
		assert_int_equal(user_set_name(&u, str_c(good[i])), 0);
	for (u32 i = 0; i < ARRAY_N(bad); i++)
		assert_int_equal(user_set_name(&u, str_c(bad[i])), ERR_BAD);
	assert_int_equal(user_set_name(&u, str_of("a\0b", 3)), ERR_BAD);
	assert_int_equal(user_set_display(&u, STR("a\nb")), ERR_BAD);
	assert_int_equal(user_set_display(&u, STR("\xff")), ERR_BAD);
	assert_int_equal(user_set_team(&u, STR("A")), ERR_BAD);
	assert_int_equal(user_set_role(&u, STR("")), ERR_BAD);
	assert_int_equal(team_set(&t, STR("ops"), STR("Operations")), 0);
	assert_int_equal(team_set(&t, STR("o ps"), STR("")), ERR_BAD);
}

/* What an API knows somebody by: names that are no other's. */
static void
test_names_of_apis(void **state)
{
	static const struct {
		const char *id, *name;
	} cases[] = {
		{ "17", "17@awork" }, { "ann_lee-1", "ann_lee-1@awork" },
		{ "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcde@awork" },
		{ "Ann", "x.17239b6e250110330eda64@awork" },
		{ "ann.lee", NULL }, { "a@b", NULL }, { "-a", NULL }, { "3fa85f64-5717-4562-b3fc-2c963f66afa6", NULL },
		{ "x.17239b6e250110330eda64", NULL }, { "\xff/..\n", NULL },
	};
	u8 room[USER_NAME_MAX], before[USER_NAME_MAX] = { 0 };
	char many[257];

	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		struct buf b = buf_over(room, sizeof room);
		struct user u;

		assert_int_equal(user_upstream(&b, str_c(cases[i].id), STR("awork")), 0);
		if (cases[i].name)
			assert_true(str_same(buf_str(&b), str_c(cases[i].name)));
		else
			assert_true(b.w == 2 + 22 + 6 && str_starts(buf_str(&b), STR("x.")));
		assert_int_equal(user_set_name(&u, buf_str(&b)), 0);
		assert_true(memcmp(room, before, 30) != 0);
		memcpy(before, room, sizeof before);
	}
	for (u32 n = 0; n <= 256; n += 256) {
		struct buf b = buf_over(room, sizeof room);

		memset(many, 'a', sizeof many);
		assert_int_equal(user_upstream(&b, str_of(many, n), STR("awork")), ERR_BAD);
		assert_int_equal(user_upstream(&b, STR("17"), str_of(many, n ? USER_API_MAX + 1 : 0)), ERR_BAD);
	}
	struct buf b = buf_over(room, sizeof room);

	assert_int_equal(user_upstream(&b, str_of(many, 255), str_of(many, USER_API_MAX)), 0);
	assert_int_equal(b.w, USER_NAME_MAX);
}

static void
test_passwords(void **state)
{
	assert_int_equal(user_password(STR("correct horse"), STR("ada")), USER_PASSWORD_OK);
	assert_int_equal(user_password(STR("short1234"), STR("ada")), USER_PASSWORD_SHORT);
	assert_int_equal(user_password(STR("aaaaaaaaaaaa"), STR("ada")), USER_PASSWORD_WEAK);
	assert_int_equal(user_password(STR("abababababab"), STR("ada")), USER_PASSWORD_WEAK);
	assert_int_equal(user_password(STR("ada.lovelace"), STR("Ada.Lovelace")), USER_PASSWORD_WEAK);
}

static void
test_team_record(void **state)
{
	u8 room[TEAM_RECORD_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct team t = { 0 }, back;

	assert_int_equal(team_set(&t, STR("ops"), STR("Operations")), 0);
	t.created = WALL;
	team_encode(&b, &t);
	assert_int_equal(team_decode(buf_str(&b), &back), 0);
	assert_memory_equal(&t, &back, sizeof t);
	assert_int_equal(team_decode(str_of(room, b.w - 1), &back), ERR_BAD);
}

static void
test_tags(void **state)
{
	static const u8 bad[][4] = { { 1 }, { 1, 0 }, { 1, 2, 3 }, { 1, 1 } };
	u32 sizes[] = { 1, 2, 3, 2 };
	struct str rest, bytes;
	u8 tag;

	for (u32 i = 0; i < ARRAY_N(sizes); i++) {
		rest = str_of(bad[i], sizes[i]);
		assert_int_equal(tags_next(&rest, &tag, &bytes), ERR_BAD);
	}
	rest = STR_NONE;
	assert_int_equal(tags_next(&rest, &tag, &bytes), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_somebody, setup_at_once, teardown),
		cmocka_unit_test_setup_teardown(test_somebody, setup_late, teardown),
		cmocka_unit_test_setup_teardown(test_epoch_and_disabled_end_it, setup_at_once, teardown),
		cmocka_unit_test_setup_teardown(test_epoch_and_disabled_end_it, setup_late, teardown),
		cmocka_unit_test_setup_teardown(test_idle_and_absolute_end, setup_at_once, teardown),
		cmocka_unit_test_setup_teardown(test_half_is_short, setup_at_once, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup_at_once, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup_late, teardown),
		cmocka_unit_test_setup_teardown(test_ended_session_is_not_prolonged, setup_at_once, teardown),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_user_record),
		cmocka_unit_test(test_longest_user_fits),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_of_apis),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_team_record),
		cmocka_unit_test(test_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
