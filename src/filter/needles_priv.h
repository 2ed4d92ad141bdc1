/* needles_priv: what the files of needles share. */
#ifndef FILTER_NEEDLES_PRIV_H
#define FILTER_NEEDLES_PRIV_H

#include "filter/needles.h"

/* Kinds of places where one looks closer: bits of low and high. */
#define KIND_SLASH 0x40   /* a backslash before what could be meant */
#define KIND_PERCENT 0x80 /* a percent sign likewise */
#define KINDS_MARK 6      /* the other bits: two neighbours of some form */

static inline bool
is_alnum(u8 c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* The control character that a letter behind a backslash means, or 0. */
static inline u8
control_of(u8 letter)
{
	switch (letter) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	}
	return 0;
}

/* The value of a base64 character of either alphabet, plus one; 0 for others. */
extern const u8 needles_six[256];

/* Whether c may be character i of a form. */
static inline bool
needle_fits(const struct needles *set, const struct needle *f, u32 i, u8 c)
{
	u8 want = set->text[f->at + i], six;

	if (!f->base64)
		return c == want;
	six = needles_six[c];
	return six && !(((six - 1) ^ want) & (i == 0 ? f->head : i + 1U == f->n ? f->tail : 63));
}

/* Place of two neighbours in the filter. */
static inline u32
pair_bit(u8 a, u8 b)
{
	return ((u32)a << 4 ^ b) & (NEEDLES_PAIRS - 1);
}

/* The first place at or after from where two bytes are of one kind; s.n when there is none (the
 * last byte has no neighbour and is none). */
u32 needles_skip(const struct needles *set, struct str s, u32 from);

/* The same with the means of every machine. */
u32 needles_skip_any(const struct needles *set, struct str s, u32 from);

#if defined(__x86_64__)
/* The kernels needles_skip chooses from, for tests; only where cpu_found has what they
 * need. */
u32 needles_skip_ssse3(const struct needles *set, struct str s, u32 from);
u32 needles_skip_avx512(const struct needles *set, struct str s, u32 from);
#endif

#endif
