#include "gen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct gate_view whole = { false, GATE_ANY_ENVIRONMENT };
static struct made pair, single;

static struct principal
key_with(u8 scopes, const char *environments)
{
	struct principal p;

	principal_nobody(&p, scopes);
	p.kind = PRINCIPAL_KEY;
	assert_int_equal(principal_set_environments(&p, str_c(environments)), 0);
	return p;
}

static struct gate_ask
ask(struct made *m, const struct principal *who, struct gate_view view)
{
	struct gate_ask g;

	gate_begin(&g, &m->gen, &m->api, view, who, NULL);
	return g;
}

static u8
effects(struct made *m, struct principal who, struct gate_view view)
{
	static const char *const names[] = { "read_thing", "put_thing", "delete_thing" };
	struct gate_ask g = ask(m, &who, view);
	u8 mask = 0;

	for (u32 i = 0; i < 3; i++) {
		struct catalog_op op = made_op(m, names[i]);

		mask |= (u8)(gate_offers(&g, &op) << i);
	}
	return mask;
}

static void
test_effects(void **state)
{
	struct principal plain = key_with(SCOPE_READ | SCOPE_WRITE, ""), reader = key_with(SCOPE_READ, "");
	struct principal strong = key_with(SCOPE_READ | SCOPE_WRITE | SCOPE_DESTRUCTIVE, "");
	struct gate_view readonly = { true, GATE_ANY_ENVIRONMENT };

	assert_int_equal(effects(&pair, plain, whole), 3);    /* no destroying beside a sandbox */
	assert_int_equal(effects(&single, plain, whole), 7);
	assert_int_equal(effects(&pair, strong, whole), 7);
	assert_int_equal(effects(&single, reader, whole), 1);
	assert_int_equal(effects(&pair, strong, readonly), 1); /* a view only narrows */
	assert_int_equal(principal_set_role(&strong, STR("viewer")), 0);
	assert_int_equal(effects(&pair, strong, whole), 1);    /* a role narrows whatever the key says */
	assert_int_equal(principal_set_role(&strong, STR("nobody-knows")), 0);
	assert_int_equal(effects(&pair, strong, whole), 0);
	assert_int_equal(principal_set_role(&strong, STR_NONE), 0);
	assert_int_equal(principal_set_apis(&strong, STR("other")), 0);
	assert_int_equal(effects(&pair, strong, whole), 0);
}

static void
test_nothing_without_verdicts(void **state)
{
	const u8 *verdict = pair.api.verdict;

	pair.api.verdict = NULL;
	assert_int_equal(effects(&pair, key_with(SCOPE_ALL, ""), whole), 0);
	pair.api.verdict = verdict;
}

static void
test_deny_lists(void **state)
{
	struct rule never;
	const char *why;
	struct principal strong = key_with(SCOPE_ALL, "");

	assert_int_equal(rule_read(&never, STR("op:put_*"), &why), 0);
	pair.api.deny = &never;
	pair.api.denies = 1;
	made_compile(&pair);
	assert_int_equal(effects(&pair, strong, whole), 5);
	pair.api.denies = 0;
	made_compile(&pair);
	assert_int_equal(effects(&pair, strong, whole), 7);
}

