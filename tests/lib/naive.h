/* naive: what filter/redact has to give, found the slow and obvious way, and texts that are full of secrets. No
 * look-ahead, no pieces, no tables: every place, every form, one character after the other. */
#ifndef TESTS_NAIVE_H
#define TESTS_NAIVE_H

#include "base/base64.h"
#include "base/utf8.h"

/* One form: character i is one whose bits agree with want under mask. */
struct naive_form {
	u32 n;
	bool base64, slashed, outside; /* outside: could be no more than numbers and structure of JSON */
	u8 want[2800], mask[2800];
};

struct naive {
	bool json;
	u32 forms;
	struct naive_form form[4 * 8];
};

static inline int
naive_six(u8 c)
{
	const char *at = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", c);
	static const char other[] = "-_";

	if (c == (u8)other[0] || c == (u8)other[1])
		return c == '-' ? 62 : 63;
	return c && at ? (int)(at - "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") : -1;
}

/* Base64 of the value with zeros around it and with ones around it: bits that agree are its own. */
static inline void
naive_form(struct naive_form *f, struct str value, int before)
{
	u8 bytes[2100], zeros[2800], ones[2800];
	struct buf out[2] = { buf_over(zeros, sizeof zeros), buf_over(ones, sizeof ones) };

	f->n = 0;
	f->base64 = before >= 0;
	f->slashed = false;
	if (before < 0) {
		for (u32 i = 0; i < value.n; i++)
			if (value.p[i] != '\\') {
				f->want[f->n] = value.p[i];
				f->mask[f->n++] = 255;
			} else {
				f->slashed = true;
			}
		return;
	}
	for (u32 which = 0; which < 2; which++) {
		memset(bytes, which ? 255 : 0, value.n + 6);
		memcpy(bytes + before, value.p, value.n);
		base64_put(&out[which], str_of(bytes, ((u32)before + value.n + 2) / 3 * 3));
	}
	for (u32 i = 0; i < out[0].w; i++) {
		int a = naive_six(zeros[i]), b = naive_six(ones[i]);

		if ((a ^ b) == 63)
			continue;
		f->want[f->n] = (u8)a;
		f->mask[f->n++] = (u8)(63 & ~(a ^ b));
	}
}

static inline bool
naive_fits(const struct naive_form *f, u32 i, u8 c)
{
	int six = naive_six(c);

	if (!f->base64)
		return c == f->want[i];
	return six >= 0 && ((six ^ f->want[i]) & f->mask[i]) == 0;
}

static inline int
naive_hex(struct str s, u32 n)
{
	u64 v;

	return s.n >= n && str_hex(str_cut(s, 0, n), &v) == 0 ? (int)v : -1;
}

