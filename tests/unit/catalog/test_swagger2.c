/* swagger2: what a Swagger 2.0 document means, seen in the catalog that is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "lib/doc.h"
#include "lib/guard.h"
#include "lib/tooltext.h"

static struct doc doc;
static struct catalog_op op;

static int
teardown(void **state)
{
	doc_close(&doc);
	return guard_free(state);
}

/* Compiles a document with one operation, POST /a/{id}, of these members; root: further members of the document. */
static void
one(const char *inside, const char *root)
{
	static char text[16384];

	snprintf(text, sizeof text, "swagger: '2.0'\ninfo: {title: t, version: '1'}\n%s\npaths:\n  /a/{id}:\n    parameters:\n"
	    "    - {name: id, in: path, required: true, type: integer, format: int64}\n    post:\n      operationId: op\n"
	    "%s\n      responses: {'200': {description: ok, schema: {$ref: '#/definitions/Pet'}}, '404': {$ref: '#/responses/No'}}\n"
	    "definitions:\n  Pet: {type: object, required: [name], properties: {name: {type: string}, tag: {type: string}}}\n"
	    "responses:\n  No: {description: none}\n", root, inside);
	doc_open(&doc, guard_str(text));
	assert_int_equal(doc.catalog.op_n, 1);
	catalog_op(&doc.catalog, 0, &op);
}

static struct catalog_param
param(const char *name)
{
	struct catalog_param p;

	if (catalog_param_named(&doc.catalog, &op, str_c(name), &p) < 0)
		fail_msg("no parameter %s in %.*s", name, STR_ARG(tool_text(&doc.catalog, &op)));
	return p;
}

static void
check_types(const char *name, u32 types)
{
	struct catalog_node node;

	catalog_node(&doc.catalog, param(name).node, &node);
	assert_int_equal(node.types, types);
}

static void
test_parameters(void **state)
{
	one("      parameters:\n      - {name: q, in: query, type: array, items: {type: string}}\n"
	    "      - {name: m, in: query, type: array, collectionFormat: multi, items: {type: string}}\n"
	    "      - {name: s, in: query, type: array, collectionFormat: ssv, items: {type: string}}\n"
	    "      - {name: p, in: query, type: array, collectionFormat: pipes, items: {type: string}}\n"
	    "      - {name: X-H, in: header, type: array, items: {type: integer}}\n"
	    "      - {name: n, in: query, type: number, minimum: 1, description: how many, allowEmptyValue: true}\n", "");
	assert_int_equal(param("q").style, CATALOG_FORM);
	assert_false(param("q").flags & CATALOG_PARAM_EXPLODE);
	assert_true(param("m").flags & CATALOG_PARAM_EXPLODE);
	assert_int_equal(param("s").style, CATALOG_SPACE);
	assert_int_equal(param("p").style, CATALOG_PIPE);
	assert_int_equal(param("X-H").style, CATALOG_SIMPLE);
	check_types("id", CATALOG_T_INTEGER);
	check_types("n", CATALOG_T_NUMBER);
	assert_true(param("n").flags & CATALOG_PARAM_EMPTY_OK);
	assert_true(str_find_str(tool_text(&doc.catalog, &op), STR("how many")) >= 0);
	assert_int_equal(op.kind, CATALOG_KIND_NONE);
}

static void
test_body(void **state)
{
	one("      consumes: [text/plain, application/json]\n      parameters:\n"
	    "      - {name: whatever, in: body, required: true, schema: {$ref: '#/definitions/Pet'}}\n", "");
	assert_int_equal(op.kind, CATALOG_KIND_JSON);
	assert_true(str_is(op.body_type, "application/json"));
	assert_true(op.flags & CATALOG_OP_BODY_REQUIRED);
	assert_int_equal(param("name").in, CATALOG_MEMBER);
	assert_true(param("name").flags & CATALOG_PARAM_REQUIRED);
	assert_false(param("tag").flags & CATALOG_PARAM_REQUIRED);
	/* nothing said about types: JSON; the document's own list otherwise */
	one("      parameters: [{name: b, in: body, schema: {type: object, properties: {x: {type: string}}}}]\n", "");
	assert_int_equal(op.kind, CATALOG_KIND_JSON);
	one("      parameters: [{name: b, in: body, schema: {type: string}}]\n", "consumes: [text/csv]");
	assert_true(str_is(op.body_type, "text/csv"));
}

static void
test_form(void **state)
{
	one("      parameters:\n      - {name: f, in: formData, type: string, required: true, description: a field}\n"
	    "      - {name: l, in: formData, type: array, items: {type: string}}\n", "");
	assert_int_equal(op.kind, CATALOG_KIND_FORM);
	assert_true(param("f").flags & CATALOG_PARAM_REQUIRED);
	assert_false(param("l").flags & CATALOG_PARAM_EXPLODE);
	check_types("f", CATALOG_T_STRING);
	assert_true(str_find_str(tool_text(&doc.catalog, &op), STR("a field")) >= 0);
}

