/* disk: what is refused, what is taken back, what survives. Case numbers are those of the store fault list. */
#include "scratch.h"

#include "store/seg.h"
#include "sys/clock.h"
#include "sys/loop.h"

#include <signal.h>
#include <sys/wait.h>

#define SEG1 "seg-00000001"

static void
refused(struct scratch *s, int err, const char *words)
{
	assert_int_equal(scratch_try(s), err);
	assert_null(s->st);
	if (str_find_str(buf_str(&s->text), str_c(words)) < 0)
		fail_msg("not told: %s in: %.*s", words, STR_ARG(buf_str(&s->text)));
	assert_int_equal(str_find(buf_str(&s->text), '\n', 0), -1);
}

static void
some_life(struct scratch *s)
{
	scratch_open(s);
	assert_int_equal(put(s, "k:1", "one"), 0);
	assert_int_equal(put(s, "k:2", "two"), 0);
	assert_int_equal(drop(s, "k:1"), 0);
	assert_int_equal(put(s, "k:3", "three"), 0);
}

static bool
has_life(struct scratch *s)
{
	return holds(s, "k:1", NULL) && holds(s, "k:2", "two") && holds(s, "k:3", "three");
}

static void
test_survives(void **state)
{
	struct scratch *s = *state;
	struct store_op op = { .verb = STORE_GET, .key = STR("k:3") };
	u64 version;

	some_life(s);
	assert_int_equal(scratch_do(s, &op), 0);
	version = op.version;
	scratch_again(s);
	assert_true(has_life(s));
	op.out = NULL;
	assert_int_equal(scratch_do(s, &op), 0);
	assert_true(op.version == version);
	assert_int_equal(scratch_figures(s).keys, 2);
}

/* Z09 */
static void
test_places_refused(void **state)
{
	struct scratch *s = *state;
	char path[100], other[100];

	assert_int_equal(chmod(s->dir, 0750), 0);
	refused(s, ERR_DENY, "chmod 700");
	assert_int_equal(chmod(s->dir, 0700), 0);
	snprintf(path, sizeof path, "%s/x", s->dir);
	s->conf.dir = path;
	snprintf(other, sizeof other, "%s/real", s->dir);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(symlink(other, path), 0);
	refused(s, ERR_DENY, "is a link");
	unlink(path);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	refused(s, ERR_DENY, "no directory");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(s, ERR_DENY, "no directory");
	unlink(path);
	if (geteuid() == 0) {
		assert_int_equal(chown(other, 12345, 0), 0);
		s->conf.dir = other;
		refused(s, ERR_DENY, "belongs to user 12345");
	}
	s->conf.dir = "/nonexistent/store";
	refused(s, ERR_IO, "cannot be made");
	s->conf.dir = path;
	scratch_open(s); /* made, 0700 */
	scratch_close(s);
	scratch_empty(path);
	rmdir(path);
	s->conf.dir = s->dir;
}

