#include "yaml/yaml.h"

#include "yaml/yaml_priv.h"

/* What the innermost open thing waits for. */
enum state {
	STREAM,                       /* a document */
	ROOT,                         /* its node */
	AFTER_ROOT,                   /* its end */
	ITEM,                         /* a dash, or the end of the list */
	KEY, COLON, EXPLICIT_COLON,   /* a key or the end of the map; what follows a key; what follows "? key" */
	FLOW_ITEM, FLOW_NEXT,         /* an element; a comma or bracket */
	FLOW_KEY, FLOW_COLON, FLOW_PAIR, /* a key; what follows it; a comma or brace */
	PAIR_KEY, PAIR_COLON, PAIR_END,  /* the same of "a: b" among the elements of a list */
};

/* What may begin where a block node is due. */
enum { COMPACT = 1, SAME_COLUMN = 2 };

static struct yaml_level *
top(struct yaml *y)
{
	return &y->level[y->depth];
}

static int
column(const struct yaml *y)
{
	return (int)(y->at - y->line_at);
}

/* "- ", "? " or ": ". */
static bool
mark(const struct yaml *y, u8 c)
{
	return yaml_peek(y, 0) == c && yaml_gap(yaml_peek(y, 1));
}

static void
begin(const struct yaml *y, struct yaml_event *e, u8 kind)
{
	e->kind = kind;
	if (!e->anchor.p && !e->tag.p)
		e->at = y->at;
}

static int
empty(const struct yaml *y, struct yaml_event *e)
{
	begin(y, e, YAML_SCALAR);
	e->text = STR("");
	return 0;
}

static int
open(struct yaml *y, struct yaml_event *e, u8 kind, u8 state, int indent)
{
	if (y->depth + 1 > YAML_DEPTH_MAX) {
		yaml_fail(y, "this is nested too deep: 64 levels are read", y->at);
		return ERR_FULL;
	}
	begin(y, e, kind);
	y->level[++y->depth] = (struct yaml_level){ .state = state, .first = true, .indent = indent, .at = y->at };
	return 0;
}

static int
close(struct yaml *y, struct yaml_event *e)
{
	begin(y, e, YAML_CLOSE);
	y->depth--;
	return 0;
}

/* --- anchors, tags, aliases ------------------------------------------------------------------------ */

static struct str
word(struct yaml *y, bool name)
{
	u32 from = y->at;

	while (!yaml_gap(yaml_peek(y, 0)) && !(name && yaml_flow_mark(yaml_peek(y, 0))))
		y->at++;
	return str_cut(y->in, from, y->at);
}

/* One anchor or tag. In flow a tag ends at a comma or bracket, too, unless it is written in angle brackets. */
static int
property(struct yaml *y, struct yaml_event *e)
{
	bool anchor = yaml_peek(y, 0) == '&';
	struct str *to = anchor ? &e->anchor : &e->tag;
	u32 at = y->at;

	if (to->p)
		return yaml_fail(y, anchor ? "a second anchor: one is expected" : "a second tag: one is expected", at);
	if (!e->anchor.p && !e->tag.p)
		e->at = at;
	y->at += anchor;
	*to = word(y, anchor || yaml_peek(y, 1) != '<');
	y->fresh = false;
	if (anchor && !to->n)
		return yaml_fail(y, "a name is expected behind &", at);
	return yaml_gap(yaml_peek(y, 0)) || yaml_flow_mark(yaml_peek(y, 0)) ? 0 :
	    yaml_fail(y, "a space is expected behind an anchor or tag", y->at);
}

static bool
has_property(const struct yaml *y)
{
	return yaml_peek(y, 0) == '&' || yaml_peek(y, 0) == '!';
}

static int
alias(struct yaml *y, struct yaml_event *e)
{
	if (e->anchor.p || e->tag.p)
		return yaml_fail(y, "an alias has neither anchor nor tag", y->at);
	begin(y, e, YAML_ALIAS);
	y->at++;
	e->text = word(y, true);
	y->fresh = false;
	return e->text.n ? 0 : yaml_fail(y, "a name is expected behind *", e->at);
}

/* --- scalars and collections in brackets ------------------------------------------------------------ */

/* Whether a plain text can begin here; fails when nothing can. */
static int
plain_may(struct yaml *y, bool flow)
{
	u8 c = yaml_peek(y, 0), next = yaml_peek(y, 1);

	switch (c) {
	case '-':
	case '?':
	case ':':
		return yaml_gap(next) || (flow && yaml_flow_mark(next)) ?
		    yaml_fail(y, "a value is expected, not \"-\", \"?\" or \":\"", y->at) : 0;
	case '%':
	case '@':
	case '`':
		return yaml_fail(y, "a text that begins with %, @ or ` must stand in quotes", y->at);
	case '#':
		return yaml_fail(y, "a space is expected before a comment", y->at);
	case ',':
	case ']':
	case '}':
		return yaml_fail(y, "a value is expected, not a comma or closing bracket", y->at);
	default:
		return 0;
	}
}

