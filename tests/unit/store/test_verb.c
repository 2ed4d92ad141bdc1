/* The eight verbs, the same on every back end: disk in line, disk with its helper thread, ram at once, ram late,
 * and both late ones in the hands of somebody else, who is asked. */
#include "scratch.h"

#include "store/far.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/sock.h"

enum back { BACK_DISK, BACK_DISK_HELPER, BACK_RAM, BACK_RAM_LATE, BACK_FAR_DISK, BACK_FAR_RAM };

struct place {
	struct scratch s;
	struct loop loop;
	bool looped;
	struct ready owner;
	u32 marked;
	struct store *kept; /* whom p->s.st asks; NULL: nobody */
	struct far_lines lines;
	u8 *page;
};

static void
note(struct ready *r, msec now)
{
	CONTAINER_OF(r, struct place, owner)->marked++;
}

/* What was opened is what is asked from now on. */
static int
go_far(struct place *p)
{
	static u8 room[4 << 20];
	struct arena a = arena_over(room, sizeof room);

	p->kept = p->s.st;
	p->page = calloc(1, far_page_bytes());
	if (store_attach(p->kept, &p->loop) || far_open(&p->lines, p->page, 2) ||
	    keeper_begin(p->kept, &p->lines, &a) ||
	    store_open_far(&p->s.st, &p->lines, 1, &a, p->s.now, p->s.wall))
		return -1;
	return 0;
}

static int
setup_back(void **state, enum back back)
{
	struct scratch *s;
	struct place *p = calloc(1, sizeof *p);
	struct arena a;
	static u8 room[65536];

	if (scratch_setup((void **)&s))
		return -1;
	p->s = *s;
	p->s.conf.dir = p->s.dir;
	free(s);
	*state = p;
	a = arena_over(room, sizeof room);
	loop_init(&p->loop, &a, 8, 8);
	ready_init(&p->owner, note);
	if (back == BACK_DISK || back == BACK_DISK_HELPER || back == BACK_FAR_DISK) {
		scratch_open(&p->s);
	} else {
		struct arena m = arena_over(p->s.memory, SCRATCH_MEMORY);

		p->s.st = store_open_ram(&m, 200, back == BACK_RAM ? 0 : 42, p->s.now, p->s.wall);
	}
	if (back >= BACK_FAR_DISK && go_far(p))
		return -1;
	p->looped = back == BACK_DISK_HELPER || back >= BACK_RAM_LATE;
	return p->looped && store_attach(p->s.st, &p->loop);
}

static int
setup_disk(void **state)
{
	return setup_back(state, BACK_DISK);
}

static int
setup_helper(void **state)
{
	return setup_back(state, BACK_DISK_HELPER);
}

static int
setup_ram(void **state)
{
	return setup_back(state, BACK_RAM);
}

static int
setup_late(void **state)
{
	return setup_back(state, BACK_RAM_LATE);
}

static int
setup_far_disk(void **state)
{
	return setup_back(state, BACK_FAR_DISK);
}

static int
setup_far_ram(void **state)
{
	return setup_back(state, BACK_FAR_RAM);
}

static int
teardown(void **state)
{
	struct place *p = *state;

	store_close(p->s.st);
	if (p->kept) {
		store_close(p->kept);
		far_take(&p->lines, 0);
		sock_close(p->lines.ask[0]);
		sock_close(p->lines.answer[1][1]);
		free(p->page);
	}
	p->s.st = NULL;
	loop_done(&p->loop);
	scratch_empty(p->s.dir);
	rmdir(p->s.dir);
	free(p->s.memory);
	free(p);
	return 0;
}

static void
commit(struct place *p)
{
	if (p->kept)
		store_commit(p->kept, p->s.now, p->s.wall);
	store_commit(p->s.st, p->s.now, p->s.wall);
}

static int
run(struct place *p, struct store_op *op)
{
	struct scratch *s = &p->s;
	u32 before = p->marked, turns = 0;
	enum step step;

	s->out = buf_over(s->room, sizeof s->room);
	if (!op->out)
		op->out = &s->out;
	if (!p->looped)
		return store_do(s->st, op);
	op->owner = &p->owner;
	step = store_start(s->st, op, s->now);
	assert_int_equal(step, op->done ? STEP_DONE : STEP_WAIT);
	while (!op->done && turns++ < 10000) {
		commit(p);
		loop_wait(&p->loop, s->now, s->now + 1000);
		loop_io(&p->loop, s->now);
		loop_timers(&p->loop, s->now);
		loop_steps(&p->loop, s->now);
	}
	loop_steps(&p->loop, s->now);
	assert_int_equal(p->marked - before, step == STEP_WAIT);
	return op->err;
}

static int
go(struct place *p, u8 verb, const char *key, const char *val, struct store_op *op)
{
	u64 version = op->version;
	u32 ttl_s = op->ttl_s ? op->ttl_s : STORE_FOREVER;
	int64_t by = op->by;

	*op = (struct store_op){ .verb = verb, .key = str_c(key), .val = str_c(val), .ttl_s = ttl_s };
	op->version = version;
	op->by = by;
	return run(p, op);
}

