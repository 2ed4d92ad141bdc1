/* needles: every form of a value is found, nothing else, at every place and however little of it is there yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "filter/needles_priv.h"
#include "lib/guard.h"
#include "lib/naive.h"

static struct needles set;

/* Where the first find begins in text and how long it is, -1 when there is none. */
static int
find(struct str text, bool json, bool more, u32 *n)
{
	struct needles_in in = { .in = guard_bytes(text), .json = json, .more = more };
	u32 at = needles_find(&set, &in, n);

	guard_free(NULL);
	return at == text.n ? -1 : (int)at;
}

static void
one(const char *value)
{
	needles_init(&set);
	assert_int_equal(needles_add(&set, str_c(value)), 0);
}

struct example {
	const char *value, *text;
	int at;
	u32 n;
};

static void
check(const struct example *e, bool json)
{
	u32 n;

	one(e->value);
	if (find(str_c(e->text), json, false, &n) != e->at || n != e->n)
		fail_msg("%s in %s: at %d, %u bytes", e->value, e->text, find(str_c(e->text), json, false, &n), n);
}

static void
test_forms(void **state)
{
	static const struct example examples[] = {
		{ "s3cret/k", "x s3cret/k y", 2, 8 },
		{ "s3cret/k", "x s3cret/", -1, 0 },
		{ "s3cret/k", "s3cret\\/k", 0, 9 },
		{ "s3cret/k", "s3cret%2fk", 0, 10 },
		{ "s3cret/k", "%73%33%63%72%65%74%2F%6B", 0, 24 },
		{ "s3cret/k", "\\u00733cret\\u002Fk", 0, 18 },
		{ "s3cret/k", "\\\\u0073\\\\\\u0033cret\\\\\\/k", 0, 24 },
		{ "s3cret/k", "czNjcmV0L2s=", 0, 11 },            /* base64, alone */
		{ "s3cret/k", "x:QXMzY3JldC9rQUE=", 3, 11 },      /* behind A: its own bits begin in the 2nd character */
		{ "s3cret/k", "QUFzM2NyZXQvay4u", 2, 12 },        /* behind AA */
		{ "s3cret/k", "QUFzM2NyZXQ\\/ay4u", -1, 0 },      /* that is another character */
		{ "s3cret/k", "QUFzM2NyZXQ%76ay4u", 2, 14 },
		{ "\xfb\xff\xbe~~~~~", "+/++fn5+fn4=", 0, 11 },
		{ "\xfb\xff\xbe~~~~~", "-_--fn5-fn4", 0, 11 },    /* the url alphabet */
		{ "\xfb\xff\xbe~~~~~", "+\\/++fn5%2bfn4", 0, 14 },
		{ "corp\\name1", "corp\\\\name1", 0, 11 },         /* backslashes do not count */
		{ "corp\\name1", "corp\\name1", 0, 10 },
		{ "corp\\name1", "corp%5Cname%31", 0, 14 },
		{ "corp\\name1", "corpname1", 0, 9 },
		{ "gr\xc3\xbc\xc3\x9f gott", "gr\\u00fc\\u00DF gott", 0, 19 },
		{ "gr\xc3\xbc\xc3\x9f gott", "gr%c3%bc%C3%9f%20gott", 0, 21 },
		{ "gr\xc3\xbc\xc3\x9f gott", "gr%C3%BC%C3%9F gott", 0, 19 },
		{ "s3cret/k", "\\\\\\\\\\\\\\\\\\u00733cret/k", 2, 19 }, /* more backslashes than we follow */
		{ "\xd0\xb0\xd0\xb1\xd0\xb2\xd0\xb3", "\\u0430\\u0431\\u0432\\u0433", 0, 24 },
		{ "\xd0\xb0\xd0\xb1\xd0\xb2\xd0\xb3", "x\xd0\xb0\xd0\xb1\xd0\xb2\xd0\xb3", 1, 8 },
		{ "100%41real", "100%41real", 0, 10 },            /* an escape that is none */
		{ "100%41real", "100%2541real", 0, 12 },
		{ "tab\tin\tit", "tab\\tin\\u0009it", 0, 15 },
		{ "aaaaaaab", "aaaaaaaaaaab", 4, 8 },
		{ "aaaaaaab", "aaaaaaaaaaaa", -1, 0 },
		{ "aaaaaaaa", "aaaaaaaaaaaa", 0, 8 },
		{ "%%%%%%%%", "100%%%%%%%%%", 3, 8 },
		{ "nsecretx", "\\nsecretx", 0, 0 },               /* per kind, below */
	};

	for (u32 i = 0; i + 1 < ARRAY_N(examples); i++)
		check(&examples[i], false);
}

