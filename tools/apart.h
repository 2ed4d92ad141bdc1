/* apart: takes x86-64 code apart into what instructions consist of, so that like lies beside like (sys/image.h puts it
 * together again). What is no code, or an instruction unknown here, only packs worse. */
#ifndef TOOLS_APART_H
#define TOOLS_APART_H

#include "sys/image.h"

#include "packer.h"

/* Parts whose bytes are words of four. */
#define APART_WORDS (1u << IMAGE_FAR | 1u << IMAGE_PLACE | 1u << IMAGE_WORD | 1u << IMAGE_TARGET)

static u8 apart_all[2 * ROW_MAX], apart_part[IMAGE_PARTS][ROW_MAX];
static u32 apart_n[IMAGE_PARTS];

static void
operands_set(u8 *of, u32 from, u32 to, u32 has)
{
	while (from <= to)
		of[from++] = (u8)has;
}

/* What follows an operation: Intel's manual, volume 2, appendix A, 64-bit mode. */
static void
operands_fill(u8 *one, u8 *two)
{
	enum { M = IMAGE_HAS_MODE, B = IMAGE_HAS_BYTE, W = IMAGE_HAS_WORD };

	for (u32 i = 0; i < 0x40; i += 8) {
		operands_set(one, i, i + 3, M);
		one[i + 4] = B;
		one[i + 5] = W;
	}
	operands_set(one, 0x40, 0x4f, IMAGE_HAS_MORE);
	one[0x63] = M, one[0x68] = W, one[0x69] = M | W, one[0x6a] = B, one[0x6b] = M | B;
	operands_set(one, 0x70, 0x7f, IMAGE_HAS_HOP);
	one[0x80] = M | B, one[0x81] = M | W, one[0x83] = M | B;
	operands_set(one, 0x84, 0x8f, M);
	one[0xa8] = B, one[0xa9] = W;
	operands_set(one, 0xb0, 0xb7, B);
	operands_set(one, 0xb8, 0xbf, W | IMAGE_HAS_WIDE);
	one[0xc0] = one[0xc1] = one[0xc6] = M | B, one[0xc2] = IMAGE_HAS_PAIR, one[0xc7] = M | W;
	operands_set(one, 0xd0, 0xd3, M);
	operands_set(one, 0xd8, 0xdf, M);
	operands_set(one, 0xe0, 0xe3, IMAGE_HAS_HOP);
	operands_set(one, 0xe4, 0xe7, B);
	one[0xe8] = one[0xe9] = IMAGE_HAS_TARGET, one[0xeb] = IMAGE_HAS_HOP;
	one[0xf6] = one[0xf7] = one[0xfe] = one[0xff] = M;
	one[0x2e] = one[0x3e] = one[0x64] = one[0x66] = one[0xf0] = one[0xf2] = one[0xf3] = IMAGE_HAS_MORE;

	operands_set(two, 0, 0xff, M);
	two[0x05] = two[0x0b] = two[0x31] = two[0x77] = two[0xa2] = 0;
	operands_set(two, 0xc8, 0xcf, 0);
	operands_set(two, 0x80, 0x8f, IMAGE_HAS_TARGET);
	operands_set(two, 0x70, 0x73, M | B);
	two[0xa4] = two[0xac] = two[0xba] = two[0xc2] = two[0xc4] = two[0xc5] = two[0xc6] = M | B;
	two[0x38] = M | IMAGE_HAS_MORE, two[0x3a] = M | B | IMAGE_HAS_MORE;
}

static u32
apart_byte(u32 part, const u8 **p)
{
	return apart_part[part][apart_n[part]++] = *(*p)++;
}

static void
apart_bytes(u32 part, const u8 **p, u32 n)
{
	while (n--)
		apart_byte(part, p);
}

static void
apart_place(u32 part, const u8 **p, const u8 *code)
{
	const u8 *q = *p;
	u32 x = (u32)q[0] | (u32)q[1] << 8 | (u32)q[2] << 16 | (u32)q[3] << 24;

	x += (u32)(q + 4 - code);
	for (u32 i = 4; i-- > 0;)
		apart_part[part][apart_n[part]++] = (u8)(x >> 8 * i);
	*p += 4;
}

