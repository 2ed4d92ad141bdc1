#include "json/jesc.h"

#include "base/utf8.h"
#include "json/jblock.h"
#include "json/jesc_priv.h"

#define CAREFUL 64 /* bytes taken one by one before whole blocks are tried again */

const u8 jesc_letter[256] = {
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	['"'] = '"', ['\\'] = '\\',
};

bool
jesc_ends_inside(struct str s)
{
	u32 point;

	return s.n > 0 && s.n < 4 && utf8_take(s, &point) == ERR_MORE;
}

/* Length of the longest start of a character at s that went wrong: the first byte and what
 * fitted it. */
static u32
wrong(struct str s)
{
	u32 n = 1;

	while (n < s.n && jesc_ends_inside(str_cut(s, 0, n)) &&
	       jesc_ends_inside(str_cut(s, 0, n + 1)))
		n++;
	return n;
}

/* Writes the special byte or character at s into to; returns its length in s, 0 when s ends
 * inside it. */
static u32
special(struct str s, struct buf *to)
{
	u8 c = s.p[0];
	u32 point;
	int n;

	if (c < 0x80) {
		buf_byte(to, '\\');
		buf_byte(to, jesc_letter[c]);
		if (jesc_letter[c] == 'u') {
			BUF_LIT(to, "00");
			buf_hex(to, c, 2);
		}
		return 1;
	}
	n = utf8_take(str_cut(s, 0, 4), &point);
	if (n == ERR_MORE)
		return 0;
	if (n > 0) {
		buf_put(to, str_cut(s, 0, (u32)n));
		return (u32)n;
	}
	BUF_LIT(to, "\xef\xbf\xbd");
	return wrong(s);
}

/* At least CAREFUL bytes of in, or as many as there are and fit. */
static u32
careful(struct str in, struct buf *out)
{
	u8 tmp[8];
	u32 at = 0;

	while (at < in.n && at < CAREFUL && buf_room(out) > 0) {
		const u8 *p = in.p + at, *stop = p + min_u32(in.n - at, buf_room(out));
		u32 n = (u32)(jblock_skip(p, stop) - p);
		struct buf to = buf_over(tmp, sizeof tmp);

		buf_put(out, str_of(p, n));
		at += n;
		if (p + n == stop)
			continue;
		n = special(str_cut(in, at, in.n), &to);
		if (n == 0 || to.w > buf_room(out))
			return at;
		buf_put(out, buf_str(&to));
		at += n;
	}
	return at;
}

u32
jesc_put(struct str in, struct buf *out)
{
	u32 at = 0, n = 1;

	if (out->over)
		return 0;
	while (at < in.n && n > 0) {
		at += jesc_blocks(str_cut(in, at, in.n), out);
		n = careful(str_cut(in, at, in.n), out);
		at += n;
	}
	return at;
}