/* Any node but a block collection. n: what belongs to it is indented more. */
static int
leaf(struct yaml *y, struct yaml_event *e, int n, bool flow, bool key)
{
	u8 c = yaml_peek(y, 0);
	int err;

	switch (c) {
	case '*':
		return alias(y, e);
	case '[':
	case '{':
		err = open(y, e, c == '[' ? YAML_LIST : YAML_MAP, c == '[' ? FLOW_ITEM : FLOW_KEY, -1);
		y->at++;
		y->fresh = false;
		return err;
	case '"':
	case '\'':
		begin(y, e, YAML_SCALAR);
		return yaml_quoted(y, e, n);
	case '|':
	case '>':
		if (flow || key)
			return yaml_fail(y, "a text with | or > may stand neither in brackets nor in a key", y->at);
		begin(y, e, YAML_SCALAR);
		return yaml_block(y, e, n);
	default:
		begin(y, e, YAML_SCALAR);
		err = plain_may(y, flow);
		return err ? err : yaml_plain(y, e, n, flow, key);
	}
}

/* --- block nodes ------------------------------------------------------------------------------------ */

static int
spaces(const struct yaml *y)
{
	u32 i = y->line_at;

	while (i < y->at && y->in.p[i] == ' ')
		i++;
	return (int)(i - y->line_at);
}

/* The first tab of the line is where none may be. */
static int
tabbed(struct yaml *y)
{
	int at = str_find(y->in, '\t', y->line_at);

	return yaml_fail(y, "a tab in the indentation: spaces are expected", at < 0 ? y->at : (u32)at);
}

/* A map or list that begins here. */
static int
open_block(struct yaml *y, struct yaml_event *e, bool list, bool may)
{
	if (!may)
		return yaml_fail(y, list ? "a list must begin on a line of its own here" :
		    "a key may not stand here: quote a text that holds \": \"", y->at);
	if (str_find(str_cut(y->in, y->line_at, y->at), '\t', 0) >= 0)
		return tabbed(y);
	return open(y, e, list ? YAML_LIST : YAML_MAP, list ? ITEM : KEY, column(y));
}

static bool
nothing_left(const struct yaml *y)
{
	return y->at == y->in.n || yaml_marker(y);
}

/* The node of something indented by n; where: COMPACT, SAME_COLUMN. */
static int
block_node(struct yaml *y, struct yaml_event *e, int n, u32 where)
{
	for (;;) {
		bool dash, may;
		int err;

		yaml_skip(y);
		dash = mark(y, '-');
		if (nothing_left(y))
			return empty(y, e);
		if (y->fresh && column(y) <= n && !(where & SAME_COLUMN && dash && column(y) == n))
			return empty(y, e);
		if (y->fresh && y->tabbed && spaces(y) <= n)
			return tabbed(y);
		may = y->fresh || where & COMPACT;
		if (dash || mark(y, '?') || mark(y, ':') || yaml_key_ahead(y, false))
			return open_block(y, e, dash, may);
		if (!has_property(y))
			return leaf(y, e, n, false, false);
		err = property(y, e);
		if (err)
			return err;
		where &= ~(u32)COMPACT;
	}
}

/* Common to lists and maps: up to the next dash or key. 1: it is there; 0: the end (told in e); or an error. */
static int
block_entry(struct yaml *y, struct yaml_event *e)
{
	struct yaml_level *l = top(y);
	bool first = l->first;

	l->first = false;
	if (first)
		return 1;
	yaml_skip(y);
	if (nothing_left(y) || (y->fresh && column(y) < l->indent) ||
	    (y->fresh && column(y) == l->indent && l->state == ITEM && !mark(y, '-')))
		return close(y, e);
	if (!y->fresh)
		return yaml_fail(y, "the end of the line is expected behind a value", y->at);
	if (y->tabbed)
		return tabbed(y);
	if (column(y) > l->indent)
		return yaml_fail(y, "this is indented more than what stands before it", y->at);
	return 1;
}

static int
s_item(struct yaml *y, struct yaml_event *e)
{
	int n = top(y)->indent, err = block_entry(y, e);

	if (err <= 0)
		return err;
	y->at++;
	y->fresh = false;
	return block_node(y, e, n, COMPACT);
}