static void
test_put_get_drop(void **state)
{
	struct place *p = *state;
	struct store_op op = { 0 };
	u64 first;

	assert_int_equal(go(p, STORE_GET, "k", NULL, &op), ERR_NONE);
	assert_int_equal(go(p, STORE_PUT, "k", "one", &op), 0);
	first = op.version;
	assert_int_equal(go(p, STORE_GET, "k", NULL, &op), 0);
	assert_true(str_is(op.val, "one") && op.version == first && op.dies == 0);
	assert_int_equal(go(p, STORE_PUT, "k", "", &op), 0);
	assert_true(op.version > first);
	assert_int_equal(go(p, STORE_GET, "k", NULL, &op), 0);
	assert_int_equal(op.val.n, 0);
	assert_int_equal(go(p, STORE_DROP, "k", NULL, &op), 0);
	assert_int_equal(go(p, STORE_GET, "k", NULL, &op), ERR_NONE);
	assert_int_equal(go(p, STORE_DROP, "k", NULL, &op), ERR_NONE);
}

static void
test_add_take_swap(void **state)
{
	struct place *p = *state;
	struct store_op op = { 0 };
	u64 old;

	assert_int_equal(go(p, STORE_ADD, "k", "one", &op), 0);
	assert_int_equal(go(p, STORE_ADD, "k", "two", &op), ERR_LATE);
	assert_int_equal(go(p, STORE_GET, "k", NULL, &op), 0);
	old = op.version;
	assert_int_equal(go(p, STORE_SWAP, "k", "two", &op), 0);
	op.version = old;
	assert_int_equal(go(p, STORE_SWAP, "k", "three", &op), ERR_LATE);
	assert_int_equal(go(p, STORE_TAKE, "k", NULL, &op), 0);
	assert_true(str_is(op.val, "two"));
	assert_int_equal(go(p, STORE_TAKE, "k", NULL, &op), ERR_NONE);
	assert_int_equal(go(p, STORE_SWAP, "k", "three", &op), ERR_NONE);
	assert_int_equal(go(p, STORE_ADD, "k", "again", &op), 0);
}

static void
test_incr(void **state)
{
	struct place *p = *state;
	struct store_op op = { .by = 1, .ttl_s = 60 };

	for (int64_t i = 1; i <= 5; i++) {
		assert_int_equal(go(p, STORE_INCR, "n", NULL, &op), 0);
		assert_int_equal(op.total, i);
	}
	p->s.wall += 30;
	p->s.now += 30000;
	op.by = -7;
	assert_int_equal(go(p, STORE_INCR, "n", NULL, &op), 0);
	assert_int_equal(op.total, -2);
	p->s.wall += 40; /* 70 s after the first: the life set then is over */
	p->s.now += 40000;
	commit(p);
	op.by = 1;
	assert_int_equal(go(p, STORE_INCR, "n", NULL, &op), 0);
	assert_int_equal(op.total, 1);
	assert_int_equal(go(p, STORE_PUT, "t", "text", &op), 0);
	assert_int_equal(go(p, STORE_INCR, "t", NULL, &op), ERR_BAD);
	assert_int_equal(go(p, STORE_PUT, "t", "9223372036854775807", &op), 0);
	assert_int_equal(go(p, STORE_INCR, "t", NULL, &op), ERR_BAD);
}

static void
test_lifetimes(void **state)
{
	struct place *p = *state;
	struct store_op op = { .ttl_s = 100 };

	assert_int_equal(go(p, STORE_PUT, "short", "x", &op), 0);
	op.ttl_s = STORE_FOREVER;
	assert_int_equal(go(p, STORE_PUT, "long", "x", &op), 0);
	assert_int_equal(go(p, STORE_GET, "short", NULL, &op), 0);
	assert_int_equal(op.dies, p->s.wall + 100);
	p->s.wall += 99;
	p->s.now += 99000;
	commit(p);
	assert_int_equal(go(p, STORE_GET, "short", NULL, &op), 0);
	p->s.wall += 1;
	p->s.now += 1000;
	store_time(p->kept ? p->kept : p->s.st, p->s.now, p->s.wall); /* the turn has only begun */
	assert_int_equal(go(p, STORE_GET, "short", NULL, &op), ERR_NONE);
	commit(p);
	assert_int_equal(go(p, STORE_GET, "short", NULL, &op), ERR_NONE);
	assert_int_equal(go(p, STORE_TAKE, "short", NULL, &op), ERR_NONE);
	assert_int_equal(go(p, STORE_DROP, "short", NULL, &op), ERR_NONE);
	assert_int_equal(go(p, STORE_GET, "long", NULL, &op), 0);
	op.ttl_s = STORE_FOREVER - 1; /* beyond what can be counted: at the end, and not for ever */
	assert_int_equal(go(p, STORE_PUT, "end", "v", &op), 0);
	assert_int_equal(go(p, STORE_GET, "end", NULL, &op), 0);
	assert_int_equal(op.dies, UINT32_MAX);
	assert_int_equal(go(p, STORE_DROP, "end", NULL, &op), 0);
	op.ttl_s = 5;
	assert_int_equal(go(p, STORE_ADD, "short", "anew", &op), 0);
	assert_int_equal(go(p, STORE_GET, "short", NULL, &op), 0);
	/* The clock set back makes nothing live again. */
	p->s.now += 6000;
	p->s.wall -= 5000;
	commit(p);
	assert_int_equal(go(p, STORE_GET, "short", NULL, &op), ERR_NONE);
}

