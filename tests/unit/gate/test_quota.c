#include "gate/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct quota q;
static struct principal who;
static struct tempo rates[RATES], host;
static struct quota_ask ask;
static struct quota_no no;
static char why[400];
static u64 now;

static int
setup(void **state)
{
	q.cell = mmap(NULL, quota_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(rates, 0, sizeof rates);
	host = (struct tempo){ .calls = 0 };
	who = (struct principal){ .kind = PRINCIPAL_KEY, .id = 77, .client = 5, .team = 6 };
	ask = (struct quota_ask){ .who = &who, .caller = 77, .rates = rates, .host = &host, .api = 1, .tool = 2, .origin = 3 };
	now = 1000000000;
	quota_time(&q, now, 86400 * 20000 + 100);
	return 0;
}

static int
teardown(void **state)
{
	return munmap(q.cell, quota_bytes());
}

static int
take(void)
{
	struct buf b = buf_over(why, sizeof why - 1);
	int err = quota_take(&q, &ask, now, &no, &b);

	why[b.w] = 0;
	return err;
}

/* Within a minute never more than the rate and its burst, never less. */
static void
test_rate(void **state)
{
	u32 n = 0;

	assert_int_equal(tempo_read(STR("600/m burst 20"), &rates[RATE_PRINCIPAL]), 0);
	for (u32 ms = 0; ms < 60000; ms += 3) {
		n += take() == 0;
		now += 3000;
	}
	assert_in_range(n, 614, 620);
	while (take() == 0)
		;
	assert_non_null(strstr(why, "this user or key may make 600 calls per minute, and they are used up. Try again in 1 s"));
	assert_int_equal(no.retry_after_s, 1);
	who.id = ask.caller = 78; /* another one is not concerned */
	assert_int_equal(take(), 0);
}

/* What one limit refuses costs nothing of the others. */
static void
test_all_or_nothing(void **state)
{
	assert_int_equal(tempo_read(STR("60/m burst 10"), &rates[RATE_PRINCIPAL]), 0);
	assert_int_equal(tempo_read(STR("1/h burst 1"), &rates[RATE_TOOL]), 0);
	ask.budget = 100;
	assert_int_equal(take(), 0);
	for (u32 i = 0; i < 50; i++)
		assert_int_equal(take(), ERR_DENY);
	assert_int_equal(no.retry_after_s, 3600);
	assert_int_equal(no.left, 99);
	assert_non_null(strstr(why, "this tool may make 1 call per hour"));
	assert_non_null(strstr(why, "99 of 100 calls are left today"));
	ask.tool = 9;
	for (u32 i = 0; i < 9; i++) {
		assert_int_equal(take(), 0);
		ask.tool++;
	}
	assert_int_equal(take(), ERR_DENY);
	assert_non_null(strstr(why, "this user or key"));
}

static void
test_day(void **state)
{
	u64 key, value;
	u32 at = 0;

	ask.budget = 3;
	ask.team_budget = 4;
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(take(), 0);
	assert_int_equal(take(), ERR_DENY);
	assert_int_equal(no.retry_after_s, 86300);
	ask.caller = who.id = 78;
	assert_int_equal(take(), 0);
	assert_int_equal(take(), ERR_DENY);
	assert_non_null(strstr(why, "this team"));
	assert_true(quota_unsaved(&q, &at, &key, &value, now));
	assert_true(quota_unsaved(&q, &at, &key, &value, now));
	assert_true(quota_unsaved(&q, &at, &key, &value, now));
	assert_false(quota_unsaved(&q, &at, &key, &value, now));
	at = 0;
	assert_false(quota_unsaved(&q, &at, &key, &value, now));
	now += 86301 * 1000000ULL; /* the next day */
	quota_time(&q, now, 86400 * 20001 + 1);
	ask.team_budget = 0;
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(take(), 0);
	assert_int_equal(take(), ERR_DENY);
	memset(q.cell, 0, quota_bytes()); /* a restart */
	quota_restore(&q, key, value);
	at = 0;
	assert_false(quota_unsaved(&q, &at, &key, &value, now));
}

/* The wall clock counts whole seconds: what was called just before midnight counts for its own day, also when the next
 * call comes before the second is over. */
static void
test_midnight(void **state)
{
	ask.budget = 2;
	quota_time(&q, now, 86400 * 20001 - 1);
	assert_int_equal(take(), 0);
	assert_int_equal(take(), 0);
	assert_int_equal(take(), ERR_DENY);
	now += 500000;
	quota_time(&q, now, 86400 * 20001);
	assert_int_equal(take(), 0);
	now += 40000 * 1000000ULL;
	quota_time(&q, now, 86400 * 20001 + 40000);
	assert_int_equal(take(), 0);
	assert_int_equal(take(), ERR_DENY);
}

static void
test_pause_and_doubt(void **state)
{
	u64 value = 1;

	assert_false(quota_busy(&q, now));
	assert_int_equal(quota_paused(&q, 9, now), 0);
	quota_pause(&q, 9, 7, now);
	assert_true(quota_busy(&q, now));
	assert_int_equal(quota_paused(&q, 9, now), 7);
	quota_pause(&q, 9, 2, now); /* never shorter */
	assert_int_equal(quota_paused(&q, 9, now + 5000000), 2);
	assert_int_equal(quota_paused(&q, 10, now), 0);
	assert_int_equal(quota_paused(&q, 9, now + 7000000), 0);
	quota_doubt(&q, 1234, 42, 60000, now);
	assert_int_equal(quota_doubted(&q, 1234, &value, now + 1), 60);
	assert_int_equal(value, 42);
	assert_int_equal(quota_doubted(&q, 1235, &value, now), 0);
	assert_int_equal(value, 0);
	assert_int_equal(quota_doubted(&q, 1234, NULL, now + 60000000), 0);
	assert_false(quota_busy(&q, now + 60000000));
}

/* Four processes at one bucket: together exactly what it holds. */
static void
test_workers(void **state)
{
	u32 *sum = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_int_equal(tempo_read(STR("1/h burst 5000"), &rates[RATE_API]), 0);
	ask.budget = 4000;
	for (u32 i = 0; i < 4; i++)
		if (fork() == 0) {
			for (u32 k = 0; k < 3000; k++)
				if (take() == 0)
					__atomic_add_fetch(sum, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	assert_int_equal(*sum, 4000);
	munmap(sum, 4096);
}

/* Far more callers than cells: whoever is busy keeps his limit, nobody is let in twice at once. */
static void
test_many(void **state)
{
	u32 again = 0;

	assert_int_equal(tempo_read(STR("1/m burst 1"), &rates[RATE_PRINCIPAL]), 0);
	for (u32 i = 0; i < 4000; i++) {
		ask.caller = 1000 + i * 7919ULL;
		assert_int_equal(take(), 0);
		again += take() == 0;
	}
	assert_int_equal(again, 0);
	for (u32 i = 0; i < 4000; i++) {
		ask.caller = 1000 + i * 7919ULL;
		again += take() == 0;
	}
	assert_in_range(again, 0, 300);
}

static void
test_words(void **state)
{
	static const char *const bad[] = { "10", "/s", "0/s", "10/x", "10/s burst", "10/s burst 0", "10/s bursts 3", "x/m",
		"10/sec", "10/s burst 5 6", "-1/s", "99999999/s" };
	struct tempo r;
	char text[60];
	struct buf b = buf_over(text, sizeof text);

	for (u32 i = 0; i < ARRAY_N(bad); i++)
		if (tempo_read(str_c(bad[i]), &r) == 0)
			fail_msg("'%s' is taken", bad[i]);
	assert_int_equal(tempo_read(STR("1/d"), &r), 0);
	assert_int_equal(r.burst, 1);
	assert_int_equal(tempo_read(STR("600/m"), &r), 0);
	assert_int_equal(r.burst, 10);
	tempo_print(&b, &r);
	assert_true(str_is(buf_str(&b), "600 calls per minute"));
	assert_int_equal(tempo_read(STR(""), &r), 0);
	assert_int_equal(r.calls, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_rate), T(test_all_or_nothing), T(test_day), T(test_midnight), T(test_pause_and_doubt), T(test_workers), T(test_many),
		T(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