static int
choose(struct principal who, struct made *m, struct gate_view view, const char *name, const char *said)
{
	u8 room[400];
	struct buf why = buf_over(room, sizeof room);
	struct gate_ask g = ask(m, &who, view);
	int i = gate_environment(&g, str_c(name), &why);

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

static struct gate_call
call(struct made *m, struct principal who, const char *tool, const char *environment)
{
	u8 room[400];
	struct buf why = buf_over(room, sizeof room);
	struct gate_ask g = ask(m, &who, whole);
	struct catalog_op op = made_op(m, tool);
	struct gate_call c, again;

	gate_call(&g, &op, str_c(environment), &c, &why);
	assert_int_equal(c.answer == GATE_REFUSED, buf_len(&why) > 0);
	if (c.answer == GATE_OK || c.answer == GATE_STEP_UP)
		assert_int_equal(gate_admits(&g, &op, c.environment, &again), c.answer == GATE_OK);
	return c;
}

static void
test_calls(void **state)
{
	struct principal token = key_with(SCOPE_READ | SCOPE_WRITE, ""), key = token;
	struct gate_call c;

	token.kind = PRINCIPAL_TOKEN;
	token.grantable = SCOPE_DESTRUCTIVE | SCOPE_PRODUCTION;
	assert_int_equal(call(&pair, key, "put_thing", NULL).answer, GATE_OK);
	assert_int_equal(call(&pair, key, "delete_thing", NULL).answer, GATE_HIDDEN); /* a key can never have more */
	assert_int_equal(call(&pair, key, "put_thing", "production").answer, GATE_REFUSED);
	c = call(&pair, token, "delete_thing", NULL); /* its user can still be asked */
	assert_int_equal(c.answer, GATE_STEP_UP);
	assert_int_equal(c.scopes, SCOPE_READ | SCOPE_WRITE | SCOPE_DESTRUCTIVE);
	c = call(&pair, token, "read_thing", "production");
	assert_int_equal(c.answer, GATE_STEP_UP);
	assert_int_equal(c.scopes, SCOPE_READ | SCOPE_PRODUCTION);
	principal_set_role(&token, STR("viewer"));
	assert_int_equal(call(&pair, token, "delete_thing", NULL).answer, GATE_HIDDEN); /* not by any consent */
	token = key_with(SCOPE_ALL, "");
	c = call(&pair, token, "delete_thing", "production");
	assert_int_equal(c.answer, GATE_OK);
	assert_int_equal(c.level, LEVEL_CONFIRM);
}

static void
test_switches_narrow(void **state)
{
	static struct switches sw;
	struct principal strong = key_with(SCOPE_ALL, "");
	struct catalog_op put = made_op(&pair, "put_thing"), read = made_op(&pair, "read_thing");
	struct gate_ask g;

	gate_begin(&g, &pair.gen, &pair.api, whole, &strong, &sw);
	assert_false(gate_offers(&g, &read)); /* nothing before the switches are known */
	sw.loaded = 1;
	gate_begin(&g, &pair.gen, &pair.api, whole, &strong, &sw);
	assert_true(gate_offers(&g, &put) && gate_environments(&g) == 2);
	sw.n = 1;
	sw.row[0] = (struct switch_row){ 1, SWITCH_SERVER, SWITCH_WRITE };
	gate_begin(&g, &pair.gen, &pair.api, whole, &strong, &sw);
	assert_true(!gate_offers(&g, &put) && gate_offers(&g, &read));
	sw.row[0] = (struct switch_row){ pair.api.id, SWITCH_API, SWITCH_PRODUCTION };
	gate_begin(&g, &pair.gen, &pair.api, whole, &strong, &sw);
	assert_int_equal(gate_environments(&g), 1);
	sw.row[0] = (struct switch_row){ switches_id(SWITCH_TOOL, STR("demo/put_thing")), SWITCH_TOOL, SWITCH_ENABLED };
	sw.tools = 1;
	gate_begin(&g, &pair.gen, &pair.api, whole, &strong, &sw);
	assert_true(!gate_offers(&g, &put) && gate_offers(&g, &read));
	sw.file = 1;
	gate_begin(&g, &pair.gen, &pair.api, whole, &strong, &sw);
	assert_false(gate_offers(&g, &read));
}

static int
begin(void **state)
{
	made_open(&pair, 2);
	made_compile(&pair);
	made_open(&single, 1);
	made_compile(&single);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_effects),
		cmocka_unit_test(test_nothing_without_verdicts),
		cmocka_unit_test(test_deny_lists),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_switches_narrow),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
