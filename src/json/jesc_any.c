#include "json/jblock.h"
#include "json/jesc_priv.h"

#define BLOCK JBLOCK_N

/* The bytes of one block that are no trouble: each store writes two, the pointer moves by one or
 * two, no branches. */
static u32
dense(const u8 *p, u8 **to)
{
	u8 *w = *to;
	u32 i;

	for (i = 0; i < BLOCK; i++) {
		u8 letter = jesc_letter[p[i]];

		if (p[i] >= 0x80 || letter == 'u')
			break;
		w[0] = letter ? '\\' : p[i];
		w[1] = letter;
		w += letter ? 2 : 1;
	}
	*to = w;
	return i;
}

u32
jesc_blocks_any(struct str in, struct buf *out)
{
	const u8 *p = in.p, *end = in.p + in.n;
	u8 *w = out->p + out->w, *stop = out->p + out->cap;

	while (end - p >= BLOCK && stop - w >= 2 * BLOCK) {
		u32 n = BLOCK;

		if (jblock_special(p)) {
			n = dense(p, &w);
		} else {
			memcpy(w, p, BLOCK);
			w += BLOCK;
		}
		p += n;
		if (n < BLOCK)
			break;
	}
	out->w = (u32)(w - out->p);
	return (u32)(p - in.p);
}

#if !defined(__x86_64__) && !(defined(__ARM_NEON) && defined(__aarch64__))

u32
jesc_blocks(struct str in, struct buf *out)
{
	return jesc_blocks_any(in, out);
}

#endif
