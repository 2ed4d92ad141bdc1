/* Rules and roles: what they are about, what arguments they hold for. */
#include "gen.h"

#include "gate/elsewhere.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct made m;

static bool
meets(const char *text, const char *name)
{
	struct catalog_op op = made_op(&m, name);
	const char *why;
	struct rule r;

	assert_int_equal(rule_read(&r, str_c(text), &why), 0);
	return rule_meets(&r, &m.api, &gen_two[1], &m.doc.catalog, &op);
}

static void
test_meets(void **state)
{
	assert_true(meets("*", "put_thing"));
	assert_true(meets("PUT", "put_thing"));
	assert_false(meets("GET,DELETE", "put_thing"));
	assert_true(meets("GET,PUT /puts/{id}", "put_thing"));
	assert_false(meets("GET /puts/{id}", "put_thing"));
	assert_true(meets("/puts/*", "put_thing"));
	assert_true(meets("*/{id}", "put_thing"));
	assert_false(meets("/put", "put_thing"));
	assert_true(meets("write,destructive", "delete_thing"));
	assert_false(meets("read", "delete_thing"));
	assert_true(meets("op:*_thing tag:t api:demo env:production", "read_thing"));
	assert_true(meets("env:prod*", "read_thing"));
	assert_false(meets("env:sandbox", "read_thing"));
	assert_false(meets("tag:x", "read_thing"));
	assert_false(meets("api:dem", "read_thing"));
}

static void
test_refuses(void **state)
{
	static const char *const bad[] = { "", "  ", "get /x", "GET|PUT", "delete", "tag:", "where", "* where id",
		"* where id in", "* where id is 1", "* where id in 1 or x in 2",
		"* where a in 1 and b in 1 and c in 1 and d in 1 and e in 1", "GET,, /x" };
	struct rule r;

	for (u32 i = 0; i < ARRAY_N(bad); i++) {
		const char *why = NULL;

		if (rule_read(&r, str_c(bad[i]), &why) != ERR_BAD)
			fail_msg("'%s' was taken", bad[i]);
		assert_non_null(why);
	}
}

static bool
holds(const char *where, const char *json, bool every)
{
	static struct jsmntok tok[200];
	char text[200];
	const char *why;
	struct jdoc d;
	struct rule r;

	snprintf(text, sizeof text, "* where %s", where);
	assert_int_equal(rule_read(&r, str_c(text), &why), 0);
	assert_int_equal(json_parse(&d, str_c(json), tok, ARRAY_N(tok)), 0);
	return rule_holds(&r, json_root(&d), every);
}

static void
test_holds(void **state)
{
	assert_true(holds("id in 10,20", "{\"id\":10}", true));
	assert_true(holds("id in 10,20", "{\"id\":\"20\"}", true));
	assert_true(holds("id in 10", "{\"id\":10.0}", true));
	assert_false(holds("id in 10,20", "{\"id\":11}", true));
	assert_false(holds("id in 10,20", "{}", true));
	assert_false(holds("id in 10,20", "{\"id\":null}", true));
	assert_true(holds("id in 100..199", "{\"id\":150}", true));
	assert_true(holds("id in -5..5", "{\"id\":-0.5}", true));
	assert_false(holds("id in 100..199", "{\"id\":200}", true));
	assert_false(holds("id in 100..199", "{\"id\":19}", true));
	assert_true(holds("id in 9007199254740993..9007199254740993", "{\"id\":9007199254740993}", true));
	assert_false(holds("id in 9007199254740993", "{\"id\":9007199254740992}", true));
	assert_true(holds("name in lab-*", "{\"name\":\"lab-7\"}", true));
	assert_true(holds("name in lab-*", "{\"name\":\"la\\u0062-7\"}", true));
	assert_false(holds("name in lab-*", "{\"name\":\"prod-lab-7\"}", true));
	assert_true(holds("a.b in x", "{\"a\":{\"b\":\"x\"}}", true));
	assert_true(holds("a.b in x", "{\"a.b\":\"x\"}", true));
	assert_true(holds("id in 1,2 and q in y", "{\"id\":1,\"q\":\"y\"}", true));
	assert_false(holds("id in 1,2 and q in y", "{\"id\":1,\"q\":\"n\"}", true));
	assert_true(holds("id in 1,2", "{\"id\":[1,2]}", true));
	assert_false(holds("id in 1,2", "{\"id\":[1,3]}", true)); /* all of a list to allow, */
	assert_true(holds("id in 1,2", "{\"id\":[1,3]}", false)); /* one of it to deny */
	assert_false(holds("id in 1,2", "{\"id\":[]}", true));
	/* what cannot be compared is never allowed, and always denied */
	assert_false(holds("id in 10", "{\"id\":1e1}", true));
	assert_true(holds("id in 10", "{\"id\":1e1}", false));
	assert_false(holds("id in 10", "{\"id\":{\"x\":1}}", true));
	assert_true(holds("id in 10", "{\"id\":{\"x\":1}}", false));
	assert_true(holds("id in true", "{\"id\":true}", true));
	/* a map: whatever its members are called */
	assert_true(holds("a.* in x", "{\"a\":{\"p\":\"y\",\"q\":\"x\"}}", false));
	assert_false(holds("a.* in x", "{\"a\":{\"p\":\"y\",\"q\":\"x\"}}", true));
	assert_true(holds("a.* in x", "{\"a\":{\"p\":\"x\",\"q\":\"x\"}}", true));
	assert_true(holds("a.* in x", "{\"a\":{\"p\":{\"q\":1}}}", false));
	assert_false(holds("a.* in x", "{\"a\":{}}", true));
	assert_false(holds("a.* in x", "{\"a\":{}}", false));
	assert_false(holds("a.* in x", "{\"b\":{\"p\":\"x\"}}", false));
	assert_true(holds("a.* in x", "{\"a\":[\"x\"]}", true));
}

