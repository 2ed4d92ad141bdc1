#include "base/text.h"

#define WORD_MAX 32

bool
text_c(char *out, u32 n, const char *fmt, ...)
{
	struct buf b = buf_over(out, n - 1);
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&b, fmt, &ap);
	va_end(ap);
	out[b.w] = 0;
	return !b.over;
}

static u8
lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? (u8)(c + 32) : c;
}

u32
text_distance(struct str a, struct str b)
{
	u8 row[WORD_MAX + 1];

	if (a.n > WORD_MAX || b.n > WORD_MAX)
		return 99;
	for (u32 j = 0; j <= b.n; j++)
		row[j] = (u8)j;
	for (u32 i = 1; i <= a.n; i++) {
		u8 diagonal = row[0];

		row[0] = (u8)i;
		for (u32 j = 1; j <= b.n; j++) {
			u8 above = row[j];
			u32 best = diagonal + (lower(a.p[i - 1]) != lower(b.p[j - 1]));

			best = min_u32(best, above + 1U);
			best = min_u32(best, row[j - 1] + 1U);
			diagonal = above;
			row[j] = (u8)best;
		}
	}
	return row[b.n];
}

const char *
text_nearest(struct str word, const char *const *candidates, u32 n)
{
	const char *best = NULL;
	u32 least = min_u32(4, word.n / 2 + 1);

	for (u32 i = 0; i < n; i++) {
		u32 d = text_distance(word, str_c(candidates[i]));

		if (d < least) {
			least = d;
			best = candidates[i];
		}
	}
	return best;
}

void
text_safe(struct buf *b, struct str s, u32 max)
{
	for (u32 i = 0; i < s.n && i < max; i++) {
		if (s.p[i] >= 0x20 && s.p[i] != 0x7f)
			buf_byte(b, s.p[i]);
		else {
			BUF_LIT(b, "\\x");
			buf_hex(b, s.p[i], 2);
		}
	}
	if (s.n > max)
		BUF_LIT(b, "...");
}

void
text_size(struct buf *b, u64 bytes)
{
	static const char *const unit[] = { " B", " KB", " MB", " GB", " TB" };
	u64 tenths = bytes * 10;
	u32 u = 0;

	while (tenths >= 10240 && u + 1 < ARRAY_N(unit)) {
		tenths /= 1024;
		u++;
	}
	buf_u64(b, tenths / 10);
	if (u) {
		buf_byte(b, '.');
		buf_u64(b, tenths % 10);
	}
	buf_c(b, unit[u]);
}

struct unit {
	const char *name;
	u64 factor;
};

static int
read_unit(struct str s, const struct unit *units, u32 n, u64 *value)
{
	u32 digits = 0;
	u64 v;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (str_u64(str_cut(s, 0, digits), &v))
		return ERR_BAD;
	for (u32 i = 0; i < n; i++)
		if (str_same_nocase(str_cut(s, digits, s.n), str_c(units[i].name))) {
			if (v > UINT64_MAX / units[i].factor)
				return ERR_BAD;
			*value = v * units[i].factor;
			return 0;
		}
	return ERR_BAD;
}

int
text_read_size(struct str s, u64 *bytes)
{
	static const struct unit units[] = {
		{ "", 1 }, { "b", 1 }, { "k", 1024 }, { "kb", 1024 }, { "m", 1048576 }, { "mb", 1048576 },
		{ "g", 1073741824 }, { "gb", 1073741824 },
	};

	return read_unit(s, units, ARRAY_N(units), bytes);
}

int
text_read_duration(struct str s, u64 *ms)
{
	static const struct unit units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
	};

	return read_unit(s, units, ARRAY_N(units), ms);
}

/* Iterative matching: on a mismatch, go back to the last star and let it take one more. */
bool
text_glob(struct str pattern, struct str s)
{
	u32 p = 0, i = 0, star = UINT32_MAX, from = 0;

	while (i < s.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = i;
		} else if (p < pattern.n && pattern.p[p] == s.p[i]) {
			p++;
			i++;
		} else if (star != UINT32_MAX) {
			p = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static void
two(struct buf *b, u32 v)
{
	buf_byte(b, (u8)('0' + v / 10 % 10));
	buf_byte(b, (u8)('0' + v % 10));
}

/* Days to civil date by the era method: 400-year eras of 146,097 days, years that begin in March. */
void
text_time(struct buf *b, wall at)
{
	u32 days = at / 86400 + 719468, s = at % 86400;
	u32 era = days / 146097, doe = days % 146097;
	u32 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	u32 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	u32 mp = (5 * doy + 2) / 153, month = mp < 10 ? mp + 3 : mp - 9;
	u32 year = yoe + era * 400 + (month <= 2);

	two(b, year / 100);
	two(b, year % 100);
	buf_byte(b, '-');
	two(b, month);
	buf_byte(b, '-');
	two(b, doy - (153 * mp + 2) / 5 + 1);
	buf_byte(b, 'T');
	two(b, s / 3600);
	buf_byte(b, ':');
	two(b, s / 60 % 60);
	buf_byte(b, ':');
	two(b, s % 60);
	buf_byte(b, 'Z');
}
