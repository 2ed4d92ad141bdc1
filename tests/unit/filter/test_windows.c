/* windows: of many values none passes, in no form, however the bytes come and go; everything else passes as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "filter/redact.h"
#include "filter/windows.h"

static struct windows w;
static struct needles set;
static struct lease lease;
static void *lease_memory;
static u64 state_of_chance = 7;

static u64
chance(void)
{
	state_of_chance = state_of_chance * 6364136223846793005ULL + 1442695040888963407ULL;
	return state_of_chance >> 11 ^ state_of_chance << 31;
}

/* No real MAC is needed to see what is compared. */
static void
sum(const void *of, struct str chars, u8 out[WINDOWS_MAC_N])
{
	u64 h[2] = { 14695981039346656037ULL, 88172645463325252ULL };

	for (u32 i = 0; i < chars.n; i++) {
		h[0] = (h[0] ^ chars.p[i]) * 1099511628211ULL;
		h[1] = (h[1] + chars.p[i]) * 6364136223846793005ULL;
	}
	memcpy(out, h, sizeof h);
}

static void
begin(void)
{
	for (u32 i = 0; i < 256; i++)
		w.key[i] = chance() ^ chance() << 17;
	windows_init(&w, sum, NULL);
	needles_init(&set);
	set.others = &w;
}

static int
setup(void **state)
{
	struct arena a;
	size_t n = lease_bytes() + 64;

	lease_memory = malloc(n);
	a = arena_over(lease_memory, n);
	return lease_init(&lease, &a);
}

static int
teardown(void **state)
{
	free(lease_memory);
	return 0;
}

/* The text in pieces of `piece` bytes (0: all at once) through redact. */
static struct str
passed(struct str text, bool json, u32 piece, u32 *count)
{
	static u8 room[1 << 16];
	struct buf out = buf_over(room, sizeof room);
	struct redact r;
	struct str v;

	redact_init(&r, &set, json ? REDACT_JSON : REDACT_TEXT, REDACT_UNKNOWN, &lease);
	piece = piece ? piece : text.n ? text.n : 1;
	for (u32 at = 0; at < text.n + piece; at += piece) {
		struct str part = str_cut(text, at, at + piece), in;
		u8 *copy = (u8 *)malloc(part.n ? part.n : 1); /* of just its size: the address sanitizer sees more */

		if (part.n)
			memcpy(copy, part.p, part.n);
		else
			redact_end(&r);
		for (in = str_of(copy, part.n); (v = redact_look(&r, &in)).n; redact_took(&r, &in, v.n))
			buf_put(&out, v);
		assert_false(r.err);
		free(copy);
	}
	*count = r.count;
	redact_done(&r);
	return buf_str(&out);
}

/* ---- ways to write a value ------------------------------------------------------------------------- */

#define WAYS 40

static void
put_char(struct buf *b, u8 c, u32 way)
{
	static const char *const forms[] = { "%%%02x", "%%%02X", "\\u%04x", "\\u%04X", "\\\\u%04x", "\\\\\\\\u%04X" };
	char text[24];
	u32 form = way % 7;

	if (form == 6 || (form == 0 && c == 0))
		buf_byte(b, c);
	else
		buf_put(b, str_of(text, (u32)snprintf(text, sizeof text, forms[form], c)));
}

