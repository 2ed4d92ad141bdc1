/* multipart: parts as clients write them, and what is none. */
#include "base/buf.h"
#include "http/multipart.h"

#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define PARAMS "; charset=utf-8; boundary=\"x-y\""
#define HEAD "Content-Disposition: form-data; name="

static int
count(const char *body, struct multipart_part *last)
{
	struct multipart m;
	struct multipart_part p;
	int n = 0, more;

	assert_int_equal(multipart_begin(&m, guard_str(body), STR(PARAMS)), 0);
	while ((more = multipart_next(&m, &p)) > 0) {
		*last = p;
		n++;
	}
	return more < 0 ? more : n;
}

static void
test_parts(void **state)
{
	struct multipart_part p;

	assert_int_equal(count("--x-y\r\n" HEAD "\"a\"\r\n\r\n1\r\n--x-y--\r\n", &p), 1);
	assert_true(str_is(p.name, "a") && str_is(p.data, "1") && !p.file.p && p.type.n == 0);
	assert_int_equal(count("a word before\r\n--x-y\r\n" HEAD "a\r\n\r\n\r\n--x-y\r\n"
	    "content-type: image/png; q=1\r\nX-More: y\r\nContent-disposition:form-data; filename=\"a b.png\"; name=\"f\"\r\n"
	    "\r\n\x89\r\n--x-\r\n\r\n--x-y--and behind", &p), 2);
	assert_true(str_is(p.name, "f") && str_is(p.file, "a b.png") && str_is(p.type, "image/png; q=1"));
	assert_true(str_same(p.data, STR("\x89\r\n--x-\r\n")));
	assert_int_equal(count("--x-y--", &p), 0);
}

static void
test_none(void **state)
{
	static const char *const bad[] = { "", "--x-y", "--x-y\r\n", "--x-y\r\n\r\n1\r\n--x-y--", "--x-y\n" HEAD "a\n\n1\n--x-y--",
		"--x-y\r\n" HEAD "a\r\n\r\n1", "--x-y\r\n" HEAD "a\r\n\r\n1\r\n--x-y", "--x-y\r\nno colon\r\n\r\n1\r\n--x-y--",
		"--x-y\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--x-y--", "--x-y\r\n" HEAD "\"\"\r\n\r\n1\r\n--x-y--",
		"--x-y\r\n" HEAD "\"a\\\"b\"\r\n\r\n1\r\n--x-y--", "--x-y\r\n" HEAD "a\r\nContent-Transfer-Encoding: base64\r\n\r\n1\r\n--x-y--" };
	/* What readers take for different things: two boundaries, words behind a quote, names in parts, other alphabets. */
	static const char *const params[] = { "", "boundary", "boundary=", "boundary=\"a", "bound=a", "boundary=a; boundary=b",
		"boundary=a; Boundary=a", "boundary=\"a\"b", "boundary=a; x", "boundary=a b", "boundary=\"a;b\"", "boundary=a\\b",
		"x boundary=a", "boundary=a\"b\"", "boundary=a; x=b\"c" };
	static const char *const heads[] = { HEAD "\"a\"b; name=\"c\"", HEAD "a; name*0=b", HEAD "a; name*=b", HEAD "a; x", HEAD "a\"b\"",
		HEAD "a; file name=b", HEAD "a\r\nContent-Type: text/plain; charset=utf-7", HEAD "a\r\nContent-Type: text/plain; charset=\"ibm037\"",
		HEAD "a\r\nContent-Type: a/b\r\nContent-Type: a/b", HEAD "a\r\nContent-Type: a/b; charset" };
	struct multipart_part p;
	struct multipart m;

	for (u32 i = 0; i < ARRAY_N(bad); i++)
		if (count(bad[i], &p) != ERR_BAD)
			fail_msg("%u: %s", i, bad[i]);
	for (u32 i = 0; i < ARRAY_N(params); i++)
		if (multipart_begin(&m, STR("x"), str_c(params[i])) != ERR_BAD)
			fail_msg("%s", params[i]);
	for (u32 i = 0; i < ARRAY_N(heads); i++) {
		char body[200];

		snprintf(body, sizeof body, "--x-y\r\n%s\r\n\r\n1\r\n--x-y--", heads[i]);
		if (count(body, &p) != ERR_BAD)
			fail_msg("%s", heads[i]);
	}
	assert_int_equal(count("--x-y\r\n" HEAD "a;\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\n\r\n1\r\n--x-y--", &p), 1);
	assert_int_equal(count("--x-y\r\n" HEAD "a; filename=b; filename*=utf-8''c\r\nContent-Type: text/csv; charset=iso-8859-1\r\n"
	    "\r\n1\r\n--x-y--", &p), 1);
}

/* What is passed on names the boundary and nothing else. */
static void
test_type(void **state)
{
	static const char *const all[][2] = { { "boundary=a-1", "multipart/form-data; boundary=a-1" },
		{ " charset=utf-8 ; BOUNDARY=\"==a:b?\" ;", "multipart/form-data; boundary=\"==a:b?\"" } };

	for (u32 i = 0; i < ARRAY_N(all); i++) {
		u8 room[MULTIPART_TYPE_N];
		struct buf b = buf_over(room, sizeof room);
		struct multipart m;

		assert_int_equal(multipart_begin(&m, STR(""), str_c(all[i][0])), 0);
		multipart_type(&m, &b);
		assert_true(str_is(buf_str(&b), all[i][1]));
	}
}

