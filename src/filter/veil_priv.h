/* veil_priv: the fast part of veil: past all that cannot be a secret. */
#ifndef FILTER_VEIL_PRIV_H
#define FILTER_VEIL_PRIV_H

#include "filter/veil.h"

#define VEIL_BEFORE 11 /* bytes before a colon that decide whether one looks closer, and one more */

/* The first colon at or after from (VEIL_BEFORE at least) that may stand behind the name of a secret, or in.n: right
 * behind a quote whose two characters before it end such a name, or behind a blank, or with a backslash near. */
u32 veil_skip(const struct veil_names *names, struct str in, u32 from);

/* The same with the means of every machine. */
u32 veil_skip_any(const struct veil_names *names, struct str in, u32 from);

/* Whether a colon is one of these. The usual case, a colon right behind a quote or behind no quote at all, is judged by
 * the two characters before it, unless one of them is the end of an escape. */
static inline bool
veil_may(const struct veil_names *names, struct str in, u32 at)
{
	const u8 *p = in.p + at;

	if (p[-1] <= ' ')
		return true;
	if (p[-1] != '"')
		return false;
	if (p[-2] == '\\')
		p--;
	return (names->ends[p[-2] & 31] >> (p[-3] & 31) & 1) || p[-7] == '\\' || p[-8] == '\\';
}

#if defined(__x86_64__)
/* The kernel veil_skip chooses, for tests; only where cpu_found has what it needs. */
u32 veil_skip_vbmi(const struct veil_names *names, struct str in, u32 from);
#endif

#endif
