/* apart_mips: takes little-endian MIPS code that was linked for address 0 apart, so that the program finds itself what
 * changes with the place where it lies (sys/join_mips_priv.h puts it together again, sys/image.h tells the parts).
 * Who includes it has die() and ROW_MAX (packer.h). mark says for each byte of it what
 * lies there. What is no code only packs worse. */
#ifndef TOOLS_APART_MIPS_H
#define TOOLS_APART_MIPS_H

#include "sys/image.h"

/* What starts at a byte of code: an address of some kind, or a function. */
enum apart_mark {
	APART_NOTHING, APART_ADDRESS, APART_UPPER, APART_JUMP, APART_JUMP_SHORT,
	APART_KIND = 7,         /* these bits say which of those */
	APART_FUNCTION = 8,     /* a function of long instructions starts here */
	APART_FUNCTION_SHORT = 16,
};

/* Parts whose bytes are words of four. */
#define APART_MIPS_WORDS (1u << IMAGE_MIPS_RUNS | 1u << IMAGE_MIPS_SHORT | 1u << IMAGE_MIPS_LONG | 1u << IMAGE_MIPS_JUMP | \
	1u << IMAGE_MIPS_WORD)

static u8 mips_all[2 * ROW_MAX], mips_part[IMAGE_MIPS_PARTS][ROW_MAX], mips_read[ROW_MAX / 4 + 1];
static u32 mips_n[IMAGE_MIPS_PARTS], mips_bits_n, mips_run_from, mips_run_kind;

static u32
mips_get(const u8 *p, u32 n)
{
	u32 x = 0;

	while (n--)
		x = x << 8 | p[n];
	return x;
}

/* The highest byte first. */
static void
mips_put(u32 part, u32 x, u32 n)
{
	while (n--)
		mips_part[part][mips_n[part]++] = (u8)(x >> 8 * n);
}

static void
mips_bit(bool is)
{
	if (mips_bits_n % 8 == 0)
		mips_part[IMAGE_MIPS_BITS][mips_n[IMAGE_MIPS_BITS]++] = 0;
	mips_part[IMAGE_MIPS_BITS][mips_bits_n / 8] |= (u8)(is << mips_bits_n % 8);
	mips_bits_n++;
}

/* From `at` on it is of this kind. */
static void
mips_run(u32 at, u32 kind)
{
	if (kind == mips_run_kind)
		return;
	if (at > mips_run_from)
		mips_put(IMAGE_MIPS_RUNS, (at - mips_run_from) << 2 | mips_run_kind, 4);
	mips_run_from = at;
	mips_run_kind = kind;
}

static u32
mips_bytes(const u8 *p, u32 at, u32 n)
{
	mips_run(at, IMAGE_MIPS_RUN_BYTES);
	for (u32 i = 0; i < n; i++)
		mips_put(IMAGE_MIPS_SHORT, p[i], 1);
	return n;
}

static u32
mips_address(const u8 *p, u32 at)
{
	mips_run(at, IMAGE_MIPS_RUN_ADDRESS);
	mips_put(IMAGE_MIPS_WORD, mips_get(p, 4), 4);
	return 4;
}

/* Takes one instruction of four bytes at p, as it is when nothing says otherwise. How many bytes. */
static u32
mips_long(const u8 *p, const u8 *mark, u32 at, u32 left)
{
	u32 x = mips_get(p, 4), op = x >> 26, is = mark[0] & APART_KIND;
	bool jumps = op == 2 || op == 3 || op == 0x1d;

	if (left < 4 || at % 4 || (jumps && is != APART_JUMP))
		return mips_bytes(p, at, left < 4 ? left : 4 - at % 4);
	if (is == APART_ADDRESS)
		return mips_address(p, at);
	if (is == APART_JUMP_SHORT || (is == APART_JUMP && !jumps) || (is == APART_UPPER && op != 0x0f))
		die("has an address where none is expected", "the code");
	mips_run(at, IMAGE_MIPS_RUN_LONG);
	if (jumps) {
		mips_put(IMAGE_MIPS_JUMP, (x & 0x3ffffff) << 2, 4);
		x &= 0xfc000000;
	} else if (op == 0x0f) {
		mips_bit(is == APART_UPPER);
	}
	mips_put(IMAGE_MIPS_LONG, x, 4);
	return 4;
}

static void
mips_reads(u32 place, u32 n)
{
	if (place < n)
		mips_read[place >> 2] = 1;
}

/* The same of two bytes, with what belongs to it. */
static u32
mips_short(const u8 *p, const u8 *mark, u32 at, u32 left)
{
	u32 x = mips_get(p, 2), y = mips_get(p + 2, 2), op = x >> 11, is = mark[0] & APART_KIND, n = op == 3 || op == 0x1e ? 4 : 2;
	bool word = at % 4 == 0 && mips_read[at >> 2];

	if (word && left >= 4) {
		mips_run(at, IMAGE_MIPS_RUN_SHORT);
		mips_put(IMAGE_MIPS_WORD, mips_get(p, 4), 4);
		mips_bit(is == APART_ADDRESS);
		return 4;
	}
	if (is == APART_ADDRESS)
		return mips_address(p, at);
	if (is == APART_UPPER || is == APART_JUMP || (is == APART_JUMP_SHORT && op != 3))
		die("has an address where none is expected", "the code");
	if (word || left < n || (op == 3 && is != APART_JUMP_SHORT) || (n == 4 && mark[2]))
		return mips_bytes(p, at, left < 2 ? left : 2); /* what seems to be an instruction is none */
	mips_run(at, IMAGE_MIPS_RUN_SHORT);
	if (op == 3) {
		mips_put(IMAGE_MIPS_SHORT, x & 0xfc00, 2);
		mips_put(IMAGE_MIPS_JUMP, ((x & 31) << 21 | (x >> 5 & 31) << 16 | y) << 2, 4);
		return 4;
	}
	if (op == 0x16)
		mips_reads((at & -4u) + (x & 255) * 4, at + left);
	if (op == 0x1e) {
		mips_put(IMAGE_MIPS_SHORT, x & 0xf800, 2);
		mips_put(IMAGE_MIPS_MORE, x & 0x7ff, 2);
		mips_put(IMAGE_MIPS_SHORT, y, 2);
		if (y >> 11 == 0x16)
			mips_reads((at & -4u) + ((x & 31) << 11 | (x >> 5 & 63) << 5 | (y & 31)), at + left);
		return 4;
	}
	mips_put(IMAGE_MIPS_SHORT, x, 2);
	return 2;
}

/* Takes n bytes of code apart, behind which (and behind as many marks) at least 64 more can be read. The parts, one
 * after the other. */
static const u8 *
apart_mips(const u8 *code, const u8 *mark, u32 n, u32 length[IMAGE_MIPS_PARTS])
{
	bool is_short = false;
	u32 all = 0;

	memset(mips_n, 0, sizeof mips_n);
	memset(mips_read, 0, sizeof mips_read);
	mips_bits_n = mips_run_from = 0;
	mips_run_kind = IMAGE_MIPS_RUN_LONG;
	for (u32 at = 0; at < n;) {
		if (mark[at] & (APART_FUNCTION | APART_FUNCTION_SHORT))
			is_short = mark[at] & APART_FUNCTION_SHORT;
		at += (is_short ? mips_short : mips_long)(code + at, mark + at, at, n - at);
	}
	mips_run(n, ~0u);
	for (u32 i = 0; i < IMAGE_MIPS_PARTS; i++) {
		memcpy(mips_all + all, mips_part[i], mips_n[i]);
		all += length[i] = mips_n[i];
	}
	return mips_all;
}

#endif
