#include "sys/loop.h"

#include "sys/sock.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static u8 memory[1 << 17];

struct thing {
	struct ready ready;
	struct watch watch;
	struct reap reap;
	struct loop *loop;
	struct thing *other;
	int runs, fds[2];
};

static void
run_thing(struct ready *r, msec now)
{
	struct thing *t = CONTAINER_OF(r, struct thing, ready);

	t->runs++;
	if (t->other)
		loop_ready(t->loop, &t->other->ready);
}

static struct loop *
fresh(void)
{
	static struct loop l;
	struct arena a = arena_over(memory, sizeof memory);

	assert_int_equal(loop_init(&l, &a, 310, 310), 0);
	return &l;
}

static void
make(struct thing *t, struct loop *l)
{
	memset(t, 0, sizeof *t);
	ready_init(&t->ready, run_thing);
	t->loop = l;
	assert_int_equal(pipe(t->fds), 0);
}

static void
turn(struct loop *l, msec now)
{
	loop_wait(l, now, now);
	loop_io(l, now);
	loop_timers(l, now);
	loop_steps(l, now);
	loop_reaps(l);
}

static void
test_marks_twice_runs_once(void **state)
{
	struct loop *l = fresh();
	struct thing a;

	make(&a, l);
	loop_ready(l, &a.ready);
	loop_ready(l, &a.ready);
	turn(l, 0);
	assert_int_equal(a.runs, 1);
	loop_ready(l, &a.ready);
	ready_cancel(&a.ready);
	ready_cancel(&a.ready);
	turn(l, 0);
	assert_int_equal(a.runs, 1);
	loop_done(l);
}

/* Two that wake each other for ever must not keep the loop from looking at descriptors. */
static void
test_batches_are_bounded(void **state)
{
	struct loop *l = fresh();
	struct thing a, b;

	make(&a, l);
	make(&b, l);
	a.other = &b;
	b.other = &a;
	loop_ready(l, &a.ready);
	turn(l, 0);
	assert_int_equal(a.runs + b.runs, LOOP_BATCHES);
	loop_done(l);
}

/* Each was stopped between its wait and its look at the clock, and its bytes came meanwhile: all of them are seen
 * before any of them is told that it is late. */
static void
stopped(struct loop *l)
{
	static struct thing thing[300];
	static struct timer timer[ARRAY_N(thing)];

	for (u32 i = 0; i < ARRAY_N(thing); i++) {
		make(&thing[i], l);
		watch_add(l, &thing[i].watch, thing[i].fds[0], POLLIN, &thing[i].ready);
		timer[i] = (struct timer){ .at = MSEC_NEVER };
		timer_set(&l->timers, &timer[i], &thing[i].ready, 100);
	}
	assert_int_equal(loop_wait(l, 0, 60), 0);
	for (u32 i = 0; i < ARRAY_N(thing); i++)
		assert_int_equal(write(thing[i].fds[1], "x", 1), 1);
	loop_io(l, 50); /* nothing is late: that waits for the next turn */
	assert_int_equal(thing[0].watch.got, 0);
	assert_true(loop_wait(l, 50, 50) > 0);
	loop_io(l, 5000);
	for (u32 i = 0; i < ARRAY_N(thing); i++)
		assert_int_equal(thing[i].watch.got, POLLIN);
	loop_timers(l, 5000);
	loop_steps(l, 5000);
	for (u32 i = 0; i < ARRAY_N(thing); i++) {
		assert_int_equal(thing[i].runs, 1);
		watch_end(l, &thing[i].watch);
		close(thing[i].fds[0]);
		close(thing[i].fds[1]);
	}
	loop_done(l);
}

/* As on a system without epoll: everything is polled itself. */
static struct loop *
fresh_polling(void)
{
	struct loop *l = fresh();

	close(l->epoll);
	l->epoll = l->fds[1].fd = -1;
	return l;
}

static void
test_stopped(void **state)
{
	stopped(fresh());
	stopped(fresh_polling());
}

