/* principal: texts are judged when they are set, lists by whole names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "auth/principal.h"

static void
test_texts(void **state)
{
	struct principal p = { 0 };

	assert_int_equal(principal_set_name(&p, STR("Büro laptop 2")), 0);
	assert_true(str_is(principal_name(&p), "Büro laptop 2"));
	assert_int_equal(principal_set_name(&p, STR("a\nb")), ERR_BAD);
	assert_int_equal(principal_set_name(&p, STR("a\x7f")), ERR_BAD);
	assert_int_equal(principal_set_name(&p, STR("\xc3")), ERR_BAD);
	assert_int_equal(principal_set_name(&p, STR("12345678901234567890123456789012345678901")), ERR_FULL);
	assert_true(str_is(principal_name(&p), "Büro laptop 2"));
	assert_int_equal(principal_set_role(&p, STR("viewer")), 0);
	assert_int_equal(principal_set_role(&p, STR("view er")), ERR_BAD);
	assert_int_equal(principal_set_role(&p, STR_NONE), 0);
	assert_int_equal(principal_role(&p).n, 0);
}

static void
test_lists(void **state)
{
	static const char *const wrong[] = { ",", "a,", ",a", "a,,b", "a b", "a/b", "a, b" };
	struct principal p = { 0 };

	for (u32 i = 0; i < ARRAY_N(wrong); i++) {
		assert_int_equal(principal_set_apis(&p, str_c(wrong[i])), ERR_BAD);
		assert_int_equal(principal_set_environments(&p, str_c(wrong[i])), ERR_BAD);
	}
	assert_true(principal_api(&p, STR("any")));
	assert_int_equal(principal_set_apis(&p, STR("gitea,pdns.v2")), 0);
	assert_true(principal_api(&p, STR("gitea")) && principal_api(&p, STR("pdns.v2")));
	assert_false(principal_api(&p, STR("git")));
	assert_false(principal_api(&p, STR("gitea,pdns.v2")));
	assert_false(principal_api(&p, STR("")));
	assert_int_equal(principal_set_apis(&p, STR_NONE), 0);
	assert_true(principal_api(&p, STR("any")));
}

static void
test_environments(void **state)
{
	struct principal p = { .scopes = SCOPE_READ };

	assert_true(principal_environment(&p, STR("sandbox"), false, false));
	assert_false(principal_environment(&p, STR("production"), true, false));
	assert_true(principal_environment(&p, STR("production"), true, true));
	p.scopes |= SCOPE_PRODUCTION;
	assert_true(principal_environment(&p, STR("production"), true, false));
	assert_int_equal(principal_set_environments(&p, STR("sandbox")), 0);
	assert_false(principal_environment(&p, STR("production"), true, false));
	assert_false(principal_environment(&p, STR("production"), true, true));
	assert_true(principal_environment(&p, STR("sandbox"), false, false));
}

static void
test_scopes(void **state)
{
	u8 room[64];

	for (int bits = 0; bits <= SCOPE_ALL; bits++) {
		struct buf b = buf_over(room, sizeof room);

		scopes_print(&b, (u8)bits);
		if (bits)
			assert_int_equal(scopes_read(buf_str(&b)), bits);
	}
	assert_int_equal(scopes_read(STR("read, write")), SCOPE_READ | SCOPE_WRITE);
	assert_int_equal(scopes_read(STR("read,")), ERR_BAD);
	assert_int_equal(scopes_read(STR("admin")), ERR_BAD);
	assert_int_equal(scopes_read(STR("")), ERR_BAD);
	assert_int_equal(scopes_read(STR_NONE), 0);
}

static void
test_tags(void **state)
{
	assert_true(principal_tag(STR("abc")) == 0xba7816bf8f01cfea); /* FIPS 180-4 */
	assert_true(principal_tag(STR_NONE) == 0 && principal_tag(STR("")) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_environments),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
