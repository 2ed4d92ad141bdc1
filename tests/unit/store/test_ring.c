#include "store/ring.h"

#include "base/crc.h"
#include "base/limits.h"
#include "sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE_MAX_BYTES ((u64)8 << 20)

static char path[64];
static int dir;
static u8 first[HASH_N];
static struct arena arena;
static struct ring ring;
static msec now;

static int
setup(void **state)
{
	bool fresh;

	strcpy(path, "/tmp/ring-XXXXXX");
	assert_non_null(mkdtemp(path));
	dir = file_open_dir(FILE_HERE, path);
	assert_true(dir >= 0);
	assert_int_equal(ring_seeds(dir, &fresh, first), 0);
	assert_true(fresh);
	arena = arena_over(calloc(1, ring_bytes() + 4096), ring_bytes() + 4096);
	now = 1000;
	return 0;
}

static int
teardown(void **state)
{
	char command[100];

	close(dir);
	free(arena.p);
	snprintf(command, sizeof command, "rm -rf %s", path);
	return system(command);
}

static void
open_ring(void)
{
	struct ring_conf conf = { .dir = dir, .bytes_max = SIZE_MAX_BYTES, .syslog = -1, .host = "-" };
	u8 room[300];
	struct buf why = buf_over(room, sizeof room);

	arena_rewind(&arena, 0);
	assert_int_equal(ring_open(&ring, &conf, &arena, &why), 0);
}

static void
line(const char *text)
{
	struct buf *b = ring_room(&ring, 200);

	assert_non_null(b);
	buf_fmt(b, "{\"time\":\"%s\"}\n", text);
	ring_line(&ring, false);
}

/* One turn that writes. */
static void
turn(void)
{
	now += 60;
	ring_turn(&ring, now);
}

static int
verify(const u8 *key, const u8 *head, struct ring_report *r)
{
	return ring_verify(dir, 0, key, head, r);
}

static void
write_some(u32 turns, u32 lines)
{
	char text[40];

	for (u32 i = 0; i < turns; i++) {
		for (u32 k = 0; k < lines; k++) {
			snprintf(text, sizeof text, "turn %u line %u", i, k);
			line(text);
		}
		turn();
	}
}

static void
test_links(void **state)
{
	struct ring_report r, again;

	open_ring();
	write_some(20, 3);
	ring_close(&ring);
	assert_int_equal(verify(first, NULL, &r), 0);
	assert_int_equal(r.links, 20);
	assert_int_equal(r.lines, 61); /* and the segment's own */
	assert_int_equal(r.tail, 0);
	open_ring(); /* goes on where it ended */
	write_some(5, 1);
	ring_close(&ring);
	assert_int_equal(verify(first, r.h, &again), 0);
	assert_int_equal(again.links, 25);
	assert_true(again.found); /* the head noted before stands in it */
	assert_int_equal(again.first, again.last);
	first[0] ^= 1;
	assert_int_equal(verify(first, NULL, &r), ERR_BAD);
	assert_int_equal(verify(NULL, NULL, &r), 0);
}

static u32
load(const char *name, u8 *p, u32 cap)
{
	int fd = file_open(dir, name, FILE_READ), n = file_read_at(fd, 0, p, cap);

	file_close(fd);
	assert_true(n > 0);
	return (u32)n;
}

static void
save(const char *name, const u8 *p, u32 n)
{
	int fd = file_open(dir, name, FILE_WRITE | FILE_CREATE | FILE_TRUNCATE);

	assert_int_equal(file_write_at(fd, 0, p, n), 0);
	file_close(fd);
}