/* The next character of f at s: bytes, or 0. Advances i. */
static inline u32
naive_take(const struct naive_form *f, u32 *i, struct str s, bool json)
{
	static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
	u32 k = 0, raw = 0, used = 0;
	u8 utf[4], c;
	struct buf b = buf_over(utf, sizeof utf);

	while (k < s.n && (s.p[k] == '\\' || (f->slashed && s.p[k] == '%' && naive_hex(str_cut(s, k + 1, s.n), 2) == '\\'))) {
		raw += s.p[k] == '\\';
		k += s.p[k] == '\\' ? 1 : 3;
	}
	if (k > 7 || k == s.n)
		return 0;
	s = str_cut(s, k, s.n);
	c = s.p[0];
	if (c == '%' && naive_hex(str_cut(s, 1, s.n), 2) >= 0 && naive_fits(f, *i, (u8)naive_hex(str_cut(s, 1, s.n), 2))) {
		++*i;
		return k + 3;
	}
	if (k && c == 'u' && naive_hex(str_cut(s, 1, s.n), 4) >= 0) {
		int point = naive_hex(str_cut(s, 1, s.n), 4);

		if (point < 0x80)
			used = naive_fits(f, *i, (u8)point);
		else if (!f->base64 && (point < 0xd800 || point > 0xdfff)) {
			utf8_put(&b, (u32)point);
			used = f->n - *i >= b.w && memcmp(f->want + *i, utf, b.w) == 0 ? b.w : 0;
		}
		*i += used;
		if (used)
			return k + 5;
	}
	if (k && c && strchr(letters, c) && naive_fits(f, *i, (u8)controls[strchr(letters, c) - letters])) {
		++*i;
		return k + 1;
	}
	if ((k && !f->slashed && ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'))) ||
	    (json && c == '"' && raw % 2 == 0) || !naive_fits(f, *i, c))
		return 0;
	++*i;
	return k + 1;
}

/* Length of f at the front of s, or 0. */
static inline u32
naive_match(const struct naive_form *f, struct str s, bool json)
{
	u32 at = 0, i, n = 1;

	for (i = 0; i < f->n && n && at < s.n; at += n)
		n = naive_take(f, &i, str_cut(s, at, s.n), json);
	if (i == f->n && n)
		return at;
	for (i = 0; i < f->n && i < s.n && naive_fits(f, i, s.p[i]); i++)
		;
	return i == f->n ? f->n : 0;
}

/* How far each byte of a JSON text is inside of an escape. */
static inline void
naive_inside(struct str text, u8 *inside)
{
	for (u32 i = 0; i < text.n;) {
		u32 n = text.p[i] == '\\' ? min_u32(2, text.n - i) : 1;

		while (n >= 2 && n < 6 && i + n < text.n && text.p[i + 1] == 'u' && naive_hex(str_cut(text, i + n, text.n), 1) >= 0)
			n++;
		for (u32 k = 0; k < n; k++)
			inside[i + k] = (u8)k;
		i += n;
	}
}

static inline bool
naive_outside(const struct naive_form *f)
{
	for (u32 i = 0; i < f->n; i++) {
		bool may = false;

		for (const char *c = "0123456789+-.eEtrufalsn[]{}:, \t\r\n"; *c; c++)
			may |= naive_fits(f, i, (u8)*c);
		if (!may)
			return false;
	}
	return true;
}

/* Makes ready for up to 8 values. */
static inline void
naive_init(struct naive *n, const struct str *value, u32 values, bool json)
{
	n->json = json;
	n->forms = 0;
	for (u32 v = 0; v < values; v++)
		for (int before = -1; before < 3; before++) {
			naive_form(&n->form[n->forms], value[v], before);
			n->form[n->forms].outside = naive_outside(&n->form[n->forms]);
			n->forms++;
		}
}

/* The longest match at the front of s. */
static inline u32
naive_longest(const struct naive *n, struct str s, bool quoted)
{
	u32 best = 0;

	for (u32 i = 0; i < n->forms; i++)
		if (!n->json || quoted || !n->form[i].outside)
			best = max_u32(best, naive_match(&n->form[i], s, n->json));
	return best;
}

/* The text without the values, appended to out. inside: text.n bytes of room. How many were found. */
static inline u32
naive_redact(const struct naive *n, struct str text, u8 *inside, struct buf *out)
{
	u32 count = 0, base = 0;
	bool quoted = false, escaped = false;

	naive_inside(text, inside);
	for (u32 at = 0; at < text.n;) {
		u32 best = naive_longest(n, str_cut(text, at, text.n), quoted);
		u8 c = text.p[at];

		if (best) {
			if (n->json && inside[at] <= at - base)
				out->w -= inside[at];
			BUF_LIT(out, "[redacted]");
			count++;
			base = at += best;
			escaped = false;
			continue;
		}
		buf_byte(out, c);
		at++;
		if (escaped)
			escaped = false;
		else if (c == '"')
			quoted = !quoted;
		else
			escaped = c == '\\' && quoted;
	}
	return count;
}

/* ---- texts --------------------------------------------------------------------------------------- */

/* Appends one byte in the way of `how`: 0 as it is, 1 %2f, 2 %2F, 3 \u002f, 4 \\u002F, 5 \ before what is no letter. */
static inline void
naive_put(struct buf *out, u8 c, u32 how)
{
	char text[16];
	static const char hex[2][17] = { "0123456789abcdef", "0123456789ABCDEF" };
	const char *h = hex[how == 2 || how == 4];
	u32 n = 0;

	if (how == 1 || how == 2)
		text[n++] = '%';
	if (how == 4)
		text[n++] = '\\';
	if (how == 3 || how == 4)
		for (const char *p = "\\u00"; *p; p++)
			text[n++] = *p;
	if (how >= 1 && how <= 4) {
		text[n++] = h[c >> 4];
		text[n++] = h[c & 15];
	} else {
		if (how == 5 && (c == '"' || c == '\\' || c == '/'))
			text[n++] = '\\';
		text[n++] = (char)c;
	}
	buf_put(out, str_of(text, n));
}

/* A value in base64 at one of three alignments, then each character as naive_put says: form 0 none, 1 to 3 standard,
 * 4 to 6 url. */
static inline void
naive_write(struct buf *out, struct str value, u32 form, u32 how)
{
	static u8 bytes[2200], text[3000];
	struct buf b = buf_over(text, sizeof text);
	u32 before = form ? (form - 1) % 3 : 0;

	memset(bytes, 'q', value.n + 6);
	memcpy(bytes + before, value.p, value.n);
	if (form == 0)
		buf_put(&b, value);
	else if (form < 4)
		base64_put(&b, str_of(bytes, before + value.n + before));
	else
		base64_put_url(&b, str_of(bytes, before + value.n + before));
	for (u32 i = 0; i < b.w; i++)
		naive_put(out, text[i], how == 6 ? i * 7 % 6 : how);
}

/* Makes a text out of any bytes: those below 0xe0 are themselves, others insert a part of a value in some form. */
static inline void
naive_text(struct buf *out, struct str program, const struct str *value, u32 values)
{
	for (u32 i = 0; i < program.n; i++) {
		u8 c = program.p[i];
		struct str v = value[values ? c % values : 0];

		if (c < 0xe0) {
			buf_byte(out, c);
			continue;
		}
		if (i + 1 < program.n && program.p[i + 1] & 1) /* only a part */
			v = str_cut(v, program.p[i + 1] >> 5, v.n - (program.p[i + 1] >> 1 & 3));
		naive_write(out, v, (c & 31) % 7, (c >> 2 & 7) % 7);
	}
}

#endif
