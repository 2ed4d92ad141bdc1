#include "catalog/diff.h"

#include "base/map.h"
#include "base/text.h"
#include "catalog/show.h"

const char *
diff_text(enum diff_kind kind)
{
	static const char *const texts[DIFF_KINDS] = { "added", "removed", "renamed", "changed", "words" };

	return texts[kind];
}

static bool
same_request(const struct catalog_op *a, const struct catalog_op *b)
{
	return a->method == b->method && str_same(a->verb, b->verb) && str_same(a->path, b->path);
}

/* The operation of c with the same method and path, when its name is none of other's: then one has been renamed into
 * the other. */
static bool
twin(const struct catalog *c, const struct catalog *other, const struct catalog_op *op, struct catalog_op *found)
{
	for (u32 i = 0; i < c->op_n; i++) {
		catalog_op(c, i, found);
		if (same_request(op, found))
			return catalog_find(other, found->name, NULL) < 0;
	}
	return false;
}

/* The end of a JSON string that begins before at. */
static u32
string_end(struct str json, u32 at)
{
	while (at < json.n && json.p[at] != '"')
		at += json.p[at] == '\\' ? 2 : 1;
	return min_u32(at, json.n);
}

/* A hash of a tool's JSON without its name and what is only words: titles and descriptions. A member that is called
 * description holds an object, and counts. */
static u64
meaning(struct str tool)
{
	static const char *const words[] = { "\"title\":\"", "\"description\":\"", "\"name\":\"" };
	u64 sum = 0;
	u32 from = 0, at = 0;

	while (at < tool.n) {
		struct str rest = str_cut(tool, at, tool.n);
		u32 skip = 0;

		if (tool.p[at++] != '"')
			continue;
		for (u32 i = 0; i < ARRAY_N(words) && !skip; i++)
			skip = str_starts(rest, str_c(words[i])) ? (u32)strlen(words[i]) : 0;
		if (!skip) {
			at = string_end(tool, at) + 1;
			continue;
		}
		sum = map_hash(str_cut(tool, from, at - 1), sum);
		at = string_end(tool, at - 1 + skip) + 1;
		from = min_u32(at, tool.n);
	}
	return map_hash(str_cut(tool, from, tool.n), sum);
}

/* What became of an operation that both have; DIFF_KINDS: nothing. */
static enum diff_kind
judge(struct diff *d)
{
	const struct catalog *c[2] = { d->a, d->b };
	const struct catalog_op *op = d->op;

	for (u32 i = 0; i < 2; i++) {
		d->tool[i].w = 0;
		catalog_tool(c[i], &op[i], 0, op[i].tool_n, &d->tool[i]);
	}
	if (!same_request(&op[0], &op[1]) || op[0].effect != op[1].effect || op[0].flags != op[1].flags ||
	    !str_same(op[0].body_type, op[1].body_type) || 
	    meaning(buf_str(&d->tool[0])) != meaning(buf_str(&d->tool[1])))
		return DIFF_CHANGED;
	return str_same(buf_str(&d->tool[0]), buf_str(&d->tool[1])) ? DIFF_KINDS : DIFF_WORDS;
}

/* What to tell of a name that only one has (side 0: the old, 1: the new); DIFF_KINDS: it was told at its other name. */
static enum diff_kind
alone(struct diff *d, u32 side)
{
	if (side == 0)
		return twin(d->b, d->a, &d->op[0], &d->op[1]) ? DIFF_RENAMED : DIFF_REMOVED;
	return twin(d->a, d->b, &d->op[1], &d->op[0]) ? DIFF_KINDS : DIFF_ADDED;
}

