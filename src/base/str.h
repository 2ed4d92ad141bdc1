/* str: a view of bytes. Never owns, never NUL-ended, lives no longer than the buffer it points into.
 * STR("literal") makes one from a literal; str_c from a C string. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

struct str {
	const u8 *p;
	u32 n;
};

#define STR(literal) ((struct str){ (const u8 *)("" literal), sizeof(literal) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })
/* For printf-like formats with %.*s. */
#define STR_ARG(s) (int)(s).n, (const char *)(s).p

static inline struct str
str_of(const void *p, size_t n)
{
	return (struct str){ (const u8 *)p, (u32)n };
}

static inline bool
str_same(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* View of a C string; NULL gives STR_NONE. The length of a literal is known when compiling. */
static inline struct str
str_c(const char *s)
{
	return s ? str_of(s, strlen(s)) : STR_NONE;
}

/* Whether s is exactly these n bytes. */
bool str_bytes(struct str s, const char *p, size_t n);

/* Compares with a C string, exactly; NULL equals an empty view. */
static inline bool
str_is(struct str s, const char *c)
{
	return str_bytes(s, c, c ? strlen(c) : 0);
}

/* Compares ASCII letters without case (header names, schemes); other bytes exactly. */
bool str_same_nocase(struct str a, struct str b);

/* Negative, zero or positive like memcmp, shorter first: one total order for sorted tables. */
int str_cmp(struct str a, struct str b);

/* Whether s begins or ends with the other. */
bool str_starts(struct str s, struct str head);
bool str_ends(struct str s, struct str tail);

/* Index of the first byte c at or after from, or -1. */
int str_find(struct str s, u8 c, u32 from);

/* Index of the first occurrence of part, or -1; an empty part is found at 0. */
int str_find_str(struct str s, struct str part);

/* The view from..to (to not included), clipped to s. */
struct str str_cut(struct str s, u32 from, u32 to);

/* Without spaces and tabs (str_trim: also CR and LF) at both ends. */
struct str str_trim(struct str s);

/* Takes the part before the next sep off *rest and returns it; *rest becomes what follows, or STR_NONE with p NULL
 * when there was no further sep. Loop: while (rest.p) part = str_next(&rest, ','). */
struct str str_next(struct str *rest, u8 sep);

/* Parses all of s as an unsigned decimal without sign, spaces or leading plus. ERR_BAD else, or on overflow. */
int str_u64(struct str s, u64 *value);

/* Parses all of s as hexadecimal digits, at most 16. ERR_BAD else. */
int str_hex(struct str s, u64 *value);

#endif
