/* yaml: events with their places, faults with theirs; cut at every byte. What scalars become is judged by others, too:
 * tests/outside/yaml.test.mjs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/guard.h"
#include "yaml/yaml.h"

static u8 unfolded[4096], told[8192];

/* Events in one line: "M" map, "L" list, ")" close, "=text" scalar, "*name" alias, "&name" and "!tag" before them. */
static const char *
events(struct str text, int *err)
{
	struct buf room = buf_over(unfolded, text.n * 3 / 2 + 16), out = buf_over(told, sizeof told - 1);
	static const char *const signs[] = { "", "", "M ", "L ", ") ", "=", "*" };
	struct yaml_event e;
	struct yaml y;

	yaml_init(&y, text, &room);
	while ((*err = yaml_next(&y, &e)) == 0 && e.kind != YAML_DONE) {
		if (e.kind == YAML_DOCUMENT)
			BUF_LIT(&out, "D ");
		if (e.anchor.n)
			buf_fmt(&out, "&%S ", e.anchor);
		if (e.tag.n)
			buf_fmt(&out, "%S ", e.tag);
		buf_c(&out, signs[e.kind]);
		if (e.kind == YAML_SCALAR || e.kind == YAML_ALIAS)
			buf_fmt(&out, "%S ", e.text);
		assert_true(e.at <= text.n);
	}
	assert_true(!*err == !y.why);
	buf_byte(&out, 0);
	assert_false(out.over);
	return (const char *)told;
}

static void
test_events(void **state)
{
	static const struct { const char *yaml, *want; } cases[] = {
		{ "", "" }, { "# only this\n", "" }, { "a", "D =a " }, { "a: b\nc:\n- d\n", "D M =a =b =c L =d ) ) " },
		{ "- - a\n  - b\n-\n", "D L L =a =b ) = ) " }, { "? a\n: b", "D M =a =b ) " },
		{ "&x !!str a: *x", "D M &x !!str =a *x ) " }, { "&m\n&k a: b", "D &m M &k =a =b ) " },
		{ "[a, {b: c}, d: e]", "D L =a M =b =c ) M =d =e ) ) " }, { "--- a\n--- b\n...\n", "D =a D =b " },
		{ "a: |\n  b\n   c\nd: >-\n  e\n  f\n", "D M =a =b\n c\n =d =e f ) " },
	};
	int err;

	for (u32 i = 0; i < ARRAY_N(cases); i++)
		assert_string_equal(events(guard_str(cases[i].yaml), &err), cases[i].want);
	assert_int_equal(err, 0);
	assert_string_equal(events(guard_str("\"a\\x41\\\n  b\""), &err), "D =aAb ");
}

static void
test_faults_have_places(void **state)
{
	static const struct { const char *yaml; u32 line, column; const char *why; } cases[] = {
		{ "a: b\n\tc: d\n", 2, 1, "tab" }, { "a:\n  b: c\n \td: e\n", 3, 2, "tab" }, { "-\t- a", 1, 2, "tab" },
		{ "a: b: c", 1, 4, "quote" }, { "a: \"b\n", 1, 4, "closing quote" }, { "a:\n  - [b,\n", 2, 5, "bracket" },
		{ "a:\n  b: c\n d: e\n", 3, 2, "indented" }, { "a: b\n c: d", 2, 3, "end of the line" },
		{ "é: \"\\q\"", 1, 5, "escape" }, { "a\n---\n@b", 3, 1, "quotes" }, { "a: |x\n", 1, 5, "| or >" },
		{ "a: 'b' c", 1, 8, "end of the line" }, { "{a: b", 1, 1, "bracket" }, { "a: &", 1, 4, "name" },
		{ "\x01", 1, 1, "control" }, { "a: \xff", 1, 4, "UTF-8" }, { "%YAML 2.0\n---\na", 1, 1, "version" },
		{ "a: b\r\nc: ]\r\n", 2, 4, "value is expected" }, { "- a\nb: c", 2, 1, "end of the document" },
		{ "a", 0, 0, NULL },
	};

	for (u32 i = 0; cases[i].why; i++) {
		struct str text = guard_str(cases[i].yaml);
		struct buf room = buf_over(unfolded, sizeof unfolded);
		struct yaml_event e;
		struct yaml y;
		u32 line, column;
		int err;

		yaml_init(&y, text, &room);
		while ((err = yaml_next(&y, &e)) == 0 && e.kind != YAML_DONE)
			;
		assert_int_equal(err, ERR_BAD);
		yaml_place(text, y.why_at, &line, &column);
		if (line != cases[i].line || column != cases[i].column || !strstr(y.why, cases[i].why))
			fail_msg("%s: %u:%u %s", cases[i].yaml, line, column, y.why);
		assert_int_equal(yaml_next(&y, &e), ERR_BAD);
	}
}

