#include "catalog/overlay.h"

#include "json/jscan.h"

#define EDITS_MAX 8192
#define STEPS_MAX 32 /* names in a target */
#define AT_ONCE 16   /* updates of one place */

struct edit {
	int at; /* token of the document */
	bool remove;
	struct jcur update;
};

struct applying {
	struct compile *c;
	struct jdoc change;
	const struct jdoc *doc;
	u8 *touched; /* by token: something at or below it changes */
	struct edit *edit;
	u32 n;
	struct jcur action;
	struct origin origin; /* of the new text in the one behind c->source.converted */
};

/* ---- targets ------------------------------------------------------------------------------------- */

enum { STEP_NAME, STEP_ALL, STEP_INDEX, STEP_EQUAL, STEP_BAD };

struct path_step {
	u8 kind;
	struct str name, value;
	u32 index;
};

static struct str
quoted(struct str *rest)
{
	u8 mark = rest->n ? rest->p[0] : 0;
	int end = mark == '\'' || mark == '"' ? str_find(*rest, mark, 1) : -1;
	struct str s = end < 0 ? STR_NONE : str_cut(*rest, 1, (u32)end);

	*rest = end < 0 ? STR_NONE : str_cut(*rest, (u32)end + 1, rest->n);
	return s;
}

static u32
name_length(struct str s)
{
	u32 n = 0;

	while (n < s.n && s.p[n] != '.' && s.p[n] != '[' && s.p[n] != ')' && s.p[n] != '=' && s.p[n] != ' ')
		n++;
	return n;
}

/* "?(@.name=='value')" or without the round brackets. */
static struct path_step
filter_step(struct str *rest)
{
	struct path_step s = { .kind = STEP_BAD };
	bool round;
	u32 n;

	*rest = str_cut(*rest, 1, rest->n);
	round = str_starts(*rest, STR("("));
	*rest = str_cut(*rest, round, rest->n);
	if (!str_starts(*rest, STR("@.")))
		return s;
	*rest = str_cut(*rest, 2, rest->n);
	n = name_length(*rest);
	s.name = str_cut(*rest, 0, n);
	*rest = str_trim(str_cut(*rest, n, rest->n));
	if (!str_starts(*rest, STR("==")))
		return s;
	*rest = str_trim(str_cut(*rest, 2, rest->n));
	s.value = quoted(rest);
	*rest = str_cut(*rest, round, rest->n);
	s.kind = s.value.p && s.name.n ? STEP_EQUAL : STEP_BAD;
	return s;
}

static struct path_step
bracket_step(struct str *rest)
{
	struct path_step s = { .kind = STEP_BAD };
	u64 index;

	*rest = str_cut(*rest, 1, rest->n);
	if (str_starts(*rest, STR("*"))) {
		s.kind = STEP_ALL;
		*rest = str_cut(*rest, 1, rest->n);
	} else if (str_starts(*rest, STR("?"))) {
		s = filter_step(rest);
	} else if (rest->n && (rest->p[0] == '\'' || rest->p[0] == '"')) {
		s.name = quoted(rest);
		s.kind = s.name.p ? STEP_NAME : STEP_BAD;
	} else {
		int end = str_find(*rest, ']', 0);

		if (end > 0 && str_u64(str_cut(*rest, 0, (u32)end), &index) == 0 && index < UINT32_MAX) {
			s.kind = STEP_INDEX;
			s.index = (u32)index;
			*rest = str_cut(*rest, (u32)end, rest->n);
		}
	}
	if (!str_starts(*rest, STR("]")))
		s.kind = STEP_BAD;
	*rest = str_cut(*rest, 1, rest->n);
	return s;
}

/* Takes the first step off a path. */
static struct path_step
take_step(struct str *rest)
{
	struct path_step s = { .kind = STEP_BAD };
	u32 n;

	if (str_starts(*rest, STR("[")))
		return bracket_step(rest);
	if (!str_starts(*rest, STR(".")))
		return s;
	*rest = str_cut(*rest, 1, rest->n);
	n = name_length(*rest);
	s.name = str_cut(*rest, 0, n);
	*rest = str_cut(*rest, n, rest->n);
	s.kind = str_is(s.name, "*") ? STEP_ALL : n ? STEP_NAME : STEP_BAD;
	return s;
}

