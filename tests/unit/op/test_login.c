/* login: what is asked and taken, who waits, when it is obtained anew, and what a bad answer does. */
#include "op/op.h"

#include "base/le.h"

#include "lib/upstream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WAITERS 3

static struct up *u;
static struct ops ops;
static struct seal_keys keys;
static struct environment at;
static struct login login;
static struct credential credential;
static struct login_send send_as[LOGIN_SENDS_MAX];
static struct ready ready[WAITERS];
static struct vault_wait wait[WAITERS];
static u32 hold, runs[WAITERS], number;
static u8 why_room[512];
static struct buf why;
static char heard[4096];

static void
note(struct ready *r, msec now)
{
	runs[r - ready]++;
}

static int
need(u32 i)
{
	struct login_ask ask = { .credential = &credential, .hold = &hold, .wait = &wait[i] };

	why = buf_over(why_room, sizeof why_room);
	return login_need(&ops, &ask, &number, u->rig->now, &why);
}

static int
setup(void **state)
{
	static const u8 key[SEAL_KEY_N] = { 1 };
	struct store *store;

	u = up_new();
	memset(&ops, 0, sizeof ops);
	memset(&keys, 0, sizeof keys);
	memset(runs, 0, sizeof runs);
	store = store_open_ram(&u->rig->arena, 10, 0, u->rig->now, 1700000000);
	ASSERT(store && seal_key(&keys, 1, key) == 0);
	ASSERT(ops_init(&ops, &u->rig->arena, &u->rig->loop, &u->calls) == 0);
	ASSERT(vault_init(&ops.vault, &u->rig->arena, store, &keys, &u->rig->loop) == 0);
	ops.rng = &u->rig->rng;
	at = (struct environment){ .host = STR("127.0.0.1"), .port = u->at.port, .host_field = STR("box"),
		.connect_ms = 3000, .first_ms = 3000, .idle_ms = 3000, .total_ms = 9000, .origin = 7 };
	login = (struct login){ .id = 5, .at = &at, .target = STR("/in"), .method = METHOD_POST,
		.body = STR("{\"p\":\"{secret}\"}"), .lifetime = STR("json:for.s"), .send = send_as, .sends = 2 };
	send_as[0] = (struct login_send){ .from = STR("json:data.t") };
	send_as[1] = (struct login_send){ .from = STR("cookie:sid") };
	credential = (struct credential){ .login = &login, .secret = STR("a\"b"), .value = STR("a\"b") };
	for (u32 i = 0; i < WAITERS; i++) {
		ready_init(&ready[i], note);
		list_init(&wait[i].link);
		wait[i].owner = &ready[i];
	}
	return 0;
}

static int
teardown(void **state)
{
	assert_int_equal(hold, 0);
	return up_free(u) ? -1 : 0;
}

/* Plays the upstream of a login that has begun. */
static void
answers(const char *text)
{
	int fd = up_accept(u);

	assert_true(fd >= 0);
	for (u32 i = 0; i < 1000 && !strstr(heard, "\r\n\r\n"); i++)
		up_hear(u, fd, heard, sizeof heard);
	up_say(fd, str_c(text));
	for (u32 i = 0; i < 4000 && hold; i++) {
		rig_turn(u->rig);
		usleep(100);
	}
	rig_turn(u->rig);
	close(fd);
}

#define BODY "{\"data\":{\"t\":\"t\\u006fken\"},\"for\":{\"s\":100}}"
#define GOOD "HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: a=b\r\nSet-Cookie: sid=c1; Path=/\r\nContent-Length: 43\r\n\r\n" BODY

static void
obtain(void)
{
	assert_int_equal(need(0), ERR_MORE);
	answers(GOOD);
	assert_int_equal(need(0), 0);
}

