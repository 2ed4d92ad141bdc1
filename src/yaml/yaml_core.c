/* yaml_core: what scalars mean by the core schema of YAML 1.2.2 (10.3.2): `on`, `yes` and dates are strings. */
#include "yaml/yaml.h"

static bool
among(struct str s, const char *const *list, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (str_is(s, list[i]))
			return true;
	return false;
}

static u32
digits(struct str s, u32 at)
{
	u32 n = 0;

	while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

static u32
sign(struct str s)
{
	return s.n && (s.p[0] == '-' || s.p[0] == '+');
}

/* Octal or hexadecimal digits behind "0o" or "0x": how many, 0 when it is no such number. */
static u32
based(struct str s)
{
	bool hex = s.n > 2 && s.p[0] == '0' && s.p[1] == 'x';
	u32 i = 2;

	if (!hex && !(s.n > 2 && s.p[0] == '0' && s.p[1] == 'o'))
		return 0;
	for (; i < s.n; i++) {
		u8 c = s.p[i] | 0x20;

		if (!(s.p[i] >= '0' && s.p[i] <= (hex ? '9' : '7')) && !(hex && c >= 'a' && c <= 'f'))
			return 0;
	}
	return s.n - 2;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool
decimal(struct str s)
{
	u32 at = sign(s), whole = digits(s, at), part = 0;

	at += whole;
	if (at < s.n && s.p[at] == '.') {
		part = digits(s, ++at);
		at += part;
	}
	if (!whole && !part)
		return false;
	if (at < s.n && (s.p[at] | 0x20) == 'e') {
		u32 n;

		at++;
		at += at < s.n && (s.p[at] == '-' || s.p[at] == '+');
		n = digits(s, at);
		at += n;
		return n && at == s.n;
	}
	return at == s.n;
}

static u8
plain_type(struct str s)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	static const char *const trues[] = { "true", "True", "TRUE" };
	static const char *const falses[] = { "false", "False", "FALSE" };
	static const char *const others[] = { ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", 
		"-.INF", ".nan", ".NaN", ".NAN" };

	if (among(s, nulls, ARRAY_N(nulls)))
		return YAML_NULL;
	if (among(s, trues, ARRAY_N(trues)))
		return YAML_TRUE;
	if (among(s, falses, ARRAY_N(falses)))
		return YAML_FALSE;
	if (decimal(s) || based(s))
		return YAML_NUMBER;
	return among(s, others, ARRAY_N(others)) ? YAML_NOT_FINITE : YAML_STRING;
}

/* The last part of a tag of YAML's own: "int" of "!!int" and of "!<tag:yaml.org,2002:int>"; else empty. */
static struct str
core_tag(struct str tag)
{
	struct str own = STR("!<tag:yaml.org,2002:");

	if (str_starts(tag, STR("!!")))
		return str_cut(tag, 2, tag.n);
	if (str_starts(tag, own) && str_ends(tag, STR(">")))
		return str_cut(tag, own.n, tag.n - 1);
	return STR_NONE;
}

u8
yaml_type(const struct yaml_event *e)
{
	struct str tag = core_tag(e->tag);
	u8 type = plain_type(e->text);

	if (str_is(tag, "null"))
		return YAML_NULL;
	if (str_is(tag, "int") || str_is(tag, "float") || str_is(tag, "bool"))
		return type == YAML_NULL ? YAML_STRING : type;
	if (tag.n || str_is(e->tag, "!") || e->style != YAML_PLAIN)
		return YAML_STRING;
	return type;
}

int
yaml_number(struct str text, struct buf *out)
{
	u32 at = sign(text), whole, zeros = 0, n;
	u64 v = 0;

	if (based(text)) {
		bool hex = text.p[1] == 'x';

		for (u32 i = 2; i < text.n; i++) {
			u32 c = text.p[i] <= '9' ? text.p[i] - (u32)'0' : (text.p[i] | 0x20U) - 'a' + 10;

			if (v >> (hex ? 60 : 61))
				return ERR_BAD;
			v = v * (hex ? 16 : 8) + c;
		}
		buf_u64(out, v);
		return 0;
	}
	if (at && text.p[0] == '-')
		buf_byte(out, '-');
	whole = digits(text, at);
	while (zeros + 1 < whole && text.p[at + zeros] == '0')
		zeros++;
	if (!whole)
		buf_byte(out, '0');
	buf_put(out, str_cut(text, at + zeros, at + whole));
	at += whole;
	if (at < text.n && text.p[at] == '.') {
		n = digits(text, at + 1);
		if (n)
			buf_put(out, str_cut(text, at, at + 1 + n));
		at += 1 + n;
	}
	buf_put(out, str_cut(text, at, text.n));
	return 0;
}
