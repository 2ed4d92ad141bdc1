#include "gate/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct environment two[] = {
	{ .name = { (const u8 *)"sandbox", 7 } },
	{ .name = { (const u8 *)"production", 10 }, .production = true },
};
static const struct api pair = { .name = { (const u8 *)"demo", 4 }, .environment = two, .environments = 2 };
static const struct api single = { .name = { (const u8 *)"one", 3 }, .environment = &two[1], .environments = 1 };
static const struct gate_view whole = { false, GATE_ANY_ENVIRONMENT };

static struct principal
key_with(u8 scopes, const char *environments)
{
	struct principal p;

	principal_nobody(&p, scopes);
	p.kind = PRINCIPAL_KEY;
	assert_int_equal(principal_set_environments(&p, str_c(environments)), 0);
	return p;
}

static void
test_effects(void **state)
{
	struct principal plain = key_with(SCOPE_READ | SCOPE_WRITE, ""), reader = key_with(SCOPE_READ, "");
	struct principal strong = key_with(SCOPE_READ | SCOPE_WRITE | SCOPE_DESTRUCTIVE, "");
	struct gate_view readonly = { true, GATE_ANY_ENVIRONMENT };

	assert_int_equal(gate_effects(&plain, &pair, whole), 3);    /* no destroying beside a sandbox */
	assert_int_equal(gate_effects(&plain, &single, whole), 7);
	assert_int_equal(gate_effects(&strong, &pair, whole), 7);
	assert_int_equal(gate_effects(&reader, &single, whole), 1);
	assert_int_equal(gate_effects(&strong, &pair, readonly), 1); /* a view only narrows */
	assert_int_equal(principal_set_role(&strong, STR("viewer")), 0);
	assert_int_equal(gate_effects(&strong, &pair, whole), 1);    /* a role narrows whatever the key says */
}

static void
test_operations_elsewhere_are_off(void **state)
{
	struct principal strong = key_with(SCOPE_ALL, "");
	struct catalog_op op = { .effect = CATALOG_READ };

	assert_true(gate_offers(&strong, &single, whole, &op));
	op.flags = CATALOG_OP_ELSEWHERE;
	assert_false(gate_offers(&strong, &single, whole, &op));
}

static int
choose(struct principal who, const struct api *api, struct gate_view view, const char *name, const char *said)
{
	u8 room[400];
	struct buf why = buf_over(room, sizeof room);
	int i = gate_environment(&who, api, view, str_c(name), &why);

	if (said)
		assert_true(str_find_str(buf_str(&why), str_c(said)) >= 0);
	else
		assert_int_equal(buf_len(&why), 0);
	return i;
}

static void
test_environment(void **state)
{
	struct principal plain = key_with(SCOPE_READ, ""), wide = key_with(SCOPE_READ | SCOPE_PRODUCTION, "");
	struct principal only = key_with(SCOPE_READ, "production");
	struct gate_view pinned = { false, 1 };

	assert_int_equal(choose(plain, &pair, whole, NULL, NULL), 0);
	assert_int_equal(choose(wide, &pair, whole, NULL, NULL), 0); /* production must be named */
	assert_int_equal(choose(wide, &pair, whole, "production", NULL), 1);
	assert_int_equal(choose(plain, &pair, whole, "production", "'sandbox'"), ERR_DENY);
	assert_int_equal(choose(plain, &pair, whole, "staging", "no environment 'staging'"), ERR_NONE);
	assert_int_equal(choose(only, &pair, whole, "sandbox", "'production'"), ERR_DENY);
	assert_int_equal(choose(only, &pair, whole, NULL, "Name the environment"), ERR_DENY);
	assert_int_equal(choose(plain, &pair, pinned, NULL, "No environment"), ERR_DENY);
	assert_int_equal(choose(wide, &pair, pinned, NULL, NULL), 1);
	assert_int_equal(choose(wide, &pair, pinned, "sandbox", "'production'"), ERR_DENY);
	assert_int_equal(choose(plain, &single, whole, NULL, NULL), 0); /* the only one needs no mention */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_effects),
		cmocka_unit_test(test_operations_elsewhere_are_off),
		cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