static void
test_one_for_all(void **state)
{
	static_assert(sizeof BODY == 44, "as Content-Length says");
	for (u32 i = 0; i < WAITERS; i++)
		assert_int_equal(need(i), ERR_MORE);
	list_out(&wait[1].link); /* has gone */
	heard[0] = 0;
	answers(GOOD);
	assert_non_null(strstr(heard, "POST /in HTTP/1.1\r\nHost: box\r\n"));
	assert_non_null(strstr(heard, "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"p\":\"a\\\"b\"}"));
	assert_int_equal(runs[0], 1);
	assert_int_equal(runs[1], 0);
	assert_int_equal(runs[2], 1);
	assert_int_equal(need(0), 0);
	assert_int_equal(number, 1);
	assert_true(str_is(login_value(&ops.logins, &credential, 0, 0), "token"));
	assert_true(str_is(login_value(&ops.logins, &credential, 0, 1), "c1"));
	assert_int_equal(login_value(&ops.logins, &credential, 0, 2).n, 0);
}

static void
test_when_it_ends(void **state)
{
	obtain();
	u->rig->now += 89 * 1000 - 1; /* 100 s without the eleven that it is renewed early */
	assert_int_equal(need(0), 0);
	u->rig->now += 1000;
	assert_int_equal(need(0), ERR_MORE);
	answers(GOOD);
	assert_int_equal(need(0), 0);
	assert_int_equal(number, 2);
}

static void
test_refused(void **state)
{
	obtain();
	assert_false(login_refused(&ops, &credential, 0, 1, u->rig->now)); /* never good: nor would be another one */
	assert_int_equal(need(0), 0);
	login_good(&ops, &credential, 0, 1);
	assert_true(login_refused(&ops, &credential, 0, 1, u->rig->now));
	assert_true(login_refused(&ops, &credential, 0, 1, u->rig->now));
	assert_int_equal(need(0), ERR_MORE);
	assert_true(login_refused(&ops, &credential, 0, 1, u->rig->now));
	answers(GOOD);
	assert_int_equal(need(0), 0);
	assert_int_equal(number, 2);
	assert_true(login_refused(&ops, &credential, 0, 1, u->rig->now)); /* there is a newer one */
	assert_int_equal(need(0), 0);
}

static void
test_refused_and_old(void **state)
{
	login.lifetime = STR_NONE;
	obtain();
	u->rig->now += LOGIN_AGAIN_MS - 1;
	assert_false(login_refused(&ops, &credential, 0, 1, u->rig->now));
	assert_int_equal(need(0), 0);
	u->rig->now += 1;
	assert_true(login_refused(&ops, &credential, 0, 1, u->rig->now));
	obtain();
	assert_int_equal(number, 2);
	assert_false(login_refused(&ops, &credential, 0, 2, u->rig->now));
}

/* Where another process keeps the store, everything it is asked takes a while. */
static void
test_its_secret_comes_late(void **state)
{
	struct store *late = store_open_ram(&u->rig->arena, 10, 5, u->rig->now, 1700000000);
	u8 room[VAULT_SECRET_MAX];
	struct buf sealed = buf_over(room, sizeof room);
	struct store_op put = { .verb = STORE_PUT, .ttl_s = STORE_FOREVER, .key = STR("u:box/admin") };

	assert_non_null(late);
	assert_int_equal(store_attach(late, &u->rig->loop), 0);
	assert_int_equal(vault_init(&ops.vault, &u->rig->arena, late, &keys, &u->rig->loop), 0);
	assert_int_equal(vault_seal(&keys, &u->rig->rng, STR("box/admin"), STR("late-one"), &sealed), 0);
	put.val = buf_str(&sealed);
	assert_int_equal(store_do(late, &put), 0);
	credential = (struct credential){ .login = &login, .store = STR("box/admin"), .value = STR("{secret}") };
	assert_int_equal(need(0), ERR_MORE);
	for (u32 i = 0; i < 100; i++) {
		store_commit(late, u->rig->now, 1700000000);
		rig_turn(u->rig);
	}
	heard[0] = 0;
	answers(GOOD);
	assert_non_null(strstr(heard, "{\"p\":\"late-one\"}"));
	assert_int_equal(need(0), 0);
	store_close(late);
}