static bool
fits(const struct path_step *s, struct jcur container, struct jcur child, u32 i)
{
	switch (s->kind) {
	case STEP_ALL: return true;
	case STEP_NAME: return json_has_key(child) && json_key_same(child, s->name);
	case STEP_INDEX: return json_kind(container) == JSON_ARRAY && i == s->index;
	case STEP_EQUAL: return json_same(json_get_str(child, s->name), s->value);
	}
	return false;
}

static void
add_edit(struct applying *a, struct jcur at)
{
	struct jcur update = json_get(a->action, "update");
	bool remove = json_kind(json_get(a->action, "remove")) == JSON_TRUE;

	if (a->n == EDITS_MAX || (!remove && update.err))
		return;
	a->edit[a->n++] = (struct edit){ .at = at.at, .remove = remove, .update = update };
}

/* Everything below cur that the path leads to. How much; ERR_BAD for a path that is not understood. */
static int
select_path(struct applying *a, struct jcur cur, struct str path, u32 depth)
{
	struct path_step s;
	u32 i = 0;
	int n = 0;

	if (!path.n) {
		add_edit(a, cur);
		a->touched[cur.at] = 1;
		return 1;
	}
	s = take_step(&path);
	if (s.kind == STEP_BAD || depth == STEPS_MAX)
		return ERR_BAD;
	if (json_kind(cur) != JSON_OBJECT && json_kind(cur) != JSON_ARRAY)
		return 0;
	for (struct jcur v = json_first(cur); !v.err; v = json_next(v), i++) {
		int below = fits(&s, cur, v, i) ? select_path(a, v, path, depth + 1) : 0;

		if (below < 0)
			return below;
		n += below;
	}
	a->touched[cur.at] |= n > 0;
	return n;
}

/* Whether text fits a pattern in which * is any text. */
static bool
like(struct str text, struct str pattern)
{
	struct str rest = pattern, part = str_next(&rest, '*');

	if (!rest.p)
		return str_same(text, pattern);
	if (!str_starts(text, part))
		return false;
	text = str_cut(text, part.n, text.n);
	while (part = str_next(&rest, '*'), rest.p) {
		int at = str_find_str(text, part);

		if (at < 0)
			return false;
		text = str_cut(text, (u32)at + part.n, text.n);
	}
	return str_ends(text, part);
}

static bool
is_target(struct applying *a, struct jcur path, struct jcur method, struct str target)
{
	u8 space[600];
	struct buf name = buf_over(space, sizeof space);

	if (str_find(target, ' ', 0) < 0)
		return json_str_put(json_get(method, "operationId"), &name) == 0 && !name.over &&
		       like(buf_str(&name), target);
	for (struct str m = json_key(method); m.n; m = str_cut(m, 1, m.n))
		buf_byte(&name, (u8)(m.p[0] & ~0x20));
	buf_byte(&name, ' ');
	buf_put(&name, json_key_str(path, a->c->im->arena));
	return !name.over && like(buf_str(&name), target);
}

/* The operations an operationId or "METHOD /path" means. */
static int
select_operations(struct applying *a, struct str target)
{
	static const char *const methods[] = { "get", "put", "post", "delete", "options", "head", "patch", "trace",
		"query" };
	struct jcur root = json_root(a->doc), paths = json_get(root, "paths");
	int n = 0;

	for (struct jcur p = json_first(paths); !p.err; p = json_next(p))
		for (struct jcur v = refs_members(p); !v.err; v = json_next(v)) {
			bool method = false;

			for (u32 i = 0; i < ARRAY_N(methods); i++)
				method |= json_key_is(v, methods[i]);
			if (!method || json_kind(v) != JSON_OBJECT || !is_target(a, p, v, target))
				continue;
			add_edit(a, v);
			a->touched[v.at] = a->touched[p.at] = a->touched[paths.at] = a->touched[root.at] = 1;
			n++;
		}
	return n;
}

