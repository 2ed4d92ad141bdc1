/* yaml_text: scalars on one line or many: plain, quoted, literal and folded (YAML 1.2.2, chapters 7.3 and 8.1). */
#include "base/utf8.h"
#include "yaml/yaml_priv.h"

static int
full(struct yaml *y)
{
	yaml_fail(y, "this text is larger than there is room for", y->at);
	return ERR_FULL;
}

/* --- folding -------------------------------------------------------------------------------------- */

/* Eats the break here and all empty lines behind it, and the indentation of the next line with text. Breaks eaten; n is
 * set to that line's leading spaces. */
static u32
eat_breaks(struct yaml *y, int *n)
{
	u32 breaks = 0;

	while (yaml_break(yaml_peek(y, 0))) {
		yaml_newline(y);
		breaks++;
		while (yaml_peek(y, 0) == ' ')
			y->at++;
		*n = (int)(y->at - y->line_at);
		while (yaml_blank(yaml_peek(y, 0))) {
			y->tabbed |= yaml_peek(y, 0) == '\t';
			y->at++;
		}
	}
	return breaks;
}

/* One break becomes a space, more become one less. */
static void
put_breaks(struct yaml *y, u32 breaks)
{
	if (breaks == 1)
		buf_byte(y->room, ' ');
	while (breaks-- > 1)
		buf_byte(y->room, '\n');
}

/* --- plain ---------------------------------------------------------------------------------------- */

/* The part of a plain text on this line, without blanks at its end. */
static struct str
plain_line(struct yaml *y, bool flow)
{
	u32 from = y->at, end = from;

	for (u8 c; (c = yaml_peek(y, 0)) != 0 && !yaml_break(c); y->at++) {
		if ((c == ':' && yaml_colon_ends(yaml_peek(y, 1), flow)) || (flow && yaml_flow_mark(c)) ||
		    (c == '#' && y->at > from && yaml_blank(y->in.p[y->at - 1])))
			break;
		if (!yaml_blank(c))
			end = y->at + 1;
	}
	y->at = end;
	return str_cut(y->in, from, end);
}

/* Whether the text goes on with what begins here, on a line of its own. */
static bool
plain_goes_on(const struct yaml *y, int indent, int n, bool flow)
{
	u8 c = yaml_peek(y, 0);

	if (c == 0 || c == '#' || indent <= n || yaml_marker(y))
		return false;
	return !flow || !(yaml_flow_mark(c) || (c == ':' && yaml_colon_ends(yaml_peek(y, 1), true)));
}

int
yaml_plain(struct yaml *y, struct yaml_event *e, int n, bool flow, bool key)
{
	struct str line = plain_line(y, flow);
	bool joined = false;

	e->text = line;
	y->fresh = false;
	while (!key) {
		u32 breaks, at, line_at;
		int indent = 0;

		while (yaml_blank(yaml_peek(y, 0)))
			y->at++;
		if (!yaml_break(yaml_peek(y, 0)))
			break;
		at = y->at;
		line_at = y->line_at;
		breaks = eat_breaks(y, &indent);
		if (!plain_goes_on(y, indent, n, flow)) {
			y->at = at;
			y->line_at = line_at;
			break;
		}
		if (!joined)
			buf_put(y->room, line);
		joined = true;
		put_breaks(y, breaks);
		line = plain_line(y, flow);
		if (!line.n)
			break; /* a colon or a comma: told by who comes next */
		buf_put(y->room, line);
	}
	y->fresh = false;
	if (joined)
		e->text = buf_str(y->room);
	return y->room->over ? full(y) : 0;
}

/* --- quoted --------------------------------------------------------------------------------------- */

/* Letters behind a backslash and what they mean; those with digits are apart. */
static const struct { u8 letter; u16 point; } escapes[] = {
	{ '0', 0 }, { 'a', 7 }, { 'b', 8 }, { 't', 9 }, { '\t', 9 }, { 'n', 10 }, { 'v', 11 }, { 'f', 12 }, { 'r', 13 },
	{ 'e', 27 }, { ' ', ' ' }, { '"', '"' }, { '/', '/' }, { '\\', '\\' }, { 'N', 0x85 }, { '_', 0xa0 },
	{ 'L', 0x2028 }, { 'P', 0x2029 },
};

/* Reads digits hexadecimal digits behind k bytes. */
static bool
hex_at(const struct yaml *y, u32 k, u32 digits, u64 *v)
{
	struct str s = str_cut(y->in, y->at + k, y->at + k + digits);

	return s.n == digits && !str_hex(s, v);
}

