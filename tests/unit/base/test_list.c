/* list: order, taking out while walking, splicing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
	struct link link;
	int n;
};

/* The numbers in the list as one decimal number. */
static int
sum(struct link *head)
{
	int v = 0;

	LIST_EACH(head, l, next)
		v = v * 10 + CONTAINER_OF(l, struct item, link)->n;
	return v;
}

static void
test_order(void **state)
{
	struct link head;
	struct item a = { .n = 1 }, b = { .n = 2 }, c = { .n = 3 };

	list_init(&head);
	assert_true(list_empty(&head));
	list_last(&head, &b.link);
	list_last(&head, &c.link);
	list_first(&head, &a.link);
	assert_int_equal(sum(&head), 123);
	list_out(&b.link);
	assert_false(list_linked(&b.link));
	assert_true(list_linked(&a.link));
	list_out(&b.link); /* twice is harmless */
	assert_int_equal(sum(&head), 13);
}

static void
test_out_while_walking(void **state)
{
	struct link head;
	struct item it[5];

	list_init(&head);
	for (int i = 0; i < 5; i++) {
		it[i].n = i + 1;
		list_last(&head, &it[i].link);
	}
	LIST_EACH(&head, l, next)
		if (CONTAINER_OF(l, struct item, link)->n % 2 == 0)
			list_out(l);
	assert_int_equal(sum(&head), 135);
	LIST_EACH(&head, l, next)
		list_out(l);
	assert_true(list_empty(&head));
}

static void
test_splice(void **state)
{
	struct link one, two;
	struct item a = { .n = 1 }, b = { .n = 2 }, c = { .n = 3 };

	list_init(&one);
	list_init(&two);
	list_splice(&one, &two);
	assert_true(list_empty(&one));
	list_last(&one, &a.link);
	list_last(&two, &b.link);
	list_last(&two, &c.link);
	list_splice(&one, &two);
	assert_int_equal(sum(&one), 123);
	assert_true(list_empty(&two));
	list_splice(&two, &one);
	assert_int_equal(sum(&two), 123);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_out_while_walking),
		cmocka_unit_test(test_splice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