static void
note(struct applying *a, const char *why, struct str target, u32 i)
{
	u8 space[40];
	struct buf pointer = buf_over(space, sizeof space);
	struct report_item item = { .kind = REPORT_NOTE, .method = CATALOG_METHODS, .why = why, .detail = target };

	buf_fmt(&pointer, "overlay#/actions/%u", i);
	item.pointer = buf_str(&pointer);
	report_add(a->c->report, &item);
}

static void
select_all(struct applying *a)
{
	struct jcur list = json_get(json_root(&a->change), "actions");
	u32 i = 0;

	for (struct jcur v = refs_elements(list); !v.err; v = json_next(v), i++) {
		struct str target = json_str(json_get(v, "target"), a->c->im->arena);
		int n;

		a->action = v;
		n = str_starts(target, STR("$")) ? select_path(a, json_root(a->doc), str_cut(target, 1, target.n), 0)
		                                 : select_operations(a, target);
		if (n < 0 || !target.p)
			note(a, "an overlay's target is not understood", target, i);
		else if (n == 0)
			note(a, "an overlay's target is not in the document", target, i);
	}
}

/* ---- the new text -------------------------------------------------------------------------------- */

static bool
removed(const struct applying *a, struct jcur v)
{
	for (u32 i = 0; a->touched[v.at] && i < a->n; i++)
		if (a->edit[i].at == v.at && a->edit[i].remove)
			return true;
	return false;
}

/* Copies what the document says of cur as it is, and remembers where it came from. */
static void
put_raw(struct applying *a, struct buf *out, struct jcur cur)
{
	const struct origin *old = &a->c->source.converted;
	struct str raw = json_raw(cur);
	u32 from = (u32)(raw.p - a->doc->text.p);

	origin_add(&a->origin, out->w, origin_of(old, from));
	for (int i = cur.at + 1; !old->n && i < a->doc->n && (u32)a->doc->tok[i].from < from + raw.n; i++) {
		bool text = json_kind((struct jcur){ .doc = a->doc, .at = i }) == JSON_STRING;
		u32 at = (u32)a->doc->tok[i].from - text;

		origin_add(&a->origin, out->w + (at - from), at);
	}
	for (u32 i = origin_first(old, from + 1); i < old->n && old->mark[i].at < from + raw.n; i++)
		origin_add(&a->origin, out->w + (old->mark[i].at - from), old->mark[i].from);
	buf_put(out, raw);
}

static void
put_key(struct buf *out, struct jcur member)
{
	buf_byte(out, '"');
	buf_put(out, json_key(member));
	BUF_LIT(out, "\":");
}

static void
comma(struct buf *out)
{
	if (out->w && out->p[out->w - 1] != '{' && out->p[out->w - 1] != '[')
		buf_byte(out, ',');
}

/* What of updates speaks of the member's key. */
static u32
of_member(const struct jcur *update, u32 n, struct jcur member, struct jcur *sub)
{
	u32 k = 0;

	for (u32 i = 0; i < n; i++) {
		struct jcur v = json_get_str(update[i], json_key(member));

		if (json_kind(update[i]) == JSON_OBJECT && !v.err)
			sub[k++] = v;
	}
	return k;
}

/* Members that updates bring: the last one that has a name decides. */
static void
put_new(struct buf *out, struct jcur cur, const struct jcur *update, u32 n)
{
	struct jcur sub[AT_ONCE];

	for (u32 i = 0; i < n; i++)
		for (struct jcur v = refs_members(update[i]); !v.err; v = json_next(v)) {
			if (!json_get_str(cur, json_key(v)).err || of_member(update + i + 1, n - i - 1, v, sub))
				continue;
			comma(out);
			put_key(out, v);
			buf_put(out, json_raw(v));
		}
}

/* What is added to a list: the elements of a list that stands inside an update, or an update of the list itself. */
static void
put_entries(struct buf *out, const struct jcur *update, u32 n, u32 inner)
{
	for (u32 i = 0; i < n; i++) {
		struct jcur e = i < inner ? refs_elements(update[i]) : update[i];

		for (; !e.err; e = i < inner ? json_next(e) : json_none(ERR_NONE)) {
			comma(out);
			buf_put(out, json_raw(e));
		}
	}
}

