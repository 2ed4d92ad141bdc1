#include "catalog/args.h"

#include "lib/doc.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TOK 4096
#define ROOM 65536
#define WHY 2048

static struct doc doc;
static struct catalog_op op;
static struct args a;
static struct jdoc given;
static struct jsmntok tok[2][TOK];
static u8 *canon;
static char why[WHY + 1];
static u32 canon_n, tok_n;

static int
setup(void **state)
{
	canon = malloc(ROOM);
	canon_n = ROOM;
	tok_n = TOK;
	return 0;
}

static int
teardown(void **state)
{
	free(canon);
	doc_close(&doc);
	return guard_free(state);
}

static int
check(const char *json)
{
	struct buf w = buf_over(why, WHY);
	int err;

	a = (struct args){ .canon = buf_over(canon, canon_n), .tok = tok[1], .tok_max = tok_n, .skip = STR("environment") };
	a.given = json_none(ERR_NONE);
	if (json) {
		assert_int_equal(json_parse(&given, guard_str(json), tok[0], TOK), 0);
		a.given = json_root(&given);
	}
	err = args_check(&doc.catalog, &op, &a, &w);
	why[w.w] = 0;
	return err;
}

/* An operation with a query argument v of this schema; what a table of calls gives. */
static void
argument(const char *schema, bool required)
{
	char inside[8192];

	snprintf(inside, sizeof inside, "\"parameters\":[{\"name\":\"v\",\"in\":\"query\",\"required\":%s,\"schema\":%s}]",
	    required ? "true" : "false", schema);
	doc_one(&doc, "get", "/p", inside, &op);
}

/* The arguments to be used, as a C string. */
static const char *
shown(void)
{
	static char text[4096];

	snprintf(text, sizeof text, "%.*s", STR_ARG(json_raw(a.use)));
	return text;
}

#define SAME "" /* taken as it is, nothing written */

struct row {
	const char *schema, *value;
	const char *result; /* of v after repair; SAME; NULL: refused */
	const char *says;   /* part of the refusal */
};

