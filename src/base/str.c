#include "base/str.h"

bool
str_bytes(struct str s, const char *p, size_t n)
{
	return s.n == n && (n == 0 || memcmp(s.p, p, n) == 0);
}

static u8
lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? (u8)(c + 32) : c;
}

bool
str_same_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	if (str_same(a, b)) /* the usual case, many bytes at once */
		return true;
	for (u32 i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

int
str_cmp(struct str a, struct str b)
{
	u32 n = min_u32(a.n, b.n);
	int d = n ? memcmp(a.p, b.p, n) : 0;

	if (d)
		return d;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool
str_starts(struct str s, struct str head)
{
	return s.n >= head.n && (head.n == 0 || memcmp(s.p, head.p, head.n) == 0);
}

bool
str_ends(struct str s, struct str tail)
{
	return s.n >= tail.n && (tail.n == 0 || memcmp(s.p + s.n - tail.n, tail.p, tail.n) == 0);
}

int
str_find(struct str s, u8 c, u32 from)
{
	const u8 *at;

	if (from >= s.n)
		return -1;
	at = memchr(s.p + from, c, s.n - from);
	return at ? (int)(at - s.p) : -1;
}

int
str_find_str(struct str s, struct str part)
{
	if (part.n == 0)
		return 0;
	for (u32 i = 0; i + part.n <= s.n; i++) {
		int at = str_find(s, part.p[0], i);

		if (at < 0 || (u32)at + part.n > s.n)
			return -1;
		if (memcmp(s.p + at, part.p, part.n) == 0)
			return at;
		i = (u32)at;
	}
	return -1;
}

struct str
str_cut(struct str s, u32 from, u32 to)
{
	to = min_u32(to, s.n);
	from = min_u32(from, to);
	return (struct str){ s.p ? s.p + from : NULL, to - from };
}

static bool
blank(u8 c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_trim(struct str s)
{
	while (s.n && blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str
str_next(struct str *rest, u8 sep)
{
	struct str part = *rest;
	int at = str_find(*rest, sep, 0);

	if (at < 0) {
		*rest = STR_NONE;
		return part;
	}
	part.n = (u32)at;
	*rest = str_cut(*rest, (u32)at + 1, rest->n);
	return part;
}

int
str_u64(struct str s, u64 *value)
{
	u64 v = 0;

	if (s.n == 0)
		return ERR_BAD;
	for (u32 i = 0; i < s.n; i++) {
		u8 d = (u8)(s.p[i] - '0');

		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return ERR_BAD;
		v = v * 10 + d;
	}
	*value = v;
	return 0;
}

int
str_hex(struct str s, u64 *value)
{
	u64 v = 0;

	if (s.n == 0 || s.n > 16)
		return ERR_BAD;
	for (u32 i = 0; i < s.n; i++) {
		u8 c = lower(s.p[i]);

		if (c >= '0' && c <= '9')
			v = v * 16 + (u64)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v * 16 + (u64)(c - 'a' + 10);
		else
			return ERR_BAD;
	}
	*value = v;
	return 0;
}
