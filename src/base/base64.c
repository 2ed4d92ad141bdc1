#include "base/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Up to three bytes as their characters: n + 1 of them. */
static u32
group(const u8 *p, u32 n, const char *alphabet, u8 out[4])
{
	u32 v = (u32)p[0] << 16 | (n > 1 ? (u32)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);

	for (u32 i = 0; i <= n; i++)
		out[i] = (u8)alphabet[v >> (18 - 6 * i) & 63];
	return n + 1;
}

static void
put(struct buf *b, struct str s, const char *alphabet, bool padded)
{
	u32 n = padded ? BASE64_N(s.n) : (u32)BASE64_URL_N((u64)s.n);

	if (b->over || n > buf_room(b) || (u64)n < s.n) {
		b->over = true;
		return;
	}
	for (u32 i = 0; i < s.n; i += 3) {
		u32 k = group(s.p + i, min_u32(3, s.n - i), alphabet, b->p + b->w);

		b->w += k;
		for (; padded && k < 4; k++)
			b->p[b->w++] = '=';
	}
}

void
base64_put(struct buf *b, struct str s)
{
	put(b, s, standard, true);
}

void
base64_put_url(struct buf *b, struct str s)
{
	put(b, s, url, false);
}

/* The value of a character, or -1. plus and slash are the last two of the alphabet. */
static int
value(u8 c, u8 plus, u8 slash)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == plus)
		return 62;
	return c == slash ? 63 : -1;
}

static int
read_all(struct str text, u8 *out, u32 cap, const char *alphabet)
{
	u32 v = 0, bits = 0, w = 0;

	if (text.n % 4 == 1)
		return ERR_BAD;
	if ((u64)text.n * 3 / 4 > cap)
		return ERR_FULL;
	for (u32 i = 0; i < text.n; i++) {
		int d = value(text.p[i], (u8)alphabet[62], (u8)alphabet[63]);

		if (d < 0)
			return ERR_BAD;
		v = (v << 6 | (u32)d) & 0xfff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[w++] = (u8)(v >> bits);
		}
	}
	return (v & ((1U << bits) - 1)) ? ERR_BAD : (int)w;
}

int
base64_read(struct str text, u8 *out, u32 cap)
{
	if (text.n % 4)
		return ERR_BAD;
	for (int i = 0; i < 2 && text.n && text.p[text.n - 1] == '='; i++)
		text.n--;
	return read_all(text, out, cap, standard);
}

int
base64_read_url(struct str text, u8 *out, u32 cap)
{
	return read_all(text, out, cap, url);
}
