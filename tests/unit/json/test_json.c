/* json: tokens, cursor, decoded comparison, duplicate keys, pointers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "json/jscan.h"
#include "json/json.h"
#include "lib/guard.h"

#define MOST 4096

static struct jsmntok tok[MOST];
static struct jdoc doc;

static struct jcur
parsed(const char *text)
{
	assert_int_equal(json_parse(&doc, guard_str(text), tok, MOST), 0);
	return json_root(&doc);
}

static void
assert_text(struct str s, const char *want)
{
	if (!s.p || !str_is(s, want))
		fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(s), want);
}

static void
test_walks(void **state)
{
	struct jcur root = parsed(" {\"a\" : 1, \"b\":[10, [20], {\"c\":30}, \"x\"], \"d\":{}, \"e\":null } ");
	struct jcur list = json_get(root, "b"), c;
	const char *want[] = { "10", "[20]", "{\"c\":30}", "\"x\"" };
	u32 i = 0;

	assert_int_equal(json_kind(root), JSON_OBJECT);
	assert_int_equal(json_len(root), 4);
	assert_int_equal(json_len(list), 4);
	for (c = json_first(list); !c.err; c = json_next(c)) {
		assert_text(json_raw(c), want[i]);
		assert_text(json_raw(json_at(list, i)), want[i]);
		assert_false(json_has_key(c));
		assert_null(json_key(c).p);
		i++;
	}
	assert_int_equal(i, 4);
	assert_int_equal(c.err, ERR_NONE);
	i = 0;
	for (c = json_first(root); !c.err; c = json_next(c))
		assert_true(json_key_same(c, str_of("abde" + i++, 1)));
	assert_int_equal(i, 4);
	assert_int_equal(json_len(json_get(root, "d")), 0);
	assert_int_equal(json_first(json_get(root, "d")).err, ERR_NONE);
	assert_int_equal(json_kind(json_get(root, "e")), JSON_NULL);
	assert_text(json_raw(root), "{\"a\" : 1, \"b\":[10, [20], {\"c\":30}, \"x\"], \"d\":{}, \"e\":null }");
	assert_int_equal(json_at(list, 4).err, ERR_NONE);
}

/* An element that follows a string is not its value, and a member's value after nested things
 * has its own key. */
static void
test_keys_are_told_from_strings(void **state)
{
	struct jcur root = parsed("[\"a\",1,\"b\",{\"k\":[\"x\",2],\"l\":\"m\",\"n\":\"o\"}]");
	struct jcur object = json_at(root, 3);

	assert_false(json_has_key(json_at(root, 1)));
	assert_false(json_has_key(object));
	assert_text(json_key(json_at(object, 0)), "k");
	assert_text(json_key(json_at(object, 1)), "l");
	assert_text(json_key(json_at(object, 2)), "n");
	assert_text(json_str(json_get(object, "n"), NULL), "o");
	assert_int_equal(json_get(object, "m").err, ERR_NONE);
}

static void
test_a_miss_stays_a_miss(void **state)
{
	struct jcur root = parsed("{\"a\":[1]}"), c = json_get(root, "nope");
	u64 n = 7;
	bool b = true;

	assert_int_equal(c.err, ERR_NONE);
	c = json_at(json_get(json_first(json_next(c)), "x"), 0);
	assert_int_equal(c.err, ERR_NONE);
	assert_int_equal(json_kind(c), JSON_MISSING);
	assert_int_equal(json_len(c), 0);
	assert_null(json_raw(c).p);
	assert_null(json_str(c, NULL).p);
	assert_int_equal(json_u64(c, &n), ERR_NONE);
	assert_int_equal(json_bool(c, &b), ERR_NONE);
	assert_int_equal(n, 7);
	assert_true(b);
	assert_int_equal(json_get(json_at(json_get(root, "a"), 0), "x").err, ERR_BAD); /* a number has no members */
	assert_int_equal(json_get(json_get(root, "a"), "x").err, ERR_BAD);
	assert_int_equal(json_first(json_at(json_get(root, "a"), 0)).err, ERR_BAD);
}

