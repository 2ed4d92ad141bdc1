#include "gate/switches.h"

#include <stdio.h>

#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static u8 memory[4u << 20];
static struct arena arena;
static struct store *store;
static struct switches table;

static int
change(const char *target, u8 bit, bool on)
{
	struct switches_work w;
	enum step s = switches_change(&table, store, &w, str_c(target), bit, on, NULL);

	for (u32 i = 0; i < 50 && s == STEP_WAIT; i++) {
		store_commit(store, 1000 + i, 1000000);
		s = switches_step(&table, store, &w);
	}
	assert_int_not_equal(s, STEP_WAIT);
	return s == STEP_FAIL ? w.op.err : 0;
}

static u8
off(const char *team, u64 key, const char *api)
{
	struct principal who;
	struct api a = { .id = switches_id(SWITCH_API, str_c(api)) };

	principal_nobody(&who, SCOPE_ALL);
	who.kind = key ? PRINCIPAL_KEY : PRINCIPAL_TOKEN;
	who.id = key;
	who.team = switches_id(SWITCH_TEAM, str_c(team));
	return switches_off(&table, &who, &a);
}

static void
test_targets(void **state)
{
	static const char *const bad[] = { "", "servers", "api:", "key:abc", "demo", "key:zzzzzzzzzzzzzzzz" };
	struct str name;

	assert_int_equal(switches_target(STR("server"), &name), SWITCH_SERVER);
	assert_int_equal(switches_target(STR("api:x"), &name), SWITCH_API);
	assert_true(str_is(name, "x"));
	assert_int_equal(switches_target(STR("key:00112233445566778899"), &name), SWITCH_KEY);
	assert_true(switches_id(SWITCH_KEY, name) == 0x0011223344556677);
	for (u32 i = 0; i < ARRAY_N(bad); i++)
		assert_int_equal(switches_target(str_c(bad[i]), &name), ERR_BAD);
	assert_int_equal(change("api:x", 0, false), ERR_BAD);
	assert_int_equal(change("tool:x/y", SWITCH_WRITE, false), ERR_BAD);
	assert_int_equal(change("nothing", SWITCH_ENABLED, false), ERR_BAD);
}

static void
test_on_and_off(void **state)
{
	assert_int_equal(off("a", 0, "x"), 0);
	assert_int_equal(change("api:x", SWITCH_WRITE, false), 0);
	assert_int_equal(change("team:a", SWITCH_PRODUCTION, false), 0);
	assert_int_equal(change("key:0000000000000007", SWITCH_ENABLED, false), 0);
	assert_int_equal(off("a", 0, "x"), SWITCH_WRITE | SWITCH_PRODUCTION);
	assert_int_equal(off("b", 0, "x"), SWITCH_WRITE);
	assert_int_equal(off("b", 0, "y"), 0);
	assert_int_equal(off("b", 7, "y"), SWITCH_ALL); /* enabled takes the others along */
	/* a restart: a table without memory, loaded from the store */
	memset(&table, 0, sizeof table);
	assert_int_equal(off("b", 0, "y"), SWITCH_ALL);
	assert_int_equal(switches_load(&table, store, &arena), 0);
	assert_int_equal(off("a", 0, "x"), SWITCH_WRITE | SWITCH_PRODUCTION);
	assert_int_equal(off("b", 7, "y"), SWITCH_ALL);
	assert_int_equal(change("api:x", SWITCH_WRITE, true), 0);
	assert_int_equal(change("api:x", SWITCH_WRITE, true), 0); /* again: nothing to do */
	assert_int_equal(change("team:a", SWITCH_PRODUCTION, true), 0);
	assert_int_equal(change("key:0000000000000007", SWITCH_ENABLED, true), 0);
	assert_int_equal(table.n, 0);
	assert_int_equal(table.epoch & 1, 0);
}