static void
test_json(void **state)
{
	static const struct example examples[] = {
		{ "nsecretx", "\"\\nsecretx\"", 1, 9 },           /* the escape goes with it */
		{ "nsecretx", "\"\\\\nsecretx\"", 3, 8 },
		{ "41secret", "\"\\u0041secret\"", 1, 12 },
		{ "41secret", "\"\\\\u0041secret\"", 6, 8 },
		{ "a\"secret", "[\"a\\\"secret\"]", 2, 9 },
		{ "a\"secret", "[\"a\"secret\"]", 2, 8 },         /* no JSON: whoever made that did not escape */
		{ "a\"secret", "[\"a\\\\\"secret\"]", -1, 0 },
		{ "a\"secret", "[\"a\\\\\\\"secret\"]", 2, 11 },  /* JSON in JSON */
		{ "\xd0\xb0\xd0\xb1\xd0\xb2\xd0\xb3", "\"\\u0444\\u0430\\u0431\\u0432\\u0433\"", 7, 24 },
		{ "ab\xd0\xb0\xd0\xb1Zq7", "\"\\u0444ab\\u0430\\u0431Zq7\"", 7, 17 },
		{ "12345678", "{\"id\":12345678}", -1, 0 },       /* a number */
		{ "12345678", "{\"id\":\"12345678\"}", 7, 8 },
		{ "12345678", "{\"a\\\"\":12345678,\"b\":\"12345678\"}", 21, 8 },
		{ "true,false", "[true,false,\"true,false\"]", 13, 10 },
		{ "secret:[]", "{\"secret:[]\":1}", 2, 9 },
	};

	for (u32 i = 0; i < ARRAY_N(examples); i++)
		check(&examples[i], true);
}

/* Every beginning of a find is told from the rest: nothing before it is held back, and none of it passes. */
static void
test_beginnings(void **state)
{
	static const char *const texts[] = { "..s3cret/key", "..s3cret\\/key", "..%73%33cret%2Fkey", "..\\\\u00733cret/key",
		"..czNjcmV0L2tleQ", "..XMzY3JldC9rZXk", "..FzM2NyZXQva2V5", "..\\\\\\\\\\u00733cret/key" };
	u8 big[300];
	struct buf b = buf_over(big, sizeof big);
	u32 n;

	one("s3cret/key");
	for (u32 i = 0; i < ARRAY_N(texts); i++)
		for (u32 k = 3; k < strlen(texts[i]); k++)
			for (u32 json = 0; json < 2; json++) {
				if (find(str_of(texts[i], k), json, true, &n) != 2 || n != 0)
					fail_msg("%.*s: at %d, %u bytes", (int)k, texts[i], find(str_of(texts[i], k), json, true, &n), n);
				assert_int_equal(find(str_of(texts[i], k), json, false, &n), -1);
			}
	for (u32 i = 0; i < sizeof big; i++)
		big[i] = '.';
	b.w = 200;
	naive_write(&b, STR("s3cret/key"), 0, 4);
	assert_int_equal(find(str_of(big, b.w - 1), false, true, &n), 200);
	assert_int_equal(find(STR("\"ab\\"), true, true, &n), 3); /* half an escape is nothing to pass on, either */
	assert_int_equal(find(STR("\"ab\\u04"), true, true, &n), 3);
	assert_int_equal(find(STR("\"ab\\\\n04"), true, true, &n), -1);
	assert_int_equal(find(STR("\"ab\\u0430"), true, true, &n), -1);
}