static u32
apart_mode(const u8 **p, const u8 *code)
{
	u32 mode = apart_byte(IMAGE_CODE, p), how = mode >> 6, base = mode & 7;

	if (how == 3)
		return mode;
	if (base == 4)
		base = apart_byte(IMAGE_CODE, p) & 7;
	else if (how == 0 && base == 5) {
		apart_place(IMAGE_PLACE, p, code);
		return mode;
	}
	if (how == 2 || (how == 0 && base == 5))
		apart_bytes(IMAGE_FAR, p, 4);
	else if (how == 1)
		apart_byte(IMAGE_NEAR, p);
	return mode;
}

static const u8 *
apart_operation(const u8 *p, const u8 *code)
{
	const u8 *of = apart_part[IMAGE_OPERANDS];
	u32 op, last = 0, word = 4, has;

	while (has = of[op = apart_byte(IMAGE_CODE, &p)], has & IMAGE_HAS_MORE) {
		last = op;
		word = op == 0x66 ? 2 : word;
	}
	if (op == 0x0f) {
		has = of[256 + apart_byte(IMAGE_CODE, &p)];
		if (has & IMAGE_HAS_MORE)
			apart_byte(IMAGE_CODE, &p);
	}
	if (has & IMAGE_HAS_MODE) {
		u32 mode = apart_mode(&p, code);

		if ((op & 0xfe) == 0xf6 && (mode & 0x30) == 0)
			has |= op == 0xf7 ? IMAGE_HAS_WORD : IMAGE_HAS_BYTE;
	}
	if (has & IMAGE_HAS_WIDE && (last & 0xf8) == 0x48)
		apart_bytes(IMAGE_WORD, &p, 4);
	if (has & IMAGE_HAS_WORD)
		apart_bytes(word == 4 ? IMAGE_WORD : IMAGE_BYTE, &p, word);
	if (has & IMAGE_HAS_PAIR)
		apart_bytes(IMAGE_BYTE, &p, 2);
	if (has & IMAGE_HAS_BYTE)
		apart_byte(IMAGE_BYTE, &p);
	if (has & IMAGE_HAS_HOP)
		apart_byte(IMAGE_HOP, &p);
	if (has & IMAGE_HAS_TARGET)
		apart_place(IMAGE_TARGET, &p, code);
	return p;
}

/* Says where a quarter begins: here, at this byte of the code. */
static void
apart_quarter(u32 quarter, u32 at)
{
	u8 *p = apart_part[IMAGE_OPERANDS] + 512 + 4 * IMAGE_PARTS * (quarter - 1);

	for (u32 i = 0; i < IMAGE_PARTS; i++, p += 4)
		for (u32 k = 0; k < 4; k++)
			p[k] = (u8)((i ? apart_n[i] : at) >> 8 * k);
}

/* The parts of n bytes of code, in quarters of so many operations (0: nobody knows yet). How many operations there
 * are. */
static u32
apart_operations(const u8 *code, u32 n, u32 quarter)
{
	u32 k = 0;

	memset(apart_n, 0, sizeof apart_n);
	operands_fill(apart_part[IMAGE_OPERANDS], apart_part[IMAGE_OPERANDS] + 256);
	apart_n[IMAGE_OPERANDS] = IMAGE_OPERANDS_N;
	for (const u8 *p = code; p < code + n; k++) {
		for (u32 q = 1; q < 4; q++)
			if (k == q * quarter)
				apart_quarter(q, (u32)(p - code));
		p = apart_operation(p, code);
	}
	return k;
}

/* Takes n bytes of code apart, behind which at least 64 more can be read. The parts, one after the other. */
static const u8 *
apart(const u8 *code, u32 n, u32 length[IMAGE_PARTS])
{
	u32 at = 0;

	apart_operations(code, n, apart_operations(code, n, 0) / 4);
	for (u32 i = 0; i < IMAGE_PARTS; i++) {
		memcpy(apart_all + at, apart_part[i], apart_n[i]);
		at += length[i] = apart_n[i];
	}
	return apart_all;
}

#endif
