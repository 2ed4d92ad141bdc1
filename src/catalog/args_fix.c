#include "catalog/args_priv.h"
#include "json/jscan.h"

#include <float.h>

u32
args_types(struct jcur cur)
{
	struct str raw;

	switch (json_kind(cur)) {
	case JSON_OBJECT: return CATALOG_T_OBJECT;
	case JSON_ARRAY: return CATALOG_T_ARRAY;
	case JSON_STRING: return CATALOG_T_STRING;
	case JSON_TRUE: case JSON_FALSE: return CATALOG_T_BOOL;
	case JSON_NULL: return CATALOG_T_NULL;
	default: break;
	}
	raw = json_raw(cur);
	for (u32 i = 0; i < raw.n; i++)
		if (raw.p[i] == '.' || (raw.p[i] | 32) == 'e')
			return CATALOG_T_NUMBER;
	return CATALOG_T_NUMBER | CATALOG_T_INTEGER;
}

struct buf
args_room(const struct args_walk *w)
{
	const struct buf *b = w->out ? w->out : &w->room;

	return buf_over(b->p + b->w, buf_room(b));
}

/* v times ten to the e, without leaving the range. */
static double
shifted(double v, int64_t e)
{
	for (; e > 0 && v <= DBL_MAX / 10; e--)
		v *= 10;
	for (; e < 0 && v != 0; e++)
		v /= 10;
	return v;
}

bool
args_number(struct str s, double *value)
{
	u32 at = s.n && s.p[0] == '-', digits = 0;
	int64_t e = 0;
	u64 whole = 0, power = 0;
	bool point = false;

	for (; at < s.n && ((u8)(s.p[at] - '0') <= 9 || s.p[at] == '.'); at++) {
		if (s.p[at] == '.') {
			if (point)
				return false;
			point = true;
			continue;
		}
		digits++;
		if (whole < UINT64_MAX / 10 - 1)
			whole = whole * 10 + (u64)(s.p[at] - '0');
		else
			e++;
		e -= point;
	}
	if (digits == 0)
		return false;
	if (at < s.n) {
		bool down = at + 1 < s.n && s.p[at + 1] == '-';
		struct str rest = str_cut(s, at + 1 + (at + 1 < s.n && (down || s.p[at + 1] == '+')), s.n);

		if ((s.p[at] | 32) != 'e')
			return false;
		if (str_u64(rest, &power) || power > 2000)
			power = 2000;
		e += down ? -(int64_t)power : (int64_t)power;
	}
	*value = shifted((double)whole, e < -2000 ? -2000 : e);
	if (s.p[0] == '-')
		*value = -*value;
	return true;
}

struct str
args_enum_next(struct str enums, u32 *at)
{
	u32 depth = 0, from, i = *at;
	bool quoted = false;

	if (i == 0)
		i = 1; /* behind the bracket */
	while (i < enums.n && (enums.p[i] == ',' || enums.p[i] == ' '))
		i++;
	if (i >= enums.n || enums.p[i] == ']')
		return STR_NONE;
	for (from = i; i < enums.n; i++) {
		u8 c = enums.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '[' || c == '{') {
			depth++;
		} else if (depth && (c == ']' || c == '}')) {
			depth--;
		} else if (depth == 0 && (c == ',' || c == ']')) {
			break;
		}
	}
	*at = i;
	return str_cut(enums, from, min_u32(i, enums.n));
}

/* Whether two JSON values are the same: as text, as decoded strings, as numbers. */
static bool
same_value(struct args_walk *w, struct str option, struct jcur cur)
{
	struct str raw = json_raw(cur);
	double a, b;

	if (str_same(option, raw))
		return true;
	if (option.n && option.p[0] == '"') {
		struct jsmntok tok[1];
		struct jdoc d;
		struct buf room = args_room(w);

		if (str_find(option, '\\', 0) < 0)
			return json_same(cur, str_cut(option, 1, option.n - 1));
		if (json_parse(&d, option, tok, 1) || json_str_put(json_root(&d), &room) || room.over)
			return false;
		return json_same(cur, buf_str(&room));
	}
	return json_kind(cur) == JSON_NUMBER && args_number(option, &a) && args_number(raw, &b) && a == b;
}