static void
test_shared(void **state)
{
	one("      parameters: [{$ref: '#/parameters/q'}, {$ref: '#/parameters/b'}, {$ref: '#/parameters/none'}]\n",
	    "parameters:\n  q: {name: q, in: query, type: boolean}\n  b: {name: b, in: body, schema: {type: object, properties:"
	    " {deep: {type: integer}}}}\n");
	check_types("q", CATALOG_T_BOOL);
	check_types("deep", CATALOG_T_INTEGER);
	assert_int_equal(doc.import.report.note_n, 1); /* the one that leads nowhere */
	assert_int_equal(doc.import.report.item[0].place.line, 13);
}

static void
check_server(const char *root, const char *url)
{
	struct catalog_server server;

	one("", root);
	catalog_server(&doc.catalog, 0, &server);
	if (!str_is(server.url, url))
		fail_msg("%s: %.*s", root, STR_ARG(server.url));
}

static void
test_servers(void **state)
{
	check_server("host: h.example\nbasePath: /v1\nschemes: [http, https]", "https://h.example/v1");
	check_server("host: h.example:81\nbasePath: v1\nschemes: [http]", "http://h.example:81/v1");
	check_server("host: h.example", "https://h.example");
	check_server("basePath: /v1/", "/v1");
}

static void
test_security(void **state)
{
	struct catalog_scheme scheme;
	struct catalog_use use;

	one("      security: [{b: []}, {k: [], o: [r]}]\n", "securityDefinitions:\n  b: {type: basic}\n"
	    "  k: {type: apiKey, in: query, name: api_key}\n  o: {type: oauth2, flow: accessCode, tokenUrl: 'https://h/t', "
	    "scopes: {r: read}}\n");
	assert_int_equal(doc.catalog.scheme_n, 3);
	catalog_scheme(&doc.catalog, 0, &scheme);
	assert_int_equal(scheme.kind, CATALOG_SCHEME_HTTP);
	assert_true(str_is(scheme.wire, "basic"));
	catalog_scheme(&doc.catalog, 1, &scheme);
	assert_int_equal(scheme.in, CATALOG_QUERY);
	assert_true(str_is(scheme.wire, "api_key"));
	assert_int_equal(op.use_n, 3);
	catalog_use(&doc.catalog, &op, 2, &use);
	assert_int_equal(use.alternative, 1);
	assert_true(str_is(use.scopes, "[\"r\"]"));
}

/* Wrong types everywhere: a report or a refusal, never more. Cut at every byte, too. */
static void
test_hostile(void **state)
{
	static const char *const texts[] = {
		"{\"swagger\":\"2.0\"}", "{\"swagger\":\"2.0\",\"paths\":[]}", "{\"swagger\":\"2.0\",\"paths\":{\"/a\":{\"get\":[]}}}",
		"{\"swagger\":\"2.0\",\"host\":1,\"schemes\":{},\"basePath\":[],\"consumes\":\"x\",\"produces\":[1],\"securityDefinitions\":[1],"
		"\"parameters\":1,\"responses\":[],\"definitions\":\"\",\"paths\":{\"/a\":{\"parameters\":{},\"get\":{\"parameters\":[1,[],"
		"{\"$ref\":1},{\"$ref\":\"#\"},{\"name\":[],\"in\":\"formData\",\"required\":true},{\"in\":\"body\"}],\"responses\":[]}}}}",
		"{\"swagger\":\"2.0\",\"paths\":{\"/a\":{\"post\":{\"parameters\":[{\"in\":\"formData\",\"required\":true}]}}}}", /* no name */
		"{\"swagger\":\"2.0\",\"paths\":{\"/a\":{\"$ref\":\"#/paths/~1a\"},\"/b\":{\"$ref\":\"#/paths/~1c\"},\"/c\":{\"$ref\":\"#/paths/~1b\"}}}",
	};

	for (u32 i = 0; i < ARRAY_N(texts); i++)
		for (u32 n = 0, all = (u32)strlen(texts[i]); n <= all; n++) {
			static u8 room[4 << 20];
			struct arena a = arena_over(room, sizeof room);
			struct import im = { .arena = &a, .text = guard_bytes(str_of(texts[i], n)) };
			int err = import_document(&im);

			assert_true(err == 0 || (im.report.why && err == ERR_BAD));
			assert_int_equal(im.report.info.counts.operations, im.report.info.counts.imported +
			    im.report.info.counts.skipped);
			guard_free(NULL);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_parameters, teardown),
		cmocka_unit_test_teardown(test_body, teardown),
		cmocka_unit_test_teardown(test_form, teardown),
		cmocka_unit_test_teardown(test_shared, teardown),
		cmocka_unit_test_teardown(test_servers, teardown),
		cmocka_unit_test_teardown(test_security, teardown),
		cmocka_unit_test_teardown(test_hostile, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
