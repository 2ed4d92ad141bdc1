#include "filter/needles_priv.h"

u32
needles_skip_any(const struct needles *set, struct str s, u32 from)
{
	for (u32 at = from; at + 1 < s.n; at++) {
		u8 a = s.p[at], b = s.p[at + 1];

		u8 begin = set->low[0][a & 15] & set->high[0][a >> 4];

		if (begin & set->low[1][b & 15] & set->high[1][b >> 4])
			return at;
	}
	return s.n;
}

#if !defined(__x86_64__) && !(defined(__ARM_NEON) && defined(__aarch64__))

u32
needles_skip(const struct needles *set, struct str s, u32 from)
{
	return needles_skip_any(set, s, from);
}

#endif