static int
s_key(struct yaml *y, struct yaml_event *e)
{
	struct yaml_level *l = top(y);
	int err = block_entry(y, e);

	if (err <= 0)
		return err;
	y->fresh = false;
	if (mark(y, '?')) {
		l->state = EXPLICIT_COLON;
		y->at++;
		return block_node(y, e, l->indent, COMPACT | SAME_COLUMN);
	}
	l->state = COLON;
	if (mark(y, ':'))
		return empty(y, e);
	if (!yaml_key_ahead(y, false))
		return yaml_fail(y, "a key with \": \" behind it is expected", y->at);
	while (has_property(y)) {
		err = property(y, e);
		if (err)
			return err;
		while (yaml_blank(yaml_peek(y, 0)))
			y->at++;
	}
	return mark(y, ':') ? empty(y, e) : leaf(y, e, l->indent, false, true);
}

static int
s_colon(struct yaml *y, struct yaml_event *e)
{
	struct yaml_level *l = top(y);

	while (yaml_blank(yaml_peek(y, 0)))
		y->at++;
	l->state = KEY;
	if (!mark(y, ':'))
		return yaml_fail(y, "a colon is expected behind a key", y->at);
	y->at++;
	y->fresh = false;
	return block_node(y, e, l->indent, SAME_COLUMN);
}

static int
s_explicit_colon(struct yaml *y, struct yaml_event *e)
{
	struct yaml_level *l = top(y);

	yaml_skip(y);
	l->state = KEY;
	if (!y->fresh || column(y) != l->indent || !mark(y, ':'))
		return empty(y, e);
	y->at++;
	y->fresh = false;
	return block_node(y, e, l->indent, COMPACT | SAME_COLUMN);
}

/* --- flow nodes ------------------------------------------------------------------------------------- */

static int
flow_skip(struct yaml *y)
{
	const struct yaml_level *l = top(y);

	yaml_skip(y);
	if (nothing_left(y))
		return yaml_fail(y, "the closing bracket of this is missing", l->at);
	return 0;
}

/* A node in brackets; empty before a comma, colon or closing bracket. */
static int
flow_node(struct yaml *y, struct yaml_event *e)
{
	for (;;) {
		int err = flow_skip(y);
		u8 c = yaml_peek(y, 0);

		if (err)
			return err;
		if (c == ',' || c == ']' || c == '}' || (c == ':' && yaml_colon_ends(yaml_peek(y, 1), true)))
			return empty(y, e);
		if (!has_property(y))
			return leaf(y, e, -1, true, false);
		err = property(y, e);
		if (err)
			return err;
	}
}

/* Eats a byte and moves on. */
static void
eat(struct yaml *y, u8 state)
{
	y->at++;
	y->fresh = false;
	top(y)->state = state;
}

/* The end of a list or map in brackets, or the comma before its next entry. 1: a comma was eaten. */
static int
flow_next(struct yaml *y, struct yaml_event *e, u8 end, u8 state)
{
	int err = flow_skip(y);

	if (err)
		return err;
	if (yaml_peek(y, 0) == ',') {
		eat(y, state);
		return 1;
	}
	if (yaml_peek(y, 0) != end)
		return yaml_fail(y, end == ']' ? "a comma or ] is expected" : "a comma or } is expected", y->at);
	eat(y, state);
	return close(y, e);
}

static int
s_flow_item(struct yaml *y, struct yaml_event *e)
{
	int err = flow_skip(y);

	if (err)
		return err;
	if (yaml_peek(y, 0) == ']') {
		eat(y, FLOW_NEXT);
		return close(y, e);
	}
	top(y)->state = FLOW_NEXT;
	if (mark(y, '?') || yaml_key_ahead(y, true))
		return open(y, e, YAML_MAP, PAIR_KEY, -1);
	if (yaml_peek(y, 0) == ',')
		return yaml_fail(y, "a value is expected before the comma", y->at);
	return flow_node(y, e);
}

static int
s_flow_next(struct yaml *y, struct yaml_event *e)
{
	int err = flow_next(y, e, ']', FLOW_ITEM);

	return err > 0 ? s_flow_item(y, e) : err;
}

static int
s_flow_key(struct yaml *y, struct yaml_event *e)
{
	int err = flow_skip(y);

	if (err)
		return err;
	if (yaml_peek(y, 0) == '}') {
		eat(y, FLOW_PAIR);
		return close(y, e);
	}
	if (yaml_peek(y, 0) == ',')
		return yaml_fail(y, "a key is expected before the comma", y->at);
	if (mark(y, '?'))
		y->at++;
	top(y)->state = FLOW_COLON;
	return flow_node(y, e);
}

