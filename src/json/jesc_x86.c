#include "json/jesc_priv.h"

#if defined(__x86_64__)

#include "base/cpu.h"
#include "json/jesc_spread.h"

#include <immintrin.h>

#define BLOCK 64

/* Each kernel escapes one block of 64 bytes whose end is the end of a character or will be cut
 * there, and returns the new write position, or NULL when the block is not easy. *n is how many
 * of the 64 bytes it took. */

/* --- SSSE3: any x86 since 2006 --------------------------------------------------------------- */

#define WITH_SSSE3 __attribute__((target("ssse3,popcnt")))

static inline __m128i
load16(const u8 *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline void
store16(u8 *p, __m128i x)
{
	_mm_storeu_si128((__m128i *)(void *)p, x);
}

static inline WITH_SSSE3 __m128i
utf8_wrong16(__m128i x, __m128i before)
{
	__m128i four = _mm_set1_epi8(15), by1 = _mm_alignr_epi8(x, before, 15);
	__m128i high = _mm_and_si128(_mm_srli_epi16(by1, 4), four), low = _mm_and_si128(by1, four);
	__m128i next = _mm_and_si128(_mm_srli_epi16(x, 4), four);
	__m128i wrong = _mm_shuffle_epi8(load16(wrong_high), high);
	__m128i third = _mm_subs_epu8(_mm_alignr_epi8(x, before, 14), _mm_set1_epi8(0xe0 - 0x80));
	__m128i fourth = _mm_subs_epu8(_mm_alignr_epi8(x, before, 13), _mm_set1_epi8(0xf0 - 0x80));
	__m128i need = _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8((char)0x80));

	wrong = _mm_and_si128(wrong, _mm_shuffle_epi8(load16(wrong_low), low));
	wrong = _mm_and_si128(wrong, _mm_shuffle_epi8(load16(wrong_next), next));
	return _mm_xor_si128(wrong, need);
}

static inline WITH_SSSE3 bool
utf8_ok64(const __m128i x[4])
{
	__m128i wrong = utf8_wrong16(x[0], _mm_setzero_si128());

	for (u32 i = 1; i < 4; i++)
		wrong = _mm_or_si128(wrong, utf8_wrong16(x[i], x[i - 1]));
	return _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) == 0xffff;
}

static inline WITH_SSSE3 u8 *
spread16(__m128i x, __m128i odd, u8 *w)
{
	__m128i slash = _mm_set1_epi8('\\');
	__m128i low = _mm_unpacklo_epi64(x, slash), high = _mm_unpackhi_epi64(x, slash);
	u32 mask = (u32)_mm_movemask_epi8(odd), low_n = 8 + (u32)__builtin_popcount(mask & 255);

	store16(w, _mm_shuffle_epi8(low, load16(spread[mask & 255])));
	store16(w + low_n, _mm_shuffle_epi8(high, load16(spread[mask >> 8])));
	return w + 16 + __builtin_popcount(mask);
}

/* Puts the letters of \n and the like in place of the controls; false when one has no letter. */
static inline WITH_SSSE3 bool
letters16(__m128i *x, __m128i control)
{
	__m128i letter = _mm_and_si128(control, _mm_shuffle_epi8(load16(jesc_letter), *x));
	__m128i high = _mm_and_si128(control, _mm_cmpgt_epi8(*x, _mm_set1_epi8(15)));

	*x = _mm_or_si128(_mm_andnot_si128(control, *x), letter);
	return !_mm_movemask_epi8(_mm_or_si128(high, _mm_cmpeq_epi8(letter, _mm_set1_epi8('u'))));
}

static inline WITH_SSSE3 u8 *
escape16(__m128i x, u8 *w)
{
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
	__m128i odd = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));

	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
	if (_mm_movemask_epi8(control) && !letters16(&x, control))
		return NULL;
	return spread16(x, _mm_or_si128(odd, control), w);
}

static WITH_SSSE3 u8 *
block_ssse3(const u8 *p, u8 *w, u32 *n)
{
	__m128i x[4] = { load16(p), load16(p + 16), load16(p + 32), load16(p + 48) };

	*n = BLOCK;
	if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(x[0], x[1]), _mm_or_si128(x[2], x[3])))) {
		if (!utf8_ok64(x))
			return NULL;
		*n -= unfinished(p + BLOCK);
	}
	for (u32 i = 0; i < 4 && w; i++)
		w = escape16(x[i], w);
	return w ? w - (BLOCK - *n) : NULL;
}