/* Every flipped bit, every removed, doubled or exchanged line, every cut: found. */
static void
test_changes_are_found(void **state)
{
	static u8 text[8192], bad[16384];
	struct ring_report r, whole;
	u32 n, cuts = 0;

	open_ring();
	write_some(6, 2);
	ring_close(&ring);
	assert_int_equal(verify(first, NULL, &whole), 0);
	n = load("w1-00000001.log", text, sizeof text);
	for (u32 bit = 0; bit < n * 8; bit++) {
		memcpy(bad, text, n);
		bad[bit / 8] ^= (u8)(1 << bit % 8);
		save("w1-00000001.log", bad, n);
		if (verify(first, whole.h, &r) == 0 && r.found && r.tail == 0)
			fail_msg("bit %u of byte %u: not found", bit % 8, bit / 8);
	}
	for (u32 from = 0, to; from < n; from = to) {
		for (to = from; text[to++] != '\n';)
			;
		memcpy(bad, text, from);
		memcpy(bad + from, text + to, n - to);
		save("w1-00000001.log", bad, n - (to - from));
		assert_false(verify(first, whole.h, &r) == 0 && r.found && r.tail == 0); /* removed */
		memcpy(bad, text, to);
		memcpy(bad + to, text + from, n - from);
		save("w1-00000001.log", bad, n + (to - from));
		assert_false(verify(first, whole.h, &r) == 0 && r.found && r.tail == 0); /* doubled */
		cuts++;
	}
	assert_int_equal(cuts, 1 + 12 + 6);
	for (u32 i = 1; i < n; i++) {
		save("w1-00000001.log", text, n - i);
		assert_false(verify(first, whole.h, &r) == 0 && r.found);
	}
}

/* Without the key only accidents are found, in lines as in links. */
static void
test_accidents(void **state)
{
	static u8 text[4096], bad[4096];
	struct ring_report r;
	u32 n, missed = 0;

	open_ring();
	write_some(2, 2);
	ring_close(&ring);
	assert_int_equal(verify(NULL, NULL, &r), 0);
	n = load("w1-00000001.log", text, sizeof text);
	for (u32 i = 0; i < n - 1; i++) {
		memcpy(bad, text, n);
		bad[i] ^= 1;
		save("w1-00000001.log", bad, n);
		missed += verify(NULL, NULL, &r) == 0 && r.tail == 0 && r.others == 0;
	}
	assert_int_equal(missed, 0);
}

/* A chain that an earlier version began goes on in a new segment; the old one is named, and not said to be verified. */
static void
test_other_form(void **state)
{
	static u8 text[4096], slots[1024];
	struct ring_report r;
	u32 n, k = 0;

	open_ring();
	write_some(2, 2);
	ring_close(&ring);
	n = load("w1-00000001.log", text, sizeof text);
	for (u32 i = 0; i < n; i++) /* ,"form":2 was not there then */
		if (i < 12 || i >= 21)
			text[k++] = text[i];
	save("w1-00000001.log", text, k);
	assert_memory_equal(text, "{\"segment\":1,\"link\":1,", 22);
	n = load("w1.state", slots, sizeof slots);
	for (u32 i = 0; i < 2; i++) {
		u8 *slot = slots + i * 512;
		u32 crc;

		slot[28] = 0;
		crc = crc32c(0, str_of(slot + 8, 120));
		for (u32 at = 0; at < 4; at++) /* low byte first, whatever this machine does */
			slot[4 + at] = (u8)(crc >> 8 * at);
	}
	save("w1.state", slots, n);
	open_ring();
	write_some(3, 1);
	ring_close(&ring);
	assert_int_equal(verify(first, NULL, &r), 0);
	assert_int_equal(r.others, 1);
	assert_int_equal(r.last, 2);
	assert_int_equal(r.links, 3); /* of the new segment only */
	assert_int_equal(r.link, 5);  /* whose numbers go on */
}