/* The second half of a surrogate pair, as JSON writes what lies beyond 16 bits. */
static u32
pair(struct yaml *y, u64 *point)
{
	u64 low;

	if (*point < 0xd800 || *point > 0xdbff || yaml_peek(y, 6) != '\\' || yaml_peek(y, 7) != 'u' ||
	    !hex_at(y, 8, 4, &low) || low < 0xdc00 || low > 0xdfff)
		return 0;
	*point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
	return 6;
}

/* The escape here, which begins with a backslash. */
static int
escape(struct yaml *y)
{
	u8 c = yaml_peek(y, 1);
	u32 digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0, more;
	u64 point;

	if (digits) {
		if (!hex_at(y, 2, digits, &point) || point > 0x10ffff)
			return yaml_fail(y, "hexadecimal digits are expected behind \\x, \\u or \\U", y->at);
		more = c == 'u' ? pair(y, &point) : 0;
		y->at += 2 + digits + more;
		utf8_put(y->room, (u32)point);
		return 0;
	}
	for (u32 i = 0; i < ARRAY_N(escapes); i++)
		if (escapes[i].letter == c) {
			y->at += 2;
			utf8_put(y->room, escapes[i].point);
			return 0;
		}
	return yaml_fail(y, "no such escape in a text in double quotes", y->at);
}

/* A break inside quotes: blanks around it go, but not those that were escaped (before keep). */
static int
fold_quoted(struct yaml *y, u32 keep, int n, bool escaped)
{
	struct buf *b = y->room;
	u32 breaks;
	int indent = 0;

	while (!escaped && b->w > keep && yaml_blank(b->p[b->w - 1]))
		b->w--;
	breaks = eat_breaks(y, &indent);
	if (yaml_marker(y))
		return yaml_fail(y, "the closing quote is expected before the document ends", y->at);
	if (indent <= n && yaml_peek(y, 0))
		return yaml_fail(y, "a text in quotes goes on, which must be indented more than what it belongs to",
		    y->at);
	if (escaped)
		while (breaks-- > 1)
			buf_byte(b, '\n');
	else
		put_breaks(y, breaks);
	return 0;
}

/* Whether the text ends here; eats its quote, or one of two that stand for one. */
static bool
quote_ends(struct yaml *y, u8 quote)
{
	y->at++;
	if (quote == '"' || yaml_peek(y, 0) != '\'')
		return true;
	y->at++;
	buf_byte(y->room, '\'');
	return false;
}

/* The short way: up to the closing quote there is nothing to decode. */
static bool
quoted_as_is(struct yaml *y, struct yaml_event *e, u8 quote)
{
	u32 i = y->at + 1;

	while (i < y->in.n && y->in.p[i] != quote && y->in.p[i] != '\\' && !yaml_break(y->in.p[i]))
		i++;
	if (quote == '\'')
		while (i < y->in.n && y->in.p[i] != quote && !yaml_break(y->in.p[i]))
			i++;
	if (i >= y->in.n || y->in.p[i] != quote || (quote == '\'' && i + 1 < y->in.n && y->in.p[i + 1] == quote))
		return false;
	e->text = str_cut(y->in, y->at + 1, i);
	y->at = i + 1;
	return true;
}

int
yaml_quoted(struct yaml *y, struct yaml_event *e, int n)
{
	u8 quote = yaml_peek(y, 0), c;
	u32 from = y->at, keep = 0;
	int err = 0;

	e->style = quote == '"' ? YAML_DOUBLE : YAML_SINGLE;
	y->fresh = false;
	if (quoted_as_is(y, e, quote))
		return 0;
	y->at++;
	while (!err) {
		c = yaml_peek(y, 0);
		if (c == 0)
			return yaml_fail(y, "the closing quote of this text is missing", from);
		if (c == quote && quote_ends(y, quote))
			break;
		if (c == quote)
			continue;
		if (quote == '"' && c == '\\') {
			bool line = yaml_break(yaml_peek(y, 1));

			y->at += line;
			err = line ? fold_quoted(y, keep, n, true) : escape(y);
			keep = y->room->w;
		} else if (yaml_break(c)) {
			err = fold_quoted(y, keep, n, false);
			keep = y->room->w;
		} else {
			buf_byte(y->room, c);
			y->at++;
		}
	}
	y->fresh = false;
	e->text = buf_str(y->room);
	return err ? err : y->room->over ? full(y) : 0;
}

/* --- literal and folded --------------------------------------------------------------------------- */

struct block {
	int indent;   /* of its lines; -1: not known yet */
	u8 chomp;     /* '-', '+' or 0 */
	bool folded;
};

