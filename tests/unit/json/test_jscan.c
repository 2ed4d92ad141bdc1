/* jscan: verdicts and where faults are, in one piece and cut at every byte; how any prefix can
 * be ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "json/jblock.h"
#include "json/jscan.h"
#include "lib/guard.h"

static const char *const good[] = {
	"0", "-0", "10", "-1.5e+300", "0.0", "1E2", "1e-2", "true", "false", "null", "\"\"", "\"a\"", "[]", "{}", " [ ] ",
	"\t{\r\n}\n", "[1,2]", "{\"a\":1,\"b\":[true,false,null]}", "\"\\u0041\\n\\/\\\"\\\\\"", "\"\\ud83d\\ude00\"",
	"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"\x7f\"", "\"\xef\xbf\xbf\"", "[[[[1]]],{\"k\":{\"l\":[]}}]", "{\"\":0}",
	"[\"0123456789abcdef\",\"0123456789abcde\",\"0123456789abcdefg\"]", "[-0,0,0e0,12.50]", "{\"a\\u0062\":\"c\"}",
};

/* The fault is at the byte after the '|', which is taken out. */
static const char *const bad[] = {
	"-|", "|+1", "0|1", "-0|1", "|.5", "1.|", "1.|e1", "1e|", "1e+|", "1|a", "0|x1", "|NaN", "|Infinity", "-|Infinity",
	"tr|", "tr|Ue", "nul|", "true|f", "1 |2", "\"|", "\"a|", "\"\\|x41\"", "\"\\u|\"", "\"\\u12|\"", "\"\\u123|g\"", "\"|\n\"",
	"\"|\x01\"", "\"\\udc0|0\"", "\"\\ud800|a\"", "\"\\ud800\\|n\"", "\"\\ud800\\ud80|0\"", "\"a\"|b", "\"|\xff\"",
	"\"|\xc0\x80\"", "\"\xe0|\x80\x80\"", "\"\xed|\xa0\x80\"", "\"\xf4|\x90\x80\x80\"", "\"\xe2\x82|\"", "|\xef\xbb\xbf{}",
	"[|", "|]", "[|,]", "[1,|]", "[1 |2]", "[1|:2]", "{|,}", "{\"a\"|}", "{\"a\":|}", "{\"a\":1,|}", "{|a:1}", "{|1:1}", "[1|}",
	"{\"a\":1|]", "[]|[]", "[]|,", "{}|x", "|//c", "|", "  |", "[\"a\"|\"b\"]", "{\"a\"|\"b\"}", "[1,\n|", "[1|\xc2\xa0]", "|\x0b[]",
};

/* Feeds s in pieces: the first cut bytes, then the rest (cut < 0: one byte at a time). Answers
 * like jscan_check. */
static int
in_pieces(struct str s, int cut, u32 depth, u32 flags, struct jscan_found *found)
{
	struct jscan j;
	u32 n = s.n;

	jscan_init(&j, depth, flags);
	if (cut >= 0) {
		jscan_feed(&j, str_cut(s, 0, (u32)cut));
		jscan_feed(&j, str_cut(s, (u32)cut, n));
	} else {
		for (u32 i = 0; i < n; i++)
			jscan_feed(&j, str_cut(s, i, i + 1));
	}
	*found = (struct jscan_found){ .why = j.why, .at = (u32)j.at, .tokens = j.tokens };
	if (!found->why && jscan_end(&j))
		found->why = "the text ends too early";
	return found->why ? ERR_BAD : 0;
}

static void
same_in_pieces(struct str s, u32 depth, u32 flags)
{
	struct jscan_found whole, pieces;
	int err = jscan_check(guard_bytes(s), depth, flags, &whole);

	for (int cut = -1; cut <= (int)s.n; cut++) {
		assert_int_equal(in_pieces(s, cut, depth, flags | (cut & 1 ? JSCAN_PATH : 0), &pieces), err);
		assert_int_equal(pieces.at, whole.at);
		assert_int_equal(pieces.tokens, whole.tokens);
		if (err)
			assert_string_equal(pieces.why, whole.why);
	}
}