static void
put(struct applying *a, struct buf *out, struct jcur cur, const struct jcur *given, u32 n, u32 depth)
{
	struct jcur update[AT_ONCE], sub[AT_ONCE];
	enum json_kind kind = json_kind(cur);
	u32 inner = n;

	for (u32 i = 0; i < n; i++)
		update[i] = given[i];
	for (u32 i = 0; a->touched[cur.at] && i < a->n && n < AT_ONCE; i++)
		if (a->edit[i].at == cur.at && !a->edit[i].remove)
			update[n++] = a->edit[i].update;
	if (depth == JSON_DEPTH_MAX || (kind != JSON_ARRAY && kind != JSON_OBJECT) ||
	    (n && kind == JSON_OBJECT && json_kind(update[n - 1]) != JSON_OBJECT)) {
		if (n)
			buf_put(out, json_raw(update[n - 1]));
		else
			put_raw(a, out, cur);
		return;
	}
	origin_add(&a->origin, out->w, origin_of(&a->c->source.converted, (u32)(json_raw(cur).p - a->doc->text.p)));
	buf_byte(out, kind == JSON_OBJECT ? '{' : '[');
	for (struct jcur v = json_first(cur); !v.err; v = json_next(v)) {
		u32 k = kind == JSON_OBJECT && n ? of_member(update, n, v, sub) : 0;

		if (removed(a, v))
			continue;
		comma(out);
		if (kind == JSON_OBJECT)
			put_key(out, v);
		if (k || a->touched[v.at])
			put(a, out, v, sub, k, depth + 1);
		else
			put_raw(a, out, v);
	}
	if (kind == JSON_OBJECT)
		put_new(out, cur, update, n);
	if (kind == JSON_ARRAY)
		put_entries(out, update, n, inner);
	buf_byte(out, kind == JSON_OBJECT ? '}' : ']');
}

/* Reads text as JSON with tokens of its own. */
static int
parse(struct compile *c, struct str text, struct jdoc *doc)
{
	struct jscan_found found;
	struct jsmntok *tok;

	if (jscan_check(text, JSON_DEPTH_MAX, 0, &found))
		return ERR_BAD;
	tok = arena_take(c->im->arena, (size_t)found.tokens * sizeof *tok);
	if (!tok)
		return ERR_FULL;
	return json_parse(doc, text, tok, found.tokens);
}

static int
rewrite(struct applying *a)
{
	struct compile *c = a->c;
	size_t n = c->doc.text.n + 64;
	struct buf out;
	int err;

	for (u32 i = 0; i < a->n; i++)
		n += a->edit[i].remove ? 0 : json_raw(a->edit[i].update).n + 64;
	if (n > UINT32_MAX / 2)
		return ERR_FULL;
	out = arena_buf(c->im->arena, n);
	put(a, &out, json_root(a->doc), NULL, 0, 0);
	if (!out.p || out.over)
		return ERR_FULL;
	err = parse(c, buf_str(&out), &c->doc);
	if (err)
		return err;
	c->source.converted = a->origin;
	c->source.json = buf_str(&out);
	source_tokens(&c->source, &c->doc);
	return refs_init(&c->refs, &c->doc, c->im->arena, &c->source);
}

int
overlay_apply(struct compile *c, struct str text)
{
	struct applying *a = ARENA_NEW(c->im->arena, struct applying);
	struct jdoc *doc = ARENA_NEW(c->im->arena, struct jdoc);
	int err;

	if (!a || !doc)
		return ERR_FULL;
	*doc = c->doc;
	a->c = c;
	a->doc = doc;
	a->origin.arena = c->im->arena;
	err = parse(c, text, &a->change);
	if (err == ERR_BAD || (!err && json_kind(json_get(json_root(&a->change), "actions")) != JSON_ARRAY)) {
		c->report->why = "the overlay is no JSON object with \"actions\"";
		return ERR_BAD;
	}
	a->touched = arena_bytes(c->im->arena, (size_t)doc->n);
	a->edit = ARENA_ARRAY(c->im->arena, struct edit, EDITS_MAX);
	if (err || !a->touched || !a->edit)
		return ERR_FULL;
	memset(a->touched, 0, (size_t)doc->n);
	select_all(a);
	return a->n ? rewrite(a) : 0;
}
