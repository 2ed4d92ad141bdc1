#include "catalog/prose.h"

#include "base/utf8.h"

#define MARKUP_MAX 500 /* bytes that are searched for the end of a tag or link */

struct pen {
	struct buf *out;
	u32 from, max; /* where this text begins in out, and its budget */
	u32 sentence;  /* end of the last whole sentence, as an offset in out */
	bool space;    /* white space is due before the next character */
	bool full;
};

static bool
letter(u8 c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
blank(u8 c)
{
	return c <= ' ' || c == 0x7f;
}

/* Length of an HTML tag at the start of s ("<p>", "</a>", "<br/>", "<a href=...>"), or 0. Placeholders such as <id> are
 * not tags: only names that HTML has count. */
static u32
tag_length(struct str s)
{
	static const char names[] = " a b i p br ul ol li em hr tr td th h1 h2 h3 h4 h5 h6 dl dt dd div pre img sup "
		"sub code span strong table tbody thead blockquote ";
	u8 word[16] = " ";
	u32 at = 1, n = 1;
	int end;

	if (s.n < 3 || s.p[0] != '<')
		return 0;
	at += s.p[1] == '/';
	while (at < s.n && n < 13 && (letter(s.p[at]) || (s.p[at] >= '1' && s.p[at] <= '6')))
		word[n++] = (u8)(s.p[at++] | 0x20);
	if (n == 1 || at >= s.n || (s.p[at] != '>' && s.p[at] != '/' && !blank(s.p[at])))
		return 0;
	word[n++] = ' ';
	if (str_find_str(str_c(names), str_of(word, n)) < 0)
		return 0;
	end = str_find(s, '>', at);
	return end < 0 || end > 300 ? 0 : (u32)end + 1;
}

/* Length of "](target)" at the start of s, or 0: the tail of a Markdown link whose text stays. */
static u32
link_tail(struct str s)
{
	int end;

	if (s.n < 3 || s.p[0] != ']' || s.p[1] != '(')
		return 0;
	end = str_find(s, ')', 2);
	return end < 0 || end > 400 ? 0 : (u32)end + 1;
}

/* Whether the '[' at the start of s opens a Markdown link. */
static bool
link_head(struct str s)
{
	int end = str_find(s, ']', 1);

	return end > 0 && end < 200 && link_tail(str_cut(s, (u32)end, s.n)) > 0;
}

static void
put(struct pen *pen, struct str s)
{
	u32 used = pen->out->w - pen->from;

	if (pen->full || used + pen->space + s.n > pen->max) {
		pen->full = true;
		return;
	}
	if (pen->space && used)
		buf_byte(pen->out, ' ');
	pen->space = false;
	buf_put(pen->out, s);
}

/* Bytes of markup at the start of s that are dropped; *space says whether they part words. */
static u32
markup(struct str s, bool *space)
{
	u32 n;

	*space = false;
	switch (s.p[0]) {
	case '<':
		n = tag_length(s);
		*space = n > 0 && !(s.n > 1 && (s.p[1] == 'a' || s.p[1] == '/'));
		return n;
	case ']': return link_tail(s);
	case '[': return link_head(s) ? 1 : 0;
	case '*': return s.n > 1 && s.p[1] == '*' ? 2 : 0;
	case '`': return s.n > 2 && s.p[1] == '`' && s.p[2] == '`' ? 3 : 0;
	case '#':
		for (n = 1; n < s.n && s.p[n] == '#'; n++)
			;
		return n < s.n && s.p[n] == ' ' ? n : 0;
	}
	return 0;
}

/* A character reference that documents written in HTML are full of, and its length; 0 when it is none. */
static u32
reference(struct str s, struct str *means)
{
	static const struct { const char *name, *means; } known[] = {
		{ "&lt;", "<" }, { "&gt;", ">" }, { "&amp;", "&" }, { "&quot;", "\"" }, { "&#39;", "'" },
		{ "&nbsp;", " " },
	};

	for (u32 i = 0; s.p[0] == '&' && i < ARRAY_N(known); i++)
		if (str_starts(s, str_c(known[i].name))) {
			*means = str_c(known[i].means);
			return (u32)strlen(known[i].name);
		}
	return 0;
}

/* One character, UTF-8 sequence or piece of markup at the start of s. Returns its length. */
static u32
take(struct pen *pen, struct str s)
{
	struct str means;
	u32 point, n;
	bool space;
	int used;

	if (blank(s.p[0])) {
		pen->space = true;
		return 1;
	}
	n = markup(str_cut(s, 0, MARKUP_MAX), &space);
	if (n) {
		pen->space |= space;
		return n;
	}
	n = reference(s, &means);
	if (n) {
		put(pen, means);
		return n;
	}
	used = utf8_take(s, &point);
	if (used < 0)
		return 1;
	put(pen, str_cut(s, 0, (u32)used));
	if ((s.p[0] == '.' || s.p[0] == '!' || s.p[0] == '?') && !pen->full &&
	    (s.n == 1 || blank(s.p[1]) || s.p[1] == '<'))
		pen->sentence = pen->out->w;
	return (u32)used;
}

/* What did not fit ends at a sentence when that keeps at least half, else at a word with dots. */
static void
cut(struct pen *pen)
{
	struct buf *out = pen->out;
	u32 w = out->w;

	if (pen->sentence - pen->from >= (pen->max + 1) / 2) {
		out->w = pen->sentence;
		return;
	}
	while (w > pen->from && (w == out->w || w - pen->from + 3 > pen->max || out->p[w] != ' '))
		w--;
	if (w == pen->from) {
		w = pen->from + utf8_prefix(str_of(out->p + pen->from, out->w - pen->from),
		                    pen->max > 3 ? pen->max - 3 : 0).n;
		if (w == pen->from)
			return;
	}
	out->w = w;
	BUF_LIT(out, "...");
}

void
prose_put(struct buf *out, struct str text, u32 max)
{
	struct pen pen = { .out = out, .from = out->w, .sentence = out->w };
	u32 at = 0;

	pen.max = min_u32(max, buf_room(out));
	while (at < text.n && !pen.full)
		at += take(&pen, str_cut(text, at, text.n));
	if (pen.full)
		cut(&pen);
}

void
prose_join(struct buf *out, u32 from)
{
	u32 at = out->w;
	u8 last;

	if (out->w == from || out->p[out->w - 1] == ' ')
		return;
	/* A full stop may stand inside quotes or brackets. */
	while (at > from + 1 && strchr("\"'`*_)]", out->p[at - 1]))
		at--;
	last = out->p[at - 1];
	if (last != '.' && last != '!' && last != '?' && last != ':' && last != ';')
		buf_byte(out, '.');
	buf_byte(out, ' ');
}
