/* overlay: what an overlay changes, what it leaves alone, and what is told of targets that are not there. */
#include "made.h"

#define PET "\"/pets/{id}\":{\"get\":{\"operationId\":\"getPet\",\"tags\":[\"a\",\"b\"],\"parameters\":[{\"name\":\"id\"," \
	"\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\"}},{\"name\":\"q\",\"in\":\"query\",\"required\":true," \
	"\"schema\":{\"type\":\"string\"}}],\"responses\":{\"200\":{\"description\":\"\",\"content\":{\"application/json\":{}}}}}," \
	"\"delete\":{\"operationId\":\"dropPet\",\"responses\":{}}}"
#define LIST "\"/pets\":{\"get\":{\"operationId\":\"listPets\",\"responses\":{}},\"post\":{\"operationId\":\"addPet\"," \
	"\"responses\":{}}}"

static void
apply(struct made *m, const char *first, const char *second)
{
	memset(m, 0, sizeof *m);
	m->arena = arena_over(malloc(4 * MADE_ARENA), 4 * MADE_ARENA);
	m->im = (struct import){ .arena = &m->arena, .text = made_document(PET "," LIST, ""), .mtime = 1 };
	m->im.overlay[0] = str_c(first);
	if (second)
		m->im.overlay[1] = str_c(second);
	m->err = import_document(&m->im);
	if (m->err == 0)
		assert_int_equal(catalog_open(&m->c, m->im.out), 0);
}

#define ACTIONS(list) "{\"overlay\":\"1.0.0\",\"actions\":[" list "]}"
#define GATE(target, gate) "{\"target\":\"" target "\",\"update\":{\"x-gate\":{" gate "}}}"

static bool
has_note(const struct made *m, const char *why, const char *detail)
{
	for (u32 i = 0; i < m->im.report.n; i++)
		if (strcmp(m->im.report.item[i].why, why) == 0 && str_is(m->im.report.item[i].detail, detail))
			return true;
	return false;
}

static bool
holds(struct str s, const char *part)
{
	return str_find_str(s, str_c(part)) >= 0;
}

static void
test_names(void **state)
{
	struct catalog_op op;
	struct made m;

	apply(&m, ACTIONS(GATE("getPet", "\"name\":\"get_pet\",\"title\":\"A pet\",\"description\":\"Of ours.\"") ","
	                  GATE("DELETE /pets/*", "\"effect\":\"write\"") "," GATE("add*", "\"hide\":true")), NULL);
	made_op(&m, "get_pet", &op);
	assert_true(str_is(op.id, "getPet"));
	assert_true(holds(tool_text(&m.c, &op), "\"title\":\"A pet\",\"description\":\"A pet. Of ours."));
	made_op(&m, "dropPet", &op);
	assert_int_equal(op.effect, CATALOG_WRITE);
	assert_true(holds(tool_text(&m.c, &op), "\"destructiveHint\":false"));
	assert_int_equal(catalog_find(&m.c, STR("addPet"), NULL), ERR_NONE);
	assert_int_equal(m.im.report.info.counts.operations, 4);
	assert_int_equal(m.im.report.info.counts.imported, 3);
	assert_int_equal(m.im.report.info.counts.skipped, 1);
	assert_false(report_losses(&m.im.report)); /* hidden is no loss */
	made_free(&m);
}

static void
test_paths(void **state)
{
	struct catalog_op op;
	struct made m;

	apply(&m, ACTIONS("{\"target\":\"$.paths['/pets/{id}'].get\",\"update\":{\"summary\":\"One\",\"tags\":[\"c\"]}},"
	                  "{\"target\":\"$.paths.*.get.parameters[?(@.name=='q')]\",\"remove\":true},"
	                  "{\"target\":\"$.paths[*].get.parameters[0].schema\",\"update\":{\"minimum\":5}},"
	                  "{\"target\":\"$.info\",\"update\":{\"title\":\"Changed\",\"x-new\":{\"a\":[1]}}},"
	                  "{\"target\":\"$.paths['/pets'].post\",\"remove\":true}"), NULL);
	assert_true(str_is(m.im.report.info.title, "Changed"));
	made_op(&m, "getPet", &op);
	assert_true(str_is(op.summary, "One"));
	assert_int_equal(op.tag_n, 3);
	assert_int_equal(op.param_n, 1);
	assert_true(holds(tool_text(&m.c, &op), "\"minimum\":5"));
	assert_int_equal(catalog_find(&m.c, STR("addPet"), NULL), ERR_NONE);
	assert_int_equal(m.im.report.n, 1); /* dropPet does not declare its id */
	made_free(&m);
}

