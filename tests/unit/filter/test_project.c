/* project: what is wanted of a body comes out whole, however the bytes come; the rest does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "filter/project.h"
#include "json/jscan.h"
#include "lib/guard.h"

static u8 memory[1 << 16];

struct wish {
	const char *want, *list, *keep, *also;
	u64 from;
};

static void
begin(struct project *p, const struct wish *w)
{
	project_init(p);
	if (w->want)
		assert_int_equal(project_want(p, str_c(w->want)), 0);
	if (w->list)
		assert_int_equal(project_list(p, str_c(w->list), w->from), 0);
	if (w->keep)
		assert_int_equal(project_keep(p, 0, str_c(w->keep)), 0);
	if (w->also)
		assert_int_equal(project_keep(p, 1, str_c(w->also)), 0);
}

/* in: bytes that come at a time; out: bytes that go at a time; 0: all. */
static struct str
run(struct project *p, struct str text, u32 in_n, u32 out_n)
{
	struct buf out = buf_over(memory, sizeof memory);
	u32 at = 0, end = 0;

	while (end < text.n) {
		struct str in, v;

		end = in_n ? min_u32(end + in_n, text.n) : text.n;
		in = guard_bytes(str_cut(text, at, end));
		while ((v = project_look(p, &in)).n) {
			u32 n = out_n ? min_u32(out_n, v.n) : v.n;

			buf_put(&out, str_cut(v, 0, n));
			project_took(p, &in, n);
		}
		at = end - in.n;
		guard_free(NULL);
	}
	assert_false(out.over);
	return buf_str(&out);
}

static void
check(const struct wish *w, const char *body, const char *expect)
{
	struct project p;
	u32 n = (u32)strlen(body);

	for (u32 in = 0; in <= min_u32(n, 40); in++)
		for (u32 out = 0; out < 3; out++) {
			struct str got;

			begin(&p, w);
			got = run(&p, str_c(body), in, out);
			if (!str_same(got, str_c(expect)))
				fail_msg("%s of %s by %u: %.*s", w->want ? w->want : "all", body, in, STR_ARG(got));
		}
}

#define WANT(paths, body, expect) check(&(struct wish){ .want = paths }, body, expect)

static void
test_members(void **state)
{
	WANT("id", "{\"id\":1,\"name\":\"a\"}", "{\"id\":1}");
	WANT("name", "{\"id\":1,\"name\":\"a\"}", "{\"name\":\"a\"}");
	WANT("name, id", " { \"id\" : 1 , \"x\":{\"id\":2}, \"name\" : \"a\\\"}\" } ", "{\"id\":1,\"name\":\"a\\\"}\"}");
	WANT("none", "{\"id\":1,\"name\":\"a\"}", "{}");
	WANT("o", "{\"a\":[1,{\"o\":2}],\"o\":{\"deep\":[{\"x\":[]}]}}", "{\"o\":{\"deep\":[{\"x\":[]}]}}");
	WANT("o.x", "{\"o\":5}", "{}");
	WANT("o.x", "{\"o\":{\"x\":true,\"y\":null},\"x\":1}", "{\"o\":{\"x\":true}}");
	WANT("o.x,o", "{\"o\":{\"x\":true,\"y\":null},\"x\":1}", "{\"o\":{\"x\":true,\"y\":null}}");
	WANT("a.b.c,a.d", "{\"a\":{\"b\":{\"c\":1,\"d\":2},\"d\":3,\"c\":4}}", "{\"a\":{\"b\":{\"c\":1},\"d\":3}}");
	WANT("a", "7", "7");
	WANT("", "{\"a\": 1}", "{\"a\": 1}");
}

static void
test_lists(void **state)
{
	WANT("id", "[{\"id\":1,\"x\":2},{\"x\":3},{\"id\":4}]", "[{\"id\":1},{},{\"id\":4}]");
	WANT("data.id", "{\"n\":2,\"data\":[{\"id\":1,\"x\":2},{\"id\":4}]}", "{\"data\":[{\"id\":1},{\"id\":4}]}");
	WANT("data.tags.n", "{\"data\":[{\"tags\":[{\"n\":1,\"m\":2}]},{\"tags\":[]}]}",
	    "{\"data\":[{\"tags\":[{\"n\":1}]},{\"tags\":[]}]}");
	WANT("a.b", "{\"a\":[[{\"b\":1,\"c\":2}],3,\"x\"]}", "{\"a\":[[{\"b\":1}],3,\"x\"]}");
}