static void
test_accepts(void **state)
{
	for (u32 i = 0; i < ARRAY_N(good); i++) {
		struct str s = guard_str(good[i]);

		if (jscan_check(s, 64, JSCAN_REQUEST, NULL))
			fail_msg("refused: %s", good[i]);
		same_in_pieces(s, 64, 0);
	}
}

static void
test_refuses_and_says_where(void **state)
{
	for (u32 i = 0; i < ARRAY_N(bad); i++) {
		char text[64];
		const char *bar = strchr(bad[i], '|');
		struct jscan_found found;

		snprintf(text, sizeof text, "%.*s%s", (int)(bar - bad[i]), bad[i], bar + 1);
		if (jscan_check(guard_str(text), 64, 0, &found) != ERR_BAD)
			fail_msg("accepted: %s", text);
		if (found.at != (u32)(bar - bad[i]))
			fail_msg("%s: fault at %u (%s)", bad[i], found.at, found.why);
		same_in_pieces(str_c(text), 64, 0);
	}
}

static void
test_nul_bytes(void **state)
{
	assert_int_equal(jscan_check(guard_bytes(STR("{}\0garbage")), 64, 0, NULL), ERR_BAD);
	assert_int_equal(jscan_check(guard_bytes(STR("{}\0")), 64, 0, NULL), ERR_BAD);
	assert_int_equal(jscan_check(guard_bytes(STR("\0{}")), 64, 0, NULL), ERR_BAD);
	assert_int_equal(jscan_check(guard_bytes(STR("{\"a\0\":1}")), 64, 0, NULL), ERR_BAD);
	assert_int_equal(jscan_check(guard_bytes(STR("\"\\\0\"")), 64, 0, NULL), ERR_BAD);
	assert_int_equal(jscan_check(guard_bytes(STR("tru\0")), 64, 0, NULL), ERR_BAD);
}

static void
test_depth(void **state)
{
	char text[2 * JSCAN_DEPTH_MAX + 3];

	for (u32 depth = 1; depth <= JSCAN_DEPTH_MAX; depth = depth < 4 ? depth + 1 : depth * 2) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(jscan_check(guard_bytes(str_of(text, 2 * depth)), depth, 0, NULL), 0);
		assert_int_equal(jscan_check(guard_bytes(str_of(text, 2 * depth)), depth - 1, 0, NULL), ERR_BAD);
	}
	/* the kinds of 256 levels are told apart */
	for (u32 i = 0; i < 256; i += 2)
		memcpy(text + i, "[[", 2);
	text[255] = '{';
	text[256] = '}';
	memset(text + 257, ']', 255);
	assert_int_equal(jscan_check(guard_bytes(str_of(text, 512)), 256, 0, NULL), 0);
	text[300] = '}';
	assert_int_equal(jscan_check(guard_bytes(str_of(text, 512)), 256, 0, NULL), ERR_BAD);
}

static void
test_policy(void **state)
{
	char digits[130];
	struct str nul = STR("{\"a\\u0000b\":1}");
	u8 *big = malloc(JSCAN_TEXT_MAX + 1);

	assert_int_equal(jscan_check(nul, 64, 0, NULL), 0);
	assert_int_equal(jscan_check(nul, 64, JSCAN_NO_NUL, NULL), ERR_BAD);
	same_in_pieces(nul, 64, JSCAN_NO_NUL);
	memset(digits, '7', sizeof digits);
	assert_int_equal(jscan_check(str_of(digits, 128), 64, JSCAN_SHORT_NUMBERS, NULL), 0);
	assert_int_equal(jscan_check(str_of(digits, 129), 64, JSCAN_SHORT_NUMBERS, NULL), ERR_BAD);
	assert_int_equal(jscan_check(str_of(digits, 129), 64, 0, NULL), 0);
	same_in_pieces(str_of(digits, 129), 64, JSCAN_SHORT_NUMBERS);
	assert_non_null(big);
	memset(big, ' ', JSCAN_TEXT_MAX + 1);
	big[0] = '1';
	assert_int_equal(jscan_check(str_of(big, JSCAN_TEXT_MAX), 64, JSCAN_SMALL, NULL), 0);
	assert_int_equal(jscan_check(str_of(big, JSCAN_TEXT_MAX + 1), 64, JSCAN_SMALL, NULL), ERR_BAD);
	assert_int_equal(jscan_check(str_of(big, JSCAN_TEXT_MAX + 1), 64, 0, NULL), 0);
	free(big);
}