/* Behind a key in brackets: the value, or nothing. */
static int
flow_value(struct yaml *y, struct yaml_event *e, u8 state)
{
	int err = flow_skip(y);

	if (err)
		return err;
	if (yaml_peek(y, 0) != ':') {
		top(y)->state = state;
		return empty(y, e);
	}
	eat(y, state);
	return flow_node(y, e);
}

static int
s_flow_colon(struct yaml *y, struct yaml_event *e)
{
	return flow_value(y, e, FLOW_PAIR);
}

static int
s_flow_pair(struct yaml *y, struct yaml_event *e)
{
	int err = flow_next(y, e, '}', FLOW_KEY);

	return err > 0 ? s_flow_key(y, e) : err;
}

static int
s_pair_key(struct yaml *y, struct yaml_event *e)
{
	if (mark(y, '?'))
		y->at++;
	top(y)->state = PAIR_COLON;
	return flow_node(y, e);
}

static int
s_pair_colon(struct yaml *y, struct yaml_event *e)
{
	return flow_value(y, e, PAIR_END);
}

/* --- documents -------------------------------------------------------------------------------------- */

static int
directive(struct yaml *y)
{
	struct str rest = str_cut(y->in, y->at, y->in.n);

	if (str_starts(rest, STR("%YAML ")) && !str_starts(str_trim(str_cut(rest, 5, 32)), STR("1.")))
		return yaml_fail(y, "this version of YAML is not known: 1.2 is", y->at);
	while (yaml_peek(y, 0) && !yaml_break(yaml_peek(y, 0)))
		y->at++;
	y->directives = true;
	return 0;
}

static int
s_stream(struct yaml *y, struct yaml_event *e)
{
	for (;;) {
		yaml_skip(y);
		if (y->at == y->in.n && !y->directives) {
			begin(y, e, YAML_DONE);
			return 0;
		}
		if (!yaml_marker(y) && yaml_peek(y, 0) == '%' && column(y) == 0) {
			if (directive(y))
				return ERR_BAD;
			continue;
		}
		if (!yaml_marker(y) || yaml_peek(y, 0) != '.')
			break;
		y->at += 3;
		y->fresh = false;
	}
	if (y->directives && !yaml_marker(y))
		return yaml_fail(y, "--- is expected behind directives", y->at);
	begin(y, e, YAML_DOCUMENT);
	y->directives = false;
	if (yaml_marker(y)) {
		y->at += 3;
		y->fresh = false;
	} else if (!y->fresh) {
		return yaml_fail(y, "the end of the line is expected behind ...", y->at);
	}
	top(y)->state = ROOT;
	return 0;
}

static int
s_root(struct yaml *y, struct yaml_event *e)
{
	top(y)->state = AFTER_ROOT;
	return block_node(y, e, -1, 0);
}

static int
s_after_root(struct yaml *y, struct yaml_event *e)
{
	yaml_skip(y);
	if (!nothing_left(y) && y->fresh && y->tabbed)
		return tabbed(y);
	if (!nothing_left(y))
		return yaml_fail(y, "the end of the document is expected: a key or dash is missing here, or the "
		    "indentation is wrong", y->at);
	top(y)->state = STREAM;
	return s_stream(y, e);
}

/* --- the reader -------------------------------------------------------------------------------------- */

void
yaml_init(struct yaml *y, struct str text, struct buf *room)
{
	memset(y, 0, sizeof *y);
	y->in = text;
	y->room = room;
	y->fresh = true;
	yaml_check(y);
	if (str_starts(text, STR("\xef\xbb\xbf")))
		y->at = y->line_at = 3;
	y->level[0] = (struct yaml_level){ .state = STREAM, .indent = -1 };
}

int
yaml_next(struct yaml *y, struct yaml_event *e)
{
	static int (*const states[])(struct yaml *, struct yaml_event *) = {
		[STREAM] = s_stream, [ROOT] = s_root, [AFTER_ROOT] = s_after_root, [ITEM] = s_item, [KEY] = s_key,
		[COLON] = s_colon, [EXPLICIT_COLON] = s_explicit_colon, [FLOW_ITEM] = s_flow_item,
		[FLOW_NEXT] = s_flow_next, [FLOW_KEY] = s_flow_key, [FLOW_COLON] = s_flow_colon,
		[FLOW_PAIR] = s_flow_pair, [PAIR_KEY] = s_pair_key, [PAIR_COLON] = s_pair_colon,
		[PAIR_END] = close,
	};

	*e = (struct yaml_event){ .kind = YAML_DONE };
	y->room->r = y->room->w = 0;
	return y->why ? ERR_BAD : states[top(y)->state](y, e);
}