static void
watches(struct loop *l)
{
	struct thing a;

	make(&a, l);
	watch_add(l, &a.watch, a.fds[0], POLLIN, &a.ready);
	turn(l, 0);
	assert_int_equal(a.runs, 0);
	assert_int_equal(write(a.fds[1], "x", 1), 1);
	turn(l, 0);
	assert_int_equal(a.runs, 1);
	assert_true(a.watch.got & POLLIN);
	watch_want(l, &a.watch, 0); /* not even an error wakes it */
	close(a.fds[1]);
	turn(l, 0);
	assert_int_equal(a.runs, 1);
	assert_int_equal(loop_wait(l, 0, 0), 0); /* nor the loop, once it is known */
	watch_want(l, &a.watch, POLLIN);
	turn(l, 0);
	assert_int_equal(a.runs, 2);
	watch_end(l, &a.watch);
	watch_end(l, &a.watch);
	turn(l, 0);
	assert_int_equal(a.runs, 2);
	assert_int_equal(l->watched, 0);
	loop_done(l);
	close(a.fds[0]);
}

static void
test_watches(void **state)
{
	watches(fresh());
	watches(fresh_polling());
}

/* What is busy is not looked at; that costs a call only when something comes meanwhile. */
static void
test_tells_epoll_seldom(void **state)
{
	struct loop *l = fresh();
	struct thing a;

	make(&a, l);
	watch_add(l, &a.watch, a.fds[0], POLLIN, &a.ready);
	turn(l, 0);
	assert_int_equal(a.watch.armed, POLLIN);
	watch_want(l, &a.watch, 0);
	watch_want(l, &a.watch, POLLIN);
	assert_int_equal(l->changes, 0);
	watch_want(l, &a.watch, 0);
	assert_int_equal(write(a.fds[1], "x", 1), 1);
	turn(l, 0);
	assert_int_equal(a.runs, 0);
	turn(l, 0);
	assert_int_equal(a.watch.armed, 0);
	watch_want(l, &a.watch, POLLIN);
	turn(l, 0);
	assert_int_equal(a.runs, 1);
	watch_want(l, &a.watch, POLLIN | POLLRDHUP);
	assert_int_equal(l->changes, 1);
	watch_end(l, &a.watch); /* while a change is noted */
	assert_int_equal(l->changes, 0);
	turn(l, 0);
	assert_int_equal(a.runs, 1);
	loop_done(l);
}

/* More than epoll gives at once, and ends in the middle of it. */
static void
many(struct loop *l)
{
	static struct thing t[98];

	for (u32 i = 0; i < ARRAY_N(t); i++) {
		make(&t[i], l);
		watch_add(l, &t[i].watch, t[i].fds[0], POLLIN, &t[i].ready);
		assert_int_equal(write(t[i].fds[1], "x", 1), 1);
	}
	assert_int_equal(l->watched, ARRAY_N(t));
	for (u32 i = 0; i < ARRAY_N(t); i += 3)
		watch_end(l, &t[i].watch);
	turn(l, 0);
	turn(l, 0);
	for (u32 i = 0; i < ARRAY_N(t); i++) {
		assert_int_equal(t[i].runs > 0, i % 3 != 0);
		watch_end(l, &t[i].watch);
		close(t[i].fds[0]);
		close(t[i].fds[1]);
	}
	assert_int_equal(l->watched, 0);
	assert_int_equal(l->n, 2);
	loop_done(l);
}

static void
test_many(void **state)
{
	many(fresh());
	many(fresh_polling());
}

static void
wakes(struct loop *l)
{
	loop_wake(l);
	assert_int_equal(loop_wait(l, 0, MSEC_NEVER), 1); /* would wait for ever else */
	loop_io(l, 0);
	assert_int_equal(loop_wait(l, 0, 0), 0);
	loop_done(l);
}

static void
test_wakes(void **state)
{
	wakes(fresh());
	wakes(fresh_polling());
}

/* What epoll does not take (a file) is polled, beside what it does take; both fire, and so does a wake. */
static void
test_what_epoll_does_not_take(void **state)
{
	struct loop *l = fresh();
	struct thing a, b;
	int fd = open("/proc/self/exe", O_RDONLY);

	assert_true(fd >= 0);
	make(&a, l);
	make(&b, l);
	watch_add(l, &a.watch, a.fds[0], POLLIN, &a.ready);
	watch_add(l, &b.watch, fd, POLLIN, &b.ready);
	assert_int_equal(write(a.fds[1], "x", 1), 1);
	loop_wake(l);
	turn(l, 0);
	assert_int_equal(l->n, 3);
	assert_int_equal(a.runs + b.runs, 2);
	watch_end(l, &b.watch);
	close(fd);
	assert_int_equal(l->n, 2);
	loop_done(l);
}

