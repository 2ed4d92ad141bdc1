/* transcribe: aliases, merge keys, places; documents that expand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "catalog/transcribe.h"
#include "lib/guard.h"
#include "yaml/yaml.h"

static u8 room[16 << 20];

static int
into(struct transcript *t, const char *yaml)
{
	struct arena a = arena_over(room, sizeof room);

	return transcribe(t, guard_str(yaml), &a);
}

static void
check_json(const char *yaml, const char *json)
{
	struct transcript t;
	int err = into(&t, yaml);

	if (err || !str_is(t.json, json))
		fail_msg("%s\ngot  %d %s %.*s\nwant %s", yaml, err, t.why ? t.why : "", STR_ARG(t.json), json);
}

static void
test_values(void **state)
{
	check_json("a: 1\nb: [on, ~, 0x10, \"1\"]\nc:\n", "{\"a\":1,\"b\":[\"on\",null,16,\"1\"],\"c\":null}");
	check_json("200: a\ntrue: b\n~: c", "{\"200\":\"a\",\"true\":\"b\",\"~\":\"c\"}");
	check_json("a: .inf\nb: 0xfffffffffffffffff", "{\"a\":\".inf\",\"b\":\"0xfffffffffffffffff\"}");
	check_json("\"\\0\\\"\\\\\\t\"", "\"\\u0000\\\"\\\\\\t\"");
	check_json("&a b: 1\nc: *a\n*a : 2", "{\"b\":1,\"c\":\"b\",\"b\":2}");
	check_json("- &n 7\n- {*n : x}", "[7,{\"7\":\"x\"}]");
}

static void
test_merge(void **state)
{
	check_json("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}", "{\"x\":{\"a\":1,\"b\":2},\"y\":{\"a\":1,\"b\":3}}");
	check_json("- &x {a: 1}\n- &y {a: 2, b: 2}\n- {<<: [*x, *y], c: 3}\n- {<<: [*y, *x]}",
	    "[{\"a\":1},{\"a\":2,\"b\":2},{\"a\":1,\"b\":2,\"c\":3},{\"a\":2,\"b\":2}]");
	/* an anchor in a map that is merged into moves with its value */
	check_json("- &x {a: 1}\n- {<<: *x, long: &d [2, &e 3]}\n- *d\n- *e", "[{\"a\":1},{\"a\":1,\"long\":[2,3]},[2,3],3]");
	check_json("\"<<\": 1\nb: 2", "{\"<<\":1,\"b\":2}");
	check_json("<<: {}\n", "{}");
}

static void
test_refused(void **state)
{
	static const struct { const char *yaml, *why; u32 line; } cases[] = {
		{ "", "empty", 1 }, { "a\n---\nb", "second document", 2 }, { "a: *b", "no anchor", 1 }, { "a: &b\n  c: *b", "inside", 2 },
		{ "? [a]\n: b", "a key must", 1 }, { "? {a: b}\n: c", "a key must", 1 }, { "&a [b]: c", "a key must", 1 },
		{ "- &a [b]\n- *a : c", "a key must", 2 }, { "<<: a", "map or a list", 1 }, { "<<: [a]", "map or a list", 1 },
		{ "- &a 1\n- <<: *a", "map or a list", 2 }, { "- {<<: &x {a: 1}, a: 2}\n- *x", "merged into", 2 },
	};

	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		struct transcript t;
		u32 line, column;

		assert_int_equal(into(&t, cases[i].yaml), ERR_BAD);
		yaml_place(str_c(cases[i].yaml), t.why_at, &line, &column);
		if (!strstr(t.why, cases[i].why) || line != cases[i].line)
			fail_msg("%s: line %u %s", cases[i].yaml, line, t.why);
	}
}

/* Ten maps of ten aliases each: a billion laughs end at the bound, soon, with words. */
static void
test_bomb(void **state)
{
	char yaml[4096] = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
	struct transcript t;

	for (u32 i = 1; i < 12; i++)
		snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "a%u: &a%u [*a%u,*a%u,*a%u,*a%u,*a%u,*a%u,*a%u,*a%u,*a%u]\n",
		    i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_int_equal(into(&t, yaml), ERR_FULL);
	assert_non_null(strstr(t.why, "aliases"));
}

/* Every value and key leads back to its line, also through aliases and merges. */
static void
test_places(void **state)
{
	static const char yaml[] = "one: 1\nbase: &b\n  two: 2\n  three: 3\nuse:\n  <<: *b\n  three: 4\n  five: [*b, 6]\n";
	static const struct { const char *part; u32 line; } want[] = {
		{ "\"one\"", 1 }, { "1", 1 }, { "\"base\"", 2 }, { "\"two\"", 3 }, { "\"use\"", 5 }, { "4", 7 }, { "\"five\"", 8 }, { "6", 8 },
	};
	struct transcript t;
	u32 line, column;

	assert_int_equal(into(&t, yaml), 0);
	assert_true(str_is(t.json, "{\"one\":1,\"base\":{\"two\":2,\"three\":3},\"use\":{\"two\":2,\"three\":4,\"five\":"
	    "[{\"two\":2,\"three\":3},6]}}"));
	for (u32 i = 0; i < ARRAY_N(want); i++) {
		int at = str_find_str(t.json, str_c(want[i].part));

		yaml_place(str_c(yaml), origin_of(&t.origin, (u32)at), &line, &column);
		assert_int_equal(line, want[i].line);
	}
}

static void
test_small_arenas(void **state)
{
	struct transcript t;

	for (size_t n = 0; n < (2 << 20); n += 50021) {
		struct arena a = arena_over(room, n);
		int err = transcribe(&t, STR("a: &b {c: d}\ne: {<<: *b}"), &a);

		assert_true(err == 0 || err == ERR_FULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_values, guard_free),
		cmocka_unit_test_teardown(test_merge, guard_free),
		cmocka_unit_test_teardown(test_refused, guard_free),
		cmocka_unit_test_teardown(test_bomb, guard_free),
		cmocka_unit_test_teardown(test_places, guard_free),
		cmocka_unit_test(test_small_arenas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
