#include "filter/veil_priv.h"

#include "json/jblock.h"

/* The first of these colons of a block at i that may be meant, or in.n. */
static u32
look_closer(const struct veil_names *names, struct str in, u32 i, u32 mask)
{
	for (mask = (mask | mask >> 16) & 0xffff; mask; mask &= mask - 1) {
		u32 at = i + (u32)__builtin_ctz(mask);

		if (in.p[at] == ':' && veil_may(names, in, at))
			return at;
	}
	return in.n;
}

/* The same where no backslash is near: the two characters before the quote decide. */
static inline u32
look(const struct veil_names *names, struct str in, u32 i, u32 mask)
{
	for (; mask; mask &= mask - 1) {
		u32 at = i + (u32)__builtin_ctz(mask);

		if (names->ends[in.p[at - 2] & 31] >> (in.p[at - 3] & 31) & 1)
			return at;
	}
	return in.n;
}

u32
veil_skip_any(const struct veil_names *names, struct str in, u32 i)
{
	bool odd = true, was;

	for (; i + JBLOCK_N <= in.n; i += JBLOCK_N) {
		u32 mask = jblock_key_end(in.p + i), at;

		was = odd;
		odd = mask >> 16;
		at = odd || was ? look_closer(names, in, i, mask) : look(names, in, i, mask);
		if (at < in.n)
			return at;
	}
	for (; i < in.n; i++)
		if (in.p[i] == ':' && veil_may(names, in, i))
			return i;
	return in.n;
}

#if !defined(__x86_64__)

u32
veil_skip(const struct veil_names *names, struct str in, u32 from)
{
	return veil_skip_any(names, in, from);
}

#endif