static void
test_top_level_values(void **state)
{
	int64_t n;

	assert_int_equal(json_i64(parsed(" -17\n"), &n), 0);
	assert_int_equal(n, -17);
	assert_int_equal(json_kind(parsed("true")), JSON_TRUE);
	assert_int_equal(json_kind(parsed("false ")), JSON_FALSE);
	assert_int_equal(json_kind(parsed("null")), JSON_NULL);
	assert_text(json_raw(parsed(" 1e5 ")), "1e5");
	assert_true(json_is(parsed(" \"x\" "), "x"));
	assert_text(json_raw(parsed(" \"x\" ")), "\"x\"");
	assert_int_equal(json_next(parsed("1")).err, ERR_NONE);
}

static void
test_strings_decode(void **state)
{
	struct jcur root = parsed("[\"\",\"plain\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00!\",\"\xc3\xa9\"]");
	u8 mem[64], small[3];
	struct arena a = arena_over(mem, sizeof mem), tight = arena_over(small, sizeof small);
	struct buf b = buf_over(mem, sizeof mem);

	assert_text(json_str(json_at(root, 0), NULL), "");
	assert_text(json_str(json_at(root, 1), NULL), "plain");
	assert_text(json_str(json_at(root, 4), NULL), "\xc3\xa9");
	assert_int_equal(a.used, 0);
	assert_text(json_str(json_at(root, 2), &a), "\"\\/\b\f\n\r\t");
	assert_int_equal(a.used, 8); /* no more than the decoded text */
	assert_text(json_str(json_at(root, 3), &a), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!");
	assert_null(json_str(json_at(root, 2), NULL).p);
	assert_null(json_str(json_at(root, 2), &tight).p);
	assert_int_equal(json_str_put(json_at(root, 3), &b), 0);
	assert_text(buf_str(&b), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!");
	assert_int_equal(json_str_put(root, &b), ERR_BAD);
	assert_true(json_is(json_at(root, 3), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!"));
	assert_false(json_is(json_at(root, 3), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	assert_false(json_is(json_at(root, 3), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!!"));
	assert_false(json_is(json_at(root, 1), "plai"));
}

static void
test_keys_compare_decoded(void **state)
{
	struct jcur root = parsed("{\"\\u0061\":1,\"b\\/c\":2,\"a\\\\u0061\":3,\"\":4,\"\\n\":5,\"\\\\n\":6}");
	u8 mem[16];
	struct arena a = arena_over(mem, sizeof mem);
	u64 n;

	assert_int_equal(json_u64(json_get(root, "a"), &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(json_u64(json_get(root, "b/c"), &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(json_u64(json_get(root, "a\\u0061"), &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(json_u64(json_get(root, ""), &n), 0);
	assert_int_equal(n, 4);
	assert_int_equal(json_u64(json_get(root, "\n"), &n), 0);
	assert_int_equal(n, 5);
	assert_int_equal(json_u64(json_get(root, "\\n"), &n), 0); /* as long as the key before is written */
	assert_int_equal(n, 6);
	assert_int_equal(json_get(root, "\\u0061").err, ERR_NONE);
	assert_int_equal(json_get(root, "A").err, ERR_NONE);
	assert_text(json_key(json_first(root)), "\\u0061");
	assert_text(json_key_str(json_first(root), &a), "a");
	assert_true(json_key_is(json_first(root), "a"));
}

static void
test_numbers(void **state)
{
	struct jcur root = parsed("[0,18446744073709551615,18446744073709551616,-1,-0,1.0,1e2,9223372036854775807,"
	                          "9223372036854775808,-9223372036854775808,-9223372036854775809,\"1\",true]");
	static const bool is_u64[] = { 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0 };
	static const bool is_i64[] = { 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0 };

	for (u32 i = 0; i < ARRAY_N(is_u64); i++) {
		u64 u;
		int64_t s;

		assert_int_equal(json_u64(json_at(root, i), &u), is_u64[i] ? 0 : ERR_BAD);
		assert_int_equal(json_i64(json_at(root, i), &s), is_i64[i] ? 0 : ERR_BAD);
		if (i == 9)
			assert_true(s == INT64_MIN);
		if (i == 1)
			assert_true(u == UINT64_MAX);
	}
}

static void
test_faults_and_room(void **state)
{
	struct jdoc d;

	assert_int_equal(json_parse(&d, guard_str("{\"a\":1,}"), tok, MOST), ERR_BAD);
	assert_int_equal(d.fault_at, 7);
	assert_non_null(d.fault);
	assert_int_equal(json_root(&d).err, ERR_NONE);
	assert_int_equal(json_parse(&d, STR_NONE, tok, MOST), ERR_BAD);
	assert_int_equal(json_parse(&d, guard_str("[1,2,3]"), tok, 3), ERR_FULL);
	assert_int_equal(d.n, 4);
	assert_int_equal(json_parse(&d, guard_str("[1,2,3]"), tok, 4), 0);
	assert_int_equal(json_parse(&d, guard_str("1"), tok, 0), ERR_FULL);
}

/* As deep as allowed, both kinds, with keys on the way: the chain of open tokens is longest
 * here. */
static void
test_deepest(void **state)
{
	char text[2048] = "";
	struct jcur c;

	for (u32 i = 0; i < JSON_DEPTH_MAX; i++)
		strcat(text, i + 1 < JSON_DEPTH_MAX ? "{\"a\":0,\"k\":" : "{\"a\":0");
	for (u32 i = 0; i < JSON_DEPTH_MAX; i++)
		strcat(text, i + 1 < JSON_DEPTH_MAX ? "},\"z\":9" : "}");
	c = parsed(text);
	for (u32 i = 0; i + 1 < JSON_DEPTH_MAX; i++) {
		assert_int_equal(json_len(c), 3);
		assert_true(json_key_is(json_at(c, 2), "z"));
		c = json_get(c, "k");
	}
	assert_int_equal(json_len(c), 1);
}

static int
dup(const char *text, struct arena *scratch)
{
	struct jcur second;

	return json_dup_any(parsed(text), scratch, &second);
}

static void
test_duplicate_keys(void **state)
{
	u8 mem[2048];
	struct arena a = arena_over(mem, sizeof mem);
	struct jdoc d;

	assert_int_equal(dup("{\"a\":1,\"b\":2}", NULL), 0);
	assert_int_equal(dup("{\"a\":1,\"a\":2}", NULL), 1);
	assert_int_equal(dup("{\"a\":1,\"\\u0061\":2}", NULL), 1);
	assert_int_equal(dup("{\"a\":{\"b\":1,\"b\":1}}", NULL), 1);
	assert_int_equal(dup("[{\"a\":1},{\"a\":1}]", NULL), 0);
	assert_int_equal(dup("{\"\":1,\"x\":{\"\":2}}", NULL), 0);
	assert_int_equal(dup("{\"\":1,\"\":2}", NULL), 1);
	assert_int_equal(dup("{\"Method\":1,\"method\":2,\"method \":3}", NULL), 0);
	assert_int_equal(json_parse_request(&d, guard_str("{\"id\":1, \"id\":2}"), tok, MOST, &a), ERR_BAD);
	assert_int_equal(d.fault_at, 10);
	assert_int_equal(json_root(&d).err, ERR_NONE);
	assert_int_equal(json_parse_request(&d, guard_str("{\"id\":1, \"method\":2}"), tok, MOST, &a), 0);
}

/* Beyond 24 members keys are sorted: one duplicate anywhere is found, escaped or not, and none
 * is invented. */
static void
test_duplicate_keys_of_large_objects(void **state)
{
	u8 mem[2048];
	struct arena a = arena_over(mem, sizeof mem), small = arena_over(mem, 64);
	char text[8192];
	u32 n = 100;

	for (u32 twice = 0; twice <= n; twice++) {
		struct jcur second;
		int at = 0, found;

		for (u32 i = 0; i < n; i++)
			at += sprintf(text + at, "%c\"k%u\":%u", i ? ',' : '{', i * 7919 % 1000, i);
		at += sprintf(text + at, ",\"%s%u\":-1}", twice % 2 ? "k" : "\\u006b", twice < n ? twice * 7919 % 1000 : 1000);
		found = json_dup_key(parsed(text), &a, &second);
		assert_int_equal(found, twice < n);
		if (found)
			assert_text(json_raw(second), "-1");
	}
	assert_int_equal(a.used, 0);
	assert_int_equal(dup(text, NULL), ERR_FULL);
	assert_int_equal(dup(text, &small), ERR_FULL);
}

static void
test_pointer(void **state)
{
	/* the examples of RFC 6901, section 5 */
	struct jcur root = parsed("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,"
	                          "\"k\\\"l\":6,\" \":7,\"m~n\":8}");
	static const char *const names[] = { "/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n" };
	static const char *const misses[] = { "x", "/foo/2", "/foo/-", "/foo/01", "/foo/ 0", "/foo/0/x", "/m~n", "/m~", "/none",
		"/foo/0/", "/foo/+0", "/foo/4294967296" };
	u64 n;

	assert_int_equal(json_pointer(root, STR("")).at, root.at);
	assert_int_equal(json_kind(json_pointer(root, STR("/foo"))), JSON_ARRAY);
	assert_true(json_is(json_pointer(root, STR("/foo/0")), "bar"));
	assert_true(json_is(json_pointer(root, STR("/foo/1")), "baz"));
	for (u32 i = 0; i < ARRAY_N(names); i++) {
		assert_int_equal(json_u64(json_pointer(root, guard_str(names[i])), &n), 0);
		assert_int_equal(n, i);
	}
	for (u32 i = 0; i < ARRAY_N(misses); i++)
		assert_int_not_equal(json_pointer(root, guard_str(misses[i])).err, 0);
}

/* Every prefix of a document is refused, and none is read beyond its end. */
static void
test_every_truncation(void **state)
{
	const char *text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"params\":{\"n\":-1.5e3,\"s\":\"\\u00e9\\n\",\"b\":[true,null]}}";
	struct str s = str_c(text);
	struct jdoc d;

	for (u32 n = 0; n < s.n; n++) {
		assert_int_equal(json_parse(&d, guard_bytes(str_cut(s, 0, n)), tok, MOST), ERR_BAD);
		assert_int_equal(d.fault_at, n);
	}
	assert_int_equal(json_parse(&d, guard_bytes(s), tok, MOST), 0);
}

/* A million tokens are linked and walked in linear time: quadratic would be minutes, not
 * milliseconds. */
static void
test_many_tokens(void **state)
{
	u32 n = 200000, count = 0;
	char *text = malloc(n * 8 + 16);
	struct jsmntok *many = malloc(sizeof *many * (n * 3 + 1));
	struct jdoc d;
	char *w = text;

	assert_non_null(text);
	assert_non_null(many);
	*w++ = '[';
	for (u32 i = 0; i < n; i++)
		w += sprintf(w, "{\"a\":1}%c", i + 1 < n ? ',' : ']');
	assert_int_equal(json_parse(&d, str_of(text, (size_t)(w - text)), many, n * 3 + 1), 0);
	for (struct jcur c = json_first(json_root(&d)); !c.err; c = json_next(c))
		count += json_len(c);
	assert_int_equal(count, n);
	free(text);
	free(many);
}

/* One random value of at most deep levels, with blanks anywhere. Keys are numbered, so that none is there twice. */
static void
any_value(struct buf *b, u32 *seed, u32 deep, u32 *keys)
{
	static const char *const flat[] = { "1", "-2.5e3", "true", "false", "null", "\"\"", "\"a\\\"b\\\\\"",
		"\"sixteen and more of them\"", "\"\xc3\xa4 \xe2\x82\xac\"", "\"{[,:]}\"", "{}", "[ ]", " \"x\" " };
	u32 pick = (*seed = *seed * 1664525 + 1013904223) >> 16;
	bool object = pick & 1;

	if (!deep || pick % 5 == 0 || buf_room(b) < 400) {
		buf_c(b, flat[pick % ARRAY_N(flat)]);
		return;
	}
	buf_byte(b, object ? '{' : '[');
	for (u32 i = 0; i < pick % 7; i++) {
		if (i)
			buf_c(b, pick & 64 ? "," : " ,\n");
		if (object)
			buf_fmt(b, pick & 128 ? "\"k%u\":" : "\"\\n%u\" :\t", (*keys)++);
		any_value(b, seed, deep - 1, keys);
	}
	buf_c(b, object ? "}" : "]");
}

/* Requests are tokenized another way: to the same tokens. */
static void
test_requests_have_the_same_tokens(void **state)
{
	static struct jsmntok other[MOST];
	static u8 text[16384];
	u8 mem[16384];
	struct jdoc d;
	u32 seed = 7, nested = 0;

	for (u32 i = 0; i < 3000; i++) {
		struct buf b = buf_over(text, sizeof text);
		struct arena a = arena_over(mem, sizeof mem);
		u32 keys = 0;

		any_value(&b, &seed, i % 9, &keys);
		assert_int_equal(json_parse(&doc, buf_str(&b), tok, MOST), 0);
		memset(other, 0x55, sizeof *other * (size_t)doc.n);
		assert_int_equal(json_parse_request(&d, buf_str(&b), other, MOST, &a), 0);
		assert_int_equal(d.n, doc.n);
		assert_memory_equal(other, tok, sizeof *tok * (size_t)doc.n);
		nested += doc.n > 20;
	}
	assert_true(nested > 300);
}

/* One byte of it is another: what jscan refuses stays refused, and what passes has the same tokens. */
static void
test_requests_are_judged_as_by_jscan(void **state)
{
	static const char bytes[] = "\"\\{}[]:,0.-eEtfnu \n\x01\x7f\x80\xc3\xed";
	static struct jsmntok other[MOST];
	static u8 text[2048];
	u8 mem[16384];
	struct jdoc d;
	u32 seed = 11, refused = 0, passed = 0;

	for (u32 i = 0; i < 20000; i++) {
		struct buf b = buf_over(text, 800);
		struct arena a = arena_over(mem, sizeof mem);
		u32 keys = 0;
		bool valid;

		any_value(&b, &seed, i % 5, &keys);
		text[(seed >> 8) % buf_len(&b)] = (u8)bytes[i % sizeof bytes];
		valid = !jscan_check(buf_str(&b), JSON_DEPTH_MAX, JSCAN_REQUEST, NULL);
		if (json_parse_request(&d, buf_str(&b), other, MOST, &a)) {
			assert_true(!valid || strstr(d.fault, "already"));
			refused++;
			continue;
		}
		assert_true(valid);
		assert_int_equal(json_parse(&doc, buf_str(&b), tok, MOST), 0);
		assert_int_equal(d.n, doc.n);
		assert_int_equal(d.escapes, doc.escapes);
		assert_memory_equal(other, tok, sizeof *tok * (size_t)doc.n);
		passed++;
	}
	assert_true(refused > 2000 && passed > 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_walks, guard_free),
		cmocka_unit_test_teardown(test_keys_are_told_from_strings, guard_free),
		cmocka_unit_test_teardown(test_a_miss_stays_a_miss, guard_free),
		cmocka_unit_test_teardown(test_top_level_values, guard_free),
		cmocka_unit_test_teardown(test_strings_decode, guard_free),
		cmocka_unit_test_teardown(test_keys_compare_decoded, guard_free),
		cmocka_unit_test_teardown(test_numbers, guard_free),
		cmocka_unit_test_teardown(test_faults_and_room, guard_free),
		cmocka_unit_test_teardown(test_deepest, guard_free),
		cmocka_unit_test_teardown(test_duplicate_keys, guard_free),
		cmocka_unit_test_teardown(test_duplicate_keys_of_large_objects, guard_free),
		cmocka_unit_test_teardown(test_pointer, guard_free),
		cmocka_unit_test_teardown(test_every_truncation, guard_free),
		cmocka_unit_test(test_many_tokens),
		cmocka_unit_test(test_requests_have_the_same_tokens),
		cmocka_unit_test(test_requests_are_judged_as_by_jscan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
