/* Folded texts: what comes out is what went in, in whole and in pieces; what is no folded text is refused. */
#include "catalog/fold.h"

#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROOM (1 << 20)
#define TEXTS 300

static struct fold *f;
static u8 *space, *plain;
static u32 begin[TEXTS + 1], put[TEXTS + 1];

static int
setup(void **state)
{
	f = calloc(1, sizeof *f);
	space = malloc(ROOM);
	plain = malloc(ROOM);
	return 0;
}

static int
teardown(void **state)
{
	free(f);
	free(space);
	free(plain);
	return guard_free(state);
}

/* Texts that say the same again, with something of their own; one that is long and one that is empty. */
static u32
text(u32 i, u8 *to)
{
	u32 n = 0;

	if (i == 7)
		return 0;
	if (i == 9 || i == 11) { /* more than one reference can mean */
		memset(to, 'x', 70000);
		return 70000;
	}
	for (u32 k = 0; k < 1 + i % 5; k++)
		n += (u32)sprintf((char *)to + n, "\"name%u\":{\"type\":\"string\",\"description\":\"Which of them %u.\"},", i % 40, k);
	return n;
}

static void
test_comes_back(void **state)
{
	struct buf out = buf_over(space, ROOM), all = buf_over(plain, ROOM);
	static u8 one[200100], back[200100];

	for (u32 i = 0; i < TEXTS; i++) {
		u32 n = text(i, one);

		begin[i] = out.w;
		put[i] = all.w;
		buf_put(&all, str_of(one, n));
		fold_put(f, str_of(one, n), &out);
	}
	begin[TEXTS] = out.w;
	put[TEXTS] = all.w;
	assert_false(out.over || all.over);
	assert_true(out.w < all.w / 2);
	for (u32 i = 0; i < TEXTS; i++) {
		struct str folded = str_cut(buf_str(&out), begin[i], begin[i + 1]), want = str_cut(buf_str(&all), put[i], put[i + 1]);
		struct fold_byte byte[] = { { 0, 0 }, { want.n / 3, 0 }, { want.n / 3, 0 }, { want.n - 1, 0 }, { want.n, 1 } };
		struct buf b = buf_over(back, sizeof back);

		assert_int_equal(fold_check(buf_str(&out), folded, byte, ARRAY_N(byte)), want.n);
		for (u32 k = 0; k < 4 && want.n; k++)
			if (byte[k].byte != want.p[byte[k].at])
				fail_msg("text %u of %u bytes, place %u: %u", i, want.n, byte[k].at, byte[k].byte);
		assert_int_equal(byte[4].byte, 1); /* it is not there */
		fold_read(buf_str(&out), folded, 0, want.n, &b);
		assert_true(str_same(buf_str(&b), want));
		for (u32 at = 0, step = 1 + want.n / 17; at < want.n; at += step) {
			b = buf_over(back, sizeof back);
			fold_read(buf_str(&out), folded, at, min_u32(at + step, want.n), &b);
			assert_true(str_same(buf_str(&b), str_cut(want, at, min_u32(at + step, want.n))));
		}
	}
}

static void
test_refuses(void **state)
{
	struct str all = guard_bytes(STR("abc\1\0\0\0\0\3\0"));

	assert_int_equal(fold_check(all, str_cut(all, 0, 3), NULL, 0), 3);
	assert_int_equal(fold_check(all, all, NULL, 0), 6);
	for (u32 n = 4; n < all.n; n++)
		assert_int_equal(fold_check(all, str_cut(all, 0, n), NULL, 0), ERR_BAD);
	all = guard_bytes(STR("abc\1\377\377\377\377\3\0"));
	assert_int_equal(fold_check(all, all, NULL, 0), ERR_BAD);
	all = guard_bytes(STR("abc\1\1\0\0\0\377\377"));
	assert_int_equal(fold_check(all, all, NULL, 0), ERR_BAD);
	all = guard_bytes(STR("abc\1\1\0\0\0\0\0"));
	assert_int_equal(fold_check(all, all, NULL, 0), ERR_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_comes_back), cmocka_unit_test(test_refuses) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