/* An owner that ends between the wait and what it brought is not told. */
static void
test_ends_before_it_is_told(void **state)
{
	struct loop *l = fresh();
	struct thing a, b;

	make(&a, l);
	make(&b, l);
	watch_add(l, &a.watch, a.fds[0], POLLIN, &a.ready);
	watch_add(l, &b.watch, b.fds[0], POLLIN, &b.ready);
	assert_int_equal(write(a.fds[1], "x", 1), 1);
	assert_int_equal(write(b.fds[1], "x", 1), 1);
	assert_int_equal(loop_wait(l, 0, MSEC_NEVER), 2);
	watch_end(l, &a.watch);
	memset(&a.watch, 0x55, sizeof a.watch);
	loop_io(l, 0);
	loop_steps(l, 0);
	assert_int_equal(a.runs, 0);
	assert_int_equal(b.runs, 1);
	loop_done(l);
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *text;
		enum addr_kind kind;
	} list[] = {
		{ "127.0.0.1", ADDR_LOOPBACK }, { "::1", ADDR_LOOPBACK }, { "::ffff:127.0.0.1", ADDR_LOOPBACK },
		{ "10.1.2.3", ADDR_PRIVATE }, { "172.31.0.1", ADDR_PRIVATE }, { "172.32.0.1", ADDR_PUBLIC },
		{ "192.168.1.1", ADDR_PRIVATE }, { "100.64.0.1", ADDR_PRIVATE }, { "fd12::1", ADDR_PRIVATE },
		{ "169.254.169.254", ADDR_METADATA }, { "169.254.1.1", ADDR_LINK_LOCAL }, { "fe80::1", ADDR_LINK_LOCAL },
		{ "::ffff:169.254.169.254", ADDR_METADATA }, { "64:ff9b::a9fe:a9fe", ADDR_METADATA },
		{ "fd00:ec2::254", ADDR_METADATA }, { "2002:7f00:1::", ADDR_LOOPBACK }, { "0.0.0.0", ADDR_SPECIAL },
		{ "::", ADDR_SPECIAL }, { "224.0.0.1", ADDR_SPECIAL }, { "255.255.255.255", ADDR_SPECIAL },
		{ "ff02::1", ADDR_SPECIAL }, { "8.8.8.8", ADDR_PUBLIC }, { "2606:4700::1", ADDR_PUBLIC },
	};

	for (u32 i = 0; i < ARRAY_N(list); i++) {
		struct addr a;

		assert_int_equal(addr_read_ip(&a, str_c(list[i].text)), 0);
		assert_int_equal(addr_kind(&a), list[i].kind);
	}
}

static void
test_address_text(void **state)
{
	static const char *const bad[] = { "", ":80", "localhost:80", "1.2.3.4:65536", "1.2.3:80", "[::1", "[::1]x",
		"1.2.3.4:8a", "unix:" };
	struct addr a;
	u8 room[80];
	struct buf b = buf_over(room, sizeof room);

	for (u32 i = 0; i < ARRAY_N(bad); i++)
		assert_int_equal(addr_read(&a, str_c(bad[i]), 1), ERR_BAD);
	assert_int_equal(addr_read(&a, STR("[::1]:8080"), 1), 0);
	addr_print(&b, &a);
	assert_true(str_is(buf_str(&b), "[::1]:8080"));
	assert_int_equal(addr_read(&a, STR("10.0.0.1"), 81), 0);
	assert_int_equal(a.port, 81);
	assert_int_equal(addr_read(&a, STR("unix:/run/x"), 0), 0);
	assert_string_equal(a.path, "/run/x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks_twice_runs_once),
		cmocka_unit_test(test_batches_are_bounded),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_watches),
		cmocka_unit_test(test_tells_epoll_seldom),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_wakes),
		cmocka_unit_test(test_what_epoll_does_not_take),
		cmocka_unit_test(test_ends_before_it_is_told),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_address_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