/* Cut anywhere it is either refused or has the parts that are whole. */
static void
test_cut(void **state)
{
	static const char body[] = "--x-y\r\n" HEAD "\"a\"\r\n\r\n1\r\n--x-y\r\n" HEAD "b\r\n\r\n2\r\n--x-y--\r\n";

	for (u32 n = 0; n < sizeof body - 1; n++) {
		struct multipart m;
		struct multipart_part p;
		int more;

		assert_int_equal(multipart_begin(&m, guard_bytes(str_of(body, n)), STR(PARAMS)), 0);
		while ((more = multipart_next(&m, &p)) > 0)
			assert_int_equal(p.data.n, 1);
		assert_int_equal(more, n < sizeof body - 3 ? ERR_BAD : 0);
	}
}

/* A form whose last part is open in front of it, and what comes then: passes, or does not, wherever it is cut. */
static int
watch(const char *front, const char *rest, u32 cut)
{
	static u8 all[2048];
	struct buf b = buf_over(all, sizeof all);
	struct multipart m;
	struct multipart_part p;
	struct multipart_watch w;
	int n;

	buf_c(&b, front);
	assert_int_equal(multipart_begin(&m, guard_bytes(buf_str(&b)), STR(PARAMS)), 0);
	while (multipart_next(&m, &p) > 0)
		;
	assert_true(m.open);
	assert_int_equal(multipart_watch_begin(&w, &m, &p), 0);
	buf_c(&b, rest);
	n = multipart_watch(&w, guard_bytes(str_cut(buf_str(&b), 0, cut)));
	if (!n)
		n = multipart_watch(&w, guard_bytes(str_cut(buf_str(&b), cut, b.w)));
	return n ? n : w.ended;
}

static void
test_watch(void **state)
{
	static const char front[] = "--x-y\r\n" HEAD "\"a\"\r\n\r\n1\r\n--x-y\r\n" HEAD "f; filename=g\r\n\r\nbytes";
	static const struct { const char *rest; int want; } all[] = {
		{ "", 0 }, { "more\r\n--x-y", 0 }, { "\r\n--x-y--", 1 }, { "\r\n--x-y--\r\n", 1 }, { "\r\r\n--x-y--", 1 },
		{ "\r\n--x-\r\n--x\r\n--x-y--", 1 }, { "--x--\r\n--x-y--and behind", 1 }, { "-\r\n--x-y--", 1 },
		{ "\r\n--x-y\r\n" HEAD "f; filename=h\r\n\r\n\r\n--x-y--", 1 }, /* more of the name, and an empty one */
		{ "\r\n--x-y\r\n" HEAD "f; filename=h\r\nContent-Type: a/b\r\n\r\n2\r\n--x-y--", 1 },
		{ "\r\n--x-y\r\n" HEAD "f\r\n\r\n2\r\n--x-y--", ERR_BAD }, { "\r\n--x-y\r\n" HEAD "g; filename=h\r\n\r\n", ERR_BAD },
		{ "\n--x-y--", ERR_BAD }, { "\r--x-y--", ERR_BAD }, { "--x-y--", ERR_BAD }, { "\r\n---x-y--", ERR_BAD },
		{ "\r\n--x-y--\r\n--x-y--", ERR_BAD }, { "\r\n--x-y \r\n" HEAD "f; filename=h\r\n\r\n", ERR_BAD },
		{ "\r\n--x-y\r\n" HEAD "f; filename=h\nX: y\r\n\r\n", ERR_BAD }, { "\r\n--x-y\r\n\r\n\r\n", ERR_BAD },
		{ "\r\n--x-y\r\n" HEAD "f; filename=h; name=b\r\n\r\n", ERR_BAD },
		{ "\r\n--x-y\r\n" HEAD "f; filename=h; name*=b\r\n\r\n", ERR_BAD },
	};

	for (u32 i = 0; i < ARRAY_N(all); i++)
		for (u32 cut = 0; cut <= sizeof front - 1 + strlen(all[i].rest); cut++)
			if (watch(front, all[i].rest, cut) != all[i].want)
				fail_msg("%u cut at %u: %d", i, cut, watch(front, all[i].rest, cut));
}

/* Every name, and a boundary of dashes, in data that begins with some. */
static void
test_watch_dashes(void **state)
{
	static const char body[] = "------\r\n" HEAD "f; filename=g\r\n\r\n-\r\n-----\r\n------\r\n" HEAD "f; filename=h\r\n\r\n"
	    "\r\n--\r\n--------";
	struct multipart m;
	struct multipart_part p;
	struct multipart_watch w;

	assert_int_equal(multipart_begin(&m, STR("------\r\n" HEAD "f; filename=g\r\n\r\n-"), STR("boundary=----")), 0);
	assert_int_equal(multipart_next(&m, &p), ERR_BAD);
	assert_int_equal(multipart_marks(&m, STR("a-------b")), 2);
	assert_int_equal(multipart_watch_begin(&w, &m, &p), 0);
	for (u32 i = 0; i < sizeof body - 1; i++)
		assert_int_equal(multipart_watch(&w, guard_bytes(str_of(body + i, 1))), 0);
	assert_true(w.ended);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_watch_dashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
