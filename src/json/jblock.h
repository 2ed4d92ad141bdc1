/* jblock: one look at 16 bytes of JSON or text. The answer is a 16-bit mask, bit i for byte i,
 * the same on every board: SSE2 on x86-64, NEON on aarch64, two 64-bit words elsewhere (any byte
 * order).
 *
 * A byte is special when a JSON string may not hold it as it is, or when it is not ASCII: below
 * 0x20, '"', '\\', 0x80 and above. This is the only file outside sys/ and limits.h that asks
 * what it is compiled for. */
#ifndef JSON_JBLOCK_H
#define JSON_JBLOCK_H

#include "base/str.h"

#define JBLOCK_N 16 /* bytes of a block */

/* The portable form, also tested where a faster one is used: special bytes of the 8 at p, as 8
 * bits. */
static inline u32
jblock_special8(const u8 *p)
{
	const u64 one = 0x0101010101010101, top = 0x8080808080808080, low = ~top;
	u64 x, quote, slash, plain;

	memcpy(&x, p, 8);
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		x = __builtin_bswap64(x);
	quote = (x ^ (one * '"')) & low;
	slash = (x ^ (one * '\\')) & low;
	/* For bytes below 0x80: adding carries into the top bit unless the byte is too small (or
	 * equal, after the xor). */
	plain = ((x & low) + one * (0x80 - 0x20)) & (quote + low) & (slash + low);
	x = (x | ~plain) & top;
	return (u32)(((x >> 7) * 0x0102040810204080) >> 56);
}

/* The portable form of jblock_key_end: every colon of the 8 at p. */
static inline u32
jblock_key_end8(const u8 *p)
{
	const u64 one = 0x0101010101010101, top = 0x8080808080808080, low = ~top;
	u64 x;

	memcpy(&x, p, 8);
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		x = __builtin_bswap64(x);
	x ^= one * ':';
	x = ~(((x & low) + low) | x) & top;
	return (u32)(((x >> 7) * 0x0102040810204080) >> 56);
}

#if defined(__SSE2__)
#include <emmintrin.h>

static inline u32
jblock_special(const u8 *p)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	/* signed compare: below 0x20 catches 0x80 and above too */
	__m128i odd = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20));

	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
	return (u32)_mm_movemask_epi8(odd);
}

/* Where a key may end, of the 16 bytes at p; looks at the byte before p, too. Low half: colons behind a quote. High
 * half: what needs a closer look, colons behind a blank, and backslashes. Elsewhere every colon is in both. */
static inline u32
jblock_key_end(const u8 *p)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i before = _mm_loadu_si128((const __m128i *)(const void *)(p - 1));
	__m128i colon = _mm_cmpeq_epi8(x, _mm_set1_epi8(':'));
	__m128i odd = _mm_and_si128(colon, _mm_cmplt_epi8(before, _mm_set1_epi8(' ' + 1)));

	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
	colon = _mm_and_si128(colon, _mm_cmpeq_epi8(before, _mm_set1_epi8('"')));
	return (u32)_mm_movemask_epi8(colon) | (u32)_mm_movemask_epi8(odd) << 16;
}

#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>

static inline u32
jblock_special(const u8 *p)
{
	static const u8 weight[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
	uint8x16_t x = vld1q_u8(p);
	uint8x16_t odd = vcltq_s8(vreinterpretq_s8_u8(x), vdupq_n_s8(0x20));

	odd = vorrq_u8(odd, vceqq_u8(x, vdupq_n_u8('"')));
	odd = vorrq_u8(odd, vceqq_u8(x, vdupq_n_u8('\\')));
	odd = vandq_u8(odd, vld1q_u8(weight));
	return vaddv_u8(vget_low_u8(odd)) | (u32)vaddv_u8(vget_high_u8(odd)) << 8;
}

static inline u32
jblock_key_end(const u8 *p)
{
	static const u8 weight[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
	uint8x16_t ends = vandq_u8(vceqq_u8(vld1q_u8(p), vdupq_n_u8(':')), vld1q_u8(weight));

	return (vaddv_u8(vget_low_u8(ends)) | (u32)vaddv_u8(vget_high_u8(ends)) << 8) * 0x10001;
}

#else

static inline u32
jblock_special(const u8 *p)
{
	return jblock_special8(p) | jblock_special8(p + 8) << 8;
}

static inline u32
jblock_key_end(const u8 *p)
{
	return (jblock_key_end8(p) | jblock_key_end8(p + 8) << 8) * 0x10001;
}

#endif

static inline bool
jblock_is_special(u8 c)
{
	return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

/* The first special byte at or after p, or end. */
static inline const u8 *
jblock_skip(const u8 *p, const u8 *end)
{
	while (end - p >= JBLOCK_N) {
		u32 mask = jblock_special(p);

		if (mask)
			return p + __builtin_ctz(mask);
		p += JBLOCK_N;
	}
	while (p < end && !jblock_is_special(*p))
		p++;
	return p;
}

#endif
