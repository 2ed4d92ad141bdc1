/* credential: which ones an operation is sent with by its `security`, and where each is put. */
#include "op/credential.h"

#include "lib/doc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct doc doc;
static u8 why_room[512], target_room[512], fields_room[512];

static const struct credential more[] = {
	{ .in = CREDENTIAL_HEADER, .name = { .p = (const u8 *)"X-App", .n = 5 }, .value = { .p = (const u8 *)"app1", .n = 4 },
	  .scheme = { .p = (const u8 *)"app", .n = 3 } },
	{ .in = CREDENTIAL_QUERY, .name = { .p = (const u8 *)"key", .n = 3 }, .value = { .p = (const u8 *)"k&1", .n = 3 },
	  .scheme = { .p = (const u8 *)"query", .n = 5 } },
	{ .in = CREDENTIAL_COOKIE, .name = { .p = (const u8 *)"sid", .n = 3 }, .value = { .p = (const u8 *)"c1", .n = 2 },
	  .scheme = { .p = (const u8 *)"cookie", .n = 6 } },
	{ .in = CREDENTIAL_BASIC, .value = { .p = (const u8 *)"a:b", .n = 3 }, .scheme = { .p = (const u8 *)"basic", .n = 5 } },
};

/* What an operation with these members is sent with: target and fields, or the sentence. own: the environment's own
 * credential, "" for none. */
static struct str
sent(const char *operation, const char *own, u32 mores)
{
	static char text[4096];
	struct environment e = { .more = more, .mores = mores };
	struct params p = { .target = buf_over(target_room, sizeof target_room),
		.fields = buf_over(fields_room, sizeof fields_room) };
	struct buf why = buf_over(why_room, sizeof why_room);
	const struct credential *chosen[CREDENTIALS_MAX];
	struct catalog_op op;
	int n = snprintf(text, sizeof text, "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},"
	    "\"security\":[{\"app\":[],\"query\":[]}],\"components\":{\"securitySchemes\":{"
	    "\"app\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-App\"},"
	    "\"query\":{\"type\":\"apiKey\",\"in\":\"query\",\"name\":\"key\"},"
	    "\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"sid\"},"
	    "\"basic\":{\"type\":\"http\",\"scheme\":\"basic\"},\"oauth\":{\"type\":\"oauth2\",\"flows\":{}}}},"
	    "\"paths\":{\"/a\":{\"get\":{\"operationId\":\"op\",%s\"responses\":{\"200\":{\"description\":\"ok\"}}}}}}",
	    operation);

	doc_open(&doc, str_of(text, (u32)n));
	catalog_op(&doc.catalog, 0, &op);
	if (*own)
		e.credential = (struct credential){ .in = CREDENTIAL_BEARER, .value = str_c(own) };
	BUF_LIT(&p.target, "/a?x=1");
	BUF_LIT(&p.fields, "Cookie: a=1\r\nX-Y: 2\r\n");
	n = credential_choose(&e, &doc.catalog, &op, chosen, &why);
	for (int i = 0; i < n; i++)
		assert_int_equal(credential_put(chosen[i], NULL, &p, 1000, &why), 0);
	if (n < 0)
		return buf_str(&why);
	buf_put(&p.target, buf_str(&p.fields));
	return buf_str(&p.target);
}

#define is(operation, own, mores, want) \
	do { \
		struct str is_got = sent(operation, own, mores); \
		if (!str_is(is_got, want)) \
			fail_msg("%.*s", STR_ARG(is_got)); \
	} while (0)

#define PLAIN "Cookie: a=1\r\nX-Y: 2\r\n"

static void
test_one_for_all(void **state)
{
	is("", "t1", 0, "/a?x=1" PLAIN "Authorization: Bearer t1\r\n");
	is("\"security\":[],", "t1", 0, "/a?x=1" PLAIN "Authorization: Bearer t1\r\n");
	is("", "", 0, "/a?x=1" PLAIN);
}

static void
test_and_or(void **state)
{
	is("", "", 4, "/a?x=1&key=k%261" PLAIN "X-App: app1\r\n"); /* of the document: both */
	is("", "", 2, "/a?x=1&key=k%261" PLAIN "X-App: app1\r\n");
	is("\"security\":[{\"basic\":[]}],", "", 4, "/a?x=1" PLAIN "Authorization: Basic YTpi\r\n");
	is("\"security\":[{\"cookie\":[]}],", "", 4, "/a?x=1Cookie: a=1; sid=c1\r\nX-Y: 2\r\n");
	/* the first alternative that can be satisfied */
	is("\"security\":[{\"oauth\":[\"x\"]},{\"app\":[],\"oauth\":[]},{\"basic\":[]},{\"cookie\":[]}],", "", 4,
	   "/a?x=1" PLAIN "Authorization: Basic YTpi\r\n");
	is("\"security\":[{\"basic\":[],\"cookie\":[],\"app\":[],\"query\":[]}],", "", 4,
	   "/a?x=1&key=k%261Cookie: a=1; sid=c1\r\nX-Y: 2\r\nAuthorization: Basic YTpi\r\nX-App: app1\r\n");
	is("\"security\":[{}],", "", 4, "/a?x=1" PLAIN);
	is("\"security\":[],", "", 4, "/a?x=1" PLAIN);
}

static void
test_the_own_one_else(void **state)
{
	is("\"security\":[{\"oauth\":[\"x\"]}],", "t1", 4, "/a?x=1" PLAIN "Authorization: Bearer t1\r\n");
	is("", "t1", 1, "/a?x=1" PLAIN "Authorization: Bearer t1\r\n"); /* half of what is needed together */
	is("\"security\":[{},{\"oauth\":[]}],", "", 4, "/a?x=1" PLAIN); /* none is needed */
}

static void
test_none_is_told(void **state)
{
	is("\"security\":[{\"oauth\":[\"x\"]}],", "", 4,
	   "The gate has no credential for this operation: the person who runs it must configure one for the security scheme "
	   "'oauth'.");
	is("", "", 1, "The gate has no credential for this operation: the person who runs it must configure one for the "
	   "security scheme 'app' and 'query'.");
	is("\"security\":[{\"oauth\":[]},{\"query\":[]}],", "", 1, "The gate has no credential for this operation: the person "
	   "who runs it must configure one for the security scheme 'oauth' or 'query'.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_for_all),
		cmocka_unit_test(test_and_or),
		cmocka_unit_test(test_the_own_one_else),
		cmocka_unit_test(test_none_is_told),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	doc_close(&doc);
	return failed;
}
