/* The word index: what is found, in which order. */
#include "made.h"

#include "catalog/search.h"

static struct made m;
static u8 space[65536];

static int
setup(void **state)
{
	made_text(&m, made_document(
	    "\"/projects\":{\"get\":{\"operationId\":\"listProjects\",\"summary\":\"All projects\"},\"post\":{\"operationId\":"
	    "\"createProject\",\"summary\":\"A new project\"}},"
	    "\"/tasks\":{\"get\":{\"operationId\":\"listTasks\",\"description\":\"Tasks of a project\",\"tags\":[\"Work\"],\"parameters\":[{\"in\":\"query\","
	    "\"name\":\"dueDate\"}]},"
	    "\"post\":{\"operationId\":\"createTask\"}},"
	    "\"/invoices/{id}/pay\":{\"post\":{\"operationId\":\"x1\",\"summary\":\"Pays\"}}", ""));
	return 0;
}

static int
teardown(void **state)
{
	made_free(&m);
	return guard_free(state);
}

/* The names found, best first, with spaces between. */
static void
finds(const char *query, u32 max, const char *want)
{
	struct arena a = arena_over(space, sizeof space);
	struct search_hit hit[8];
	char got[256] = "";
	u32 n = search_find(&m.c, guard_str(query), &a, hit, max);

	for (u32 i = 0; i < n; i++) {
		struct catalog_op op;

		catalog_op(&m.c, hit[i].op, &op);
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s", i ? " " : "", STR_ARG(op.name));
	}
	assert_string_equal(got, want);
	assert_int_equal(a.used, 0);
}

static void
test_finds(void **state)
{
	finds("project", 8, "listProjects createProject listTasks");
	finds("PROJECTS", 1, "listProjects");
	finds("the project", 1, "listProjects");
	finds("t", 8, "");
	finds("ta", 8, "");
	finds("create task", 8, "createTask createProject listTasks");
	finds("add project", 1, "createProject"); /* what people call a POST */
	finds("change project", 1, "listProjects");
	finds("delete", 8, "");                   /* what a method does finds nothing alone */
	finds("due date", 8, "listTasks");        /* arguments */
	finds("tas", 8, "listTasks createTask");
	finds("pay an invoice", 8, "x1");
	finds("work", 8, "listTasks");
	finds("", 8, "");
	finds("zebra", 8, "");
	finds("a", 8, "");
	finds("project", 0, "");
}

static void
test_no_room(void **state)
{
	struct arena a = arena_over(space, 3);
	struct search_hit hit[8];

	assert_int_equal(search_find(&m.c, STR("project"), &a, hit, 8), 0);
}

static void
test_index(void **state)
{
	struct str last = STR_NONE;
	u32 first, n, weight;

	assert_true(catalog_word_n(&m.c) > 8);
	for (u32 i = 0; i < catalog_word_n(&m.c); i++) {
		struct str w = catalog_word(&m.c, i, &first, &n);

		assert_true(i == 0 || str_cmp(last, w) < 0);
		assert_true(n > 0);
		for (u32 k = 1; k < n; k++)
			assert_true(catalog_posting(&m.c, first + k - 1, &weight) <
			    catalog_posting(&m.c, first + k, &weight));
		last = w;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds), cmocka_unit_test(test_no_room), cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
