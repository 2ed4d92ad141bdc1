/* source: documents of several files, references in all their forms, and what must not be followed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "catalog/import.h"
#include "lib/guard.h"

#define ROOM ((size_t)64 << 20)

static char dir[64];
static struct arena arena;
static struct import im;
static struct catalog catalog;
static struct catalog_op op;

static int
setup(void **state)
{
	snprintf(dir, sizeof dir, "/tmp/mcpgated-source-XXXXXX");
	arena = arena_over(mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ROOM);
	return mkdtemp(dir) ? 0 : -1;
}

static int
teardown(void **state)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	munmap(arena.p, ROOM);
	return system(command) || guard_free(state);
}

static void
file(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	for (const char *slash = name; (slash = strchr(slash, '/')) != NULL; slash++) {
		snprintf(path, sizeof path, "%s/%.*s", dir, (int)(slash - name), name);
		mkdir(path, 0700);
	}
	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Imports text as the file called name, from the directory. */
static int
import(const char *name, const char *text)
{
	int err;

	arena_rewind(&arena, 0);
	im = (struct import){ .arena = &arena, .text = guard_str(text), .name = str_c(name) };
	im.dir = open(dir, O_RDONLY | O_DIRECTORY);
	err = import_document(&im);
	close(im.dir);
	if (!err) {
		assert_int_equal(catalog_open(&catalog, im.out), 0);
		if (catalog.op_n)
			catalog_op(&catalog, 0, &op);
	}
	return err;
}

#define HEAD "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
#define BODY(ref) HEAD "paths:\n  /a:\n    post:\n      requestBody: {content: {application/json: {schema: {$ref: '" ref \
	"'}}}}\n      responses: {'200': {description: ok}}\n"

static bool
has(const char *arg)
{
	return catalog_param_named(&catalog, &op, str_c(arg), NULL) >= 0;
}

static void
test_files(void **state)
{
	struct catalog_file f;

	file("paths/a.yaml", "post:\n  parameters: [{$ref: '../params.json#/list/0'}]\n  requestBody:\n    content:\n      application/json:\n"
	    "        schema: {$ref: ../schemas/pet%20x.yaml}\n  responses: {'200': {description: ok}}\n");
	file("params.json", "{\"list\":[{\"name\":\"q\",\"in\":\"query\",\"schema\":{\"$ref\":\"#/s\"}}],\"s\":{\"type\":\"integer\"}}");
	file("schemas/pet x.yaml", "type: object\nproperties:\n  name: {type: string}\n  owner: {$ref: './owner.yaml#/Owner'}\n");
	file("schemas/owner.yaml", "Owner: {type: object, properties: {pet: {$ref: 'pet x.yaml'}, id: {type: integer}}}");
	assert_int_equal(import("main.yaml", HEAD "paths:\n  /a: {$ref: paths/a.yaml}\n"), 0);
	assert_int_equal(im.report.info.counts.imported, 1);
	assert_true(has("q") && has("name") && has("owner"));
	assert_int_equal(im.report.outside + im.report.n, 0);
	assert_int_equal(catalog_file_n(&catalog), 4);
	catalog_file(&catalog, 0, &f);
	assert_true(str_is(f.name, "paths/a.yaml") && f.size > 50 && f.changed);
	/* the document may lie deeper than the directory */
	assert_int_equal(import("paths/main.yaml", HEAD "paths:\n  /a: {$ref: ./a.yaml}\n"), 0);
	assert_true(has("owner"));
}

/* Nothing of this is followed; what was lost is told, with its place. */
static void
test_outside(void **state)
{
	static const struct { const char *text, *why; } cases[] = {
		{ BODY("http://127.0.0.1/x.yaml"), "outside" }, { BODY("https://h.example/x.yaml#/a"), "outside" },
		{ BODY("//h.example/x.yaml"), "outside" }, { BODY("file:///etc/passwd"), "outside" }, { BODY("/etc/passwd"), "outside" },
		{ BODY("../x.yaml"), "outside" }, { BODY("a/../../x.yaml"), "outside" }, { BODY("%2e%2e/x.yaml"), "not there" },
		{ BODY("none.yaml"), "not there" }, { BODY("link.yaml"), "not there" }, { BODY("out/secret.yaml"), "not there" },
		{ BODY("notes.txt"), "not there" }, { BODY("folder.yaml"), "not there" }, { BODY("real.yaml#/none"), "nowhere" },
	};
	char link[200];

	file("real.yaml", "type: object\n");
	file("notes.txt", "type: object\n");
	file("folder.yaml/x", "");
	snprintf(link, sizeof link, "%s/link.yaml", dir);
	assert_int_equal(symlink("real.yaml", link), 0);
	snprintf(link, sizeof link, "%s/out", dir);
	assert_int_equal(symlink("/etc", link), 0);
	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		assert_int_equal(import("main.yaml", cases[i].text), 0);
		if (im.report.n != 1 || !strstr(im.report.item[0].why, cases[i].why))
			fail_msg("%s\n%u items, %s", cases[i].text, im.report.n, im.report.n ? im.report.item[0].why : "");
		assert_int_equal(im.report.item[0].place.line, 6);
		assert_int_equal(im.report.item[0].place.column, 65);
		assert_int_equal(im.report.outside, i < 13);
	}
}

