/* far: what several processes have of one store, beyond the verbs (test_verb.c): order, stamps, the end of a keeper and
 * what becomes of the questions it had, nonsense, and waiting in vain. Here all of them are one process. */
#include "scratch.h"

#include "store/far_priv.h"
#include "sys/loop.h"
#include "sys/sock.h"

#define ASKERS 2

struct rig {
	struct scratch *s;
	struct loop loop;
	struct far_lines lines;
	struct store *far[ASKERS + 1]; /* from 1 */
	struct arena arena;
	struct ready owner;
	u32 marked;
};

static void
note(struct ready *r, msec now)
{
	CONTAINER_OF(r, struct rig, owner)->marked++;
}

static void
keep(struct rig *r)
{
	scratch_open(r->s);
	assert_int_equal(store_attach(r->s->st, &r->loop), 0);
	assert_int_equal(keeper_begin(r->s->st, &r->lines, &r->arena), 0);
}

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof *r);

	if (scratch_setup((void **)&r->s))
		return -1;
	r->arena = arena_over(calloc(1, 32 << 20), 32 << 20);
	ready_init(&r->owner, note);
	if (loop_init(&r->loop, &r->arena, 16, 16) ||
	    far_open(&r->lines, arena_take(&r->arena, far_page_bytes()), ASKERS + 1))
		return -1;
	keep(r);
	for (u32 i = 1; i <= ASKERS; i++)
		if (store_open_far(&r->far[i], &r->lines, i, &r->arena, r->s->now, r->s->wall) ||
		    store_attach(r->far[i], &r->loop))
			return -1;
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	for (u32 i = 1; i <= ASKERS; i++)
		store_close(r->far[i]);
	far_take(&r->lines, 0);
	far_take(&r->lines, UINT32_MAX);
	scratch_teardown((void **)&r->s);
	loop_done(&r->loop);
	free(r->arena.p);
	free(r);
	return 0;
}

static void
turn(struct rig *r, bool kept)
{
	loop_wait(&r->loop, r->s->now, r->s->now + 20);
	loop_io(&r->loop, r->s->now);
	loop_timers(&r->loop, r->s->now);
	loop_steps(&r->loop, r->s->now);
	if (kept)
		store_commit(r->s->st, r->s->now, r->s->wall);
	for (u32 i = 1; i <= ASKERS; i++)
		store_commit(r->far[i], r->s->now, r->s->wall);
}

static struct store_op
op_of(struct rig *r, u8 verb, const char *key, const char *val)
{
	return (struct store_op){ .verb = verb, .key = str_c(key), .val = str_c(val), .ttl_s = 600, .owner = &r->owner };
}

static int
finish(struct rig *r, struct store_op *op)
{
	for (u32 i = 0; i < 500 && !op->done; i++)
		turn(r, true);
	assert_true(op->done);
	return op->err;
}

/* By asker `who`, to its end; 0 is the keeper itself. */
static int
go(struct rig *r, u32 who, u8 verb, const char *key, const char *val, struct buf *out)
{
	struct store_op op = op_of(r, verb, key, val);

	op.out = out;
	store_start(who ? r->far[who] : r->s->st, &op, r->s->now);
	return finish(r, &op);
}

/* What one has written without waiting is there for all others, the keeper included, before any turn has passed. */
static void
test_order(void **state)
{
	struct rig *r = *state;

	for (u32 reader = 0; reader <= ASKERS; reader++)
		for (u32 i = 0; i < 40; i++) {
			u32 writer = 1 + (reader + i) % ASKERS;
			struct store_op add = op_of(r, STORE_ADD, NULL, "x"), get;
			char key[16];

			snprintf(key, sizeof key, "h:%u.%u", reader, i);
			add.key = str_c(key);
			add.lazy = true;
			assert_int_equal(store_start(r->far[writer], &add, r->s->now), STEP_DONE);
			assert_int_equal(add.err, 0);
			if (i % 3 == 0) /* poll has said so, and nobody has run yet */
				loop_wait(&r->loop, r->s->now, r->s->now + 20), loop_io(&r->loop, r->s->now);
			else if (!reader)
				continue;
			get = op_of(r, STORE_GET, key, NULL);
			store_start(reader ? r->far[reader] : r->s->st, &get, r->s->now);
			assert_int_equal(finish(r, &get), 0);
		}
}

