/* follow: a second reader beside the writer sees new and dropped keys within a poll, through rotation, compaction and
 * restarts of the writer, and never a key that was dropped. */
#include "scratch.h"

struct pair {
	struct scratch *w; /* writes */
	struct scratch *f; /* follows */
};

static int
setup(void **state)
{
	struct pair *p = calloc(1, sizeof *p);
	void *w, *f;

	if (scratch_setup(&w) || scratch_setup(&f))
		return -1;
	p->w = w;
	p->f = f;
	rmdir(p->f->dir);
	p->f->conf.dir = p->w->dir;
	p->f->conf.follow = true;
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct pair *p = *state;
	void *w = p->w, *f = p->f;

	scratch_teardown(&f);
	scratch_teardown(&w);
	free(p);
	return 0;
}

static void
poll_follower(struct pair *p)
{
	p->f->now += 500;
	scratch_turn(p->f);
}

static void
test_reads_along(void **state)
{
	struct pair *p = *state;
	u32 stamp;

	assert_int_equal(scratch_try(p->f), ERR_NONE); /* nothing to follow yet */
	scratch_open(p->w);
	scratch_open(p->f);
	assert_int_equal(put(p->w, "k:1", "one"), 0);
	assert_true(holds(p->f, "k:1", NULL));
	p->f->now += 499;
	stamp = store_stamp(p->f->st, 'k');
	poll_follower(p);
	assert_true(holds(p->f, "k:1", "one"));
	assert_true(store_stamp(p->f->st, 'k') != stamp);
	stamp = store_stamp(p->f->st, 'k');
	poll_follower(p);
	assert_int_equal(store_stamp(p->f->st, 'k'), stamp);
	assert_int_equal(drop(p->w, "k:1"), 0);
	poll_follower(p);
	assert_true(holds(p->f, "k:1", NULL));
	assert_int_equal(put(p->f, "k:2", "x"), ERR_DENY);
	assert_int_equal(drop(p->f, "k:2"), ERR_DENY);
}

static void
test_through_compactions(void **state)
{
	struct pair *p = *state;
	u32 compactions = 0;

	p->w->conf.compact_min = 2000;
	scratch_open(p->w);
	scratch_open(p->f);
	assert_int_equal(put(p->w, "k:dropped", "x"), 0);
	assert_int_equal(put(p->w, "k:kept", "x"), 0);
	poll_follower(p);
	assert_true(holds(p->f, "k:dropped", "x"));
	assert_int_equal(drop(p->w, "k:dropped"), 0);
	for (u32 i = 0; i < 600; i++) {
		char text[120];

		snprintf(text, sizeof text, "number %u and some text that makes it longer than it need be", i);
		assert_int_equal(put(p->w, "k:counter", text), 0);
		if (i % 7 == 0 || i > 590) {
			poll_follower(p);
			poll_follower(p);
			assert_true(holds(p->f, "k:counter", text));
			assert_true(holds(p->f, "k:kept", "x") && holds(p->f, "k:dropped", NULL));
			assert_int_equal(scratch_figures(p->f).keys, 2);
		}
		if (i % 100 == 99) {
			compactions += scratch_figures(p->w).compactions;
			scratch_again(p->w);
		}
	}
	assert_true(compactions > 5);
	assert_true(scratch_figures(p->f).segments <= 3); /* old files are let go of */
}

/* The writer dies between its write and its sync, and cuts the tail when it starts again. */
static void
test_torn_tail(void **state)
{
	struct pair *p = *state;
	u8 bytes[4096];
	u32 n;

	scratch_open(p->w);
	assert_int_equal(put(p->w, "k:1", "one"), 0);
	scratch_open(p->f);
	n = scratch_load(p->w, "seg-00000001", bytes, sizeof bytes);
	scratch_close(p->w);
	memset(bytes + n, 0x5a, 100);
	scratch_save(p->w, "seg-00000001", bytes, n + 100);
	poll_follower(p);
	assert_true(holds(p->f, "k:1", "one"));
	scratch_open(p->w);
	assert_int_equal(put(p->w, "k:2", "two"), 0);
	poll_follower(p);
	poll_follower(p);
	assert_true(holds(p->f, "k:1", "one") && holds(p->f, "k:2", "two"));
}

/* Gone files: nothing is known any more, so nobody is let in; back again, all is well. */
static void
test_gone_and_back(void **state)
{
	struct pair *p = *state;
	struct store_op op = { .verb = STORE_GET, .key = STR("k:1") };
	char from[120], to[120];

	p->w->conf.compact_min = 2000;
	scratch_open(p->w);
	assert_int_equal(put(p->w, "k:1", "one"), 0);
	for (u32 i = 0; !scratch_figures(p->w).compactions; i++)
		assert_int_equal(put(p->w, "k:filler", "some text of some length that is written again and again"), 0);
	scratch_close(p->w);
	scratch_open(p->f);
	snprintf(from, sizeof from, "%s/seg-00000001", p->w->dir);
	snprintf(to, sizeof to, "%s/aside", p->w->dir);
	assert_int_equal(rename(from, to), 0);
	poll_follower(p);
	assert_int_equal(scratch_do(p->f, &op), ERR_IO);
	assert_int_equal(rename(to, from), 0);
	poll_follower(p);
	assert_true(holds(p->f, "k:1", "one"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_reads_along),
		CASE(test_through_compactions),
		CASE(test_torn_tail),
		CASE(test_gone_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
