/* Compaction beside running writes, against a plain model; and everything that may interrupt it. */
#include "scratch.h"
#include "store/disk_priv.h"

#include "sys/clock.h"
#include "sys/loop.h"

#define KEYS 40

struct model {
	u32 val[KEYS]; /* 0: absent */
};

static void
key_name(char name[16], u32 key)
{
	snprintf(name, 16, "k:%u", key);
}

/* The value of number v: its text and some filling. */
static struct str
val_text(char text[256], u32 v)
{
	int n = snprintf(text, 256, "value %u ", v);

	memset(text + n, 'a' + (char)(v % 26), 240 - (u32)n);
	return str_of(text, (u32)n + v % 200);
}

static void
check_all(struct scratch *s, const struct model *m)
{
	char name[16], text[256];
	u32 there = 0;

	for (u32 k = 0; k < KEYS; k++) {
		struct store_op op = { .verb = STORE_GET, .key = str_c(name) };
		int err;

		key_name(name, k);
		op.key = str_c(name);
		err = scratch_do(s, &op);
		assert_int_equal(err, m->val[k] ? 0 : ERR_NONE);
		if (m->val[k])
			assert_true(str_same(op.val, val_text(text, m->val[k])));
		there += m->val[k] != 0;
	}
	assert_int_equal(scratch_figures(s).keys, there);
}

/* n operations in one turn; with faults some groups fail, as a whole. */
static void
random_turn(struct scratch *s, struct model *m, u32 *random, u32 n)
{
	static struct store_op op[16];
	static char name[16][16], text[16][256];
	struct model after = *m;

	for (u32 i = 0; i < n; i++) {
		u32 key, v;

		*random = *random * 1664525 + 1013904223;
		key = (*random >> 8) % KEYS;
		v = *random >> 16;
		key_name(name[i], key);
		op[i] = (struct store_op){ .verb = STORE_PUT, .key = str_c(name[i]), .ttl_s = STORE_FOREVER };
		op[i].val = val_text(text[i], v + 1);
		if (v % 4 == 0)
			op[i].verb = STORE_DROP;
		store_start(s->st, &op[i], s->now);
		after.val[key] = v % 4 == 0 ? 0 : v + 1;
	}
	for (u32 turn = 0; turn < 1000000; turn++) {
		bool all = true;

		scratch_turn(s);
		for (u32 i = 0; i < n; i++)
			all &= op[i].done;
		if (all)
			break;
		usleep(10);
	}
	for (u32 i = 0; i < n; i++) {
		assert_true(op[i].done);
		if (op[i].err == ERR_FULL || op[i].err == ERR_IO)
			return;
		assert_true(!op[i].err || op[i].err == ERR_NONE);
	}
	*m = after;
}

/* How often it compacted. */
static u32
run_life(struct scratch *s, u32 random, const char *faults)
{
	struct model m = { { 0 } };
	u32 compactions = 0;

	s->conf.compact_min = 3000;
	scratch_open(s);
	for (u32 round = 0; round < 20; round++) {
		fault_plan(round % 3 ? faults : NULL);
		for (u32 i = 0; i < 40; i++) {
			random_turn(s, &m, &random, 1 + random % 9);
			s->now += round % 5 ? 1 : 10000; /* past the pause after a failed compaction */
		}
		fault_plan(NULL);
		check_all(s, &m);
		if (round % 4 == 3) {
			compactions += scratch_figures(s).compactions;
			assert_true(faults || scratch_figures(s).bytes < 3 * scratch_figures(s).live + 20000);
			scratch_again(s);
			check_all(s, &m);
		}
	}
	return compactions;
}

static void
test_beside_writes(void **state)
{
	struct scratch *s = *state;

	assert_true(run_life(s, 1, NULL) >= 20);
}

static void
test_with_full_disks(void **state)
{
	struct scratch *s = *state;

	assert_true(run_life(s, 2, "pwrite:ENOSPC:20-23,pwrite:ENOSPC:50-51,pwrite:SHORT9:60-61,pwrite:ENOSPC:62") >= 5);
	scratch_close(s);
	scratch_empty(s->dir);
	run_life(s, 3, "open:ENOSPC:1-3,pwrite:EIO:31,rename:EIO:2,unlink:EIO:1-");
}