/* "|2-" and what may stand behind it on the line. */
static int
header(struct yaml *y, struct block *b, int n)
{
	u8 c;

	b->folded = yaml_peek(y, 0) == '>';
	b->indent = -1;
	for (y->at++; !yaml_gap(c = yaml_peek(y, 0)); y->at++) {
		if ((c == '-' || c == '+') && !b->chomp)
			b->chomp = c;
		else if (c >= '1' && c <= '9' && b->indent < 0)
			b->indent = (n > 0 ? n : 0) + c - '0';
		else
			return yaml_fail(y, "behind | or > a digit, + or -, then the end of the line", y->at);
	}
	while (yaml_blank(yaml_peek(y, 0)))
		y->at++;
	if (yaml_peek(y, 0) == '#' && yaml_blank(y->in.p[y->at - 1]))
		while (yaml_peek(y, 0) && !yaml_break(yaml_peek(y, 0)))
			y->at++;
	if (yaml_peek(y, 0) && !yaml_break(yaml_peek(y, 0)))
		return yaml_fail(y, "behind | or > the end of the line is expected", y->at);
	if (yaml_peek(y, 0))
		yaml_newline(y);
	return 0;
}

/* The indentation of the first line with text; empty lines before it must not be deeper. */
static int
detect(struct yaml *y, struct block *b, int n)
{
	u32 i = y->at, line = i, deepest = 0;

	for (;;) {
		while (i < y->in.n && y->in.p[i] == ' ')
			i++;
		if (i == y->in.n || !yaml_break(y->in.p[i]))
			break;
		deepest = max_u32(deepest, i - line);
		line = ++i;
	}
	b->indent = (int)(i - line);
	if (i == y->in.n)
		b->indent = (int)max_u32(deepest, i - line);
	else if (b->indent > n && (u32)b->indent < deepest)
		return yaml_fail(y, "the empty lines before it are indented more than the first line of this text", i);
	if (b->indent <= n)
		b->indent = n + 1;
	return 0;
}

/* Eats up to indent spaces. Whether the line belongs to the text: it is empty, or as deep. */
static bool
block_line(struct yaml *y, const struct block *b)
{
	struct str rest = str_cut(y->in, y->at, y->in.n);
	u32 spaces = 0;

	while (spaces < (u32)b->indent && spaces < rest.n && rest.p[spaces] == ' ')
		spaces++;
	if (b->indent == 0 && yaml_marker(y))
		return false;
	if (spaces < (u32)b->indent && spaces < rest.n && !yaml_break(rest.p[spaces]))
		return false;
	y->at += spaces;
	return true;
}

/* Breaks before a line of text: literal ones stay, folded ones join lines that are not indented further. */
static void
block_breaks(struct yaml *y, const struct block *b, u32 breaks, bool more_before, bool some)
{
	bool more = yaml_blank(yaml_peek(y, 0));

	if (b->folded && some && !more && !more_before) {
		put_breaks(y, breaks);
		return;
	}
	while (breaks--)
		buf_byte(y->room, '\n');
}

static void
block_lines(struct yaml *y, const struct block *b)
{
	u32 breaks = 0;
	bool more = false, some = false;

	while (y->at < y->in.n && block_line(y, b)) {
		u32 from = y->at;

		if (yaml_peek(y, 0) && !yaml_break(yaml_peek(y, 0))) {
			block_breaks(y, b, breaks, more, some);
			breaks = 0;
			some = true;
			more = yaml_blank(yaml_peek(y, 0));
			while (yaml_peek(y, 0) && !yaml_break(yaml_peek(y, 0)))
				y->at++;
			buf_put(y->room, str_cut(y->in, from, y->at));
		}
		if (y->at == y->in.n) {
			breaks++; /* a last line without its break counts as if it had one */
			break;
		}
		yaml_newline(y);
		breaks++;
	}
	if (b->chomp == '-')
		breaks = 0;
	else if (b->chomp != '+')
		breaks = some && breaks;
	while (breaks--)
		buf_byte(y->room, '\n');
}

int
yaml_block(struct yaml *y, struct yaml_event *e, int n)
{
	struct block b = { .chomp = 0 };
	int err = header(y, &b, n);

	if (!err && b.indent < 0)
		err = detect(y, &b, n);
	if (err)
		return err;
	e->style = b.folded ? YAML_FOLDED : YAML_LITERAL;
	block_lines(y, &b);
	y->fresh = true;
	e->text = buf_str(y->room);
	return y->room->over ? full(y) : 0;
}
