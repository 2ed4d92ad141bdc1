#include "filter/veil_priv.h"

#if defined(__x86_64__)

#include "base/cpu.h"

#include <immintrin.h>

#define WITH_VBMI __attribute__((target("avx512f,avx512bw,avx512vbmi")))
#define BLOCK 64
#define LEAST 256 /* bytes that are worth the large registers */

/* A table that is asked by five bits, though the instruction takes six. */
static inline WITH_VBMI __m512i
table64(const u8 row[32])
{
	return _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(const void *)row));
}

/* The bits of the bytes that stand k before. */
static inline u64
back(u64 now, u64 was, u32 k)
{
	return now << k | was >> (BLOCK - k);
}

static inline WITH_VBMI __m512i
all(char c)
{
	return _mm512_set1_epi8(c);
}

WITH_VBMI u32
veil_skip_vbmi(const struct veil_names *names, struct str in, u32 from)
{
	/* The first bits are only what the next ones look back at. */
	const u8 *p = in.p + from - (VEIL_BEFORE - 3), *end = in.p + in.n;
	__m512i last = table64(names->last), before = table64(names->before);
	u64 wanted = ~(u64)0 << (VEIL_BEFORE - 3), was = 0;

	for (; p < end; p += BLOCK, wanted = ~(u64)0) {
		u64 there = end - p >= BLOCK ? ~(u64)0 : ~(~(u64)0 << (end - p)), colon, blank, pair, slash, may;
		__m512i x = _mm512_maskz_loadu_epi8(there, p), y = _mm512_maskz_loadu_epi8(there, p - 1);

		slash = _mm512_cmpeq_epi8_mask(x, all('\\'));
		colon = _mm512_mask_cmple_epu8_mask(_mm512_cmpeq_epi8_mask(x, all(':')), y, all('"'));
		blank = _mm512_cmple_epu8_mask(y, all(' '));
		pair = _mm512_test_epi8_mask(
		    _mm512_permutexvar_epi8(_mm512_maskz_loadu_epi8(there, p - 2), last),
		    _mm512_permutexvar_epi8(_mm512_maskz_loadu_epi8(there, p - 3), before));
		may = colon & wanted & (pair | blank | back(slash, was, 2) | back(slash, was, 7) | back(slash, was, 8));
		for (; may; may &= may - 1) {
			u32 at = (u32)(p - in.p) + (u32)__builtin_ctzll(may);

			if (veil_may(names, in, at))
				return at;
		}
		was = slash;
	}
	return in.n;
}

u32
veil_skip(const struct veil_names *names, struct str in, u32 from)
{
	if (in.n - from < LEAST || !(cpu_found & CPU_VBMI2))
		return veil_skip_any(names, in, from);
	return veil_skip_vbmi(names, in, from);
}

#endif