WITH_SSSE3 u32
jesc_blocks_ssse3(struct str in, struct buf *out)
{
	const u8 *p = in.p, *end = in.p + in.n;
	u8 *w = out->p + out->w, *stop = out->p + out->cap;

	while (end - p >= BLOCK && stop - w >= 2 * BLOCK) {
		u32 n;
		u8 *next = block_ssse3(p, w, &n);

		if (!next)
			break;
		w = next;
		p += n;
	}
	out->w = (u32)(w - out->p);
	return (u32)(p - in.p);
}

/* --- AVX-512 with VBMI2: servers since 2019 -------------------------------------------------- */

#define WITH_VBMI2 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")))

static inline WITH_VBMI2 __m512i
table64(const u8 row[16])
{
	return _mm512_broadcast_i32x4(load16(row));
}

static inline WITH_VBMI2 bool
utf8_ok_vbmi2(__m512i x, const u8 *p)
{
	__m512i four = _mm512_set1_epi8(15), by1 = _mm512_maskz_loadu_epi8(~(u64)1, p - 1);
	__m512i third = _mm512_maskz_loadu_epi8(~(u64)3, p - 2);
	__m512i fourth = _mm512_maskz_loadu_epi8(~(u64)7, p - 3);
	__m512i high = _mm512_and_si512(_mm512_srli_epi16(by1, 4), four), need;
	__m512i low = _mm512_and_si512(by1, four);
	__m512i next = _mm512_and_si512(_mm512_srli_epi16(x, 4), four);
	__m512i wrong = _mm512_shuffle_epi8(table64(wrong_high), high);

	wrong = _mm512_and_si512(wrong, _mm512_shuffle_epi8(table64(wrong_low), low));
	wrong = _mm512_and_si512(wrong, _mm512_shuffle_epi8(table64(wrong_next), next));
	third = _mm512_subs_epu8(third, _mm512_set1_epi8(0xe0 - 0x80));
	fourth = _mm512_subs_epu8(fourth, _mm512_set1_epi8(0xf0 - 0x80));
	need = _mm512_and_si512(_mm512_or_si512(third, fourth), _mm512_set1_epi8((char)0x80));
	return _mm512_cmpneq_epi8_mask(wrong, need) == 0;
}

/* 32 bytes move apart: a backslash stays wherever room was made for one. */
static inline WITH_VBMI2 u8 *
spread32(__m256i x, u32 odd, u8 *w)
{
	const u64 second = 0xaaaaaaaaaaaaaaaa; /* of each pair of backslash and byte */
	u64 keep = _pdep_u64(odd, 0x5555555555555555) | second, place = _pext_u64(second, keep);

	_mm512_storeu_si512(w, _mm512_mask_expand_epi8(_mm512_set1_epi8('\\'), place, _mm512_castsi256_si512(x)));
	return w + 32 + __builtin_popcount(odd);
}

static inline WITH_VBMI2 u8 *
block_vbmi2(const u8 *p, u8 *w, u32 *n)
{
	__m512i x = _mm512_loadu_si512(p);
	u64 control = _mm512_cmplt_epu8_mask(x, _mm512_set1_epi8(0x20)), odd;

	*n = BLOCK;
	if (_mm512_movepi8_mask(x)) {
		if (!utf8_ok_vbmi2(x, p))
			return NULL;
		*n -= unfinished(p + BLOCK);
	}
	odd = control | _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('"')) |
		_mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\\'));
	if (control) {
		u64 high = _mm512_cmpgt_epu8_mask(x, _mm512_set1_epi8(15));

		x = _mm512_mask_shuffle_epi8(x, control, table64(jesc_letter), x);
		if (control & (high | _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('u'))))
			return NULL;
	}
	w = spread32(_mm512_castsi512_si256(x), (u32)odd, w);
	w = spread32(_mm512_extracti64x4_epi64(x, 1), (u32)(odd >> 32), w);
	return w - (BLOCK - *n);
}

WITH_VBMI2 u32
jesc_blocks_vbmi2(struct str in, struct buf *out)
{
	const u8 *p = in.p, *end = in.p + in.n;
	u8 *w = out->p + out->w, *stop = out->p + out->cap;

	while (end - p >= BLOCK && stop - w >= 2 * BLOCK) {
		u32 n;
		u8 *next = block_vbmi2(p, w, &n);

		if (!next)
			break;
		w = next;
		p += n;
	}
	out->w = (u32)(w - out->p);
	return (u32)(p - in.p);
}

u32
jesc_blocks(struct str in, struct buf *out)
{
	if (in.n < BLOCK)
		return 0;
	if (cpu_found & CPU_VBMI2)
		return jesc_blocks_vbmi2(in, out);
	if (cpu_found & CPU_SSSE3)
		return jesc_blocks_ssse3(in, out);
	return jesc_blocks_any(in, out);
}

#endif