static void
test_with_a_helper(void **state)
{
	static u8 room[65536];
	struct arena a = arena_over(room, sizeof room);
	struct scratch *s = *state;
	struct model m = { { 0 } };
	struct loop loop;
	u32 random = 4;

	loop_init(&loop, &a, 8, 8);
	s->conf.compact_min = 3000;
	scratch_open(s);
	assert_int_equal(store_attach(s->st, &loop), 0);
	for (u32 i = 0; i < 600; i++) {
		if (i % 100 == 50)
			fault_plan("pwrite:ENOSPC:2,fdatasync:DELAY5:1-3");
		random_turn(s, &m, &random, 1 + i % 9);
		if (i % 100 == 99) {
			fault_plan(NULL);
			s->now += 100000;
			check_all(s, &m);
		}
	}
	assert_true(scratch_figures(s).compactions >= 2);
	scratch_close(s);
	loop_done(&loop);
	scratch_open(s);
	check_all(s, &m);
}

/* Turns without a pause while others wait: the helper ends at every moment of a turn, and there is always a group that
 * could be written instead of finishing the one before. */
static void
test_helper_ends_any_time(void **state)
{
	static u8 room[65536];
	struct arena a = arena_over(room, sizeof room);
	struct scratch *s = *state;
	struct store_op op[3] = { { .done = true }, { .done = true }, { .done = true } };
	static const char *const key[3] = { "k:0", "k:1", "k:2" };
	char text[3][256];
	struct loop loop;
	u32 given = 0, idle = 0;

	loop_init(&loop, &a, 8, 8);
	s->conf.compact_min = 100000;
	scratch_open(s);
	assert_int_equal(store_attach(s->st, &loop), 0);
	fault_plan("fdatasync:DELAY1:1-"); /* asleep, it wakes at any moment of ours */
	while (given < 1500 || !(op[0].done && op[1].done && op[2].done)) {
		u32 before = given;

		for (u32 i = 0; i < 3 && given == before; i++) { /* one a turn: they do not share a group */
			if (!op[i].done || given == 1500)
				continue;
			assert_int_equal(op[i].err, 0);
			op[i] = (struct store_op){ .verb = STORE_PUT, .key = str_c(key[i]), .ttl_s = STORE_FOREVER };
			op[i].val = val_text(text[i], ++given);
			store_start(s->st, &op[i], s->now);
		}
		scratch_turn(s);
		idle = given > before ? 0 : idle + 1;
		assert_true(idle < 20000000);
	}
	scratch_close(s);
	loop_done(&loop);
	scratch_open(s);
	for (u32 i = 0; i < 3; i++) {
		struct store_op get = { .verb = STORE_GET, .key = str_c(key[i]) };

		assert_int_equal(scratch_do(s, &get), 0);
		assert_true(str_same(get.val, op[i].val));
	}
}

/* Fills so that the next turns compact; then there are two segments: merged, and the next. */
static void
make_two_segments(struct scratch *s)
{
	s->conf.compact_min = 3000;
	scratch_open(s);
	assert_int_equal(put(s, "k:revoked", "x"), 0);
	assert_int_equal(put(s, "k:kept", "x"), 0);
	assert_int_equal(drop(s, "k:revoked"), 0);
	for (u32 i = 0; !scratch_figures(s).compactions && i < 200; i++)
		assert_int_equal(put(s, "k:filler", "some text of some length that is written again and again"), 0);
	assert_int_equal(scratch_figures(s).segments, 2);
	assert_int_equal(put(s, "k:after", "x"), 0);
}

static bool
has_two(struct scratch *s)
{
	return holds(s, "k:revoked", NULL) && holds(s, "k:kept", "x") && holds(s, "k:after", "x");
}

static void
refused(struct scratch *s, const char *words)
{
	assert_true(scratch_try(s) < 0);
	if (str_find_str(buf_str(&s->text), str_c(words)) < 0)
		fail_msg("not told: %s in: %.*s", words, STR_ARG(buf_str(&s->text)));
}

/* Segments that are lost, swapped, or from an older copy. */
static void
test_segments_missing(void **state)
{
	struct scratch *s = *state;
	u8 *one = malloc(200000), *two = malloc(200000);
	u32 n1, n2;
	char path[100];

	make_two_segments(s);
	scratch_again(s);
	assert_true(has_two(s));
	scratch_close(s);
	n1 = scratch_load(s, "seg-00000001", one, 200000);
	n2 = scratch_load(s, "seg-00000002", two, 200000);
	snprintf(path, sizeof path, "%s/seg-00000002", s->dir);
	unlink(path);
	refused(s, "the next one is missing");
	scratch_save(s, "seg-00000002", two, n2);
	snprintf(path, sizeof path, "%s/seg-00000001", s->dir);
	unlink(path);
	refused(s, "seg-00000001 is missing");
	scratch_save(s, "seg-00000001", two, n2);
	refused(s, "damaged in its header");
	scratch_save(s, "seg-00000001", one, n1 - 1);
	refused(s, "is damaged at byte");
	scratch_save(s, "seg-00000001", one, n1);
	scratch_open(s);
	assert_true(has_two(s));
	/* A later life, with the first segment of the earlier one. */
	for (u32 i = 0; !scratch_figures(s).compactions && i < 200; i++)
		assert_int_equal(put(s, "k:filler", "some text of some length that is written again and again"), 0);
	scratch_close(s);
	scratch_save(s, "seg-00000002", two, n2);
	refused(s, "seg-00000001 is missing");
	scratch_save(s, "seg-00000001", one, n1);
	refused(s, "seg-00000003 does not continue");
	free(one);
	free(two);
}