/* Both lists are in order of names: like merging them. */
bool
diff_next(struct diff *d)
{
	while (d->at_a < d->a->op_n || d->at_b < d->b->op_n) {
		int order = d->at_a == d->a->op_n ? 1 : -1;

		if (d->at_a < d->a->op_n)
			catalog_op(d->a, d->at_a, &d->op[0]);
		if (d->at_b < d->b->op_n)
			catalog_op(d->b, d->at_b, &d->op[1]);
		if (d->at_a < d->a->op_n && d->at_b < d->b->op_n)
			order = str_cmp(d->op[0].name, d->op[1].name);
		d->at_a += order <= 0;
		d->at_b += order >= 0;
		d->kind = order ? alone(d, order > 0) : judge(d);
		if (d->kind == DIFF_KINDS)
			continue;
		d->count[d->kind]++;
		return true;
	}
	return false;
}

/* One argument that both have. */
static void
put_arg(const struct diff *d, const struct catalog_param p[2], struct buf *out)
{
	struct catalog_node node[2];

	catalog_node(d->a, p[0].node, &node[0]);
	catalog_node(d->b, p[1].node, &node[1]);
	if ((p[0].flags ^ p[1].flags) & CATALOG_PARAM_REQUIRED)
		buf_fmt(out, "argument %S is %s\n", p[0].arg, p[1].flags & CATALOG_PARAM_REQUIRED ?
		    "required now" : "optional now");
	if ((p[0].flags ^ p[1].flags) & CATALOG_PARAM_PINNED)
		buf_fmt(out, "argument %S is %s\n", p[0].arg, p[1].flags & CATALOG_PARAM_PINNED ?
		    "not offered any more" : "offered now");
	if (node[0].types != node[1].types) {
		buf_fmt(out, "argument %S was ", p[0].arg);
		show_types(&node[0], out);
		BUF_LIT(out, ", is ");
		show_types(&node[1], out);
		buf_byte(out, '\n');
	}
	if (p[0].in != p[1].in || !str_same(p[0].wire, p[1].wire)) {
		buf_fmt(out, "argument %S is sent as %s ", p[0].arg, catalog_in_text(p[1].in));
		text_safe(out, p[1].wire, 80);
		buf_byte(out, '\n');
	}
	if (!str_same(node[0].enums, node[1].enums))
		buf_fmt(out, "argument %S takes other values\n", p[0].arg);
}

static void
put_args(const struct diff *d, struct buf *out)
{
	const struct catalog *c[2] = { d->a, d->b };

	for (u32 side = 0; side < 2; side++)
		for (u32 i = 0; i < d->op[side].param_n; i++) {
			struct catalog_param p[2];

			catalog_param(c[side], &d->op[side], i, &p[side]);
			if (catalog_param_named(c[!side], &d->op[!side], p[side].arg, &p[!side]) < 0)
				buf_fmt(out, "%s argument %S%s\n", side ? "+" : "-", p[side].arg,
				    side && p[side].flags & CATALOG_PARAM_REQUIRED ? ", required" : "");
			else if (side == 0)
				put_arg(d, p, out);
		}
}

void
diff_put(const struct diff *d, struct buf *out)
{
	const struct catalog_op *was = &d->op[0], *is = &d->op[1];
	u32 from = out->w;

	if (d->kind != DIFF_CHANGED && d->kind != DIFF_RENAMED)
		return;
	if (d->kind == DIFF_RENAMED)
		buf_fmt(out, "is called %S now\n", is->name);
	if (!same_request(was, is)) {
		buf_fmt(out, "%S ", catalog_verb(was));
		text_safe(out, was->path, 300);
		buf_fmt(out, " is now %S ", catalog_verb(is));
		text_safe(out, is->path, 300);
		buf_byte(out, '\n');
	}
	if (was->effect != is->effect)
		buf_fmt(out, "effect %s is now %s\n", catalog_effect_text(was->effect),
		    catalog_effect_text(is->effect));
	if ((was->flags ^ is->flags) & CATALOG_OP_DEPRECATED)
		buf_c(out, is->flags & CATALOG_OP_DEPRECATED ? "deprecated now\n" : "not deprecated any more\n");
	if (!str_same(was->body_type, is->body_type))
		buf_fmt(out, "body %S is now %S\n", was->body_type, is->body_type);
	put_args(d, out);
	if (out->w == from)
		BUF_LIT(out, "what arguments may hold\n");
}