static void
test_list(void **state)
{
	struct place *p = *state;
	struct store_op op = { 0 };
	bool seen[50] = { 0 };
	u32 n = 0, lists = 0;
	u8 room[300];
	char key[16];

	for (u32 i = 0; i < 50; i++) {
		snprintf(key, sizeof key, "%s:%u", i % 2 ? "odd" : "o", i);
		assert_int_equal(go(p, STORE_PUT, key, "some value", &op), 0);
	}
	op.cursor = 0;
	do {
		struct buf out = buf_over(room, sizeof room);
		struct store_op list = { .verb = STORE_LIST, .key = STR("odd:"), .out = &out, .cursor = op.cursor };
		struct store_entry e;
		struct str rest;

		assert_int_equal(run(p, &list), 0);
		for (rest = buf_str(&out); store_entry(&rest, &e); n++) {
			u64 i = 0;

			assert_int_equal(str_u64(str_cut(e.key, 4, e.key.n), &i), 0);
			assert_false(seen[i]);
			seen[i] = true;
			assert_true(i % 2 && str_is(e.val, "some value") && e.version);
		}
		op.cursor = list.cursor;
		lists++;
	} while (op.cursor);
	assert_int_equal(n, 25);
	assert_true(lists > 2);
}

static void
test_limits(void **state)
{
	struct place *p = *state;
	struct store_op op = { 0 };
	u8 small[2];
	struct buf out = buf_over(small, sizeof small);
	char key[STORE_KEY_MAX + 2];

	memset(key, 'k', sizeof key);
	key[STORE_KEY_MAX + 1] = 0;
	assert_int_equal(go(p, STORE_PUT, key, "x", &op), ERR_BAD);
	key[STORE_KEY_MAX] = 0;
	assert_int_equal(go(p, STORE_PUT, key, "x", &op), 0);
	assert_int_equal(go(p, STORE_PUT, "", "x", &op), ERR_BAD);
	assert_int_equal(go(p, STORE_PUT, "k", "longer", &op), 0);
	op = (struct store_op){ .verb = STORE_TAKE, .key = STR("k"), .out = &out };
	assert_int_equal(run(p, &op), ERR_FULL); /* and then nothing was taken */
	assert_int_equal(go(p, STORE_GET, "k", NULL, &op), 0);
	assert_true(str_is(op.val, "longer"));
}

static void
test_stamps(void **state)
{
	struct place *p = *state;
	struct store_op op = { 0 };
	u32 k = store_stamp(p->s.st, 'k'), s = store_stamp(p->s.st, 's');

	assert_int_equal(go(p, STORE_PUT, "k:1", "x", &op), 0);
	assert_true(store_stamp(p->s.st, 'k') != k);
	k = store_stamp(p->s.st, 'k');
	assert_int_equal(go(p, STORE_GET, "k:1", NULL, &op), 0);
	assert_int_equal(store_stamp(p->s.st, 'k'), k);
	assert_int_equal(go(p, STORE_DROP, "k:1", NULL, &op), 0);
	assert_true(store_stamp(p->s.st, 'k') != k);
	assert_int_equal(store_stamp(p->s.st, 's'), s);
}

static void
test_cancel(void **state)
{
	struct place *p = *state;
	struct store_op op[8] = { 0 };
	u32 marked = p->marked;

	for (u32 i = 0; i < 8; i++) {
		op[i] = (struct store_op){ .verb = STORE_PUT, .key = STR("k"), .val = STR("v"), .ttl_s = 9 };
		op[i].owner = &p->owner;
		store_start(p->s.st, &op[i], p->s.now);
	}
	for (u32 i = 0; i < 8; i++)
		store_cancel(p->s.st, &op[i]);
	memset(op, 0xa5, sizeof op); /* nobody may look at them any more */
	for (u32 i = 0; i < 50; i++) {
		commit(p);
		loop_wait(&p->loop, p->s.now, p->s.now);
		loop_io(&p->loop, p->s.now);
		loop_steps(&p->loop, p->s.now);
	}
	assert_int_equal(p->marked, marked);
}

#define EACH(test) \
	{ #test " disk", test, setup_disk, teardown, NULL }, { #test " helper", test, setup_helper, teardown, NULL }, \
	{ #test " ram", test, setup_ram, teardown, NULL }, { #test " ram late", test, setup_late, teardown, NULL }, \
	{ #test " far disk", test, setup_far_disk, teardown, NULL }, \
	{ #test " far ram", test, setup_far_ram, teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_put_get_drop), EACH(test_add_take_swap), EACH(test_incr),   EACH(test_lifetimes),
		EACH(test_list),         EACH(test_limits),        EACH(test_stamps), EACH(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