static u8
offered(const char *allow, const char *deny, const char *approve, const char *op)
{
	const char *why;
	struct rule rule[3];
	struct role *r = &m.role[0];
	const char *texts[] = { allow, deny, approve };
	static const u8 kind[] = { ROLE_ALLOW, ROLE_DENY, ROLE_APPROVE };
	struct catalog_op o = made_op(&m, op);

	*r = (struct role){ .name = STR("viewer"), .destructive = LEVEL_CONFIRM };
	for (u32 i = 0; i < 3; i++) {
		r->rules[kind[i]].at = &rule[i];
		r->rules[kind[i]].n = texts[i] != NULL;
		if (texts[i])
			assert_int_equal(rule_read(&rule[i], str_c(texts[i]), &why), 0);
	}
	made_compile(&m);
	return m.api.verdict[m.api.ops + o.at]; /* in production */
}

static void
test_verdicts(void **state)
{
	u8 v;

	assert_int_equal(offered("*", NULL, NULL, "read_thing"), CATALOG_READ | VERDICT_OFFERED);
	assert_int_equal(offered("*", "op:read_*", NULL, "read_thing"), CATALOG_READ); /* deny wins */
	assert_int_equal(offered(NULL, NULL, NULL, "read_thing"), CATALOG_READ); /* and nothing is denied */
	v = offered("* where id in 1", NULL, NULL, "put_thing");
	assert_true(v & VERDICT_OFFERED && v & VERDICT_ALLOW_IF);
	v = offered("*", "* where id in 1", "write where q in x", "put_thing");
	assert_true(v & VERDICT_OFFERED && v & VERDICT_DENY_IF && v & VERDICT_LEVEL_IF && VERDICT_LEVEL(v) == LEVEL_NONE);
	assert_int_equal(VERDICT_LEVEL(offered("*", NULL, NULL, "delete_thing")), LEVEL_CONFIRM);
	assert_int_equal(VERDICT_LEVEL(offered("*", NULL, "destructive", "delete_thing")), LEVEL_APPROVE);
	assert_int_equal(VERDICT_LEVEL(offered("*", NULL, "* env:sandbox", "read_thing")), LEVEL_NONE);
}

static int
judge(const char *json, u8 *level)
{
	static struct jsmntok tok[50];
	u8 room[400];
	struct buf why = buf_over(room, sizeof room);
	struct catalog_op op = made_op(&m, "put_thing");
	struct jdoc d;
	int err;

	*level = LEVEL_NONE;
	assert_int_equal(json_parse(&d, str_c(json), tok, 50), 0);
	err = role_arguments(&m.role[0], &m.api, 1, &m.doc.catalog, &op, json_root(&d), level, &why);
	assert_int_equal(err != 0, buf_len(&why) > 0);
	return err;
}

static void
test_arguments(void **state)
{
	const char *why;
	struct rule allow, deny, approve;
	u8 level;

	m.role[0] = (struct role){ .name = STR("viewer") };
	m.role[0].rules[ROLE_ALLOW].at = &allow;
	m.role[0].rules[ROLE_DENY].at = &deny;
	m.role[0].rules[ROLE_APPROVE].at = &approve;
	m.role[0].rules[ROLE_ALLOW].n = m.role[0].rules[ROLE_DENY].n = m.role[0].rules[ROLE_APPROVE].n = 1;
	rule_read(&allow, STR("PUT where id in 1..100"), &why);
	rule_read(&deny, STR("PUT where id in 50"), &why);
	rule_read(&approve, STR("PUT where q in real*"), &why);
	assert_int_equal(judge("{\"id\":7}", &level), 0);
	assert_int_equal(level, LEVEL_NONE);
	assert_int_equal(judge("{\"id\":7,\"q\":\"really\"}", &level), 0);
	assert_int_equal(level, LEVEL_APPROVE);
	assert_int_equal(judge("{\"id\":50}", &level), ERR_DENY);
	assert_int_equal(judge("{\"id\":101}", &level), ERR_DENY);
	assert_int_equal(judge("{}", &level), ERR_DENY);
}

/* An operation for which the document names another server is offered where the environment names it, too. */
static void
test_elsewhere(void **state)
{
	static const struct environment other = { .server = { (const u8 *)"https://b.example", 17 } };
	struct environment e = { .server = STR("https://a.example") };
	static struct doc d;
	struct catalog_op op;

	doc_open(&d, STR("{\"openapi\":\"3.0.3\",\"servers\":[{\"url\":\"https://a.example\"}],\"paths\":{\"/b\":{\"get\":{"
	    "\"servers\":[{\"url\":\"https://{x}.example\",\"variables\":{\"x\":{\"default\":\"b\"}}}]}},\"/a\":{\"get\":{}}}}"));
	catalog_op(&d.catalog, 0, &op);
	assert_ptr_equal(elsewhere(&e, &d.catalog, &op), &e);
	catalog_op(&d.catalog, 1, &op);
	assert_null(elsewhere(&e, &d.catalog, &op));
	e.other = &other;
	e.others = 1;
	assert_ptr_equal(elsewhere(&e, &d.catalog, &op), &other);
	e.others = 0;
	e.server = STR("https://b.example");
	assert_ptr_equal(elsewhere(&e, &d.catalog, &op), &e);
	doc_close(&d);
}

static int
begin(void **state)
{
	made_open(&m, 2);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meets),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_elsewhere),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