static void
test_from_the_store(void **state)
{
	obtain();
	memset(ops.logins.live, 0, LOGINS_MAX * sizeof *ops.logins.live); /* as after a restart */
	assert_int_equal(need(0), ERR_MORE);
	rig_turn(u->rig);
	assert_int_equal(need(0), 0);
	assert_true(str_is(login_value(&ops.logins, &credential, 0, 0), "token"));
	assert_true(str_is(login_value(&ops.logins, &credential, 0, 1), "c1"));
	assert_true(login_refused(&ops, &credential, 0, number, u->rig->now)); /* of another time */
}

/* The lease, as that worker wrote it. */
static void
leased(const struct lives *by)
{
	u8 val[8];
	struct store_op put = { .verb = STORE_PUT, .ttl_s = 20, .key = STR("J:0000000000000005"), .val = str_of(val, 8) };

	put_le32(val, by->worker);
	put_le32(val + 4, by->own);
	assert_int_equal(store_do(ops.vault.store, &put), 0);
}

/* Another worker is logging in: it is waited for, but not when it has died over it. */
static void
test_lease_of_the_dead(void **state)
{
	u32 pages[2] = { 0 };
	struct lives other;

	lives_begin(&ops.lives, pages, 2, 0, 8);
	lives_begin(&other, pages, 2, 1, 9);
	leased(&other);
	assert_int_equal(need(0), ERR_MORE);
	for (u32 i = 0; i < 30; i++) {
		rig_turn(u->rig);
		u->rig->now += 20;
	}
	assert_true(hold == 1 && u->calls.pool.used == 0); /* it waits */
	lives_over(pages, 1);
	u->rig->now += 200;
	heard[0] = 0;
	rig_turn(u->rig);
	answers(GOOD);
	assert_int_equal(need(0), 0);
}

static const struct { const char *answer, *why; int err; } bad[] = {
	{ "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", "could not log in at box: it answers 401.", ERR_DENY },
	{ "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "it answers 503.", ERR_LATE },
	{ "HTTP/1.1 302 No\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", "it answers 302.", ERR_DENY },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "its answer lacks what login_send names.", ERR_DENY },
	{ "HTTP/1.1 200 OK\r\nSet-Cookie: sid=x\r\nContent-Length: 2\r\n\r\n[[", "its answer lacks", ERR_DENY },
	{ "HTTP/1.1 200 OK\r\nSet-Cookie: sid=\r\nContent-Length: 21\r\n\r\n{\"data\":{\"t\":\"token\"}}", "its answer lacks", ERR_DENY },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{", "more than the limit", ERR_LATE },
	{ "SSH-2.0\r\n\r\n", "not valid HTTP", ERR_LATE },
};

static void
test_bad_answers(void **state)
{
	for (u32 i = 0; i < ARRAY_N(bad); i++) {
		assert_int_equal(need(0), ERR_MORE);
		answers(bad[i].answer);
		assert_int_equal(hold, 0);
		if (need(0) != bad[i].err || str_find_str(buf_str(&why), str_c(bad[i].why)) < 0)
			fail_msg("%u: %.*s", i, STR_ARG(buf_str(&why)));
		assert_int_equal(login_value(&ops.logins, &credential, 0, 0).n, 0);
		u->rig->now += LOGIN_REFUSED_MS;
	}
	obtain();
}

/* More logins than places: the longest unused makes room, with what it had kept in the store. */
static void
test_many(void **state)
{
	for (u32 i = 0; i < LOGINS_MAX + 2; i++) {
		login.id = 100 + i;
		obtain();
	}
	login.id = 100;
	assert_int_equal(need(0), ERR_MORE);
	rig_turn(u->rig);
	assert_int_equal(need(0), login_value(&ops.logins, &credential, 0, 0).n ? 0 : ERR_MORE);
	if (hold)
		answers(GOOD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_for_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_when_it_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_and_old, setup, teardown),
		cmocka_unit_test_setup_teardown(test_its_secret_comes_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_from_the_store, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lease_of_the_dead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