/* One wins, whoever asks. */
static void
test_once(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 20; i++) {
		struct store_op op[12];
		u32 won = 0;

		assert_int_equal(go(r, i % 3, STORE_PUT, "a:code", "grant", NULL), 0);
		for (u32 k = 0; k < ARRAY_N(op); k++) {
			op[k] = op_of(r, STORE_TAKE, "a:code", NULL);
			store_start(k % 3 ? r->far[k % 3] : r->s->st, &op[k], r->s->now);
		}
		for (u32 k = 0; k < ARRAY_N(op); k++)
			won += finish(r, &op[k]) == 0;
		assert_int_equal(won, 1);
	}
}

static void
test_stamps(void **state)
{
	struct rig *r = *state;
	u32 k[ASKERS + 1];

	for (u32 who = 0; who <= ASKERS; who++) {
		for (u32 i = 0; i <= ASKERS; i++)
			k[i] = store_stamp(i ? r->far[i] : r->s->st, 'k');
		assert_int_equal(go(r, who, STORE_PUT, "k:1", "x", NULL), 0);
		for (u32 i = 0; i <= ASKERS; i++)
			assert_true(store_stamp(i ? r->far[i] : r->s->st, 'k') != k[i]);
	}
	struct store_figures f;

	store_figures(r->far[1], &f);
	assert_int_equal(f.keys, 1);
	assert_int_equal(store_wall(r->far[2]), store_wall(r->s->st));
}

/* The keeper takes up what was asked, and writes nothing. */
static void
take_up(struct rig *r)
{
	loop_wait(&r->loop, r->s->now, r->s->now + 20);
	loop_io(&r->loop, r->s->now);
	loop_steps(&r->loop, r->s->now);
}

/* The keeper dies: what it had acknowledged is there, what it had taken up fails, what it had not is done later. */
static void
test_successor(void **state)
{
	struct rig *r = *state;
	struct store_op taken = op_of(r, STORE_PUT, "taken", "1"), waiting = op_of(r, STORE_PUT, "waiting", "1");
	u8 room[100];
	struct buf out = buf_over(room, sizeof room);

	assert_int_equal(go(r, 1, STORE_PUT, "kept", "1", NULL), 0);
	store_start(r->far[1], &taken, r->s->now);
	take_up(r);
	assert_false(taken.done);
	scratch_close(r->s);
	store_start(r->far[2], &waiting, r->s->now);
	turn(r, false);
	assert_false(waiting.done || taken.done);
	keep(r);
	assert_int_equal(finish(r, &taken), ERR_IO);
	assert_int_equal(finish(r, &waiting), 0);
	assert_int_equal(go(r, 2, STORE_GET, "kept", NULL, &out), 0);
}

/* Asker 1's question is taken up by a keeper that dies over it; who asks learns that only from the next one. */
static void
die_over(struct rig *r, const struct store_op *op)
{
	u8 packet[FAR_PACKET_N];

	assert_true(sock_recv(r->lines.ask[0], packet, sizeof packet) > 0);
	((struct far_page *)r->lines.page)->taken[1] = op->seq;
	keep(r);
	scratch_close(r->s);
	turn(r, false);
}

/* A read that went down with its keeper is asked of the next one, but not of every one. */
static void
test_read_again(void **state)
{
	static const u8 verb[] = { STORE_GET, STORE_LIST, STORE_TAKE };
	struct rig *r = *state;
	u8 room[400];

	assert_int_equal(go(r, 1, STORE_PUT, "kept", "1", NULL), 0);
	for (u32 i = 0; i < ARRAY_N(verb) * 2; i++) {
		struct store_op op = op_of(r, verb[i / 2], "kept", NULL);
		struct buf out = buf_over(room, sizeof room);
		u32 deaths = 1 + i % 2;

		op.out = &out;
		scratch_close(r->s);
		assert_int_equal(store_start(r->far[1], &op, r->s->now), STEP_WAIT);
		for (u32 k = 0; k < deaths && !op.done; k++)
			die_over(r, &op);
		keep(r);
		assert_int_equal(finish(r, &op), deaths > 1 || op.verb == STORE_TAKE ? ERR_IO : 0);
		assert_true(op.err || out.w > 0);
	}
}

/* The successor is quick: what it has taken up before anybody has heard of it is its own. */
static void
test_quick_successor(void **state)
{
	struct rig *r = *state;
	struct store_op put = op_of(r, STORE_PUT, "new", "1"), own = op_of(r, STORE_GET, "other", NULL);

	scratch_close(r->s);
	keep(r);
	assert_int_equal(store_start(r->far[1], &put, r->s->now), STEP_WAIT);
	loop_wait(&r->loop, r->s->now, r->s->now + 20);
	loop_io(&r->loop, r->s->now);
	store_start(r->s->st, &own, r->s->now); /* after the questions that are there */
	assert_true(((struct far_page *)r->lines.page)->taken[1] == put.seq);
	assert_int_equal(finish(r, &put), 0);
}

