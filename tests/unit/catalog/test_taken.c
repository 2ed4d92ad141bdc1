/* A catalog in the place of a document is taken as it is, says what it was taken from, and is judged as any other. */
#include "made.h"

#include "catalog/taken.h"

static struct made shelf;

static int
setup(void **state)
{
	made_text(&shelf, fixture(SHELF));
	return 0;
}

static int
teardown(void **state)
{
	made_free(&shelf);
	return guard_free(state);
}

static void
test_as_it_is(void **state)
{
	struct catalog_info was, is;
	struct made m;

	made_import(&m, shelf.im.out, MADE_ARENA);
	assert_int_equal(m.err, 0);
	assert_int_equal(catalog_open(&m.c, m.im.out), 0);
	assert_int_equal(m.c.op_n, shelf.c.op_n);
	catalog_info(&shelf.c, &was);
	catalog_info(&m.c, &is);
	assert_true(str_same(is.title, was.title) && is.counts.imported == was.counts.imported);
	assert_int_equal(is.source_n, shelf.im.out.n); /* so that it is taken once, not at every start */
	assert_int_equal(is.source_mtime, 1700000000);
	assert_true(is.source_hash != was.source_hash);
	made_free(&m);
}

static void
test_overlays(void **state)
{
	struct made m;

	memset(&m, 0, sizeof m);
	m.arena = arena_over(malloc(MADE_ARENA), MADE_ARENA);
	m.im = (struct import){ .arena = &m.arena, .text = shelf.im.out, .overlay = { [1] = STR("{}") } };
	assert_int_equal(import_document(&m.im), ERR_BAD);
	assert_non_null(strstr(m.im.report.why, "made without these overlays"));
	made_free(&m);
}

static void
test_damaged(void **state)
{
	u8 *copy = malloc(shelf.im.out.n);
	struct made m;

	memcpy(copy, shelf.im.out.p, shelf.im.out.n);
	copy[shelf.im.out.n / 2] ^= 1;
	made_import(&m, str_of(copy, shelf.im.out.n), MADE_ARENA);
	assert_int_equal(m.err, ERR_BAD);
	assert_non_null(m.im.report.why);
	made_free(&m);
	made_import(&m, str_of(shelf.im.out.p, 20), MADE_ARENA);
	assert_int_equal(m.err, ERR_BAD);
	made_free(&m);
	made_import(&m, shelf.im.out, 1000);
	assert_int_equal(m.err, ERR_FULL);
	made_free(&m);
	free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_it_is),
		cmocka_unit_test(test_overlays),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