static const struct row rows[] = {
	/* integers and numbers */
	{ "{\"type\":\"integer\"}", "5", SAME, NULL },
	{ "{\"type\":\"integer\"}", "-0", SAME, NULL },
	{ "{\"type\":\"integer\"}", "12345678901234567890", SAME, NULL },
	{ "{\"type\":\"integer\"}", "\"5\"", "5", NULL },
	{ "{\"type\":\"integer\"}", "\"-17\"", "-17", NULL },
	{ "{\"type\":\"integer\"}", "5.0", "5", NULL },
	{ "{\"type\":\"integer\"}", "1e3", "1000", NULL },
	{ "{\"type\":\"integer\"}", "\"5.0\"", "5", NULL },
	{ "{\"type\":\"integer\"}", "5.5", NULL, "\"v\" must be an integer, but 5.5 was given. For example: 1" },
	{ "{\"type\":\"integer\"}", "\"5.5\"", NULL, "must be an integer, but 5.5 was given" },
	{ "{\"type\":\"integer\"}", "1e300", NULL, "must be an integer" },
	{ "{\"type\":\"integer\"}", "\"abc\"", NULL, "must be an integer, but \"abc\" was given" },
	{ "{\"type\":\"integer\"}", "\"\"", NULL, "must be an integer, but \"\" was given" },
	{ "{\"type\":\"integer\"}", "\"0x10\"", NULL, "must be an integer" },
	{ "{\"type\":\"integer\"}", "\"05\"", NULL, "must be an integer" },
	{ "{\"type\":\"integer\"}", "\" 5 \"", "5", NULL },
	{ "{\"type\":\"integer\"}", "true", NULL, "but true was given" },
	{ "{\"type\":\"integer\"}", "[5]", NULL, "but a list with 1 items was given" },
	{ "{\"type\":\"integer\"}", "{}", NULL, "but an object with 0 members was given" },
	{ "{\"type\":\"number\"}", "1.50", SAME, NULL },
	{ "{\"type\":\"number\"}", "7", SAME, NULL },
	{ "{\"type\":\"number\"}", "\"1.50\"", "1.50", NULL },
	{ "{\"type\":\"number\"}", "\"NaN\"", NULL, "must be a number" },
	{ "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100}", "1", SAME, NULL },
	{ "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100}", "0", NULL, "an integer from 1 to 100, but 0 was given" },
	{ "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100}", "101", NULL, "an integer from 1 to 100" },
	{ "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100}", "\"101\"", NULL, "but 101 was given" },
	{ "{\"type\":\"integer\",\"minimum\":10}", "9", NULL, "an integer of at least 10, but 9 was given. For example: 10" },
	{ "{\"type\":\"number\",\"maximum\":0.5}", "0.51", NULL, "a number of at most 0.5, but 0.51 was given" },
	{ "{\"type\":\"number\",\"minimum\":0,\"exclusiveMinimum\":true}", "0", NULL, "a number above 0" },
	{ "{\"type\":\"number\",\"minimum\":0,\"exclusiveMinimum\":true}", "1e-300", SAME, NULL },
	{ "{\"type\":\"number\",\"minimum\":-1.5,\"maximum\":2,\"exclusiveMaximum\":true}", "2", NULL,
	    "a number of at least -1.5 and below 2" },
	{ "{\"type\":\"integer\",\"multipleOf\":5}", "15", SAME, NULL },
	{ "{\"type\":\"integer\",\"multipleOf\":5}", "16", NULL, "an integer in steps of 5" },
	{ "{\"type\":\"number\",\"multipleOf\":0.01}", "19.99", SAME, NULL },
	/* strings */
	{ "{\"type\":\"string\"}", "\"a\"", SAME, NULL },
	{ "{\"type\":\"string\"}", "\"5\"", SAME, NULL },
	{ "{\"type\":\"string\"}", "5", "\"5\"", NULL },
	{ "{\"type\":\"string\"}", "1.50", "\"1.50\"", NULL },
	{ "{\"type\":\"string\"}", "true", "\"true\"", NULL },
	{ "{\"type\":\"string\"}", "[\"a\"]", NULL, "must be a string, but a list with 1 items was given" },
	{ "{\"type\":\"string\"}", "{\"a\":1}", NULL, "must be a string, but an object with 1 members was given" },
	{ "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"ab\"", SAME, NULL },
	{ "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"\\u00e9\\ud83d\\ude00\xc3\xa9\"", SAME, NULL },
	{ "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"a\"", NULL, "a string with 2 to 3 characters, but \"a\"" },
	{ "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"abcd\"", NULL, "with 2 to 3 characters" },
	{ "{\"type\":\"string\",\"minLength\":2}", "\"\\n\"", NULL, "with at least 2 characters" },
	{ "{\"type\":\"string\",\"format\":\"date-time\",\"maxLength\":40}", "{}", NULL,
	    "a string with at most 40 characters (date-time), but an object with 0 members was given. For example: \"2026-01-31T" },
	{ "{\"type\":\"string\",\"enum\":[\"open\",\"closed\"]}", "\"open\"", SAME, NULL },
	{ "{\"type\":\"string\",\"enum\":[\"open\",\"closed\"]}", "\"\\u006fpen\"", SAME, NULL },
	{ "{\"type\":\"string\",\"enum\":[\"open\",\"closed\"]}", "\"ope\"", NULL, "one of \"open\", \"closed\", but \"ope\" was" },
	{ "{\"type\":\"string\",\"enum\":[\"a\\\"b\",\"\\u00e9\"]}", "\"a\\u0022b\"", SAME, NULL },
	{ "{\"type\":\"string\",\"enum\":[\"a\\\"b\",\"\\u00e9\"]}", "\"\xc3\xa9\"", SAME, NULL },
	{ "{\"type\":\"string\",\"enum\":[\"1\",\"2\"]}", "2", "\"2\"", NULL },
	{ "{\"type\":\"string\",\"enum\":[\"1\",\"2\"]}", "3", NULL, "one of \"1\", \"2\", but \"3\" was given" },
	{ "{\"type\":\"integer\",\"enum\":[1,2]}", "\"2\"", "2", NULL },
	{ "{\"type\":\"number\",\"enum\":[1,2.5]}", "1.0", SAME, NULL },
	{ "{\"type\":\"number\",\"enum\":[1,2.5]}", "25e-1", SAME, NULL },
	{ "{\"type\":\"integer\",\"enum\":[1,2]}", "3", NULL, "one of 1, 2, but 3 was given." },
	/* booleans */
	{ "{\"type\":\"boolean\"}", "true", SAME, NULL },
	{ "{\"type\":\"boolean\"}", "\"true\"", "true", NULL },
	{ "{\"type\":\"boolean\"}", "\"False\"", "false", NULL },
	{ "{\"type\":\"boolean\"}", "\"yes\"", NULL, "must be true or false, but \"yes\" was given. For example: true" },
	{ "{\"type\":\"boolean\"}", "1", NULL, "must be true or false" },
	/* lists */
	{ "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "[1,2]", SAME, NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "[]", SAME, NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "[1,\"2\", 3]", "[1,2,3]", NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "7", "[7]", NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "\"7\"", "[7]", NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "\"[1, \\\"2\\\"]\"", "[1,2]", NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "\"1,2\"", NULL, "a list, but \"1,2\" was given. For example: [1]" },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "[1,\"x\"]", NULL, "\"v[1]\" must be an integer, but \"x\"" },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}", "[1,null]", NULL, "\"v[1]\" must be an integer, but null" },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", "\"a\"", "[\"a\"]", NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", "\"[a\"", "[\"[a\"]", NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", "\"[\\\"a\\\",\\\"b\\\"]\"", "[\"a\",\"b\"]", NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":2,\"maxItems\":3}", "[\"a\"]", NULL,
	    "a list with 2 to 3 items, but a list with 1 items" },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":1}", "[\"a\",\"b\"]", NULL, "with at most 1 items" },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}", "{\"a\":1}", "[{\"a\":1}]", NULL },
	{ "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}", "[[1],[\"2\"],3]", "[[1],[2],[3]]", NULL },
	/* objects */
	{ "{\"type\":\"object\"}", "{\"a\":[1,{}]}", SAME, NULL },
	{ "{\"type\":\"object\"}", "\"{\\\"a\\\": 1}\"", "{\"a\": 1}", NULL },
	{ "{\"type\":\"object\"}", "\"{a:1}\"", NULL, "must be an object, but \"{a:1}\" was given. For example: {}" },
	{ "{\"type\":\"object\"}", "[]", NULL, "must be an object" },
	{ "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},\"required\":[\"n\"]}", "{\"n\":\"1\",\"x\":\"2\"}",
	    "{\"n\":1,\"x\":\"2\"}", NULL },
	{ "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},\"required\":[\"n\"]}", "{}", NULL,
	    "The argument \"v\" lacks its required member \"n\": an integer, for example 1." },
	{ "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},\"required\":[\"n\"]}", "{\"n\":\"x\"}", NULL,
	    "The argument \"v.n\" must be an integer" },
	{ "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},\"required\":[\"n\"]}", "\"x\"", NULL,
	    "must be an object, but \"x\" was given. For example: {\"n\": 1}" },
	{ "{\"type\":\"object\",\"properties\":{\"name\":{}},\"additionalProperties\":false}", "{\"nmae\":1}", NULL,
	    "The argument \"v\" cannot have a member \"nmae\". Did you mean \"name\"? Its members are: name." },
	{ "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}", "{\"a\":\"1\",\"b\":2}", "{\"a\":1,\"b\":2}", NULL },
	{ "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}", "{\"a\":\"x\"}", NULL, "\"v.a\" must be an integer" },
	{ "{\"type\":\"object\",\"maxProperties\":1}", "{\"a\":1,\"b\":2}", NULL, "with at most 1 members" },
	{ "{\"type\":\"object\",\"properties\":{\"o\":{\"type\":\"object\",\"properties\":{\"l\":{\"type\":\"array\",\"items\":"
	  "{\"type\":\"boolean\"}}}}}}", "{\"o\":{\"l\":[true,2]}}", NULL, "\"v.o.l[1]\" must be true or false, but 2 was given" },
	{ "{\"type\":\"object\",\"properties\":{\"o\":{\"type\":\"string\"}}}", "{\"o\":null,\"p\":1}", "{\"p\":1}", NULL },
	{ "{\"type\":\"object\",\"properties\":{\"o\":{\"type\":\"string\",\"nullable\":true}}}", "{\"o\":null}", SAME, NULL },
	{ "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"\\u0061\":5}", "{\"\\u0061\":\"5\"}", NULL },
	/* anything, null, alternatives */
	{ "{\"type\":\"object\",\"properties\":{\"x\":{}}}", "{\"x\":[{\"a\":null},\"\",1e999],\"y\":null}", SAME, NULL },
	{ "{\"type\":\"object\",\"properties\":{\"x\":{}}}", "{\"x\":null}", SAME, NULL },
	{ "{\"type\":\"string\",\"nullable\":true}", "null", SAME, NULL },
	{ "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "5", SAME, NULL },
	{ "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "\"5\"", SAME, NULL },
	{ "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}]}", "\"5\"", "5", NULL },
	{ "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "{}", NULL, "must be an integer or a string" },
	{ "{\"anyOf\":[{\"type\":\"integer\",\"maximum\":5},{\"type\":\"string\",\"maxLength\":2}]}", "9", SAME, NULL }, /* lenient */
	{ "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]},"
	  "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"integer\"}},\"required\":[\"b\"]}]}", "{\"b\":\"1\"}", "{\"b\":1}", NULL },
	/* JSON in a string in a string */
	{ "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}}",
	    "\"[\\\"{\\\\\\\"n\\\\\\\":\\\\\\\"4\\\\\\\"}\\\"]\"", "[{\"n\":4}]", NULL },
};

static void
test_values(void **state)
{
	for (u32 i = 0; i < ARRAY_N(rows); i++) {
		const struct row *r = &rows[i];
		char json[1024], expected[1024];
		int err;

		argument(r->schema, false);
		snprintf(json, sizeof json, "{\"v\":%s}", r->value);
		snprintf(expected, sizeof expected, "{\"v\":%s}", r->result ? r->result : "");
		err = check(json);
		if (!r->result) {
			if (err != ERR_BAD || !strstr(why, r->says))
				fail_msg("%s %s\n  says: %s", r->schema, json, why);
			continue;
		}
		if (err)
			fail_msg("%s %s\n  refused: %s", r->schema, json, why);
		assert_string_equal(why, "");
		if (a.repaired != (*r->result != 0) || (a.repaired && !str_is(json_raw(a.use), expected)))
			fail_msg("%s %s\n  gives: %.*s", r->schema, json, STR_ARG(json_raw(a.use)));
		assert_int_equal(json_kind(json_get(a.use, "v")), json_kind(json_get(json_root(a.use.doc), "v")));
	}
}

static void
test_null(void **state)
{
	argument("{\"type\":\"string\"}", false);
	assert_int_equal(check("{\"v\":null}"), 0); /* as if it were not there */
	assert_true(str_is(json_raw(a.use), "{}"));
	argument("{\"type\":\"string\"}", true);
	assert_int_equal(check("{\"v\":null}"), ERR_BAD);
	assert_string_equal(why, "The argument \"v\" must be a string, but null was given. For example: \"text\"");
	argument("{\"type\":\"string\",\"nullable\":true}", true);
	assert_int_equal(check("{\"v\":null}"), 0);
	assert_false(a.repaired);
}

#define THREE "\"parameters\":[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\"," \
	"\"example\":42}},{\"name\":\"name\",\"in\":\"query\",\"required\":true,\"schema\":{\"type\":\"string\"," \
	"\"enum\":[\"a\",\"b\"]}},{\"name\":\"limit\",\"in\":\"query\",\"schema\":{\"type\":\"integer\",\"default\":10}}]"

static void
test_names(void **state)
{
	doc_one(&doc, "get", "/p/{id}", THREE, &op);
	assert_int_equal(check("{\"id\":1,\"name\":\"a\"}"), 0);
	assert_int_equal(check("{\"id\":1,\"name\":\"a\",\"environment\":[\"whatever\"]}"), 0);
	assert_int_equal(check("{\"\\u0069d\":1,\"name\":\"a\"}"), 0);
	assert_int_equal(check("{\"id\":1,\"name\":\"a\",\"limt\":5}"), ERR_BAD);
	assert_string_equal(why, "There is no argument \"limt\". Did you mean \"limit\"? The arguments are: id (required), "
	    "name (required), limit.");
	assert_int_equal(check("{\"id\":1,\"name\":\"a\",\"something\":5}"), ERR_BAD);
	assert_string_equal(why, "There is no argument \"something\". The arguments are: id (required), name (required), limit.");
	assert_int_equal(check("{}"), ERR_BAD);
	assert_string_equal(why, "The required argument \"id\" is missing: an integer, for example 42.\n"
	    "The required argument \"name\" is missing: one of \"a\", \"b\", for example \"a\".");
	assert_int_equal(check(NULL), ERR_BAD);
	assert_non_null(strstr(why, "\"id\" is missing"));
	assert_int_equal(check("{\"id\":\"x\",\"Name\":\"a\"}"), ERR_BAD); /* all at once */
	assert_non_null(strstr(why, "\"id\" must be an integer, but \"x\" was given. For example: 42\n"));
	assert_non_null(strstr(why, "no argument \"Name\". Did you mean \"name\"?"));
	assert_non_null(strstr(why, "\"name\" is missing"));
	assert_int_equal(check("{\"x\":1,\"y\":1,\"z\":1,\"a\":1,\"b\":1,\"c\":1}"), ERR_BAD);
	assert_null(strstr(why, "\"c\"."));
}

static void
test_no_arguments_at_all(void **state)
{
	doc_one(&doc, "get", "/p", "", &op);
	assert_int_equal(check(NULL), 0);
	assert_int_equal(check("{}"), 0);
	assert_int_equal(check("{\"a\":1}"), ERR_BAD);
	assert_string_equal(why, "There is no argument \"a\". This tool takes no arguments.");
}

static void
test_keys_given_twice(void **state)
{
	argument("{}", false);
	assert_int_equal(check("{\"v\":1,\"v\":2}"), ERR_BAD);
	assert_string_equal(why, "The name \"v\" is given twice in the arguments.");
	assert_int_equal(check("{\"v\":1,\"\\u0076\":2}"), ERR_BAD);
	assert_int_equal(check("{\"v\":{\"a\":[{\"b\":1,\"b\":1}]}}"), ERR_BAD);
	argument("{\"type\":\"object\"}", false);
	assert_int_equal(check("{\"v\":\"{\\\"k\\\":1,\\\"k\\\":2}\"}"), ERR_BAD); /* also in JSON that was text */
	assert_string_equal(why, "The name \"k\" is given twice in the arguments.");
}

static void
test_open_body(void **state)
{
	doc_one(&doc, "post", "/p/{id}", "\"parameters\":[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\"}}],"
	    "\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"properties\":{\"id\":{},"
	    "\"first name\":{}},\"additionalProperties\":{\"type\":\"integer\"}}}}}", &op);
	assert_true(op.flags & CATALOG_OP_BODY_OPEN);
	assert_int_equal(check("{\"id\":1,\"extra\":\"7\"}"), 0);
	assert_string_equal(shown(), "{\"id\":1,\"extra\":7}");
	assert_int_equal(check("{\"id\":1,\"extra\":\"x\"}"), ERR_BAD);
	assert_int_equal(check("{\"id\":1,\"first name\":7}"), ERR_BAD); /* would be that member twice */
	assert_non_null(strstr(why, "There is no argument \"first name\". Did you mean \"first_name\"?"));
}

/* A tree of comments refers to itself: the value's depth is the bound. */
static void
test_recursive_schema(void **state)
{
	char json[4096] = "{\"v\":";
	char text[] = "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"components\":{\"schemas\":{\"T\":{"
	    "\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"},\"k\":{\"type\":\"array\",\"items\":{\"$ref\":"
	    "\"#/components/schemas/T\"}}}}}},\"paths\":{\"/p\":{\"post\":{\"operationId\":\"op\",\"requestBody\":{\"content\":{"
	    "\"application/json\":{\"schema\":{\"type\":\"object\",\"properties\":{\"v\":{\"$ref\":\"#/components/schemas/T\"}}}}}},"
	    "\"responses\":{}}}}}";

	doc_open(&doc, str_c(text));
	catalog_op(&doc.catalog, 0, &op);
	for (u32 i = 0; i < 30; i++)
		strcat(json, "{\"n\":1,\"k\":[");
	strcat(json, "{\"n\":\"2\"}");
	for (u32 i = 0; i < 30; i++)
		strcat(json, "]}");
	strcat(json, "}");
	assert_int_equal(check(json), 0);
	assert_true(a.repaired);
	assert_int_equal(str_find_str(json_raw(a.use), STR("\"2\"")), -1);
}

