/* Tool and argument names: what they may be, that they differ, and that they stay. */
#include "made.h"

#include "catalog/naming.h"

static u8 space[1 << 20];
static struct arena arena;

static int
fresh(void **state)
{
	arena = arena_over(space, sizeof space);
	return 0;
}

static struct naming_wish
wish(const char *id, const char *method, const char *path)
{
	return (struct naming_wish){ .id = str_c(id), .method = str_c(method), .path = str_c(path) };
}

static struct str
alone(const char *id, const char *method, const char *path)
{
	struct naming_wish w = wish(id, method, path);

	assert_int_equal(naming_tools(&w, 1, &arena), 0);
	return w.name;
}

static void
test_natural(void **state)
{
	assert_str(alone("listBooks", "GET", "/books"), "listBooks");
	assert_str(alone("repos/get-all", "GET", "/r"), "repos_get-all");
	assert_str(alone("  a..b  ", "GET", "/r"), "a_b");
	assert_str(alone("\xc3\xa4pfel holen", "GET", "/r"), "pfel_holen");
	assert_str(alone("_x__y_", "GET", "/r"), "_x__y_");
	assert_str(alone("", "GET", "/stock/products/{productId}"), "get_stock_products_by_productId");
	assert_str(alone("", "POST", "/"), "post");
	assert_str(alone("...", "DELETE", "/a/{b}.json"), "delete_a_by_b_json");
}