bool
args_enum_has(struct args_walk *w, const struct catalog_node *node, struct jcur cur)
{
	struct str option;
	u32 at = 0;

	if (node->enums.n == 0)
		return true;
	while ((option = args_enum_next(node->enums, &at)).p)
		if (same_value(w, option, cur))
			return true;
	return false;
}

/* Whether the string holds JSON of one of these types (array, object), as a whole. */
static bool
holds(struct args_walk *w, struct jcur cur, u32 types)
{
	struct buf room = args_room(w);
	struct str text;

	if (json_str_put(cur, &room) || room.over)
		return false;
	text = str_trim(buf_str(&room));
	if (text.n == 0 || !((text.p[0] == '[' && types & CATALOG_T_ARRAY) ||
	                     (text.p[0] == '{' && types & CATALOG_T_OBJECT)))
		return false;
	return jscan_check(text, JSON_DEPTH_MAX / 2, JSCAN_NO_NUL | JSCAN_SHORT_NUMBERS, NULL) == 0;
}

/* Whether the text between the quotes is a number as JSON writes it. */
static bool
is_number(struct str inner)
{
	return inner.n && (inner.p[0] == '-' || (u8)(inner.p[0] - '0') <= 9) &&
	       jscan_check(inner, 1, JSCAN_SHORT_NUMBERS, NULL) == 0;
}

static enum args_fix
fix_string(struct args_walk *w, u32 types, struct jcur cur)
{
	struct str raw = json_raw(cur), inner = str_trim(str_cut(raw, 1, raw.n - 1));

	if (types & (CATALOG_T_INTEGER | CATALOG_T_NUMBER) && is_number(inner))
		return FIX_UNQUOTE;
	if (types & CATALOG_T_BOOL && (str_same_nocase(inner, STR("true")) || str_same_nocase(inner, STR("false"))))
		return FIX_WORD;
	if (types & (CATALOG_T_ARRAY | CATALOG_T_OBJECT) && holds(w, cur, types))
		return FIX_PARSE;
	return FIX_NONE;
}

static bool
is_whole(struct str raw)
{
	double v;

	return args_number(raw, &v) && v >= -9007199254740992.0 && v <= 9007199254740992.0 && v == (double)(int64_t)v;
}

enum args_fix
args_fix(struct args_walk *w, const struct catalog_node *node, struct jcur cur)
{
	u32 types = node->types, of = args_types(cur);
	enum args_fix fix = FIX_NONE;

	if (of & CATALOG_T_STRING)
		fix = fix_string(w, types, cur);
	else if (of & (CATALOG_T_NUMBER | CATALOG_T_BOOL) && types & CATALOG_T_STRING)
		fix = FIX_QUOTE;
	else if (of & CATALOG_T_NUMBER && types & CATALOG_T_INTEGER && is_whole(json_raw(cur)))
		fix = FIX_WHOLE;
	if (fix == FIX_NONE && types & CATALOG_T_ARRAY && !(of & (CATALOG_T_NULL | CATALOG_T_ARRAY)))
		fix = FIX_WRAP;
	return fix;
}

void
args_fix_put(struct buf *out, struct jcur cur, enum args_fix fix)
{
	struct str raw = json_raw(cur), inner = str_trim(str_cut(raw, 1, raw.n - 1));
	double v;

	switch (fix) {
	case FIX_UNQUOTE: buf_put(out, inner); break;
	case FIX_QUOTE: buf_fmt(out, "\"%S\"", raw); break;
	case FIX_WORD: buf_c(out, (inner.p[0] | 32) == 't' ? "true" : "false"); break;
	case FIX_PARSE: json_str_put(cur, out); break;
	case FIX_WRAP: buf_fmt(out, "[%S]", raw); break;
	case FIX_WHOLE:
		if (args_number(raw, &v))
			buf_i64(out, (int64_t)v);
		break;
	case FIX_NONE: buf_put(out, raw); break;
	}
}
