#include "filter/needles_priv.h"

#if defined(__ARM_NEON) && defined(__aarch64__)

#include <arm_neon.h>

/* The kinds of which 16 bytes at p may be byte `which`: both halves of a byte must agree. */
static inline uint8x16_t
kinds16(const struct needles *set, u32 which, const u8 *p)
{
	uint8x16_t x = vld1q_u8(p);

	return vandq_u8(vqtbl1q_u8(vld1q_u8(set->low[which]), vandq_u8(x, vdupq_n_u8(15))),
	    vqtbl1q_u8(vld1q_u8(set->high[which]), vshrq_n_u8(x, 4)));
}

u32
needles_skip(const struct needles *set, struct str s, u32 from)
{
	const u8 *p = s.p + from, *end = s.p + s.n;

	for (; end - p > 32; p += 32) {
		uint8x16_t a = vandq_u8(kinds16(set, 0, p), kinds16(set, 1, p + 1));
		uint8x16_t b = vandq_u8(kinds16(set, 0, p + 16), kinds16(set, 1, p + 17));

		if (vmaxvq_u8(vorrq_u8(a, b)))
			break; /* the place itself is found byte by byte */
	}
	return needles_skip_any(set, s, (u32)(p - s.p));
}

#endif
