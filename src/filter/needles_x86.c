#include "filter/needles_priv.h"

#if defined(__x86_64__)

#include "base/cpu.h"

#include <immintrin.h>

/* A look-up by half bytes gives, for each byte, the kinds it may begin or end: both halves of both
 * neighbours must agree. pshufb gives 0 where the high bit is set, so only ASCII is ever found. */

/* --- SSSE3: any x86 since 2006 --------------------------------------------------------------- */

#define WITH_SSSE3 __attribute__((target("ssse3")))

static inline __m128i
load16(const u8 *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* The kinds of which 16 bytes at p may be byte `which`. */
static inline WITH_SSSE3 __m128i
kinds16(const struct needles *set, u32 which, const u8 *p)
{
	__m128i x = load16(p), high = _mm_and_si128(_mm_srli_epi16(x, 4), _mm_set1_epi8(15));

	return _mm_and_si128(_mm_shuffle_epi8(load16(set->low[which]), x),
	    _mm_shuffle_epi8(load16(set->high[which]), high));
}

WITH_SSSE3 u32
needles_skip_ssse3(const struct needles *set, struct str s, u32 from)
{
	const u8 *p = s.p + from, *end = s.p + s.n;

	for (; end - p > 32; p += 32) {
		__m128i a = _mm_and_si128(kinds16(set, 0, p), kinds16(set, 1, p + 1));
		__m128i b = _mm_and_si128(kinds16(set, 0, p + 16), kinds16(set, 1, p + 17));
		__m128i none = _mm_setzero_si128();
		u32 hits;

		if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_or_si128(a, b), none)) == 0xffff)
			continue;
		hits = ~((u32)_mm_movemask_epi8(_mm_cmpeq_epi8(a, none)) |
		         (u32)_mm_movemask_epi8(_mm_cmpeq_epi8(b, none)) << 16);
		return (u32)(p - s.p) + (u32)__builtin_ctz(hits);
	}
	return needles_skip_any(set, s, (u32)(p - s.p));
}

/* --- AVX-512: servers since 2017 ------------------------------------------------------------- */

#define WITH_AVX512 __attribute__((target("avx512f,avx512bw")))
#define AHEAD 512 /* bytes: what is read next comes from the second cache */

static inline WITH_AVX512 __m512i
table64(const u8 row[16])
{
	return _mm512_broadcast_i32x4(load16(row));
}

static inline WITH_AVX512 __m512i
kinds64(const struct needles *set, u32 which, __m512i x)
{
	__m512i high = _mm512_and_si512(_mm512_srli_epi16(x, 4), _mm512_set1_epi8(15));

	return _mm512_and_si512(_mm512_shuffle_epi8(table64(set->low[which]), x),
	    _mm512_shuffle_epi8(table64(set->high[which]), high));
}

static inline WITH_AVX512 u64
hits64(const struct needles *set, const u8 *p)
{
	return _mm512_test_epi8_mask(kinds64(set, 0, _mm512_loadu_si512(p)),
	    kinds64(set, 1, _mm512_loadu_si512(p + 1)));
}

/* Of at most 64 bytes, the last of which has no neighbour. */
static inline WITH_AVX512 u64
hits_rest(const struct needles *set, const u8 *p, u32 n)
{
	u64 mask = n > 1 ? ~(u64)0 >> (65 - n) : 0;

	return mask & _mm512_test_epi8_mask(kinds64(set, 0, _mm512_maskz_loadu_epi8(mask, p)),
	    kinds64(set, 1, _mm512_maskz_loadu_epi8(mask, p + 1)));
}

WITH_AVX512 u32
needles_skip_avx512(const struct needles *set, struct str s, u32 from)
{
	const u8 *p = s.p + from, *end = s.p + s.n;
	u64 hits;

	if (end - p > 64) {
		hits = hits64(set, p);
		if (hits)
			return (u32)(p - s.p) + (u32)__builtin_ctzll(hits);
		p += 64 - ((uintptr_t)p & 63); /* whole cache lines from here on */
	}
	for (; end - p > 64; p += 64) {
		hits = hits64(set, p);
		_mm_prefetch(p + AHEAD, _MM_HINT_T0);
		if (hits)
			return (u32)(p - s.p) + (u32)__builtin_ctzll(hits);
	}
	hits = hits_rest(set, p, (u32)(end - p));
	return hits ? (u32)(p - s.p) + (u32)__builtin_ctzll(hits) : s.n;
}

u32
needles_skip(const struct needles *set, struct str s, u32 from)
{
	if (cpu_found & CPU_AVX512)
		return needles_skip_avx512(set, s, from);
	if (cpu_found & CPU_SSSE3)
		return needles_skip_ssse3(set, s, from);
	return needles_skip_any(set, s, from);
}

#endif
