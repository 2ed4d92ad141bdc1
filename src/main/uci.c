#include "main/uci.h"

#include "base/text.h"
#include "base/utf8.h"

#define WORDS_MAX 3

void
uci_init(struct uci *u, struct str text, struct arena *a)
{
	memset(u, 0, sizeof *u);
	u->text = text;
	u->arena = a;
	u->line = 1;
}

static int
cur(const struct uci *u)
{
	return u->at < u->text.n ? u->text.p[u->at] : -1;
}

static void
step(struct uci *u)
{
	if (cur(u) == '\n')
		u->line++;
	u->at++;
}

static int
bad(struct uci *u, const char *why, struct str word)
{
	text_c(u->why, sizeof u->why, "%s", why);
	u->word = word;
	return ERR_BAD;
}

/* Eats a backslash and, when it ends the line, the line break: then nothing of it belongs to the word. */
static bool
escaped(struct uci *u)
{
	step(u);
	if (cur(u) == '\r' && u->at + 1 < u->text.n && u->text.p[u->at + 1] == '\n')
		u->at++;
	if (cur(u) != '\n' && cur(u) != -1)
		return true;
	if (cur(u) == '\n')
		step(u);
	return false;
}

static int
put(struct uci *u)
{
	u8 *p = arena_bytes(u->arena, 1);

	if (!p)
		return ERR_FULL;
	*p = (u8)cur(u);
	step(u);
	return 0;
}

/* Whether what follows looks like a command: inside a quote that says where the closing one is missing. */
static bool
looks_like_command(const struct uci *u)
{
	struct str rest = str_trim(str_cut(u->text, u->at, min_u32(u->text.n, u->at + 40)));

	return str_starts(rest, STR("option ")) || str_starts(rest, STR("list ")) || str_starts(rest, STR("config "));
}

static int
quoted(struct uci *u, int quote)
{
	u32 begun = u->line;

	step(u);
	while (cur(u) != quote) {
		if (cur(u) == -1) {
			text_c(u->why, sizeof u->why, "the %c that opens in line %u is never closed", quote,
			    u->suspect ? u->suspect : begun);
			u->word = STR_NONE;
			return ERR_BAD;
		}
		if (quote == '"' && cur(u) == '\\' && !escaped(u))
			continue;
		if (cur(u) == '\n' && !u->suspect && looks_like_command(u))
			u->suspect = begun;
		if (cur(u) != -1 && put(u))
			return ERR_FULL;
	}
	step(u);
	return 0;
}

static bool
ends_word(int c)
{
	return c == -1 || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

/* Reads one word; its bytes grow at the end of the arena, which is why nothing else may be taken meanwhile. */
static int
word(struct uci *u, struct str *out)
{
	size_t from = u->arena->used;
	int err = 0;

	while (!err && !ends_word(cur(u)) && cur(u) != '#' && cur(u) != ';') {
		if (cur(u) == '\'' || cur(u) == '"')
			err = quoted(u, cur(u));
		else if (cur(u) != '\\' || escaped(u))
			err = cur(u) == -1 ? 0 : put(u);
	}
	*out = str_of(u->arena->p + from, u->arena->used - from);
	if (err)
		return err;
	for (u32 i = 0; i < out->n; i++)
		if ((out->p[i] < 0x20 && out->p[i] != '\t' && out->p[i] != '\n' && out->p[i] != '\r') ||
		    out->p[i] == 0x7f)
			return bad(u, "a control character stands in the text", *out);
	if (!utf8_valid(*out))
		return bad(u, "the text is not valid UTF-8", *out);
	return 0;
}

/* Up to the next word of this command, or to its end (line break, ';' or comment): whether there is a word. */
static bool
more_words(struct uci *u)
{
	for (;;) {
		int c = cur(u);

		if (c == '#')
			while (cur(u) != '\n' && cur(u) != -1)
				step(u);
		else if (c == '\\' && u->at + 1 < u->text.n && (u->text.p[u->at + 1] == '\n' ||
		    u->text.p[u->at + 1] == '\r'))
			escaped(u);
		else if (c != '\n' && ends_word(c) && c != -1)
			step(u);
		else
			return c != -1 && c != '\n' && c != ';';
	}
}

static int
judge(struct uci *u, struct uci_event *e, const struct str *w, u32 n)
{
	static const char *const verbs[] = { "config", "option", "list", "package" };
	u32 kind = 0;

	while (kind < ARRAY_N(verbs) && !str_is(w[0], verbs[kind]) && !(w[0].n == 1 && w[0].p[0] == verbs[kind][0]))
		kind++;
	if (kind == ARRAY_N(verbs))
		return bad(u, "a line begins with config, option or list, not with", w[0]);
	if (n > WORDS_MAX)
		return bad(u, "too many words: put the value in quotes, after", w[WORDS_MAX - 1]);
	if (n == 1)
		return bad(u, kind ? "a name and a value are missing after" : "a type is missing after", w[0]);
	if (kind == 3)
		return n == 2 && str_is(w[1], "mcpgated") ? 0 : bad(u,
		    "this file is read as package mcpgated, not as", w[1]);
	if (n == 2 && kind)
		return bad(u, "a value is missing after", w[1]);
	e->kind = (u8)kind;
	e->word[0] = w[1];
	e->word[1] = n > 2 ? w[2] : STR("");
	return 1;
}

static void
skip_line(struct uci *u)
{
	while (cur(u) != '\n' && cur(u) != -1)
		step(u);
}

int
uci_next(struct uci *u, struct uci_event *e)
{
	struct str w[WORDS_MAX];
	int err = 0;

	while (err == 0) {
		u32 n = 0;

		while (!more_words(u)) {
			if (cur(u) == -1)
				return 0;
			step(u);
		}
		memset(e, 0, sizeof *e);
		e->line = u->line;
		while (err == 0 && more_words(u)) {
			struct str one;

			err = word(u, &one);
			if (n < WORDS_MAX)
				w[n] = one;
			n++;
		}
		if (err == 0)
			err = judge(u, e, w, n);
		if (err == ERR_BAD)
			skip_line(u);
	}
	return err;
}

void
uci_quote(struct buf *b, struct str s)
{
	buf_byte(b, '\'');
	for (u32 i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			BUF_LIT(b, "'\\''");
		else
			buf_byte(b, s.p[i]);
	}
	buf_byte(b, '\'');
}