/* Before its mark is there, and with all the backslashes that may stand before its last character. */
static void
test_beginning_without_mark(void **state)
{
	u32 n;

	one("eeeeeeeQ");
	assert_int_equal(set.form[0].mark, 6);
	for (u32 k = 3; k <= 16; k++)
		assert_int_equal(find(str_cut(STR("..eeeeeee\\\\\\\\\\\\\\"), 0, k), false, true, &n), 2);
	assert_int_equal(find(STR("..eeeeeee\\\\\\\\\\\\\\\\"), false, true, &n), 10); /* eight are too many */
}

static void
test_which_first(void **state)
{
	u32 n;

	needles_init(&set);
	assert_int_equal(needles_add(&set, STR("abcdefgh")), 0);
	assert_int_equal(needles_add(&set, STR("abcdefghijkl")), 0);
	assert_int_equal(needles_add(&set, STR("ghijklmnop")), 0);
	assert_int_equal(find(STR("-abcdefghijk"), false, false, &n), 1);
	assert_int_equal(n, 8);
	assert_int_equal(find(STR("-abcdefghijklm"), false, false, &n), 1);
	assert_int_equal(n, 12); /* the longest */
	assert_int_equal(find(STR("-abcdefghijk"), false, true, &n), 1);
	assert_int_equal(n, 0);  /* which may still come */
	assert_int_equal(find(STR("-abcdefgh%69jklmnop"), false, false, &n), 1);
	assert_int_equal(n, 14); /* not what begins later and is seen first */
}

static void
test_refused(void **state)
{
	static u8 big[3000];
	u32 n;

	needles_init(&set);
	assert_int_equal(find(STR("anything"), false, true, &n), -1);
	assert_int_equal(needles_add(&set, STR("1234567")), ERR_BAD);
	assert_int_equal(needles_add(&set, STR("123\\\\\\\\4567")), ERR_BAD);
	assert_int_equal(needles_add(&set, STR("")), ERR_BAD);
	assert_int_equal(find(STR("1234567"), false, true, &n), -1);
	for (u32 i = 0; i < sizeof big; i++)
		big[i] = (u8)('a' + i * i % 23);
	assert_int_equal(needles_add(&set, str_of(big, sizeof big)), 0);
	assert_int_equal(find(str_of(big, sizeof big), false, false, &n), 0);
	assert_int_equal(n, NEEDLE_MAX);
	assert_int_equal(needles_add(&set, str_of(big, 1000)), ERR_FULL); /* bytes of text */
	needles_init(&set);
	for (u32 i = 0; i < NEEDLES_VALUES; i++)
		assert_int_equal(needles_add(&set, str_of(big + 8 * i, 8)), 0);
	assert_int_equal(needles_add(&set, STR("abcdefgh")), ERR_FULL);
}

/* All ways to look give the same places, and read no byte too many. */
static void
test_kernels(void **state)
{
	u8 bytes[300];
	u32 hits = 0;

	srand(1);
	for (u32 round = 0; round < 3000; round++) {
		struct str s;
		u32 n = (u32)rand() % sizeof bytes, from = n ? (u32)rand() % n : 0, want;

		if (round % 100 == 0)
			one(round % 200 ? "ghp_16C7e42F292c6912E7710c83" : "p\\w/\"+ ~.-_:");
		for (u32 i = 0; i < n; i++)
			bytes[i] = (u8)(rand() % 20 ? '0' + rand() % 8 : rand());
		if (n > 1 && round % 2)
			memcpy(bytes + (u32)rand() % (n - 1), set.text + set.form[0].mark, 2);
		s = guard_bytes(str_of(bytes, n));
		want = needles_skip_any(&set, s, from);
		hits += want < n;
		assert_int_equal(needles_skip(&set, s, from), want);
#if defined(__x86_64__)
		if (__builtin_cpu_supports("ssse3"))
			assert_int_equal(needles_skip_ssse3(&set, s, from), want);
		if (__builtin_cpu_supports("avx512bw"))
			assert_int_equal(needles_skip_avx512(&set, s, from), want);
#endif
		guard_free(NULL);
	}
	assert_in_range(hits, 300, 2700);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_beginnings),
		cmocka_unit_test(test_beginning_without_mark),
		cmocka_unit_test(test_which_first),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
