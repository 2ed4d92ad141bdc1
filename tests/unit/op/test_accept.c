#include "op/accept.h"

#include "lib/doc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct doc doc;

/* The field for an operation whose answers are these members of "responses". */
static struct str
accept(const char *responses)
{
	static u8 room[ACCEPT_N];
	static char text[8192];
	struct buf b = buf_over(room, sizeof room);
	struct catalog_op op;
	int n = snprintf(text, sizeof text, "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":"
	    "{\"/a\":{\"get\":{\"operationId\":\"op\",\"responses\":{%s}}}}}", responses);

	doc_open(&doc, str_of(text, (u32)n));
	catalog_op(&doc.catalog, 0, &op);
	accept_put(&b, &doc.catalog, &op);
	assert_false(b.over);
	return buf_str(&b);
}

#define is(responses, field) \
	do { \
		struct str is_got = accept(responses); \
		if (!str_is(is_got, "Accept: " field ", */*;q=0.5\r\n")) \
			fail_msg("%.*s", STR_ARG(is_got)); \
	} while (0)

#define OK(kinds) "\"200\":{\"description\":\"ok\",\"content\":{" kinds "}}"

static void
test_json_where_it_is_offered(void **state)
{
	is("\"200\":{\"description\":\"ok\"}", "application/json");
	is("\"204\":{\"description\":\"ok\"}", "application/json");
	is(OK("\"application/json\":{}"), "application/json");
	is(OK("\"*/*\":{}"), "application/json");
	is(OK("\"text/csv\":{},\"application/json; charset=utf-8\":{}"), "application/json");
	is(OK("\"text/html\":{},\"Application/JSON\":{}"), "Application/JSON");
}

static void
test_what_is_offered_else(void **state)
{
	is(OK("\"text/plain\":{}"), "text/plain");
	is(OK("\"text/csv\":{},\"application/xml\":{}"), "text/csv, application/xml");
	is(OK("\"application/vnd.api+json\":{},\"text/html\":{}"), "application/vnd.api+json");
	is(OK("\"image/png\":{}") ",\"201\":{\"description\":\"new\",\"content\":{\"image/png\":{},\"image/gif\":{}}}",
	   "image/png, image/gif");
	is(OK("\"text/plain\":{}") ",\"404\":{\"description\":\"no\",\"content\":{\"application/json\":{}}}", "text/plain");
}

static void
test_nothing_a_document_says_leaves_the_field(void **state)
{
	is(OK("\"text/plain\\r\\nX-Evil: 1\":{}"), "application/json");
	is(OK("\"text/plain, text/html\":{}"), "application/json");
	is(OK("\"nonsense\":{},\"/\":{},\"a/\":{},\"a/b/c\":{}"), "application/json");
	is(OK("\"a/b\":{},\"c/d\":{},\"e/f\":{},\"g/h\":{},\"i/j\":{}"), "a/b, c/d, e/f, g/h");
	is(OK("\"x/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":{}"),
	   "application/json");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_where_it_is_offered),
		cmocka_unit_test(test_what_is_offered_else),
		cmocka_unit_test(test_nothing_a_document_says_leaves_the_field),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	doc_close(&doc);
	return failed;
}