/* Z09, Z28, Z30: whatever the segment has become; and nothing on disk changes by refusing. */
static void
test_segments_refused(void **state)
{
	struct scratch *s = *state;
	u8 good[4096], bytes[4096], key[STORE_MAC_N] = "another key";
	char path[100];
	u32 n, kept;

	some_life(s);
	scratch_close(s);
	n = scratch_load(s, SEG1, good, sizeof good);
	snprintf(path, sizeof path, "%s/%s", s->dir, SEG1);

	s->conf.mac_key = key;
	refused(s, ERR_BAD, "another master key");
	s->conf.mac_key = scratch_key;

	memcpy(bytes, good, n);
	bytes[16] = 2;
	scratch_save(s, SEG1, bytes, n);
	refused(s, ERR_BAD, "newer program");
	kept = scratch_load(s, SEG1, good, sizeof good);
	assert_int_equal(kept, n);
	assert_memory_equal(good, bytes, n);
	good[16] = 1;

	bytes[0] ^= 1;
	scratch_save(s, SEG1, bytes, n);
	refused(s, ERR_BAD, "no store segment");
	scratch_save(s, SEG1, bytes, 0);
	refused(s, ERR_BAD, "cut short");
	scratch_save(s, SEG1, good, n);
	assert_int_equal(chmod(path, 0644), 0);
	refused(s, ERR_DENY, "chmod 600");
	assert_int_equal(chmod(path, 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		refused(s, ERR_DENY, "belongs to user 12345");
	}
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	refused(s, ERR_DENY, "cannot be opened");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(s, ERR_DENY, "no regular file");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(s, ERR_IO, "cannot be opened");
	rmdir(path);
	scratch_save(s, "seg-00000002", good, n);
	refused(s, ERR_BAD, "damaged in its header"); /* it says it is number 1 */
}

/* Z15 */
static void
test_read_errors(void **state)
{
	struct scratch *s = *state;

	some_life(s);
	scratch_close(s);
	for (u32 n = 1;; n++) {
		char plan[64];

		snprintf(plan, sizeof plan, "pread:EIO:%u", n);
		fault_plan(plan);
		if (scratch_try(s) == 0)
			break;
		assert_true(str_find_str(buf_str(&s->text), STR("cannot be read")) >= 0);
		assert_in_range(n, 1, 20);
	}
	fault_plan("pread:EIO:1");
	assert_int_equal(put(s, "k:2", "x"), ERR_IO); /* running: only this operation fails */
	assert_true(has_life(s));
	fault_plan("pread:SHORT7:1-");
	assert_true(has_life(s));
	scratch_again(s);
	assert_true(has_life(s));
}

/* Z20, Z21: a second process is told at once; killed or stopped ones leave nothing behind. */
static void
test_second_process(void **state)
{
	struct scratch *s = *state;
	int told[2], status;
	char c;
	pid_t child;

	assert_int_equal(pipe(told), 0);
	child = fork();
	if (child == 0) {
		scratch_open(s);
		if (write(told[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	assert_int_equal(read(told[0], &c, 1), 1);
	refused(s, ERR_LATE, "in use by another process");
	kill(child, SIGSTOP);
	refused(s, ERR_LATE, "in use by another process");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	scratch_open(s);
	assert_int_equal(put(s, "k:1", "x"), 0);
	close(told[0]);
	close(told[1]);
}

/* One group of three: over an old one, a new one, a drop. */
static int
three_at_once(struct scratch *s)
{
	struct store_op op[3] = {
		{ .verb = STORE_PUT, .key = STR("k:2"), .val = STR("changed"), .ttl_s = 50 },
		{ .verb = STORE_ADD, .key = STR("k:9"), .val = STR("new"), .ttl_s = 50 },
		{ .verb = STORE_DROP, .key = STR("k:3") },
	};

	for (u32 i = 0; i < 3; i++)
		store_start(s->st, &op[i], s->now);
	scratch_turn(s);
	for (u32 i = 0; i < 3; i++) {
		assert_true(op[i].done);
		assert_int_equal(op[i].err, op[0].err);
	}
	return op[0].err;
}

/* Z10, Z16: refused, memory as before, going on, and recovering. */
static void
test_disk_full(void **state)
{
	static const char *const plans[] = {
		"pwrite:ENOSPC:1-",  "pwrite:EDQUOT:1-", "pwrite:EROFS:1-", "pwrite:SHORT40:1-2,pwrite:ENOSPC:3-",
		"pwrite:SHORT5:1,pwrite:ENOSPC:2-,ftruncate:EIO:1-",
	};
	struct scratch *s = *state;

	some_life(s);
	for (u32 i = 0; i < ARRAY_N(plans); i++) {
		u64 live = scratch_figures(s).live;

		fault_plan(plans[i]);
		assert_int_equal(three_at_once(s), ERR_FULL);
		assert_true(has_life(s) && holds(s, "k:9", NULL));
		assert_int_equal(scratch_figures(s).health, STORE_REFUSING);
		assert_true(scratch_figures(s).live == live && scratch_figures(s).keys == 2);
		fault_plan(NULL);
		assert_int_equal(put(s, "k:5", "goes on"), 0);
		assert_int_equal(scratch_figures(s).health, STORE_WELL);
		assert_int_equal(drop(s, "k:5"), 0);
		scratch_again(s);
		assert_true(has_life(s) && holds(s, "k:5", NULL));
	}
	fault_plan("pwrite:EIO:1");
	assert_int_equal(three_at_once(s), ERR_IO);
	assert_true(has_life(s));
	assert_int_equal(three_at_once(s), 0);
	assert_true(holds(s, "k:2", "changed") && holds(s, "k:9", "new") && holds(s, "k:3", NULL));
}

/* Z11, Z12 */
static void
test_short_and_interrupted_writes(void **state)
{
	struct scratch *s = *state;

	for (u32 n = 1; n < 40; n += 3) {
		char plan[100], key[16];

		snprintf(plan, sizeof plan, "pwrite:SHORT%u:1-,*:EINTR:%u,*:EINTR:%u", n, 1 + n % 5, 7 + n);
		scratch_close(s);
		fault_plan(plan);
		scratch_open(s);
		snprintf(key, sizeof key, "key%u", n);
		assert_int_equal(put(s, key, "value"), 0);
		fault_plan(NULL);
		scratch_again(s);
		assert_true(holds(s, key, "value"));
	}
}

/* Z13: never acknowledged, read-only from then on, and a restart knows the disk again. */
static void
test_failed_sync(void **state)
{
	struct scratch *s = *state;

	some_life(s);
	scratch_again(s);
	fault_plan("fdatasync:EIO:1");
	assert_int_equal(three_at_once(s), ERR_IO);
	assert_true(has_life(s) && holds(s, "k:9", NULL));
	assert_int_equal(scratch_figures(s).health, STORE_BROKEN);
	assert_int_equal(put(s, "k:5", "x"), ERR_DENY);
	assert_int_equal(drop(s, "k:2"), ERR_DENY);
	assert_int_equal(fault_count("fdatasync"), 1);
	assert_true(holds(s, "k:2", "two"));
	scratch_close(s);
	assert_int_equal(fault_count("fdatasync"), 1); /* not tried again as if it were good */
	fault_plan(NULL);
	scratch_open(s);
	assert_int_equal(scratch_figures(s).health, STORE_WELL);
	assert_int_equal(put(s, "k:5", "x"), 0);
}

/* Z35 */
static void
test_directory_removed(void **state)
{
	struct scratch *s = *state;

	some_life(s);
	scratch_empty(s->dir);
	rmdir(s->dir);
	assert_int_equal(put(s, "k:5", "x"), ERR_IO);
	assert_true(has_life(s));
	assert_int_equal(put(s, "k:5", "x"), ERR_DENY);
	assert_int_equal(scratch_figures(s).health, STORE_BROKEN);
	scratch_close(s);
	assert_int_equal(mkdir(s->dir, 0700), 0);
}

/* Z03, Z04: the newest group is in no slot yet: cut inside it, it is a torn tail; cut below, it is damage. */
static void
test_cut_everywhere(void **state)
{
	struct scratch *s = *state;
	u8 bytes[4096];
	u32 n, before, opened = 0, refusals = 0;

	some_life(s);
	before = (u32)scratch_figures(s).bytes;
	assert_int_equal(put(s, "k:4", "four"), 0);
	n = scratch_load(s, SEG1, bytes, sizeof bytes); /* as the power left it */
	scratch_close(s);
	for (u32 cut = 0; cut <= n; cut++) {
		struct file_info info;
		int dir;

		scratch_save(s, SEG1, bytes, cut);
		if (cut < before) {
			assert_int_equal(scratch_try(s), ERR_BAD);
			refusals++;
			continue;
		}
		scratch_open(s);
		assert_true(has_life(s) && holds(s, "k:4", cut < n ? NULL : "four"));
		opened++;
		dir = file_open_dir(FILE_HERE, s->dir);
		assert_int_equal(file_look(dir, SEG1, &info), 0);
		assert_int_equal(info.size, cut < n ? before : n);
		file_close(dir);
		assert_int_equal(put(s, "k:5", "five"), 0);
		scratch_again(s);
		assert_true(has_life(s) && holds(s, "k:5", "five"));
		scratch_close(s);
	}
	assert_true(opened > 50 && refusals > 1000);
}

/* Z05: a log at rest, every bit: refused, or exactly what was there. In particular the dropped key stays dropped. */
static void
flip_every_bit(struct scratch *s, const u8 *bytes, u32 n, u32 step)
{
	u8 *copy = malloc(n);
	u32 harmless = 0;

	for (u32 bit = 0; bit < 8 * n; bit += step) {
		memcpy(copy, bytes, n);
		copy[bit / 8] ^= (u8)(1 << bit % 8);
		scratch_save(s, SEG1, copy, n);
		if (scratch_try(s) == 0) {
			assert_true(has_life(s));
			assert_true(bit / 8 < SEG_DATA); /* records: always noticed */
			harmless++;
		}
		scratch_close(s);
	}
	assert_true(harmless > 0);
	free(copy);
}

static void
test_every_bit(void **state)
{
	struct scratch *s = *state;
	u8 bytes[4096];
	u32 n;

	some_life(s);
	scratch_close(s);
	n = scratch_load(s, SEG1, bytes, sizeof bytes);
	flip_every_bit(s, bytes, n, 1);
}

/* The groups of a log, each with every one of its bits wrong: none is accepted behind the good ones before it. The slot
 * names the last of them, so whichever fails, the start is refused (test_every_bit). */
static u32
flip_in_groups(u8 *bytes, u32 n)
{
	struct hash_key key;
	struct chain c = { .key = &key, .segment = 1, .at = SEG_DATA };
	u32 flips = 0;

	hash_key(&key, str_of(scratch_key, STORE_MAC_N));
	memcpy(c.mac, bytes + 136, HASH_N); /* the chain begins with the header's mac */
	while (c.at < n) {
		struct chain next = c;
		struct group g;
		int used = group_parse(str_of(bytes + c.at, n - c.at), &next, &g);

		assert_true(used > 0);
		for (u32 bit = 0; bit < 8 * (u32)used; bit++, flips++) {
			struct chain try = c;

			bytes[c.at + bit / 8] ^= (u8)(1 << bit % 8);
			assert_true(group_parse(str_of(bytes + c.at, n - c.at), &try, &g) < 0);
			bytes[c.at + bit / 8] ^= (u8)(1 << bit % 8);
		}
		c = next;
	}
	return flips;
}

/* The same on 64 KB: all 524,288 bits group by group, and a sample of them through the files. */
static void
test_bits_of_a_large_log(void **state)
{
	struct scratch *s = *state;
	u8 *bytes = malloc(100000);
	u32 n;

	some_life(s);
	for (u32 i = 0; i < 600; i++)
		assert_int_equal(put(s, i % 2 ? "x:filler" : "x:another", "some value that fills the log"), 0);
	scratch_close(s);
	n = scratch_load(s, SEG1, bytes, 100000);
	assert_in_range(n, 65536, 100000);
	flip_every_bit(s, bytes, n, 2477);
	assert_true(flip_in_groups(bytes, n) >= 8 * (65536 - SEG_DATA));
	free(bytes);
}

/* Z06, Z07: runs of zeros, of ones, of other bytes; blocks doubled, swapped, and from an older copy. */
static void
test_blocks(void **state)
{
	struct scratch *s = *state;
	u8 *old = calloc(1, 100000), *bytes = malloc(100000), *copy = malloc(100000);
	u32 n, random = 7;

	some_life(s);
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(put(s, i % 2 ? "x:filler" : "x:another", "some value that fills the log"), 0);
	scratch_load(s, SEG1, old, 100000);
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(put(s, i % 2 ? "x:filler" : "x:another", "some value that fills the log"), 0);
	scratch_close(s);
	n = scratch_load(s, SEG1, bytes, 100000);
	for (u32 i = 0; i < 500; i++) {
		u32 size = i % 3 ? 512 : 4096, at, from;

		random = random * 1664525 + 1013904223;
		at = SEG_DATA + (random >> 8) % (n - SEG_DATA - size);
		at = i % 2 ? at : at / 512 * 512;
		at = at < SEG_DATA ? SEG_DATA : at;
		from = SEG_DATA + (random >> 4) % (n - SEG_DATA - size);
		memcpy(copy, bytes, n);
		switch (i % 5) {
		case 0: memset(copy + at, 0, size); break;
		case 1: memset(copy + at, 0xff, size); break;
		case 2: memcpy(copy + at, bytes + from, size); break;
		case 3:
			memcpy(copy + at, bytes + from, size);
			memcpy(copy + from, bytes + at, size);
			break;
		case 4: memcpy(copy + at, old + at, size); break;
		}
		scratch_save(s, SEG1, copy, n);
		if (scratch_try(s) == 0) {
			assert_true(memcmp(copy, bytes, n) == 0);
			assert_true(has_life(s));
		}
		scratch_close(s);
	}
	free(old);
	free(bytes);
	free(copy);
}

/* Z23: sequences go on past 32 bits and near the end of 64. */
static void
test_large_sequences(void **state)
{
	static const u64 at[] = { 0xfffffffe, 0x7ffffffffffffffe };
	struct scratch *s = *state;

	for (u32 i = 0; i < ARRAY_N(at); i++) {
		struct seg seg = { .number = 1, .first = 1, .seq = at[i] };
		struct hash_key key;
		u8 page[SEG_DATA];

		hash_key(&key, str_of(scratch_key, STORE_MAC_N));
		seg_make(&seg, &key, s->wall, page);
		scratch_save(s, SEG1, page, sizeof page);
		some_life(s);
		assert_true(scratch_figures(s).seq == at[i] + 4);
		scratch_again(s);
		assert_true(has_life(s) && scratch_figures(s).seq == at[i] + 4);
		scratch_close(s);
	}
}

/* Z22: expired before the restart, expired after it, whatever the clock says then. */
static void
test_expired_stays_expired(void **state)
{
	struct scratch *s = *state;
	struct store_op op = { .verb = STORE_PUT, .key = STR("s:1"), .val = STR("x"), .ttl_s = 1000 };

	scratch_open(s);
	assert_int_equal(scratch_do(s, &op), 0);
	s->wall += 2000;
	s->now += 2000 * 1000;
	scratch_turn(s);
	assert_true(holds(s, "s:1", NULL));
	scratch_close(s); /* writes the time down */
	s->wall -= 100000;
	scratch_open(s);
	assert_true(holds(s, "s:1", NULL));
	assert_in_range(store_wall(s->st), s->wall + 100000, s->wall + 100001);
	scratch_turn(s);
	assert_int_equal(scratch_figures(s).keys, 0); /* swept */
}

/* More in one turn than a group holds: in order, nothing lost. */
static void
test_many_at_once(void **state)
{
	enum { N = 1000 };
	struct scratch *s = *state;
	struct store_op *op = calloc(N, sizeof *op);
	char (*key)[16] = calloc(N, sizeof *key);
	u8 *big = calloc(1, STORE_VAL_MAX);
	u32 turns = 0;
	bool all = false;

	scratch_open(s);
	for (u32 i = 0; i < N; i++) {
		snprintf(key[i], sizeof key[i], "m:%u", i % 700);
		op[i] = (struct store_op){ .verb = STORE_PUT, .key = str_c(key[i]), .ttl_s = 99 };
		op[i].val = str_of(big, i % 100 == 0 ? STORE_VAL_MAX : i % 50);
		assert_int_equal(store_start(s->st, &op[i], s->now), STEP_WAIT);
	}
	while (!all && turns++ < 100) {
		scratch_turn(s);
		all = true;
		for (u32 i = 0; i < N; i++)
			all &= op[i].done;
	}
	assert_true(all);
	for (u32 i = 0; i < N; i++)
		assert_int_equal(op[i].err, 0);
	assert_true(scratch_figures(s).groups >= 4);
	scratch_again(s);
	assert_int_equal(scratch_figures(s).keys, 700);
	free(op);
	free(key);
	free(big);
}

/* Z26: limits are answers. */
static void
test_full_of_keys(void **state)
{
	struct scratch *s = *state;
	char key[16];

	s->conf.keys_max = 20;
	scratch_open(s);
	for (u32 i = 0; i < 20; i++) {
		snprintf(key, sizeof key, "f:%u", i);
		assert_int_equal(put(s, key, "x"), 0);
	}
	assert_int_equal(put(s, "f:20", "x"), ERR_FULL);
	assert_int_equal(put(s, "f:19", "y"), 0);
	assert_int_equal(drop(s, "f:3"), 0);
	assert_int_equal(put(s, "f:20", "x"), 0);
	scratch_close(s);
	s->conf.keys_max = 10;
	refused(s, ERR_FULL, "more than the 10 entries");
	s->conf.keys_max = 20;
	scratch_open(s);
	assert_int_equal(scratch_figures(s).keys, 20);
}

/* An answer does not claim what is not on disk: reading what this turn wrote waits for the same sync. */
static void
test_reads_wait_for_their_write(void **state)
{
	struct scratch *s = *state;
	struct store_op w = { .verb = STORE_PUT, .key = STR("k"), .val = STR("v"), .ttl_s = 99 };
	struct store_op r = { .verb = STORE_GET, .key = STR("k"), .out = &s->out }, lazy = w, missed = w;

	scratch_open(s);
	s->out = buf_over(s->room, sizeof s->room);
	assert_int_equal(store_start(s->st, &w, s->now), STEP_WAIT);
	assert_int_equal(store_start(s->st, &r, s->now), STEP_WAIT);
	missed.verb = STORE_ADD;
	assert_int_equal(store_start(s->st, &missed, s->now), STEP_DONE);
	assert_int_equal(missed.err, ERR_LATE);
	scratch_turn(s);
	assert_true(w.done && r.done && !r.err && str_is(r.val, "v"));
	/* Lazy ones do not wait, and reading them does not either. */
	lazy.lazy = true;
	lazy.val = STR("later");
	assert_int_equal(store_start(s->st, &lazy, s->now), STEP_DONE);
	s->out.w = 0;
	assert_int_equal(store_start(s->st, &r, s->now), STEP_DONE);
	assert_true(str_is(r.val, "later"));
	/* A read that waited for a write that failed has no answer. */
	assert_int_equal(store_start(s->st, &w, s->now), STEP_WAIT);
	s->out.w = 0;
	assert_int_equal(store_start(s->st, &r, s->now), STEP_WAIT);
	fault_plan("pwrite:ENOSPC:1-2"); /* the slot's, which does not matter, and the group's */
	scratch_turn(s);
	assert_true(w.err == ERR_FULL && r.err == ERR_FULL);
}

/* Z14: a sync that hangs; the turn goes on, reads are answered, later writes form the next group. */
static void
test_hanging_sync(void **state)
{
	static u8 room[65536];
	struct arena a = arena_over(room, sizeof room);
	struct scratch *s = *state;
	struct loop loop;
	struct store_op one = { .verb = STORE_PUT, .key = STR("h:1"), .val = STR("x"), .ttl_s = 99 }, two = one;
	u64 began;

	s->now = clock_mono_ms();
	some_life(s);
	loop_init(&loop, &a, 8, 8);
	assert_int_equal(store_attach(s->st, &loop), 0);
	fault_plan("fdatasync:DELAY400:1");
	two.key = STR("h:2");
	began = clock_mono_ns();
	store_start(s->st, &one, s->now);
	for (u32 i = 0; i < 20; i++) {
		struct store_op r = { .verb = STORE_GET, .key = STR("k:2"), .out = &s->out };

		scratch_turn(s);
		s->out = buf_over(s->room, sizeof s->room);
		if (i == 3)
			assert_int_equal(store_start(s->st, &two, s->now), STEP_WAIT);
		assert_int_equal(store_start(s->st, &r, s->now), STEP_DONE);
		assert_true(str_is(r.val, "two"));
	}
	assert_true(clock_mono_ns() - began < 300 * 1000000U && !one.done && !two.done);
	for (u32 i = 0; i < 100 && !two.done; i++) {
		loop_wait(&loop, s->now, s->now + 100);
		s->now = clock_mono_ms();
		loop_io(&loop, s->now);
		loop_timers(&loop, s->now);
		loop_steps(&loop, s->now);
		scratch_turn(s);
		assert_true(one.done || !two.done);
	}
	assert_true(one.done && two.done && !one.err && !two.err);
	assert_true(clock_mono_ns() - began >= 400 * 1000000U);
	scratch_close(s);
	loop_done(&loop);
	scratch_open(s);
	assert_true(has_life(s) && holds(s, "h:1", "x") && holds(s, "h:2", "x"));
}

/* Z34: whatever fails at the first start, the next one works. */
static void
test_first_start(void **state)
{
	static const char *const calls[] = { "open", "pwrite", "fdatasync", "fsync", "rename" };
	struct scratch *s = *state;

	for (u32 i = 0; i < ARRAY_N(calls); i++) {
		char plan[64];

		snprintf(plan, sizeof plan, "%s:ENOSPC:1-", calls[i]);
		fault_plan(plan);
		assert_true(scratch_try(s) < 0);
		assert_true(s->text.w > 0);
		fault_plan(NULL);
		scratch_open(s);
		assert_int_equal(put(s, "k", "v"), 0);
		scratch_close(s);
		scratch_empty(s->dir);
	}
}

/* Z33 */
static void
test_bytes_written(void **state)
{
	struct scratch *s = *state;
	u64 before;

	scratch_open(s);
	before = scratch_figures(s).bytes;
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(put(s, "t:1", "a value of about the size of a token's record, which is small"), 0);
	assert_true((scratch_figures(s).bytes - before) / 100 < 2 * 90 + 512);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_survives),
		CASE(test_places_refused),
		CASE(test_segments_refused),
		CASE(test_read_errors),
		CASE(test_second_process),
		CASE(test_disk_full),
		CASE(test_short_and_interrupted_writes),
		CASE(test_failed_sync),
		CASE(test_directory_removed),
		CASE(test_cut_everywhere),
		CASE(test_every_bit),
		CASE(test_bits_of_a_large_log),
		CASE(test_blocks),
		CASE(test_large_sequences),
		CASE(test_expired_stays_expired),
		CASE(test_many_at_once),
		CASE(test_full_of_keys),
		CASE(test_reads_wait_for_their_write),
		CASE(test_hanging_sync),
		CASE(test_first_start),
		CASE(test_bytes_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