/* What a crash leaves beside the store is removed, and nothing else. */
static void
test_leftovers(void **state)
{
	struct scratch *s = *state;
	u8 *bytes = malloc(200000);
	char path[100];
	u32 n;

	make_two_segments(s);
	for (u32 i = 0; scratch_figures(s).compactions < 2 && i < 200; i++)
		assert_int_equal(put(s, "k:filler", "some text of some length that is written again and again"), 0);
	scratch_close(s);
	n = scratch_load(s, "seg-00000002", bytes, 200000);
	scratch_save(s, "seg-00000001", bytes, n); /* stood for by the merged one: not even looked at */
	scratch_save(s, "new-00000007", bytes, 5);
	scratch_save(s, "README", bytes, 5);
	scratch_open(s);
	assert_true(has_two(s));
	snprintf(path, sizeof path, "%s/seg-00000001", s->dir);
	assert_int_not_equal(access(path, F_OK), 0);
	snprintf(path, sizeof path, "%s/new-00000007", s->dir);
	assert_int_not_equal(access(path, F_OK), 0);
	snprintf(path, sizeof path, "%s/README", s->dir);
	assert_int_equal(access(path, F_OK), 0);
	free(bytes);
}

/* Expired entries are not copied, and stay away after a restart. */
static void
test_expired_go(void **state)
{
	struct scratch *s = *state;
	struct store_op op = { .verb = STORE_PUT, .ttl_s = 50, .val = STR("x") };
	char name[16];

	s->conf.compact_min = 3000;
	scratch_open(s);
	for (u32 i = 0; i < 300; i++) {
		key_name(name, i);
		op.key = str_c(name);
		op.out = NULL;
		op.val = STR("x");
		assert_int_equal(scratch_do(s, &op), 0);
	}
	s->wall += 100;
	s->now += 100000;
	for (u32 i = 0; i < 30; i++, s->now += 100)
		scratch_turn(s);
	assert_int_equal(put(s, "k:stays", "x"), 0);
	for (u32 i = 0; i < 30; i++, s->now += 100)
		scratch_turn(s);
	assert_true(scratch_figures(s).compactions > 0);
	assert_true(scratch_figures(s).bytes < 5000);
	scratch_again(s);
	assert_int_equal(scratch_figures(s).keys, 1);
}

/* Crash after crash in the middle of it: segments add up, and one compaction takes them all. */
static void
test_many_segments(void **state)
{
	struct scratch *s = *state;

	s->conf.compact_min = 3000;
	for (u32 round = 0; round < 12; round++) {
		char name[16];

		scratch_open(s);
		key_name(name, round);
		assert_int_equal(put(s, name, "x"), 0);
		/* The copy never succeeds, but the next segment is there. */
		fault_plan("pwrite:ENOSPC:5-");
		for (u32 i = 0; i < 100 && scratch_figures(s).segments < round + 2; i++) {
			fault_plan(NULL);
			put(s, "k:filler", "some text of some length that is written again and again");
			fault_plan("rename:EIO:2-");
			s->now += 100000;
			scratch_turn(s);
			fault_plan(NULL);
		}
		scratch_close(s);
	}
	scratch_open(s);
	s->now += 100000;
	for (u32 i = 0; i < 10; i++)
		scratch_turn(s);
	assert_int_equal(scratch_figures(s).segments, 2);
	assert_int_equal(scratch_figures(s).keys, 13);
}

/* A copy under way, with the helper busy: `many` entries were there before, the next-to-last slice is done, and op has
 * just overwritten the last entry, which is therefore skipped. */
#define MANY 600

struct half {
	struct scratch *s;
	struct loop loop;
	struct store_op first, second;
	char snapshot[80]; /* directory: what was on the disk when the merged segment had its name */
};