/* A keeper dies with a question in its hand, before it has noted that it took it up: nobody waits for that until
 * patience ends. */
static void
test_in_hand(void **state)
{
	struct rig *r = *state;
	u8 packet[FAR_PACKET_N], room[400];

	assert_int_equal(go(r, 1, STORE_PUT, "kept", "1", NULL), 0);
	for (u32 more = 0; more < 2; more++) { /* with others behind it, and alone */
		struct store_op op = op_of(r, STORE_GET, "kept", NULL), put = op_of(r, STORE_PUT, "new", "1");
		struct buf out = buf_over(room, sizeof room);

		op.out = &out;
		scratch_close(r->s);
		assert_int_equal(store_start(r->far[1], &op, r->s->now), STEP_WAIT);
		if (more)
			assert_int_equal(store_start(r->far[1], &put, r->s->now), STEP_WAIT);
		assert_true(sock_recv(r->lines.ask[0], packet, sizeof packet) > 0);
		keep(r);
		assert_int_equal(finish(r, &op), 0);
		assert_true(str_is(op.val, "1"));
		if (more)
			assert_int_equal(finish(r, &put), 0);
	}
}

/* The socket to one who does not read is full when a new keeper greets him: he finds out all the same. */
static void
test_not_greeted(void **state)
{
	struct rig *r = *state;
	struct store_op op = op_of(r, STORE_PUT, "kept", "1");
	u8 packet[FAR_PACKET_N];

	scratch_close(r->s);
	store_start(r->far[1], &op, r->s->now);
	assert_true(sock_recv(r->lines.ask[0], packet, sizeof packet) > 0);
	((struct far_page *)r->lines.page)->taken[1] = op.seq;
	while (far_say(r->lines.answer[1][1], (const int64_t[TELL_N]){ 99 }, TELL_N, STR_NONE, STR_NONE) > 0)
		;
	keep(r);
	assert_int_equal(finish(r, &op), ERR_IO);
}

/* Many large answers at once, to one who is busy with something else: none is lost. */
static void
test_large(void **state)
{
	struct rig *r = *state;
	static u8 val[STORE_VAL_MAX], room[32][STORE_VAL_MAX + 64];
	static struct store_op op[32];
	static struct buf out[32];
	struct store_op put = op_of(r, STORE_PUT, "large", NULL);

	memset(val, 'x', sizeof val);
	put.val = str_of(val, sizeof val);
	store_start(r->s->st, &put, r->s->now);
	assert_int_equal(finish(r, &put), 0);
	for (u32 i = 0; i < ARRAY_N(op); i++) {
		op[i] = op_of(r, STORE_GET, "large", NULL);
		out[i] = buf_over(room[i], sizeof room[i]);
		op[i].out = &out[i];
		assert_int_equal(store_start(r->far[1], &op[i], r->s->now), STEP_WAIT);
	}
	for (u32 i = 0; i < ARRAY_N(op); i++) {
		assert_int_equal(finish(r, &op[i]), 0);
		assert_int_equal(op[i].val.n, sizeof val);
	}
}

/* A list goes on where it was: not with a keeper that has its entries in other places. */
static void
test_list_of_another(void **state)
{
	struct rig *r = *state;
	u8 room[64];
	struct buf out = buf_over(room, sizeof room);
	struct store_op list = op_of(r, STORE_LIST, "k:", NULL);

	assert_int_equal(go(r, 1, STORE_PUT, "k:1", "a value that takes room", NULL), 0);
	assert_int_equal(go(r, 1, STORE_PUT, "k:2", "a value that takes room", NULL), 0);
	list.out = &out;
	for (u32 pass = 0; pass < 3; pass++) {
		u32 cursor;

		list.cursor = out.r = out.w = 0;
		store_start(r->far[1], &list, r->s->now);
		assert_int_equal(finish(r, &list), 0);
		assert_true(list.cursor != 0);
		cursor = list.cursor;
		if (pass) {
			scratch_close(r->s);
			keep(r);
		}
		out.r = out.w = 0;
		store_start(r->far[1], &list, r->s->now);
		assert_int_equal(finish(r, &list), pass ? ERR_IO : 0);
		assert_true(cursor > FAR_CURSOR_N);
	}
}