static void
test_long(void **state)
{
	struct str a = alone("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg", "GET", "/a");
	struct str b = alone("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggghhhh", "GET", "/a");
	struct str c = alone("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggghhhh", "GET", "/b");

	assert_int_equal(a.n, 64);
	assert_str(a, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg");
	assert_int_equal(b.n, 64);
	assert_true(str_starts(b, STR("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffff_")));
	assert_false(str_same(b, c));
}

/* Names of n wishes do not depend on their order. */
static void
same_in_any_order(struct naming_wish *w, u32 n)
{
	struct naming_wish back[8];

	assert_true(n <= ARRAY_N(back));
	for (u32 i = 0; i < n; i++)
		back[i] = w[n - 1 - i];
	assert_int_equal(naming_tools(w, n, &arena), 0);
	assert_int_equal(naming_tools(back, n, &arena), 0);
	for (u32 i = 0; i < n; i++) {
		assert_true(str_same(w[i].name, back[n - 1 - i].name));
		for (u32 k = 0; k < i; k++)
			assert_false(str_same(w[i].name, w[k].name));
	}
}

/* Two ids that clean to the same: the one that is it keeps it; where none is, both get a suffix of their own. */
static void
test_clash(void **state)
{
	struct naming_wish w[] = { wish("get user", "GET", "/a"), wish("get_user", "GET", "/b"),
		wish("get.user", "GET", "/c") };
	struct naming_wish both[] = { wish("get user", "GET", "/a"), wish("get.user", "GET", "/c") };

	same_in_any_order(w, 3);
	assert_str(w[1].name, "get_user");
	assert_str(w[0].name, "get_user_99bddd");
	same_in_any_order(both, 2);
	assert_true(str_same(both[0].name, w[0].name));
	assert_true(str_same(both[1].name, w[2].name));
}

/* The same id twice: nobody keeps it, so a third changes nothing for the first two. */
static void
test_repeated_id(void **state)
{
	struct naming_wish two[] = { wish("same", "GET", "/a"), wish("same", "PUT", "/a") };
	struct naming_wish three[] = { wish("same", "GET", "/b"), wish("same", "GET", "/a"), wish("same", "PUT", "/a") };

	same_in_any_order(two, 2);
	same_in_any_order(three, 3);
	assert_true(str_same(two[0].name, three[1].name));
	assert_true(str_same(two[1].name, three[2].name));
	assert_int_equal(two[0].name.n, strlen("same_") + 6);
}

/* Others that come and go change nobody's name. */
static void
test_stable(void **state)
{
	struct naming_wish few[] = { wish("a.b", "GET", "/1"), wish("c", "GET", "/2") };
	struct naming_wish more[] = { wish("", "GET", "/0"), wish("a.b", "GET", "/1"), wish("zz", "PUT", "/3"),
		wish("c", "GET", "/2"), wish("d", "GET", "/4") };

	assert_int_equal(naming_tools(few, 2, &arena), 0);
	assert_int_equal(naming_tools(more, 5, &arena), 0);
	assert_str(few[0].name, "a_b");
	assert_true(str_same(few[0].name, more[1].name));
	assert_true(str_same(few[1].name, more[3].name));
}

/* Somebody's id is what another's suffix would make: still different names. */
static void
test_suffix_taken(void **state)
{
	struct naming_wish w[] = { wish("x y", "GET", "/a"), wish("x.y", "GET", "/c"), wish("x_y_99bddd", "GET", "/d") };

	same_in_any_order(w, 3);
	assert_str(w[2].name, "x_y_99bddd");
}

static void
test_same_operation(void **state)
{
	struct naming_wish w[] = { wish("x", "GET", "/a"), wish("x", "GET", "/a"), wish("x", "GET", "/a"),
		wish("x", "GET", "/a") };

	/* Three lengths of the hash can tell three apart. */
	assert_int_equal(naming_tools(w, 4, &arena), 0);
	assert_false(str_same(w[0].name, w[2].name));
	assert_int_equal(w[3].name.n, 0);
}

static void
test_no_room(void **state)
{
	struct naming_wish w[] = { wish("x", "GET", "/a"), wish("y", "GET", "/a") };

	for (u32 n = 0; n < 700; n++) {
		struct arena small = arena_over(space, n);
		int err = naming_tools(w, 2, &small);

		assert_true(err == 0 || err == ERR_FULL);
	}
}

static void
test_args(void **state)
{
	struct naming_arg a[] = {
		{ .wire = STR("id"), .in = CATALOG_MEMBER }, { .wire = STR("id"), .in = CATALOG_QUERY },
		{ .wire = STR("id"), .in = CATALOG_PATH }, { .wire = STR("id"), .in = CATALOG_HEADER },
		{ .wire = STR("filter[name]"), .in = CATALOG_QUERY }, { .wire = STR("filter_name"), .in = CATALOG_QUERY },
		{ .wire = STR("$"), .in = CATALOG_QUERY }, { .wire = STR("query_id"), .in = CATALOG_MEMBER },
		{ .wire = STR("a.b-c_d"), .in = CATALOG_QUERY },
	};

	assert_int_equal(naming_args(a, ARRAY_N(a), &arena), 0);
	assert_str(a[0].arg, "body_id");
	assert_str(a[2].arg, "id");
	assert_str(a[3].arg, "header_id");
	assert_str(a[4].arg, "query_filter_name");
	assert_str(a[5].arg, "filter_name");
	assert_str(a[6].arg, "arg");
	/* Somebody is really called so. */
	assert_str(a[7].arg, "query_id");
	assert_true(str_starts(a[1].arg, STR("query_id_")));
	assert_str(a[8].arg, "a.b-c_d");
}

static void
test_long_arg(void **state)
{
	#define LONG "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg"
	struct naming_arg a[] = { { .wire = STR(LONG), .in = CATALOG_QUERY }, { .wire = STR(LONG), .in = CATALOG_HEADER } };

	assert_int_equal(naming_args(a, 2, &arena), 0);
	assert_true(a[0].arg.n <= 64 && a[1].arg.n <= 64);
	assert_false(str_same(a[0].arg, a[1].arg));
}

static void
test_words(void **state)
{
	struct str w[8];

	assert_int_equal(naming_words(STR("bulkDelete-HTTPUsers2"), w, 8), 4);
	assert_str(w[0], "bulk");
	assert_str(w[1], "Delete");
	assert_str(w[2], "HTTP");
	assert_str(w[3], "Users2");
	assert_int_equal(naming_words(STR("/a//{b}"), w, 8), 2);
	assert_int_equal(naming_words(STR("--"), w, 8), 0);
	assert_int_equal(naming_words(STR("a b c"), w, 2), 2);
	assert_int_equal(naming_words(STR(""), w, 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_natural, fresh), cmocka_unit_test_setup(test_long, fresh),
		cmocka_unit_test_setup(test_clash, fresh), cmocka_unit_test_setup(test_repeated_id, fresh),
		cmocka_unit_test_setup(test_stable, fresh), cmocka_unit_test_setup(test_suffix_taken, fresh),
		cmocka_unit_test_setup(test_same_operation, fresh), cmocka_unit_test_setup(test_no_room, fresh),
		cmocka_unit_test_setup(test_args, fresh), cmocka_unit_test_setup(test_long_arg, fresh),
		cmocka_unit_test_setup(test_words, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