/* Alternatives in alternatives cost what ARGS_WORK allows, not more. */
static void
test_alternatives_are_bounded(void **state)
{
	char *text = malloc(200000), *json = malloc(20000), *t = text;

	t += sprintf(t, "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"components\":{\"schemas\":{");
	t += sprintf(t, "\"T\":{\"oneOf\":[");
	for (u32 i = 0; i < 20; i++)
		t += sprintf(t, "%s{\"type\":\"object\",\"properties\":{\"k\":{\"$ref\":\"#/components/schemas/T\"},\"n%u\":"
		    "{\"type\":\"integer\"}},\"required\":[\"n%u\"]}", i ? "," : "", i, i);
	t += sprintf(t, ",{\"type\":\"object\",\"properties\":{\"k\":{\"$ref\":\"#/components/schemas/T\"}}}]}}},\"paths\":{\"/p\":{"
	    "\"post\":{\"operationId\":\"op\",\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\","
	    "\"properties\":{\"v\":{\"$ref\":\"#/components/schemas/T\"}}}}}},\"responses\":{}}}}}");
	doc_open(&doc, str_c(text));
	catalog_op(&doc.catalog, 0, &op);
	t = json + sprintf(json, "{\"v\":");
	for (u32 i = 0; i < 25; i++)
		t += sprintf(t, "{\"n19\":1,\"k\":");
	t += sprintf(t, "{}");
	for (u32 i = 0; i < 26; i++)
		t += sprintf(t, "}");
	assert_int_equal(check(json), 0);
	free(text);
	free(json);
}

