/* jesc_spread: how 8 bytes become up to 16 when some get a backslash in front, as shuffles: row
 * m is for the mask m of bytes to be escaped, entry 8 stands for the backslash, the rest of a
 * row does not matter. Four kilobytes. */
#ifndef JSON_JESC_SPREAD_H
#define JSON_JESC_SPREAD_H

#include "base/base.h"

#define PLAIN0(i) i
#define PLAIN1(i) 8, i
#define SPREAD_ROW(a, b, c, d, e, f, g, h) \
	{ PLAIN##a(0), PLAIN##b(1), PLAIN##c(2), PLAIN##d(3), \
	  PLAIN##e(4), PLAIN##f(5), PLAIN##g(6), PLAIN##h(7) }
#define SPREAD0(...) SPREAD_ROW(__VA_ARGS__)
#define SPREAD1(...) SPREAD0(0, __VA_ARGS__), SPREAD0(1, __VA_ARGS__)
#define SPREAD2(...) SPREAD1(0, __VA_ARGS__), SPREAD1(1, __VA_ARGS__)
#define SPREAD3(...) SPREAD2(0, __VA_ARGS__), SPREAD2(1, __VA_ARGS__)
#define SPREAD4(...) SPREAD3(0, __VA_ARGS__), SPREAD3(1, __VA_ARGS__)
#define SPREAD5(...) SPREAD4(0, __VA_ARGS__), SPREAD4(1, __VA_ARGS__)
#define SPREAD6(...) SPREAD5(0, __VA_ARGS__), SPREAD5(1, __VA_ARGS__)
#define SPREAD7(...) SPREAD6(0, __VA_ARGS__), SPREAD6(1, __VA_ARGS__)

/* Row m: the bytes in their order, with an 8 before each that is in m. */
static const u8 spread[256][16] = { SPREAD7(0), SPREAD7(1) };

/* UTF-8 by three table look-ups (Keiser and Lemire, "Validating UTF-8 in less than one
 * instruction per byte", 2020): the two halves of a byte and the upper half of the next each
 * name the mistakes they would take part in; what all three name is a mistake. Only NEED, that
 * the byte must continue one two or three before, is no mistake by itself. */
enum wrong {
	SHORT = 1,      /* a lead byte without what follows */
	LONG = 2,       /* ASCII followed by a continuation */
	OVERLONG_3 = 4,
	HUGE = 8,       /* beyond U+10FFFF */
	SURROGATE = 16,
	OVERLONG_2 = 32,
	HUGE_4 = 64,    /* F5 and above, and F0 with too small a second byte */
	NEED = 128,     /* two continuations in a row */
	ALWAYS = SHORT | LONG | NEED,
};

#define FROM_F5 (ALWAYS | HUGE | HUGE_4)

static const u8 wrong_high[16] = {
	LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, /* ASCII */
	NEED, NEED, NEED, NEED,                         /* 80 to BF */
	SHORT | OVERLONG_2, SHORT, SHORT | OVERLONG_3 | SURROGATE, SHORT | HUGE | HUGE_4,
};
static const u8 wrong_low[16] = {
	ALWAYS | OVERLONG_3 | OVERLONG_2 | HUGE_4, ALWAYS | OVERLONG_2, ALWAYS, ALWAYS,
	ALWAYS | HUGE, FROM_F5, FROM_F5, FROM_F5,
	FROM_F5, FROM_F5, FROM_F5, FROM_F5,
	FROM_F5, FROM_F5 | SURROGATE, FROM_F5, FROM_F5,
};
static const u8 wrong_next[16] = {
	SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, /* ASCII */
	LONG | OVERLONG_2 | NEED | OVERLONG_3 | HUGE_4,         /* 80 to 8F */
	LONG | OVERLONG_2 | NEED | OVERLONG_3 | HUGE,
	LONG | OVERLONG_2 | NEED | SURROGATE | HUGE,
	LONG | OVERLONG_2 | NEED | SURROGATE | HUGE,
	SHORT, SHORT, SHORT, SHORT,                             /* lead bytes */
};

/* Bytes at the end of a block of valid UTF-8 (end is behind it) that begin a character without
 * finishing it. */
static inline u32
unfinished(const u8 *end)
{
	return end[-1] >= 0xc0 ? 1 : end[-2] >= 0xe0 ? 2 : end[-3] >= 0xf0 ? 3 : 0;
}

#endif
