/* subscribe: when open streams are woken. Opening and closing them: tests/outside. */
#include "mcp/subscribe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct mcp_shared shared;
static struct loop loop;
static struct stream stream;
static struct ready ready;

static void
run(struct ready *r, msec now)
{
}

static bool
woken(void)
{
	bool yes = list_linked(&ready.link);

	ready_cancel(&ready);
	return yes;
}

static int
setup(void **state)
{
	list_init(&loop.ready);
	list_init(&shared.listening);
	ready_init(&ready, run);
	stream = (struct stream){ .shared = &shared, .ready = &ready };
	list_last(&shared.listening, &stream.link);
	return 0;
}

/* A stream whose peer reads nothing cannot write its comment line: it must not be woken in every turn for it. */
static void
test_alive_once(void **state)
{
	msec at = 5000, next;

	assert_true(subscribe_turn(&shared, &loop, at) == MSEC_NEVER); /* nothing was said yet */
	stream.alive_at = at;
	assert_true(subscribe_turn(&shared, &loop, at - 1) == at);
	assert_false(woken());
	next = subscribe_turn(&shared, &loop, at);
	assert_true(next == at + SUBSCRIBE_ALIVE_MS);
	assert_true(woken());
	assert_true(subscribe_turn(&shared, &loop, at) == next);
	assert_true(subscribe_turn(&shared, &loop, next - 1) == next);
	assert_false(woken());
	assert_true(subscribe_turn(&shared, &loop, next) == next + SUBSCRIBE_ALIVE_MS);
	assert_true(woken());
}

static void
test_expired(void **state)
{
	stream.who.dies = 100;
	shared.now_s = 99;
	subscribe_judge(&shared, &loop, true, 1);
	assert_false(stream.ended || woken());
	shared.now_s = 100;
	subscribe_judge(&shared, &loop, false, 1);
	assert_true(stream.ended && woken());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_alive_once, setup),
		cmocka_unit_test_setup(test_expired, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