static void
test_room(void **state)
{
	argument("{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}", false);
	for (u32 n = 0; n < 100; n++) {
		int err;

		canon_n = n;
		err = check("{\"v\":\"{\\\"n\\\":\\\"1\\\",\\\"m\\\":[1,2,3]}\"}");
		assert_true(err == 0 || err == ERR_FULL || err == ERR_BAD);
		assert_true(err == 0 || why[0]);
		if (err == 0)
			assert_true(str_is(json_raw(a.use), "{\"v\":{\"n\":1,\"m\":[1,2,3]}}"));
	}
	assert_int_equal(check("{\"v\":\"{\\\"n\\\":\\\"1\\\",\\\"m\\\":[1,2,3]}\"}"), 0);
	for (tok_n = 0; tok_n < 11; tok_n++) {
		assert_int_equal(check("{\"v\":\"{\\\"n\\\":\\\"1\\\",\\\"m\\\":[1,2,3]}\"}"), tok_n < 10 ? ERR_FULL : 0);
		assert_true(tok_n >= 10 || why[0]);
	}
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_values), WITH(test_null), WITH(test_names), WITH(test_no_arguments_at_all),
		WITH(test_keys_given_twice), WITH(test_open_body), WITH(test_recursive_schema),
		WITH(test_alternatives_are_bounded), WITH(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