/* Killed between two writes: at the next start nothing is lost, and what is torn is marked. */
static void
test_after_a_crash(void **state)
{
	static u8 before[8192], after[8192], slots[2048];
	struct ring_report r;
	u32 n, state_n;

	open_ring();
	write_some(3, 1);
	state_n = load("w1.state", slots, sizeof slots);
	n = load("w1-00000001.log", before, sizeof before);
	write_some(2, 2);
	ring_close(&ring);
	save("w1.state", slots, state_n); /* the lines are there, their state is not */
	open_ring();
	write_some(1, 1);
	ring_close(&ring);
	assert_int_equal(verify(first, NULL, &r), 0);
	assert_int_equal(r.links, 6);
	assert_int_equal(r.last, 1);
	n = load("w1-00000001.log", after, sizeof after);
	memcpy(after + n, "{\"time\":\"half a l", 17);
	save("w1-00000001.log", after, n + 17); /* torn */
	assert_int_equal(verify(first, NULL, &r), 0);
	assert_int_equal(r.tail, 17);
	open_ring();
	write_some(1, 1);
	ring_close(&ring);
	assert_int_equal(verify(first, NULL, &r), 0);
	assert_int_equal(r.last, 2);
	assert_int_equal(r.links, 7);
	save("w1-00000001.log", after, n + 16); /* what was torn then is not to be changed later */
	assert_int_equal(verify(first, NULL, &r), ERR_BAD);
	save("w1-00000001.log", after, n + 17);
	save("w1-00000002.log", before, 200); /* cut while we were away */
	open_ring();
	write_some(1, 1);
	ring_close(&ring);
	verify(first, NULL, &r);
	assert_true(r.missing || r.bad_segment);
}

/* The oldest segments go; what is left still proves itself. */
static void
test_ring(void **state)
{
	static char long_text[1500];
	struct ring_report r;
	char name[RING_NAME_N];
	u32 at[64];

	memset(long_text, 'x', sizeof long_text - 1);
	open_ring();
	for (u32 i = 0; i < 400; i++) {
		for (u32 k = 0; k < 60; k++) {
			struct buf *b = ring_room(&ring, sizeof long_text + 50);

			assert_non_null(b);
			buf_fmt(b, "{\"time\":\"%s\"}\n", long_text);
			ring_line(&ring, false);
		}
		turn();
	}
	ring_close(&ring);
	assert_int_equal(ring_list(dir, 0, at, 64), RING_SEGMENTS);
	assert_int_equal(verify(first, NULL, &r), 0);
	assert_true(r.first > 20 && r.last == r.first + RING_SEGMENTS - 1);
	assert_int_equal(unlinkat(dir, "seeds", 0), 0);
	ring_name(name, 0, at[3]);
	assert_int_equal(unlinkat(dir, name, 0), 0);
	assert_int_equal(verify(first, NULL, &r), ERR_BAD);
}

/* More comes than the disk takes: lines are refused, counted, and nothing waits. */
static void
test_full(void **state)
{
	u32 n = 0;

	open_ring();
	while (ring_room(&ring, 200)) {
		line("many");
		n++;
	}
	assert_true(n > 1000);
	assert_int_equal(ring.lost, 1);
	assert_false(ring_well(&ring));
	turn();
	ring.lost = 0;
	assert_true(ring_well(&ring));
	ring_close(&ring);
}

/* The seed of a chain is used once: without its state no new chain begins unseen. */
static void
test_state_gone(void **state)
{
	struct ring_conf conf = { .dir = dir, .bytes_max = SIZE_MAX_BYTES, .syslog = -1, .host = "-" };
	u8 room[300];
	struct buf why = buf_over(room, sizeof room);

	open_ring();
	write_some(2, 2);
	ring_close(&ring);
	assert_int_equal(unlinkat(dir, "w1.state", 0), 0);
	arena_rewind(&arena, 0);
	assert_int_equal(ring_open(&ring, &conf, &arena, &why), ERR_NONE);
	assert_true(str_find_str(buf_str(&why), STR("state of the audit chain is gone")) >= 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_links), T(test_changes_are_found), T(test_accidents), T(test_other_form), T(test_after_a_crash), T(test_ring), T(test_full),
		T(test_state_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
