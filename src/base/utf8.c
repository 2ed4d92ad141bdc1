#include "base/utf8.h"

/* Length of a sequence by its first byte, 0 for bytes that cannot begin one. */
static u32
sequence(u8 first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Whether the second byte is allowed after the first: this rules out overlong forms, surrogates and > U+10FFFF. */
static bool
second_fits(u8 first, u8 second)
{
	switch (first) {
	case 0xe0: return second >= 0xa0 && second <= 0xbf;
	case 0xed: return second >= 0x80 && second <= 0x9f;
	case 0xf0: return second >= 0x90 && second <= 0xbf;
	case 0xf4: return second >= 0x80 && second <= 0x8f;
	}
	return (second & 0xc0) == 0x80;
}

int
utf8_take(struct str s, u32 *point)
{
	u32 n, v;

	if (s.n == 0)
		return ERR_MORE;
	n = sequence(s.p[0]);
	if (n == 0)
		return ERR_BAD;
	v = n == 1 ? s.p[0] : s.p[0] & (0x7fU >> n);
	for (u32 i = 1; i < n; i++) {
		if (i >= s.n)
			return ERR_MORE;
		if (i == 1 ? !second_fits(s.p[0], s.p[1]) : (s.p[i] & 0xc0) != 0x80)
			return ERR_BAD;
		v = v << 6 | (s.p[i] & 0x3f);
	}
	*point = v;
	return (int)n;
}

bool
utf8_valid(struct str s)
{
	u32 i = 0;

	while (i < s.n) {
		u32 point;
		int n;

		if (s.p[i] < 0x80) {
			i++;
			continue;
		}
		n = utf8_take(str_cut(s, i, s.n), &point);
		if (n < 0)
			return false;
		i += (u32)n;
	}
	return true;
}

void
utf8_put(struct buf *b, u32 c)
{
	u8 s[4];

	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	if (c < 0x80) {
		buf_byte(b, (u8)c);
		return;
	}
	if (c < 0x800) {
		s[0] = (u8)(0xc0 | c >> 6);
		s[1] = (u8)(0x80 | (c & 0x3f));
		buf_put(b, str_of(s, 2));
		return;
	}
	if (c < 0x10000) {
		s[0] = (u8)(0xe0 | c >> 12);
		s[1] = (u8)(0x80 | (c >> 6 & 0x3f));
		s[2] = (u8)(0x80 | (c & 0x3f));
		buf_put(b, str_of(s, 3));
		return;
	}
	s[0] = (u8)(0xf0 | c >> 18);
	s[1] = (u8)(0x80 | (c >> 12 & 0x3f));
	s[2] = (u8)(0x80 | (c >> 6 & 0x3f));
	s[3] = (u8)(0x80 | (c & 0x3f));
	buf_put(b, str_of(s, 4));
}

struct str
utf8_prefix(struct str s, u32 n)
{
	if (s.n <= n)
		return s;
	while (n > 0 && (s.p[n] & 0xc0) == 0x80)
		n--;
	return str_cut(s, 0, n);
}