static void
test_stop(void **state)
{
	assert_int_equal(change("stop", 0, false), 0);
	assert_true(switches_stopped(&table));
	assert_int_equal(off("a", 0, "x"), SWITCH_ALL);
	memset(&table, 0, sizeof table);
	assert_int_equal(switches_load(&table, store, &arena), 0);
	assert_true(switches_stopped(&table));
	assert_int_equal(change("stop", 0, true), 0);
	assert_false(switches_stopped(&table));
	assert_true(table.voided > 0);
	memset(&table, 0, sizeof table);
	assert_int_equal(switches_load(&table, store, &arena), 0);
	assert_true(!switches_stopped(&table) && table.voided > 0);
	switches_file(&table, true, 5);
	assert_true(switches_stopped(&table));
	switches_file(&table, false, 6);
	assert_false(switches_stopped(&table));
}

/* Another keeper reads them while everybody goes on by the table: it is never empty meanwhile. */
static void
test_next_keeper(void **state)
{
	struct arena none = { 0 };
	u32 epoch = table.epoch;

	assert_int_equal(change("api:x", SWITCH_WRITE, false), 0);
	assert_int_equal(switches_load(&table, store, &none), ERR_FULL); /* no further than that it had begun */
	assert_false(switches_stopped(&table));
	assert_int_equal(off("b", 0, "x"), SWITCH_WRITE);
	switches_file(&table, true, 2000000000);
	switches_file(&table, false, 2000000001);
	table.epoch |= 1; /* the one before died over a change */
	assert_int_equal(switches_load(&table, store, &arena), 0);
	assert_int_equal(off("b", 0, "x"), SWITCH_WRITE);
	assert_int_equal(table.voided, 2000000000); /* what the file has voided stays so */
	assert_true(!(table.epoch & 1) && table.epoch != epoch);
	assert_int_equal(change("api:x", SWITCH_WRITE, true), 0);
	table.voided = 0;
}

/* Where the keeper's turn follows the store, nobody else writes the table: not one who is late, after it was turned on
 * again, and one who dies before he can is not missed. */
static void
test_follows(void **state)
{
	table.follows = true;
	assert_int_equal(change("api:x", SWITCH_WRITE, false), 0);
	assert_int_equal(off("b", 0, "x"), 0); /* the keeper's turn is yet to come */
	assert_int_equal(switches_load(&table, store, &arena), 0);
	assert_int_equal(off("b", 0, "x"), SWITCH_WRITE);
	assert_int_equal(change("api:x", SWITCH_WRITE, true), 0);
	assert_int_equal(change("stop", 0, false), 0);
	assert_int_equal(switches_load(&table, store, &arena), 0);
	assert_true(switches_stopped(&table) && table.follows);
	assert_int_equal(change("stop", 0, true), 0);
	assert_int_equal(switches_load(&table, store, &arena), 0);
	assert_int_equal(off("b", 0, "x"), 0);
	table.follows = false;
}

static void
test_full(void **state)
{
	char name[24];

	for (u32 i = 0; i < SWITCHES_MAX; i++) {
		snprintf(name, sizeof name, "user:%u", i);
		assert_int_equal(change(name, SWITCH_ENABLED, false), 0);
	}
	assert_int_equal(change("user:more", SWITCH_ENABLED, false), ERR_FULL);
	assert_int_equal(change("stop", 0, false), 0); /* that has room always */
	assert_true(switches_stopped(&table));
	assert_int_equal(change("stop", 0, true), 0);
	assert_false(switches_stopped(&table));

	table.follows = true;
	table.n--; /* another worker has not seen the last one */
	assert_int_equal(change("user:more", SWITCH_ENABLED, false), 0);
	table.n++;
	assert_int_equal(switches_follow(&table, store, &arena), ERR_FULL);
	assert_true(switches_stopped(&table)); /* nothing is allowed that should be off */
	assert_int_equal(change("user:more", SWITCH_ENABLED, true), 0);
	assert_int_equal(switches_follow(&table, store, &arena), 0);
	assert_false(switches_stopped(&table));
	table.follows = false;
	assert_int_equal(change("user:7", SWITCH_ENABLED, true), 0);
	assert_int_equal(table.n, SWITCHES_MAX - 1);
}

static int
begin(void **state)
{
	arena = arena_over(memory, sizeof memory);
	store = store_open_ram(&arena, 1000, 3, 1000, 1000000);
	return store && switches_load(&table, store, &arena) == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_on_and_off),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_next_keeper),
		cmocka_unit_test(test_follows),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