static bool
alnum(u8 c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* As it is, or each character (all, every second, only odd ones) in one of six ways; the same of base64 at each
 * alignment and of its other alphabet: 40 ways. */
static void
put_way(struct buf *b, struct str value, u32 way)
{
	u8 room[4096], text[4096];
	struct buf raw = buf_over(room, sizeof room), coded = buf_over(text, sizeof text);
	u32 base = way / 8, how = way % 8;

	if (base) {
		u32 before = (base - 1) % 3;

		for (u32 i = 0; i < before; i++)
			buf_byte(&raw, (u8)('k' + i));
		buf_put(&raw, value);
		if (way % 2)
			base64_put_url(&coded, buf_str(&raw));
		else
			base64_put(&coded, buf_str(&raw));
		value = buf_str(&coded);
	}
	for (u32 i = 0; i < value.n; i++) {
		u8 c = value.p[i];

		if (how == 7)
			put_char(b, c, i % 6);
		else if (how == 0 || (how > 4 && (alnum(c) || i % 2)))
			buf_byte(b, c);
		else
			put_char(b, c, how - 1);
	}
}

/* At each way, place in its surroundings and cut: nothing of it is left but marks. */
static void
test_all_ways_and_cuts(void **state)
{
	static const char *const values[] = { "s3cret/key+more", "12345678", "Bearer eyJhbGciOi.x-y_z~", "pass word:!#", "K" };
	static const char *const around[][2] = { { "{\"a\":\"", "\"}" }, { "[1,\"x\\n%41\\u0041 ", " y\\\\\",2]" }, { "\"s3cre", "s3cret\"" } };
	u32 count;

	begin();
	for (u32 i = 0; i < 4; i++)
		assert_int_equal(windows_add(&w, str_c(values[i])), 0);
	assert_int_equal(windows_add(&w, str_c(values[4])), ERR_BAD);
	for (u32 i = 0; i < 4; i++)
		for (u32 way = 0; way < WAYS; way++)
			for (u32 k = 0; k < 3; k++) {
				u8 room[8192];
				struct buf b = buf_over(room, sizeof room);
				struct str whole, got;

				buf_c(&b, around[k][0]);
				put_way(&b, str_c(values[i]), way);
				buf_c(&b, around[k][1]);
				for (u32 json = 0; json < 2; json++) {
					u8 kept[8192];

					whole = passed(buf_str(&b), json, 0, &count);
					if (count != 1)
						fail_msg("way %u of %s, %u found: %.*s", way, values[i], count, STR_ARG(buf_str(&b)));
					memcpy(kept, whole.p, whole.n);
					for (u32 piece = 1; piece < b.w; piece += piece < 40 ? 1 : 13) {
						got = passed(buf_str(&b), json, piece, &count);
						if (count != 1 || !str_same(got, str_of(kept, whole.n)))
							fail_msg("pieces of %u, way %u of %s: %.*s", piece, way, values[i], STR_ARG(got));
					}
				}
			}
}

static void
random_value(u8 *p, u32 n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (u32 i = 0; i < n; i++)
		p[i] = (u8)letters[chance() % 64];
}

/* As many as there may be, long and short; none passes, and texts without them pass whole. */
static void
test_256(void **state)
{
	static u8 values[WINDOWS_VALUES][1400];
	static u8 room[1 << 15];
	struct buf b = buf_over(room, sizeof room);
	u32 n, count;
	struct str got;

	begin();
	for (u32 i = 0; i < WINDOWS_VALUES; i++) {
		n = i % 16 ? 8 + i % 60 : 1400;
		random_value(values[i], n);
		assert_int_equal(windows_add(&w, str_of(values[i], n)), 0);
	}
	assert_int_equal(windows_add(&w, STR("one more value")), ERR_FULL);
	for (u32 i = 0; i < WINDOWS_VALUES; i++) {
		n = i % 16 ? 8 + i % 60 : 1400;
		b.w = 0;
		BUF_LIT(&b, "{\"value\":\"");
		put_way(&b, str_of(values[i], n), n < 1000 ? i % WAYS : 0);
		BUF_LIT(&b, "\"}");
		got = passed(buf_str(&b), true, i, &count);
		if (count != 1 || str_find_str(got, str_of(values[i], 8)) >= 0 || got.n > 100)
			fail_msg("value %u: %u found: %.*s", i, count, STR_ARG(got));
	}
	b.w = 0;
	while (b.w < 30000)
		buf_fmt(&b, "{\"id\":%U,\"text\":\"a line\\nand \\u00e9 100%% %x\"},", chance(), (u32)chance());
	got = passed(buf_str(&b), true, 1000, &count);
	assert_int_equal(count, 0);
	assert_true(str_same(got, buf_str(&b)));
}

/* JSON stays JSON: nothing that begins or ends inside of an escape, no numbers, not over the end of a string. */
static void
test_json(void **state)
{
	u32 count;

	begin();
	assert_int_equal(windows_add(&w, STR("12345678")), 0);
	assert_int_equal(windows_add(&w, STR("abc\":\"def")), 0);
	assert_int_equal(windows_add(&w, STR("nnnnnnnn")), 0);
	assert_true(str_is(passed(STR("[12345678,\"12345678\"]"), true, 0, &count), "[12345678,\"[redacted]\"]"));
	assert_true(str_is(passed(STR("{\"abc\":\"def\"}"), true, 0, &count), "{\"abc\":\"def\"}"));
	assert_true(str_is(passed(STR("\"abc\\\":\\\"def\""), true, 0, &count), "\"[redacted]\""));
	assert_true(str_is(passed(STR("\"\\nnnnnnnn\""), true, 0, &count), "\"\\nnnnnnnn\"")); /* seven */
	assert_true(str_is(passed(STR("\"\\nnnnnnnnn\""), true, 0, &count), "\"\\n[redacted]\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_ways_and_cuts),
		cmocka_unit_test(test_256),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
