#include "json/jesc_priv.h"

#if defined(__ARM_NEON) && defined(__aarch64__)

#include "json/jesc_spread.h"

#include <arm_neon.h>

#define BLOCK 64

static inline uint8x16_t
utf8_wrong16(uint8x16_t x, uint8x16_t before)
{
	uint8x16_t by1 = vextq_u8(before, x, 15), four = vdupq_n_u8(15);
	uint8x16_t wrong = vqtbl1q_u8(vld1q_u8(wrong_high), vshrq_n_u8(by1, 4));
	uint8x16_t third = vqsubq_u8(vextq_u8(before, x, 14), vdupq_n_u8(0xe0 - 0x80));
	uint8x16_t fourth = vqsubq_u8(vextq_u8(before, x, 13), vdupq_n_u8(0xf0 - 0x80));
	uint8x16_t need = vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(0x80));

	wrong = vandq_u8(wrong, vqtbl1q_u8(vld1q_u8(wrong_low), vandq_u8(by1, four)));
	wrong = vandq_u8(wrong, vqtbl1q_u8(vld1q_u8(wrong_next), vshrq_n_u8(x, 4)));
	return veorq_u8(wrong, need);
}

static inline bool
utf8_ok64(const uint8x16_t x[4])
{
	uint8x16_t wrong = utf8_wrong16(x[0], vdupq_n_u8(0));

	for (u32 i = 1; i < 4; i++)
		wrong = vorrq_u8(wrong, utf8_wrong16(x[i], x[i - 1]));
	return vmaxvq_u8(wrong) == 0;
}

/* One bit per byte of an all-ones-or-zeros vector. */
static inline u32
mask16(uint8x16_t odd)
{
	static const u8 weight[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };

	odd = vandq_u8(odd, vld1q_u8(weight));
	return vaddv_u8(vget_low_u8(odd)) | (u32)vaddv_u8(vget_high_u8(odd)) << 8;
}

static inline u8 *
escape16(uint8x16_t x, u8 *w)
{
	uint8x16_t control = vcltq_u8(x, vdupq_n_u8(0x20)), odd, low, high;
	uint8x8_t slash = vdup_n_u8('\\');
	u32 mask, low_n;

	odd = vorrq_u8(vceqq_u8(x, vdupq_n_u8('"')), vceqq_u8(x, vdupq_n_u8('\\')));
	odd = vorrq_u8(odd, control);
	if (vmaxvq_u8(control)) {
		uint8x16x2_t letters = { { vld1q_u8(jesc_letter), vld1q_u8(jesc_letter + 16) } };
		uint8x16_t letter = vqtbl2q_u8(letters, x);

		if (vmaxvq_u8(vandq_u8(control, vceqq_u8(letter, vdupq_n_u8('u')))))
			return NULL;
		x = vbslq_u8(control, letter, x);
	}
	mask = mask16(odd);
	low_n = 8 + (u32)__builtin_popcount(mask & 255);
	low = vcombine_u8(vget_low_u8(x), slash);
	high = vcombine_u8(vget_high_u8(x), slash);
	vst1q_u8(w, vqtbl1q_u8(low, vld1q_u8(spread[mask & 255])));
	vst1q_u8(w + low_n, vqtbl1q_u8(high, vld1q_u8(spread[mask >> 8])));
	return w + 16 + __builtin_popcount(mask);
}

/* Escapes 64 bytes, less the start of a character at their end; *n says how many. NULL when they
 * are not easy. */
static u8 *
block(const u8 *p, u8 *w, u32 *n)
{
	uint8x16_t x[4] = { vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48) };

	*n = BLOCK;
	if (vmaxvq_u8(vorrq_u8(vorrq_u8(x[0], x[1]), vorrq_u8(x[2], x[3]))) >= 0x80) {
		if (!utf8_ok64(x))
			return NULL;
		*n -= unfinished(p + BLOCK);
	}
	for (u32 i = 0; i < 4 && w; i++)
		w = escape16(x[i], w);
	return w ? w - (BLOCK - *n) : NULL;
}

u32
jesc_blocks(struct str in, struct buf *out)
{
	const u8 *p = in.p, *end = in.p + in.n;
	u8 *w = out->p + out->w, *stop = out->p + out->cap;

	while (end - p >= BLOCK && stop - w >= 2 * BLOCK) {
		u32 n;
		u8 *next = block(p, w, &n);

		if (!next)
			break;
		w = next;
		p += n;
	}
	out->w = (u32)(w - out->p);
	return (u32)(p - in.p);
}

#endif
