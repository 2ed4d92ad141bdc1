/* Forms: pairs, decoding, one value by name, and back. */
#include "http/form.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
test_pairs(void **state)
{
	struct str rest = guard_str("a=1&&b=&c&=d&e=f=g&"), name, value;

	assert_true(form_next(&rest, &name, &value) && str_is(name, "a") && str_is(value, "1"));
	assert_true(form_next(&rest, &name, &value) && str_is(name, "b") && value.p && value.n == 0);
	assert_true(form_next(&rest, &name, &value) && str_is(name, "c") && !value.p);
	assert_true(form_next(&rest, &name, &value) && name.n == 0 && str_is(value, "d"));
	assert_true(form_next(&rest, &name, &value) && str_is(name, "e") && str_is(value, "f=g"));
	assert_false(form_next(&rest, &name, &value));
	rest = STR_NONE;
	assert_false(form_next(&rest, &name, &value));
	rest = guard_str("");
	assert_false(form_next(&rest, &name, &value));
	guard_free(NULL);
}

static void
test_decode(void **state)
{
	u8 room[100];
	struct buf b = buf_over(room, sizeof room);

	assert_int_equal(form_decode(&b, guard_str("a+b%2B%20c%C3%A9+")), 0);
	assert_true(str_is(buf_str(&b), "a b+ c\xc3\xa9 "));
	assert_int_equal(form_decode(&b, guard_str("%4")), ERR_BAD);
	assert_int_equal(form_decode(&b, guard_str("a+%")), ERR_BAD);
	assert_int_equal(form_decode(&b, guard_str("%00")), ERR_BAD);
	guard_free(NULL);
}

static void
test_is(void **state)
{
	assert_true(form_is(guard_str("grant_type"), STR("grant_type")));
	assert_true(form_is(guard_str("gr%61nt+type"), STR("grant type")));
	assert_false(form_is(guard_str("grant"), STR("grant_type")));
	assert_false(form_is(guard_str("grant_type2"), STR("grant_type")));
	assert_false(form_is(guard_str("gr%6"), STR("gr")));
	assert_false(form_is(guard_str("gr%"), STR("gr%")));
	assert_true(form_is(STR(""), STR("")));
	guard_free(NULL);
}

static void
test_get(void **state)
{
	struct str form = guard_str("a=1&b=x+y&c=1&%63=2&d=%zz&e&f="), value;
	u8 room[6];
	struct buf b = buf_over(room, sizeof room);

	assert_int_equal(form_get(form, STR("a"), &b, &value), 0);
	assert_true(str_is(value, "1"));
	assert_int_equal(form_get(form, STR("b"), &b, &value), 0);
	assert_true(str_is(value, "x y"));
	assert_int_equal(form_get(form, STR("c"), &b, &value), ERR_BAD); /* twice, once in disguise */
	assert_int_equal(form_get(form, STR("d"), &b, &value), ERR_BAD);
	assert_int_equal(form_get(form, STR("e"), &b, &value), 0);
	assert_int_equal(value.n, 0);
	assert_int_equal(form_get(form, STR("g"), &b, &value), ERR_NONE);
	assert_int_equal(form_get(form, STR("b"), &b, &value), ERR_FULL);
	guard_free(NULL);
}

static void
test_put(void **state)
{
	u8 room[200];
	struct buf b = buf_over(room, sizeof room);
	struct str rest, name, value;

	BUF_LIT(&b, "?");
	form_put(&b, 1, STR("a b"), STR("1&2=3"));
	form_put(&b, 1, STR("c"), STR(""));
	form_put(&b, 1, STR("d"), STR(" +\xc3\xa9 "));
	assert_true(str_is(buf_str(&b), "?a+b=1%262%3D3&c=&d=+%2B%C3%A9+"));
	rest = str_cut(buf_str(&b), 1, b.w);
	assert_true(form_next(&rest, &name, &value) && form_is(name, STR("a b")) && form_is(value,
	    STR("1&2=3")));
	assert_true(form_next(&rest, &name, &value) && form_is(name, STR("c")) && form_is(value, STR("")));
	assert_true(form_next(&rest, &name, &value) && form_is(value, STR(" +\xc3\xa9 ")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