/* A worker that was taken over says anything: it is answered or not, and everybody else goes on. */
static void
test_nonsense(void **state)
{
	struct rig *r = *state;
	struct str line[] = { STR(""), STR("*1\r\n$1\r\nx\r\n"), STR("GET / HTTP/1.1\r\n\r\n") };
	u32 seed = 1;

	for (u32 i = 0; i < ARRAY_N(line); i++)
		assert_true(sock_send(r->lines.ask[1], &line[i], 1) >= 0);
	for (u32 i = 0; i < 3000; i++) {
		static const int64_t odd[] = { 0, 1, 2, 7, 8, -1, 255, INT64_MAX, INT64_MIN + 1, 1LL << 33, 600, 16384 };
		int64_t n[ASK_N];

		for (u32 k = 0; k < ASK_N; k++)
			n[k] = odd[(seed = seed * 1103515245 + 12345) / 65536 % ARRAY_N(odd)];
		n[ASK_ID] = -5;
		far_say(r->lines.ask[1], n, ASK_N, i % 2 ? STR("key") : STR_NONE, i % 3 ? STR("7") : STR_NONE);
		if (i % 50 == 0)
			turn(r, true);
	}
	for (u32 i = 0; i < 200; i++)
		turn(r, true);
	for (u32 i = 1; i <= ASKERS; i++) {
		far_say(r->lines.answer[i][1], (const int64_t[TELL_N]){ 99, -77 }, TELL_N, STR_NONE, STR("x"));
		assert_int_equal(go(r, i, STORE_PUT, "fine", "1", NULL), 0);
	}
}

/* Some seconds without a keeper. */
static void
pass(struct rig *r, u32 s)
{
	while (s--) {
		r->s->now += 1000;
		store_time(r->far[1], r->s->now, r->s->wall);
		turn(r, false);
	}
}

/* Nobody keeps the store: nothing waits for ever, and nothing is said to be done. */
static void
test_in_vain(void **state)
{
	struct rig *r = *state;
	struct store_op op[600];
	u32 sent = 0;

	scratch_close(r->s);
	for (u32 i = 0; i < ARRAY_N(op); i++) { /* more than the sockets take */
		op[i] = op_of(r, STORE_PUT, "k", "v");
		sent += store_start(r->far[1], &op[i], r->s->now) == STEP_WAIT;
	}
	assert_int_equal(sent, ARRAY_N(op));
	pass(r, FAR_WAIT_S - 1);
	assert_false(op[0].done);
	pass(r, 3);
	for (u32 i = 0; i < ARRAY_N(op); i++)
		assert_true(op[i].done && op[i].err == ERR_IO);
	keep(r);
	for (u32 i = 0; i < 20; i++)
		turn(r, true); /* answers that nobody waits for */
	assert_int_equal(go(r, 1, STORE_PUT, "k", "w", NULL), 0);
}

/* All were stopped for a while, before the question was sent or after it: the answer comes, it is only late. */
static void
test_stopped(void **state)
{
	struct rig *r = *state;

	for (u32 before = 0; before < 2; before++) {
		struct store_op op = op_of(r, STORE_PUT, "k", "v");
		msec then = r->s->now;

		store_time(r->far[1], then, r->s->wall);
		if (!before)
			store_start(r->far[1], &op, then);
		r->s->now += 60000;
		if (before)
			store_start(r->far[1], &op, then); /* a turn that was stopped in between */
		store_time(r->far[1], r->s->now, r->s->wall);
		turn(r, false);
		assert_false(op.done);
		assert_int_equal(finish(r, &op), 0);
	}
}

/* More than the keeper takes up at once, and more than the sockets hold: all are answered. */
static void
test_many(void **state)
{
	struct rig *r = *state;
	static struct store_op op[2][700];

	for (u32 i = 0; i < 700; i++)
		for (u32 who = 0; who < ASKERS; who++) {
			op[who][i] = op_of(r, STORE_INCR, "n", NULL);
			op[who][i].by = 1;
			store_start(r->far[who + 1], &op[who][i], r->s->now);
		}
	for (u32 i = 0; i < 700; i++)
		for (u32 who = 0; who < ASKERS; who++)
			assert_int_equal(finish(r, &op[who][i]), 0);
	op[0][0] = op_of(r, STORE_INCR, "n", NULL);
	store_start(r->far[1], &op[0][0], r->s->now);
	assert_int_equal(finish(r, &op[0][0]), 0);
	assert_int_equal(op[0][0].total, 1400);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_order), T(test_once), T(test_stamps), T(test_successor), T(test_read_again),
		T(test_quick_successor), T(test_in_hand), T(test_not_greeted), T(test_large), T(test_list_of_another),
		T(test_nonsense), T(test_in_vain), T(test_stopped), T(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