static void
test_depth_is_bounded(void **state)
{
	static char deep[200000];
	struct buf room = buf_over(unfolded, sizeof unfolded);
	struct yaml_event e;
	struct yaml y;
	int err;

	for (u32 kind = 0; kind < 2; kind++) {
		for (u32 i = 0; i < sizeof deep - 1; i++)
			deep[i] = kind ? "- "[i % 2] : '[';
		yaml_init(&y, str_of(deep, sizeof deep - 1), &room);
		while ((err = yaml_next(&y, &e)) == 0)
			assert_true(y.depth <= YAML_DEPTH_MAX);
		assert_int_equal(err, ERR_FULL);
		assert_non_null(strstr(y.why, "deep"));
	}
}

static void
test_room_is_enough_and_can_be_too_small(void **state)
{
	struct buf room = buf_over(unfolded, 4);
	struct yaml_event e;
	struct yaml y;
	int err;

	events(guard_str("\"\\P\\P\\P\\P\\P\\P\\P\\P\\P\\P\""), &err);
	assert_int_equal(err, 0);
	yaml_init(&y, STR("\"longer\\n\""), &room);
	while ((err = yaml_next(&y, &e)) == 0 && e.kind != YAML_DONE)
		;
	assert_int_equal(err, ERR_FULL);
}

/* Any beginning of a text is read to an end: events or a fault, never a byte behind it. */
static void
test_cut_at_every_byte(void **state)
{
	static const char text[] = "%YAML 1.2\n---\n&a !!map k: \"x\\u00e9\\\n  y\"\n? - b\n: |2+\n   lit\n\nf: {g: [1, 'h\n  i'], *a : j}\n"
	    "p: one\n  two # c\n...\n--- >-\n z\n";
	int err;

	for (u32 n = 0; n < sizeof text; n++) {
		events(guard_bytes(str_of(text, n)), &err);
		guard_free(NULL);
	}
}

static void
test_core_schema(void **state)
{
	static const struct { const char *text; u8 type; const char *number; } cases[] = {
		{ "on", YAML_STRING, NULL }, { "yes", YAML_STRING, NULL }, { "No", YAML_STRING, NULL }, { "true", YAML_TRUE, NULL },
		{ "False", YAML_FALSE, NULL }, { "~", YAML_NULL, NULL }, { "", YAML_NULL, NULL }, { "nULL", YAML_STRING, NULL },
		{ "12", YAML_NUMBER, "12" }, { "-1.50e+3", YAML_NUMBER, "-1.50e+3" }, { "+7", YAML_NUMBER, "7" },
		{ "007", YAML_NUMBER, "7" }, { "00.5", YAML_NUMBER, "0.5" }, { ".5", YAML_NUMBER, "0.5" }, { "-.5e1", YAML_NUMBER, "-0.5e1" },
		{ "5.", YAML_NUMBER, "5" }, { "5.e2", YAML_NUMBER, "5e2" }, { "0x1F", YAML_NUMBER, "31" }, { "0o17", YAML_NUMBER, "15" },
		{ "0xffffffffffffffff", YAML_NUMBER, "18446744073709551615" }, { "0x10000000000000000", YAML_NUMBER, NULL },
		{ "0o18", YAML_STRING, NULL }, { "1_000", YAML_STRING, NULL }, { "1e", YAML_STRING, NULL }, { ".", YAML_STRING, NULL },
		{ "-", YAML_STRING, NULL }, { "1.2.3", YAML_STRING, NULL }, { "2001-01-01", YAML_STRING, NULL },
		{ "-.inf", YAML_NOT_FINITE, NULL }, { ".NaN", YAML_NOT_FINITE, NULL },
	};

	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		struct yaml_event e = { .kind = YAML_SCALAR, .text = guard_str(cases[i].text) };
		u8 space[64];
		struct buf out = buf_over(space, sizeof space);

		assert_int_equal(yaml_type(&e), cases[i].type);
		if (cases[i].type != YAML_NUMBER)
			continue;
		assert_int_equal(yaml_number(e.text, &out), cases[i].number ? 0 : ERR_BAD);
		if (cases[i].number && !str_is(buf_str(&out), cases[i].number))
			fail_msg("%s: %.*s", cases[i].text, STR_ARG(buf_str(&out)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_events, guard_free),
		cmocka_unit_test_teardown(test_faults_have_places, guard_free),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test_teardown(test_room_is_enough_and_can_be_too_small, guard_free),
		cmocka_unit_test_teardown(test_cut_at_every_byte, guard_free),
		cmocka_unit_test_teardown(test_core_schema, guard_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