static u8 half_room[65536];

static void
let_helper_finish(struct half *h, const bool *done)
{
	for (u32 i = 0; i < 100000 && !*done; i++) {
		usleep(100);
		scratch_turn(h->s);
	}
	assert_true(*done);
}

static void
begin_half(struct half *h, struct scratch *s)
{
	struct arena a = arena_over(half_room, sizeof half_room);
	char name[16];

	*h = (struct half){ .s = s };
	s->conf.compact_min = 1 << 30;
	scratch_open(s);
	for (u32 i = 0; i < 2 * MANY; i++) {
		key_name(name, i % MANY);
		assert_int_equal(put(s, name, i < MANY ? "an old value of some length" : "older"), 0);
	}
	scratch_close(s);
	s->conf.compact_min = 1000;
	scratch_open(s);
	loop_init(&h->loop, &a, 8, 8);
	assert_int_equal(store_attach(s->st, &h->loop), 0);
	scratch_turn(s); /* the next segment is begun */
	while (side_busy(&disk_of(s->st)->side)) /* its own sync, not the one below, is over */
		usleep(100);
	h->first = (struct store_op){ .verb = STORE_PUT, .key = STR("x:1"), .val = STR("x") };
	h->first.ttl_s = STORE_FOREVER;
	h->second = h->first;
	h->second.key = STR("k:599");
	h->second.val = STR("new");
	fault_plan("fdatasync:DELAY300:1");
	store_start(s->st, &h->first, s->now);
	scratch_turn(s); /* writes it, the helper hangs in its sync; the first slice is copied */
	assert_int_equal(scratch_figures(s).segments, 3);
	store_start(s->st, &h->second, s->now);
	for (u32 i = 0; i < 5; i++)
		scratch_turn(s); /* the other slices */
	assert_false(h->first.done);
}

static void
end_half(struct half *h)
{
	struct store_op third = h->first;

	fault_plan(NULL);
	h->s->now += 100000;
	third.key = STR("x:2");
	for (u32 i = 0; i < 20; i++) { /* whatever compaction there is comes to its end */
		store_start(h->s->st, &third, h->s->now);
		let_helper_finish(h, &third.done);
		usleep(1000);
	}
	assert_true(scratch_figures(h->s).compactions > 0);
	fault_watch(NULL, NULL);
	scratch_close(h->s);
	loop_done(&h->loop);
	scratch_open(h->s);
	assert_int_equal(scratch_figures(h->s).keys, MANY + 2);
}

/* The overwriting group is taken back: what it had replaced must be in the copy after all. */
static void
test_taken_back_while_copying(void **state)
{
	struct scratch *s = *state;
	struct half h;

	begin_half(&h, s);
	fault_plan("pwrite:ENOSPC:1-");
	let_helper_finish(&h, &h.second.done);
	assert_true(!h.first.err && h.second.err == ERR_FULL);
	assert_true(holds(s, "k:599", "older"));
	end_half(&h);
	assert_true(holds(s, "k:599", "older"));
}

static void
take_snapshot(void *arg, const struct fault_event *e)
{
	struct half *h = arg;
	char command[300];

	if (strcmp(e->call, "fsync") != 0 || h->snapshot[0])
		return;
	snprintf(h->snapshot, sizeof h->snapshot, "%s.cut", h->s->dir);
	snprintf(command, sizeof command, "cp -a %s %s", h->s->dir, h->snapshot);
	assert_int_equal(system(command), 0);
}

/* The power goes when the copy has just taken its place: the overwritten entry must be in it, or its successor synced. */
static void
test_cut_after_copying(void **state)
{
	struct scratch *s = *state;
	struct half h;

	begin_half(&h, s);
	fault_watch(take_snapshot, &h);
	let_helper_finish(&h, &h.second.done);
	end_half(&h);
	assert_true(holds(s, "k:599", "new"));
	scratch_close(s);
	assert_true(h.snapshot[0] != 0);
	s->conf.dir = h.snapshot;
	scratch_open(s);
	assert_true(holds(s, "k:599", "new") || holds(s, "k:599", "older"));
	scratch_close(s);
	scratch_empty(h.snapshot);
	rmdir(h.snapshot);
	s->conf.dir = s->dir;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_beside_writes),    CASE(test_with_full_disks), CASE(test_with_a_helper),
		CASE(test_segments_missing), CASE(test_leftovers),       CASE(test_expired_go),
		CASE(test_many_segments),    CASE(test_taken_back_while_copying),
		CASE(test_helper_ends_any_time),
		CASE(test_cut_after_copying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