static void
test_long_keys(void **state)
{
	char body[400], expect[400], key[131];

	memset(key, 'k', 130);
	key[130] = 0;
	snprintf(body, sizeof body, "{\"a\":1,\"%s\":{\"x\":[2]},\"b\":[3]}", key);
	WANT("a", body, "{\"a\":1}");
	WANT("b", body, "{\"b\":[3]}");
	check(&(struct wish){ .list = "b" }, body, body);
	snprintf(expect, sizeof expect, "{\"a\":1,\"%s\":{\"x\":[2]},\"b\":[]}", key);
	check(&(struct wish){ .list = "b", .from = 1 }, body, expect);
}

static void
test_from(void **state)
{
	check(&(struct wish){ .list = "", .from = 2 }, "[1,{\"a\":2},[3],4]", "[[3],4]");
	check(&(struct wish){ .list = "", .from = 9 }, "[1,2]", "[]");
	check(&(struct wish){ .list = "d.i", .from = 1 }, "{\"d\":{\"i\":[{\"a\":1},{\"b\":[2]}],\"j\":[1,2]}}",
	    "{\"d\":{\"i\":[{\"b\":[2]}],\"j\":[1,2]}}");
	check(&(struct wish){ .want = "d.a", .list = "d", .from = 1 }, "{\"d\":[{\"a\":1},{\"a\":2,\"b\":3}]}",
	    "{\"d\":[{\"a\":2}]}");
}

static void
test_keeps(void **state)
{
	struct wish w = { .want = "data.id", .list = "data", .keep = "next", .also = "meta.total" };
	struct str body = STR("{\"next\":\"a\\\"b\",\"data\":[{\"id\":1,\"next\":\"no\"},{\"id\":2}],"
	                      "\"meta\":{\"page\":1,\"total\":25}}");
	struct project p;

	for (u32 in = 0; in < body.n; in++) {
		begin(&p, &w);
		assert_true(str_is(run(&p, body, in, 0), "{\"data\":[{\"id\":1},{\"id\":2}]}"));
		assert_true(str_is(p.keep[0], "a\\\"b"));
		assert_true(str_is(p.keep[1], "25"));
		assert_int_equal(p.index, 2);
	}
	begin(&p, &w);
	run(&p, STR("{\"next\":null,\"data\":[]}"), 0, 0);
	assert_true(str_is(p.keep[0], "null"));
	assert_null(p.keep[1].p);
	begin(&p, &w);
	run(&p, STR("{\"next\":\"\",\"meta\":{\"total\":[1]}}"), 1, 0);
	assert_true(p.keep[0].p && p.keep[0].n == 0);
	assert_null(p.keep[1].p);
}

static void
test_no_json(void **state)
{
	WANT("id", "<html>", "<html>");
	WANT("id", "{\"id\":1,]x", "{\"id\":1]x");
	WANT("id", "", "");
	WANT("id", "{\"id\":", "{");
}

static void
test_depth(void **state)
{
	char body[200] = "", expect[200] = "";

	for (u32 i = 0; i < 30; i++)
		strcat(body, "{\"a\":");
	strcat(body, "1");
	for (u32 i = 0; i < 30; i++)
		strcat(body, "}");
	WANT("a", body, body);
	WANT("a.a.a", body, body);
	WANT("a.b", body, "{\"a\":{}}");
	memset(expect, '[', 90);
	memset(expect + 90, ']', 90);
	WANT("a", expect, expect);
}

static void
test_too_many(void **state)
{
	struct project p;

	project_init(&p);
	assert_int_equal(project_want(&p, STR("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y")), ERR_FULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_members, guard_free),
		cmocka_unit_test_teardown(test_lists, guard_free),
		cmocka_unit_test_teardown(test_long_keys, guard_free),
		cmocka_unit_test_teardown(test_from, guard_free),
		cmocka_unit_test_teardown(test_keeps, guard_free),
		cmocka_unit_test_teardown(test_no_json, guard_free),
		cmocka_unit_test_teardown(test_depth, guard_free),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
