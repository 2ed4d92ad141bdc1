#include "filter/needles_priv.h"

#include "base/utf8.h"
#include "json/jblock.h"

/* How a form is told from what only begins like it, and where one begins at all:
 *
 *   needles_skip  gives places that are suspicious: two rare neighbours, or \ and % before
 *                 something that could be meant
 *   near_*        turns such a place into the range of places where a find may begin
 *   begins        compares everything there, character by character as they may be written
 *
 * What is written without escapes contains its mark; what is written with some contains a first
 * one, and stands there as it is up to it. So nothing is missed, and of each find the beginning is
 * tried before any later one. */

#define SLASHES_MAX 7 /* bytes of backslashes before one character: JSON in JSON in JSON */

static_assert(SLASHES_MAX + 5 == NEEDLES_WRITTEN, "backslashes, u, four digits");

struct range {
	u32 from, to;
};

static int
hex_of(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of two or four hexadecimal digits at s; ERR_MORE, ERR_BAD. */
static int
hex_value(struct str s, u32 digits)
{
	int value = 0;

	for (u32 i = 0; i < digits; i++) {
		if (i == s.n)
			return ERR_MORE;
		if (hex_of(s.p[i]) < 0)
			return ERR_BAD;
		value = value << 4 | hex_of(s.p[i]);
	}
	return value;
}

/* ---- one character, however it is written --------------------------------------------------- */

/* Bytes of backslashes at `at`, with percent also as %5C; *raw of them are raw. Stops beyond
 * SLASHES_MAX. */
static u32
slashes(struct str s, u32 at, bool percent, u32 *raw)
{
	u32 p = at;

	for (*raw = 0; p < s.n && p - at <= SLASHES_MAX;) {
		if (s.p[p] == '\\') {
			++*raw;
			p++;
		} else if (percent && s.p[p] == '%' && hex_value(str_cut(s, p + 1, p + 3), 2) == '\\') {
			p += 3;
		} else {
			break;
		}
	}
	return p - at;
}

/* Whether what a \u means stands at place i of a form; how many bytes of it, else 0. */
static u32
fits_point(const struct needles *set, const struct needle *f, u32 i, u32 point)
{
	u8 room[4];
	struct buf b = buf_over(room, sizeof room);

	if (point < 0x80)
		return needle_fits(set, f, i, (u8)point);
	if (f->base64 || (point >= 0xd800 && point < 0xe000))
		return 0;
	utf8_put(&b, point);
	return b.w <= f->n - i && memcmp(set->text + f->at + i, room, b.w) == 0 ? b.w : 0;
}

/* %XX or uXXXX at s. Bytes used; 0: it is none, or another; ERR_MORE. */
static int
take_hex(const struct needles *set, const struct needle *f, u32 *i, struct str s)
{
	u32 digits = s.p[0] == '%' ? 2 : 4, used;
	int value = hex_value(str_cut(s, 1, s.n), digits);

	if (value < 0)
		return value == ERR_MORE ? ERR_MORE : 0;
	if (digits == 2)
		used = needle_fits(set, f, *i, (u8)value);
	else
		used = fits_point(set, f, *i, (u32)value);
	*i += used;
	return used ? 1 + (int)digits : 0;
}

/* The next character of a form at `at`. Bytes used; 0: it is another; ERR_MORE. */
static int
take(const struct needles *set, const struct needle *f, u32 *i, const struct needles_in *in, u32 at)
{
	u32 raw, skip = slashes(in->in, at, f->slashed, &raw);
	struct str s = str_cut(in->in, at + skip, in->in.n);
	int n = 0;

	if (skip > SLASHES_MAX)
		return 0;
	if (s.n == 0)
		return in->more ? ERR_MORE : 0;
	if (s.p[0] == '%' || (skip && s.p[0] == 'u'))
		n = take_hex(set, f, i, s);
	if (n > 0 || (n == ERR_MORE && in->more))
		return n > 0 ? (int)skip + n : n;
	if (skip && control_of(s.p[0]) && needle_fits(set, f, *i, control_of(s.p[0]))) {
		++*i;
		return (int)skip + 1;
	}
	if (skip && is_alnum(s.p[0]) && !f->slashed)
		return 0; /* \n is no n */
	if (in->json && s.p[0] == '"' && raw % 2 == 0)
		return 0; /* the end of the string */
	if (!needle_fits(set, f, *i, s.p[0]))
		return 0;
	++*i;
	return (int)skip + 1;
}

/* ---- a form --------------------------------------------------------------------------------- */

/* A form as it is, at `at`. Its length; 0; ERR_MORE. */
static int
match_raw(const struct needles *set, const struct needle *f, const struct needles_in *in, u32 at)
{
	for (u32 i = 0; i < f->n; i++) {
		if (at + i == in->in.n)
			return in->more ? ERR_MORE : 0;
		if (!needle_fits(set, f, i, in->in.p[at + i]))
			return 0;
	}
	return f->n;
}

static int
match(const struct needles *set, const struct needle *f, const struct needles_in *in, u32 at)
{
	u32 p = at;

	for (u32 i = 0; i < f->n;) {
		int n = take(set, f, &i, in, p);

		if (n <= 0) /* a value that holds %41 or, in JSON, a quote as it is */
			return n < 0 ? n : match_raw(set, f, in, at);
		p += (u32)n;
	}
	return (int)(p - at);
}

/* Whether an odd number of backslashes ends before `at`. */
static bool
is_escaped(struct str s, u32 at)
{
	u32 n = 0;

	while (n < at && s.p[at - n - 1] == '\\')
		n++;
	return n & 1;
}

/* How many bytes before `at` the escape of a JSON string begins that it is inside of; 0: of none. */
static u32
is_inside(struct str s, u32 at)
{
	if (is_escaped(s, at))
		return 1;
	for (u32 n = 1; n <= 4 && n < at && hex_of(s.p[at]) >= 0; n++) {
		if (s.p[at - n] == 'u')
			return is_escaped(s, at - n) ? n + 1 : 0;
		if (hex_of(s.p[at - n]) < 0)
			break;
	}
	return 0;
}

bool
needles_quoted(const struct needles_in *in, u32 at)
{
	const u8 *p = in->in.p, *end = p + at;
	bool quoted = in->quoted;

	while ((p = jblock_skip(p, end)) < end) {
		if (*p == '"')
			quoted = !quoted;
		p += *p == '\\' && quoted ? 2 : 1;
	}
	return quoted;
}

static inline bool
known_pair(const struct needles *set, u8 a, u8 b)
{
	return set->pair[pair_bit(a, b) / 8] >> pair_bit(a, b) % 8 & 1;
}

/* A quick no: neither of two characters that stand there as they are. */
static inline bool
cannot_begin(const struct needles *set, const struct needles_in *in, u32 at)
{
	u8 a = in->in.p[at], b;

	if (a == '\\' || a == '%')
		return false;
	if (!set->first[a])
		return true;
	if (at + 1 == in->in.n)
		return false;
	b = in->in.p[at + 1];
	return b != '\\' && b != '%' && !known_pair(set, a, b);
}

/* What begins at `at`: the length of the longest form; 0 none; ERR_MORE one may. */
static int
begins(const struct needles *set, const struct needles_in *in, u32 at)
{
	int best = 0;

	for (u32 i = 0; i < set->n; i++) {
		const struct needle *f = &set->form[i];
		int n = match(set, f, in, at);

		if (n == 0 || (in->json && f->outside && !needles_quoted(in, at)))
			continue;
		if (n < 0)
			return ERR_MORE;
		best = n > best ? n : best;
	}
	return best;
}

/* ---- where to look -------------------------------------------------------------------------- */

/* The first byte that an escape stands for, s being what follows its backslashes. ERR_MORE. */
static int
first_byte(struct str s, bool slashed)
{
	u8 room[4];
	struct buf b = buf_over(room, sizeof room);
	int value = ERR_BAD;

	if (s.p[0] == '%')
		value = hex_value(str_cut(s, 1, s.n), 2);
	else if (slashed && s.p[0] == 'u')
		value = hex_value(str_cut(s, 1, s.n), 4);
	else if (slashed && control_of(s.p[0]))
		return control_of(s.p[0]);
	if (value < 0)
		return value == ERR_MORE ? ERR_MORE : s.p[0];
	if (s.p[0] == '%' || value < 0x80)
		return value;
	utf8_put(&b, (u32)value);
	return room[0];
}

/* Where the escapes end that mean characters no form has: other scripts are often written as
 * nothing but such. */
static u32
skip_foreign(const struct needles *set, const struct needles_in *in, u32 at)
{
	const u8 *p = in->in.p;

	if (!in->json || set->slashed || set->wide)
		return at;
	while (in->in.n - at > 5 && p[at] == '\\' && p[at + 1] == 'u' &&
	    hex_value(str_cut(in->in, at + 2, at + 6), 4) > 0xff)
		at += 6;
	return at;
}

static bool
known_behind(const struct needles *set, const struct needles_in *in, u32 at, u8 c)
{
	return at > 0 && known_pair(set, in->in.p[at - 1], c);
}

/* The place is a backslash or percent sign: where a find may begin of which this is the first
 * escape. Returns where to go on. */
static u32
near_escape(const struct needles *set, const struct needles_in *in, u32 at, struct range *r)
{
	u32 raw, end = at + slashes(in->in, at, set->slashed, &raw), all = in->in.n;
	u32 foreign = skip_foreign(set, in, at);
	const u8 *p = in->in.p;
	int byte;
	u8 as_is;

	*r = (struct range){ at, at };
	if (foreign > at)
		return foreign;
	while (end < all && p[end] == '\\') /* more of them than may belong to a find */
		end++;
	if (end == all)
		return all;
	byte = first_byte(str_cut(in->in, end, all), end > at);
	as_is = is_alnum(p[end]) && !set->slashed && byte >= 0 ? (u8)byte : p[end];
	if (end - at > SLASHES_MAX)
		*r = (struct range){ end - SLASHES_MAX - 1, end };
	else if (byte < 0 || known_behind(set, in, at, (u8)byte) || known_behind(set, in, at, as_is))
		*r = (struct range){ at - min_u32(at, set->reach), at + 1 };
	else if (set->first[byte] || set->first[as_is])
		r->to = at + 1;
	return max_u32(end, at + 1);
}

/* The place may be the mark of a form. */
static u32
near_mark(const struct needles *set, const struct needles_in *in, u32 at, struct range *r)
{
	*r = (struct range){ at, 0 };
	for (u32 i = 0; i < set->n; i++) {
		const struct needle *f = &set->form[i];

		if (f->mark > at || !needle_fits(set, f, f->mark, in->in.p[at]) ||
		    !needle_fits(set, f, f->mark + 1U, in->in.p[at + 1]))
			continue;
		if (match(set, f, in, at - f->mark)) {
			r->from = at - min_u32(at, set->reach); /* another may have begun before */
			r->to = max_u32(r->to, at - f->mark + 1U);
		}
	}
	return at + 1;
}

/* Tries a range; whether something begins there: *at, *n. In JSON a find never begins inside an
 * escape: it takes all of that with it. */
static bool
first_of(const struct needles *set, const struct needles_in *in, struct range r, u32 *at, u32 *n)
{
	for (u32 p = r.from; p < r.to; p++) {
		int found = cannot_begin(set, in, p) ? 0 : begins(set, in, p);

		if (found) {
			*at = p - (in->json ? is_inside(in->in, p) : 0);
			*n = found > 0 ? (u32)found + p - *at : 0;
			return true;
		}
	}
	return false;
}

/* What may begin at the end, to be told by bytes that follow. What holds an escape was tried
 * there; an escape that is not complete may always mean something, so it is never cut. */
static u32
end_of(const struct needles *set, const struct needles_in *in, u32 *n)
{
	u32 all = in->in.n, at;
	struct range r = { all - min_u32(all, set->reach + SLASHES_MAX), all };

	return first_of(set, in, r, &at, n) ? at : all;
}

u32
needles_find(const struct needles *set, const struct needles_in *in, u32 *n)
{
	struct range r = { 0, in->in.n };
	u32 at = 0, found;

	*n = 0;
	if (set->n == 0)
		return in->in.n;
	if (set->slow)
		return first_of(set, in, r, &found, n) ? found : in->in.n;
	while ((at = needles_skip(set, in->in, at)) < in->in.n) {
		if (in->in.p[at] == '\\' || in->in.p[at] == '%')
			at = near_escape(set, in, at, &r);
		else
			at = near_mark(set, in, at, &r);
		if (first_of(set, in, r, &found, n))
			return found;
	}
	return in->more ? end_of(set, in, n) : in->in.n;
}
