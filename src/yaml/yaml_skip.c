/* yaml_skip: what stands between nodes, and a look ahead on one line for keys. */
#include "base/utf8.h"
#include "yaml/yaml_priv.h"

int
yaml_fail(struct yaml *y, const char *why, u32 at)
{
	if (!y->why) {
		y->why = why;
		y->why_at = at;
	}
	return ERR_BAD;
}

void
yaml_check(struct yaml *y)
{
	const u8 *p = y->in.p;

	if (y->in.n >= 2 && (!p[0] || !p[1] || (p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
		yaml_fail(y, "this is UTF-16 or UTF-32: UTF-8 is expected", 0);
	for (u32 i = 0, point; i < y->in.n && !y->why;) {
		int n = p[i] < 0x80 ? 1 : utf8_take(str_cut(y->in, i, i + 4), &point);

		if (n < 0)
			yaml_fail(y, "this is no UTF-8", i);
		else if (p[i] < 0x20 && p[i] != '\t' && p[i] != '\n' && p[i] != '\r')
			yaml_fail(y, "a control character, which no YAML may hold", i);
		i += n < 0 ? 1 : (u32)n;
	}
}

void
yaml_newline(struct yaml *y)
{
	y->at += yaml_peek(y, 0) == '\r' && yaml_peek(y, 1) == '\n' ? 2 : 1;
	y->line_at = y->at;
	y->fresh = true;
	y->tabbed = false;
}

void
yaml_skip(struct yaml *y)
{
	for (;;) {
		u8 c = yaml_peek(y, 0);

		if (yaml_blank(c)) {
			y->tabbed |= c == '\t' && y->fresh;
			y->at++;
		} else if (yaml_break(c)) {
			yaml_newline(y);
		} else if (c == '#' && (y->at == y->line_at || yaml_blank(y->in.p[y->at - 1]))) {
			while (!yaml_break(c = yaml_peek(y, 0)) && c)
				y->at++;
		} else {
			return;
		}
	}
}

bool
yaml_marker(const struct yaml *y)
{
	u8 c = yaml_peek(y, 0);

	return y->at == y->line_at && (c == '-' || c == '.') && yaml_peek(y, 1) == c && yaml_peek(y, 2) == c &&
	    yaml_gap(yaml_peek(y, 3));
}

/* --- is it a key? --------------------------------------------------------------------------------- */

/* One line, and a place in it that never moves back. */
struct ahead {
	struct str s;
	u32 at;
};

static u8
here(const struct ahead *a, u32 k)
{
	u8 c = k < a->s.n - a->at ? a->s.p[a->at + k] : 0;

	return yaml_break(c) ? 0 : c;
}

/* Over a quoted text. false: it does not end on this line. */
static bool
over_quoted(struct ahead *a)
{
	u8 quote = here(a, 0), c;

	for (a->at++; (c = here(a, 0)) != 0; a->at++) {
		if (c == '\\' && quote == '"' && here(a, 1)) {
			a->at++;
		} else if (c == quote) {
			a->at++;
			if (quote == '"' || here(a, 0) != '\'')
				return true;
		}
	}
	return false;
}

/* Whether a quote behind this byte begins a text; elsewhere it is a part of a plain one. */
static bool
opens_quote(u8 before)
{
	return yaml_flow_mark(before) || yaml_blank(before) || before == ':';
}

/* Over a list or map in brackets. */
static bool
over_flow(struct ahead *a)
{
	u32 open = 0;

	for (u8 c; (c = here(a, 0)) != 0;) {
		if ((c == '"' || c == '\'') && opens_quote(a->s.p[a->at - 1])) {
			if (!over_quoted(a))
				return false;
			continue;
		}
		open += c == '[' || c == '{';
		open -= c == ']' || c == '}';
		a->at++;
		if (!open)
			return true;
	}
	return false;
}

static void
over_word(struct ahead *a)
{
	while (!yaml_gap(here(a, 0)) && !yaml_flow_mark(here(a, 0)))
		a->at++;
}

static void
over_blanks(struct ahead *a)
{
	while (yaml_blank(here(a, 0)))
		a->at++;
}

/* Anchors and tags before the key. */
static void
over_properties(struct ahead *a)
{
	while (here(a, 0) == '&' || here(a, 0) == '!') {
		over_word(a);
		over_blanks(a);
	}
}

static bool
plain_key(struct ahead *a, bool flow)
{
	for (u8 c; (c = here(a, 0)) != 0; a->at++) {
		if (c == ':' && yaml_colon_ends(here(a, 1), flow))
			return true;
		if ((c == '#' && a->at && yaml_blank(a->s.p[a->at - 1])) || (flow && yaml_flow_mark(c)))
			return false;
	}
	return false;
}

bool
yaml_key_ahead(const struct yaml *y, bool flow)
{
	/* one byte before the place is part of the view, so that looking back never leaves it */
	u32 back = y->at > 0;
	struct ahead a = { str_cut(y->in, y->at - back, min_u32(y->in.n, y->at + YAML_KEY_MAX)), back };
	bool json = false;
	u8 c;

	over_properties(&a);
	c = here(&a, 0);
	if (c == '"' || c == '\'' || c == '[' || c == '{') {
		json = flow;
		if (!(c == '"' || c == '\'' ? over_quoted(&a) : over_flow(&a)))
			return false;
	} else if (c == '*') {
		over_word(&a);
	} else {
		return plain_key(&a, flow);
	}
	over_blanks(&a);
	return here(&a, 0) == ':' && (json || yaml_colon_ends(here(&a, 1), flow));
}

void
yaml_place(struct str text, u32 at, u32 *line, u32 *column)
{
	u32 from = 0;

	at = min_u32(at, text.n);
	*line = 1;
	*column = 1;
	for (u32 i = 0; i < at; i++)
		if (text.p[i] == '\n' || (text.p[i] == '\r' && (i + 1 == text.n || text.p[i + 1] != '\n'))) {
			++*line;
			from = i + 1;
		}
	for (u32 i = from; i < at; i++)
		*column += (text.p[i] & 0xc0) != 0x80;
}
