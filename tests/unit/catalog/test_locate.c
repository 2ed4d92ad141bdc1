#include "catalog/locate.h"

#include "made.h"

static const char text[] = "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":{"
    "\"/\":{\"get\":{\"operationId\":\"root\",\"responses\":{}}},"
    "\"/a\":{\"get\":{\"operationId\":\"a\",\"responses\":{}},\"post\":{\"operationId\":\"make\",\"responses\":{}}},"
    "\"/a/{x}\":{\"get\":{\"operationId\":\"one\",\"responses\":{}}},"
    "\"/a/new\":{\"get\":{\"operationId\":\"new\",\"responses\":{}}},"
    "\"/a/{x}/b/{y}.json\":{\"get\":{\"operationId\":\"two\",\"responses\":{}}},"
    "\"/r/{from}-{to}\":{\"get\":{\"operationId\":\"range\",\"responses\":{}}}}}";

static struct made m;

static int
setup(void **state)
{
	made_import(&m, str_c(text), MADE_ARENA);
	assert_int_equal(m.err, 0);
	return catalog_open(&m.c, m.im.out);
}

/* "name first second", or "-". */
static void
finds(u8 method, const char *path, const char *want)
{
	struct str value[LOCATE_PIECES];
	struct catalog_op op;
	u8 room[200];
	struct buf b = buf_over(room, sizeof room);

	if (locate(&m.c, method, guard_str(path), &op, value)) {
		BUF_LIT(&b, "-");
	} else {
		buf_put(&b, op.name);
		for (u32 i = 0; i < op.piece_n; i++)
			if (value[i].p)
				buf_fmt(&b, " %S", value[i]);
	}
	room[b.w] = 0;
	assert_string_equal(room, want);
}

static void
test_finds(void **state)
{
	finds(CATALOG_GET, "/", "root");
	finds(CATALOG_GET, "/a", "a");
	finds(CATALOG_POST, "/a", "make");
	finds(CATALOG_GET, "/a/7", "one 7");
	finds(CATALOG_GET, "/a/new", "new");
	finds(CATALOG_GET, "/a/new1", "one new1");
	finds(CATALOG_GET, "/a/7%2f8", "one 7%2f8");
	finds(CATALOG_GET, "/a/7/b/8.json", "two 7 8");
	finds(CATALOG_GET, "/a/7/b/8.9.json", "two 7 8.9");
	finds(CATALOG_GET, "/r/1-2", "range 1 2");
}

static void
test_finds_not(void **state)
{
	static const char *const paths[] = { "", "a", "/b", "/a/", "//a", "/a/7/", "/a/7/b", "/a/7/b/.json", "/a/7/b/8.jso",
		"/a/7/b/8.json/", "/r/-2", "/r/1-", "/r/12", "/a//b/8.json" };

	for (u32 i = 0; i < ARRAY_N(paths); i++)
		finds(CATALOG_GET, paths[i], "-");
	finds(CATALOG_DELETE, "/a", "-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_finds), cmocka_unit_test(test_finds_not) };

	return cmocka_run_group_tests(tests, setup, NULL);
}