static void
test_arguments(void **state)
{
	struct catalog_op op;
	struct catalog_param param;
	struct made m;

	apply(&m, ACTIONS(GATE("getPet", "\"pin\":{\"q\":\"all\"},\"default\":{\"id\":7},\"error\":\"E {status}: {body}\","
	                  "\"wrong\":{\"id\":\"{name} must be > 0\",\"none\":\"x\"},\"odd\":1")), NULL);
	made_op(&m, "getPet", &op);
	assert_int_equal(op.required_n, 0);
	assert_int_equal(op.props_n, 3);
	assert_false(holds(tool_text(&m.c, &op), "\"q\":{"));
	assert_true(holds(tool_text(&m.c, &op), "Default 7"));
	assert_true(str_is(op.extra, "{\"pin\":{\"q\":\"all\"},\"default\":{\"id\":7},\"wrong\":{\"id\":\"{name} must be > 0\"},"
	                             "\"error\":\"E {status}: {body}\"}"));
	assert_true(catalog_param_named(&m.c, &op, STR("q"), &param) >= 0);
	assert_true(param.flags & CATALOG_PARAM_PINNED);
	assert_true(has_note(&m, "x-gate names an argument that is not there", "none"));
	assert_true(has_note(&m, "x-gate has a member that nobody knows", "odd"));
	made_free(&m);
}

static void
test_unmatched(void **state)
{
	struct made m;

	apply(&m, ACTIONS(GATE("nobody", "\"name\":\"x\"") ",{\"target\":\"$.paths['/no'].get\",\"update\":{}},"
	                  "{\"target\":\"$..x\",\"update\":{}},{\"target\":\"$[\",\"update\":{}},{\"update\":{}}"),
	    ACTIONS(GATE("listPets", "\"name\":\"bad name\"")));
	assert_int_equal(m.c.op_n, 4);
	assert_true(has_note(&m, "an overlay's target is not in the document", "nobody"));
	assert_true(has_note(&m, "an overlay's target is not in the document", "$.paths['/no'].get"));
	assert_true(has_note(&m, "an overlay's target is not understood", "$..x"));
	assert_true(has_note(&m, "an overlay's target is not understood", "$["));
	assert_int_equal(m.im.report.n, 7);
	made_free(&m);
	for (u32 i = 0; i < 4; i++) {
		static const char *const bad[] = { "[]", "{", "{\"actions\":{}}", "x" };

		apply(&m, bad[i], NULL);
		assert_int_equal(m.err, ERR_BAD);
		assert_non_null(m.im.report.why);
		made_free(&m);
	}
}

/* The second overlay sees what the first one made; the catalog remembers both. */
static void
test_two(void **state)
{
	struct catalog_op op;
	struct catalog_info info;
	struct made m;

	apply(&m, ACTIONS("{\"target\":\"getPet\",\"update\":{\"operationId\":\"pet\"}}"),
	    ACTIONS(GATE("pet", "\"name\":\"the_pet\"")));
	made_op(&m, "the_pet", &op);
	catalog_info(&m.c, &info);
	assert_int_equal(info.overlay_hash, import_overlay_hash(m.im.overlay));
	assert_true(info.overlay_hash != 0);
	made_free(&m);
}

/* Cut anywhere an overlay is refused or says something, and nothing breaks. */
static void
test_cut(void **state)
{
	static const char text[] = ACTIONS(GATE("getPet", "\"pin\":{\"q\":1}") ",{\"target\":\"$.paths.*[?(@.x=='y')].z[3]\","
	                                   "\"update\":[]},{\"target\":\"$.paths\",\"update\":7}");

	for (u32 n = 0; n < sizeof text - 1; n++) {
		struct made m = { .err = 0 };

		m.arena = arena_over(malloc(4 * MADE_ARENA), 4 * MADE_ARENA);
		m.im = (struct import){ .arena = &m.arena, .text = made_document(PET, "") };
		m.im.overlay[0] = guard_bytes(str_of(text, n));
		assert_int_equal(import_document(&m.im), n ? ERR_BAD : 0);
		guard_free(NULL);
		made_free(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_paths), cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_unmatched), cmocka_unit_test(test_two), cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