static void
test_counts_tokens(void **state)
{
	struct jscan_found found;

	assert_int_equal(jscan_check(STR("{\"a\":[1,true,\"x\"],\"b\":{}}"), 64, 0, &found), 0);
	assert_int_equal(found.tokens, 8);
	assert_null(found.why);
}

/* Any prefix of a valid text, less what is loose, and what jscan_finish says, is a valid text. */
static void
test_finish_makes_valid(void **state)
{
	static const char *const texts[] = {
		"{\"data\":[{\"id\":-1.5e10,\"n\":\"\\ud83d\\ude00 \xe2\x82\xac\\\"\"},{\"x\":true,\"y\":null}],\"t\":\"\\u00e9\"} ",
		"[[1,2,[3]],\"\xf0\x9f\x98\x80\",false,{},[ ],{ \"a\" : 0 , \"b\" : 1 }]",
	};

	for (u32 t = 0; t < ARRAY_N(texts); t++) {
		struct str s = str_c(texts[t]);

		for (u32 n = 0; n < s.n; n++) {
			u8 out[256];
			struct buf b = buf_over(out, sizeof out);
			struct jscan j;

			jscan_init(&j, 64, 0);
			assert_int_equal(jscan_feed(&j, guard_bytes(str_cut(s, 0, n))), 0);
			buf_put(&b, str_cut(s, 0, n - jscan_loose(&j)));
			jscan_finish(&j, STR("[cut]"), &b);
			if (jscan_check(guard_bytes(buf_str(&b)), 64, 0, NULL))
				fail_msg("cut at %u: %.*s", n, STR_ARG(buf_str(&b)));
		}
	}
}

/* The path of a level after text came in pieces of n bytes, the first one of first. */
static const char *
path_of(struct str text, u32 first, u32 n, u32 level)
{
	static char out[512];
	struct buf b = buf_over(out, sizeof out - 1);
	struct jscan j;

	jscan_init(&j, 64, JSCAN_PATH);
	for (u32 from = 0, to = first; from < text.n; from = to, to += n)
		jscan_feed(&j, guard_bytes(str_cut(text, from, to)));
	assert_int_equal(jscan_path(&j, level, &b), 0);
	assert_false(b.over);
	out[b.w] = 0;
	guard_free(NULL);
	return out;
}

static void
test_path(void **state)
{
	struct str a = STR("{\"x\":{\"y\":1},\"data\":{\"items\":[{},{},{\"tags\":[1,");
	struct str b = STR("[0,[1,2],[1,[");

	for (u32 cut = 0, n = 1; cut <= a.n; cut++, n = n % 7 + 1) {
		assert_string_equal(path_of(a, cut, n, 1), "");
		assert_string_equal(path_of(a, cut, n, 2), "data");
		assert_string_equal(path_of(a, cut, n, 3), "data.items");
		assert_string_equal(path_of(a, cut, n, 4), "data.items.2");
		assert_string_equal(path_of(a, cut, n, 5), "data.items.2.tags");
	}
	for (u32 cut = 0, n = 1; cut <= b.n; cut++, n = n % 7 + 1)
		assert_string_equal(path_of(b, cut, n, 3), "2.1");
}

/* Names longer than what is kept, and more of them than there is room for: shortened, never
 * beyond the arrays. */