/* A broken file breaks the document, and is named with the place. */
static void
test_broken_file(void **state)
{
	file("a/bad.yaml", "type: object\nproperties:\n\tx: y\n");
	assert_int_equal(import("main.yaml", BODY("a/bad.yaml")), ERR_BAD);
	assert_true(str_is(im.report.why_place.file, "a/bad.yaml"));
	assert_int_equal(im.report.why_place.line, 3);
	file("a/bad.json", "{\"type\":\n \"object\",,}");
	assert_int_equal(import("main.yaml", BODY("a/bad.json")), ERR_BAD);
	assert_int_equal(im.report.why_place.line, 2);
	assert_int_equal(im.report.why_place.column, 11);
	file("a/note.yaml", "type: object\nproperties:\n  b: {$ref: '#/none'}\n");
	assert_int_equal(import("main.json", "{\"openapi\":\"3.1.0\",\"paths\":{\"/a\":{\"post\":{\"requestBody\":{\"content\":"
	    "{\"application/json\":{\"schema\":{\"$ref\":\"a/note.yaml\"}}}}}}}}"), 0);
	assert_true(str_is(im.report.item[0].place.file, "a/note.yaml") && im.report.item[0].place.line == 3);
	assert_true(str_is(im.report.item[0].pointer, "a/note.yaml#/properties/b"));
}

static void
test_cycles(void **state)
{
	file("a.yaml", "$ref: b.yaml\n");
	file("b.yaml", "$ref: a.yaml\n");
	assert_int_equal(import("main.yaml", BODY("a.yaml")), 0);
	file("a.yaml", "type: object\nproperties: {next: {$ref: b.yaml}}\n");
	file("b.yaml", "type: object\nproperties: {back: {$ref: a.yaml}, root: {$ref: 'main.yaml#/x'}}\n");
	file("main.yaml", "x: {type: string}\n");
	assert_int_equal(import("main.yaml", BODY("a.yaml") "x: {type: string}\n"), 0);
	assert_true(has("next"));
	assert_int_equal(im.report.n, 0);
}

static void
test_names(void **state)
{
	/* $anchor, $id with a pointer and an anchor in it, $self */
	assert_int_equal(import("m.yaml", BODY("#pet") "components: {schemas: {P: {$anchor: pet, type: object, properties: {p: {}}}}}\n"), 0);
	assert_true(has("p"));
	assert_int_equal(import("m.yaml", BODY("https://h.example/pet#/$defs/x") "components: {schemas: {P: {$id: 'https://h.example/pet',"
	    " $defs: {x: {type: object, properties: {a: {$ref: '#in'}}}, y: {$anchor: in, type: integer}}}}}\n"), 0);
	assert_true(has("a"));
	assert_int_equal(im.report.n, 0);
	assert_int_equal(import("m.yaml", BODY("https://h.example/api#/components/schemas/P") "$self: https://h.example/api\n"
	    "components: {schemas: {P: {type: object, properties: {s: {}}}}}\n"), 0);
	assert_true(has("s"));
	/* an $id that is none: the file is meant */
	assert_int_equal(import("m.yaml", BODY("#/components/schemas/P") "components: {schemas: {P: {$id: P, type: object, properties:"
	    " {o: {$ref: '#/components/schemas/O'}}}, O: {type: string}}}\n"), 0);
	assert_true(has("o"));
	assert_int_equal(im.report.n, 0);
}

static void
test_swagger_files(void **state)
{
	file("paths.yaml", "a:\n  parameters: [{$ref: 'params.yaml#/q'}]\n  post:\n    parameters: [{$ref: 'params.yaml#/b'}]\n"
	    "    responses: {'200': {$ref: 'params.yaml#/ok'}}\n");
	file("params.yaml", "q: {name: q, in: query, type: integer}\nb: {name: b, in: body, schema: {$ref: '#/s%25'}}\n"
	    "ok: {description: ok, schema: {type: string}}\n's%': {type: object, properties: {deep: {$ref: '#/t'}}}\nt: {type: boolean}\n");
	assert_int_equal(import("swagger.yaml", "swagger: '2.0'\npaths:\n  /a: {$ref: 'paths.yaml#/a'}\n"), 0);
	assert_int_equal(im.report.info.counts.imported, 1);
	assert_true(has("q") && has("deep"));
	assert_int_equal(im.report.n, 0);
}

static void
test_too_many(void **state)
{
	static char text[400000];

	strcpy(text, HEAD "x: [");
	for (u32 i = 0; i < 3000; i++)
		snprintf(text + strlen(text), 64, "{$ref: 'f%u.yaml'},\n", i);
	strcat(text, "]\npaths: {}\n");
	assert_int_equal(import("main.yaml", text), ERR_BAD);
	assert_non_null(strstr(im.report.why, "too many files"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cycles, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_swagger_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
