/* namebook: names of the import before stay, whatever the document calls its operations now. */
#include "made.h"

#define ONE(path, id) "\"" path "\":{\"get\":{\"operationId\":\"" id "\",\"responses\":{}}}"

static struct str kept;
static char kept_room[4096];

static void
next_import(struct made *m, const char *paths)
{
	memset(m, 0, sizeof *m);
	m->arena = arena_over(malloc(MADE_ARENA), MADE_ARENA);
	m->im = (struct import){ .arena = &m->arena, .text = made_document(paths, ""), .names = kept };
	assert_int_equal(import_document(&m->im), 0);
	assert_int_equal(catalog_open(&m->c, m->im.out), 0);
	assert_true(m->im.names_out.n < sizeof kept_room);
	memcpy(kept_room, m->im.names_out.p, m->im.names_out.n);
	kept = str_of(kept_room, m->im.names_out.n);
}

static void
is_at(const struct made *m, const char *name, const char *path)
{
	struct catalog_op op;

	made_op(m, name, &op);
	assert_true(str_is(op.path, path));
}

static void
test_versions(void **state)
{
	struct made m;

	kept = STR_NONE;
	next_import(&m, ONE("/a", "first") "," ONE("/b c", "second"));
	assert_true(str_is(kept, "GET /a first\nGET /b c second\n"));
	made_free(&m);
	/* another id for the one, and the other's name is wished for by a new one */
	next_import(&m, ONE("/new", "second") "," ONE("/b c", "x") "," ONE("/a", "renamed"));
	is_at(&m, "first", "/a");
	is_at(&m, "second", "/b c");
	assert_int_equal(m.c.op_n, 3);
	made_free(&m);
	/* what went away comes back under its name */
	next_import(&m, ONE("/a", "other"));
	is_at(&m, "first", "/a");
	assert_true(str_find_str(kept, STR("GET /b c second\n")) > 0);
	made_free(&m);
	next_import(&m, ONE("/b c", "back"));
	is_at(&m, "second", "/b c");
	made_free(&m);
}

/* Lines that nobody wrote so are passed over; no name is given twice. */
static void
test_broken(void **state)
{
	struct catalog_op op;
	struct made m;

	kept = STR("\n \nGET\nGET /a\nGET /a bad.name\nGET /a twice\nGET /b twice\nPOST /a x\n\xff\xfe z\nGET /b again");
	next_import(&m, ONE("/a", "one") "," ONE("/b", "two"));
	is_at(&m, "twice", "/a");
	assert_int_equal(m.c.op_n, 2);
	catalog_op(&m.c, 1, &op);
	assert_true(str_is(op.path, "/b"));
	made_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_versions), cmocka_unit_test(test_broken) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
