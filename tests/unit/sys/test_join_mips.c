/* MIPS code that holds addresses comes together again, for the place where it is to lie. */
#include "sys/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define ROW_MAX 8192

static void
die(const char *what, const char *name)
{
	fail_msg("%s %s", name, what);
}

#include "../../../tools/apart_mips.h"

#define BASE 0x12340000u

static u8 code[4096 + 64], mark[4096 + 64], out[4096 + 1];

/* Takes n bytes apart and puts them together for base. */
static void
there_and_back(u32 n, u32 base)
{
	u32 length[IMAGE_MIPS_PARTS], all = 0;
	const u8 *parts = apart_mips(code, mark, n, length);
	u8 *room;

	for (u32 i = 0; i < IMAGE_MIPS_PARTS; i++)
		all += length[i];
	room = calloc(1, all + n / 32 + 1);
	memcpy(room, parts, all);
	memset(out, 9, sizeof out);
	image_mend(room, length, out, n, base);
	assert_int_equal(out[n], 9);
	for (u32 i = 0; i < IMAGE_MIPS_PARTS; i++) /* parts that end too early */
		length[i] /= 2;
	if (base == 0) {
		static u8 other[sizeof out];

		memset(room, 0, all + n / 32 + 1);
		memset(other, 9, sizeof other);
		image_mend(room, length, other, n, base);
		assert_int_equal(other[n], 9);
	}
	free(room);
}

/* Whatever the bytes are: instructions of either kind, data, an end within one. */
static void
test_any_bytes(void **state)
{
	u32 seed = 7;

	for (u32 turn = 0; turn < 400; turn++) {
		u32 n = turn < 100 ? 4096 : 1 + turn % 80;

		memset(mark, 0, sizeof mark);
		for (u32 i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			code[i] = (u8)(seed >> 16);
			if (i % 4 == 0 && (seed >> 24) % 16 == 0)
				mark[i] = seed >> 28 & 1 ? APART_FUNCTION : APART_FUNCTION_SHORT;
		}
		there_and_back(n, 0);
		assert_memory_equal(out, code, n);
	}
}

static void
word(u32 at, u32 x, u32 is)
{
	for (u32 i = 0; i < 4; i++)
		code[at + i] = (u8)(x >> 8 * i);
	mark[at] |= (u8)is;
}

/* Halves of an instruction of the short kind, in the order they lie. */
static void
halves(u32 at, u32 x, u32 y, u32 is)
{
	word(at, y << 16 | x, is);
}

static void
is_word(u32 at, u32 x)
{
	assert_int_equal(mips_get(out + at, 4), x);
}

static void
test_long(void **state)
{
	memset(mark, 0, sizeof mark);
	word(0, 0x0c004000, APART_JUMP);   /* jal 0x10000 */
	word(4, 0x3c190001, APART_UPPER);  /* lui $25, an upper half */
	word(8, 0x3c020fff, 0);            /* lui $2, a number */
	word(12, 0x0c004000, 0);           /* data that looks like jal */
	word(16, 0x00010203, APART_ADDRESS);
	word(20, 0x08004001, APART_JUMP);  /* j */
	word(24, 0x27390080, 0);           /* a lower half */
	there_and_back(28, BASE);
	is_word(0, 0x0c000000 | ((0x10000 + BASE) >> 2 & 0x3ffffff));
	is_word(4, 0x3c191235);
	is_word(8, 0x3c020fff);
	is_word(12, 0x0c004000);
	is_word(16, 0x00010203 + BASE);
	is_word(20, 0x08000000 | ((0x10004 + BASE) >> 2 & 0x3ffffff));
	is_word(24, 0x27390080);
}

static void
test_short(void **state)
{
	u32 to = (0x48d14 + BASE) >> 2;

	memset(mark, 0, sizeof mark);
	mark[0] = APART_FUNCTION_SHORT;
	halves(0, 0x1800 | (0x48d14 >> 18 & 31) << 5, 0x48d14 >> 2 & 0xffff, APART_JUMP_SHORT);
	halves(4, 0xb203, 0x6500, 0);      /* lw $2, 12($pc): the word at 16 */
	halves(8, 0xf000, 0xb30c, 0);      /* the same with a prefix: the one at 20 */
	halves(12, 0x1800, 0x1234, 0);     /* a table whose bytes look like jal */
	word(16, 0x00020004, APART_ADDRESS);
	word(20, 0x00020004, 0);           /* a number that looks like an address */
	word(24, 0x00030008, APART_ADDRESS); /* an address that nothing reads from near by */
	there_and_back(28, BASE);
	is_word(0, (to & 0xffff) << 16 | 0x1800 | (to >> 16 & 31) << 5 | (to >> 21 & 31));
	is_word(4, 0x6500b203);
	is_word(8, 0xb30cf000);
	is_word(12, 0x12341800);
	is_word(16, 0x00020004 + BASE);
	is_word(20, 0x00020004);
	is_word(24, 0x00030008 + BASE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