static void
test_path_long_names(void **state)
{
	char text[4096], name[201] = { 0 };
	struct str s;

	memset(name, 'n', 200);
	text[0] = 0;
	for (u32 i = 0; i < 18; i++)
		sprintf(text + strlen(text), "{\"%s\":", name);
	strcat(text, "[");
	s = str_c(text);
	for (u32 cut = 0, n = 9; cut < s.n; cut += 7, n++) {
		assert_int_equal(strlen(path_of(s, cut, n, 2)), JSCAN_KEY_N);
		assert_true(strlen(path_of(s, cut, n, 16)) >= 3 * JSCAN_KEY_N);
	}
}

static void
test_after_comma(void **state)
{
	static const struct {
		const char *text;
		bool comma;
		u32 depth;
	} t[] = { { "[1,", true, 1 }, { "[1, ", true, 1 }, { "[1", false, 1 }, { "[\",", false, 1 }, { "{\"a\":1,", true, 1 },
		{ "{\"a\":", false, 1 }, { "{\"a\":[", false, 2 }, { "{\"a\":[1],", true, 1 }, { "[[1,2],[3,", true, 2 }, { "", false, 0 } };

	for (u32 i = 0; i < ARRAY_N(t); i++) {
		struct jscan j;

		jscan_init(&j, 64, 0);
		jscan_feed(&j, guard_str(t[i].text));
		assert_int_equal(jscan_after_comma(&j), t[i].comma);
		assert_int_equal(j.depth, t[i].depth);
	}
}

/* The portable mask against the definition, and the machine's own mask against the portable one. */
static void
test_block_masks(void **state)
{
	u8 block[16];

	for (u32 c = 0; c < 256; c++) {
		for (u32 other = 0; other < 256; other += 17) {
			u32 want = 0;

			for (u32 i = 0; i < 16; i++) {
				block[i] = (u8)(i % 3 == c % 3 ? c : other + i);
				want |= (u32)jblock_is_special(block[i]) << i;
			}
			assert_int_equal(jblock_special8(block) | jblock_special8(block + 8) << 8, want);
			assert_int_equal(jblock_special(block), want);
		}
	}
}

/* Every colon behind a quote or a blank, and nothing that is no colon; the byte before the block counts. */
static void
test_key_ends(void **state)
{
	static const u8 some[] = "\" :\t:a\x80:\\\n";
	u8 room[17];

	for (u32 round = 0; round < 20000; round++) {
		u32 must = 0, may = 0, got;

		for (u32 i = 0; i < sizeof room; i++)
			room[i] = some[(round * 2654435761U >> (i % 24)) % (sizeof some - 1)];
		for (u32 i = 0; i < 16; i++) {
			may |= (u32)(room[i + 1] == ':') << i;
			must |= (u32)(room[i + 1] == ':' && (room[i] == '"' || room[i] <= ' ')) << i;
		}
		assert_int_equal(jblock_key_end8(room + 1) | jblock_key_end8(room + 9) << 8, may);
		got = jblock_key_end(room + 1);
		got |= got >> 16;
		assert_int_equal(got & must, must);
		for (u32 i = 0; i < 16; i++) /* backslashes ask for a closer look, nothing else does */
			assert_true(!(got >> i & 1) || room[i + 1] == ':' || room[i + 1] == '\\');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_accepts, guard_free),
		cmocka_unit_test_teardown(test_refuses_and_says_where, guard_free),
		cmocka_unit_test_teardown(test_nul_bytes, guard_free),
		cmocka_unit_test_teardown(test_depth, guard_free),
		cmocka_unit_test_teardown(test_policy, guard_free),
		cmocka_unit_test_teardown(test_counts_tokens, guard_free),
		cmocka_unit_test_teardown(test_finish_makes_valid, guard_free),
		cmocka_unit_test_teardown(test_path, guard_free),
		cmocka_unit_test_teardown(test_path_long_names, guard_free),
		cmocka_unit_test_teardown(test_after_comma, guard_free),
		cmocka_unit_test(test_block_masks),
		cmocka_unit_test(test_key_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
