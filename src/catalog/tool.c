#include "catalog/tool.h"

#include "catalog/naming.h"
#include "catalog/prose.h"

/* From full to bare: objects in one another, bytes of a description, bytes of the tool's own description. */
static const struct level {
	u16 levels, text_max, own_max;
} level[] = {
	{ 5, 300, 700 }, { 3, 200, 500 }, { 2, 140, 400 }, { 1, 100, 300 }, { 0, 80, 300 }, { 0, 0, 200 },
};

struct writer {
	struct compile *c;
	struct operation *op;
	const struct level *level;
	struct schema_face face;
	struct jout o;
};

u32
tool_room(u32 tool_max)
{
	return tool_max * 4;
}

/* The title people see: the summary, else the words of the name. */
static void
title(struct writer *w)
{
	u8 space[160];
	struct buf out = buf_over(space, sizeof space);
	struct str word[NAMING_WORDS];
	u32 n = 0;

	prose_put(&out, w->op->summary, 100);
	if (!out.w)
		n = naming_words(w->op->name, word, NAMING_WORDS);
	for (u32 i = 0; i < n; i++) {
		buf_c(&out, i ? " " : "");
		buf_put(&out, word[i]);
	}
	while (out.w && out.p[out.w - 1] == '.')
		out.w--;
	if (out.w && out.p[0] >= 'a' && out.p[0] <= 'z')
		out.p[0] = (u8)(out.p[0] & ~0x20U);
	jout_str(&w->o, "title", buf_str(&out));
}

/* What it does, in the document's words, then the request that is made. */
static void
description(struct writer *w)
{
	const struct operation *op = w->op;
	u8 space[1600];
	struct buf out = buf_over(space, sizeof space);

	if (op->flags & CATALOG_OP_DEPRECATED)
		BUF_LIT(&out, "Deprecated. ");
	prose_put(&out, op->summary, 200);
	if (op->text.n && !str_same(op->text, op->summary)) {
		/* A description that begins with the summary says it all. */
		if (str_starts(op->text, op->summary))
			out.w = op->flags & CATALOG_OP_DEPRECATED ? 12 : 0;
		prose_join(&out, 0);
		prose_put(&out, op->text, w->level->own_max);
	}
	prose_join(&out, 0);
	buf_put(&out, op->body_note);
	prose_join(&out, 0);
	buf_fmt(&out, "%S ", op->verb.n ? op->verb : str_c(catalog_method_text(op->method)));
	prose_put(&out, op->path, 160);
	jout_str(&w->o, "description", buf_str(&out));
}

/* A word about an argument whose name or place is not what its description takes for granted. */
static struct str
extra(const struct input *in, struct buf *out)
{
	if (in->flags & CATALOG_PARAM_FILE)
		BUF_LIT(out, "A file: base64, or a data: URL such as data:text/plain;name=a.txt,hello; "
		    "or upload:NAME for a link to send it to");
	if (!str_same(in->arg, in->wire) && in->in < CATALOG_BODY) {
		prose_join(out, 0);
		buf_fmt(out, "Sent as %s ", in->in == CATALOG_MEMBER ? "body member" : catalog_in_text(in->in));
		prose_put(out, in->wire, 80);
	}
	if (in->flags & CATALOG_PARAM_DEPRECATED && in->in != CATALOG_MEMBER) {
		prose_join(out, 0);
		BUF_LIT(out, "Deprecated");
	}
	if (in->initial.n) {
		prose_join(out, 0);
		BUF_LIT(out, "Default ");
		prose_put(out, in->initial, 60);
	}
	return buf_str(out);
}

/* Whether an argument must be given: an overlay may do that. */
static bool
must(const struct input *in)
{
	return in->flags & CATALOG_PARAM_REQUIRED && !(in->flags & CATALOG_PARAM_PINNED) && !in->initial.n;
}

/* Our own arguments; what gate_continue is for is said where it is given out. */
static u32
own_properties(struct writer *w)
{
	const struct operation *op = w->op;
	bool goes_on = op->effect == CATALOG_READ;

	if (!(op->flags & CATALOG_OP_FIELDS))
		return 0;
	jout_key_open(&w->o, op->flags & CATALOG_OP_FIELDS_ELSE ? CATALOG_FIELDS_ELSE : CATALOG_FIELDS, '{');
	jout_c(&w->o, "type", "string");
	jout_c(&w->o, "description", "Only these of the answer, as id,owner.name");
	jout_close(&w->o, '}');
	if (goes_on)
		jout_raw(&w->o, CATALOG_CONTINUE, STR("{\"type\":\"string\"}"));
	return 1 + goes_on;
}

static void
properties(struct writer *w)
{
	jout_key_open(&w->o, "properties", '{');
	w->op->at_props = w->o.buf->w;
	w->op->props_n = 0;
	for (u32 i = 0; i < w->op->input_n && !w->o.buf->over; i++) {
		const struct input *in = &w->op->input[i];
		u8 space[200];
		struct buf more = buf_over(space, sizeof space);

		if (in->flags & CATALOG_PARAM_PINNED)
			continue;
		w->op->props_n++;
		jout_key(&w->o, in->arg);
		schema_json(&w->face, &w->o, in->ref, in->text, extra(in, &more));
	}
	w->op->props_n += own_properties(w);
	jout_close(&w->o, '}');
}

static void
required(struct writer *w)
{
	struct operation *op = w->op;

	op->required_n = 0;
	for (u32 i = 0; i < op->input_n; i++)
		op->required_n += must(&op->input[i]);
	op->at_required = w->o.buf->w;
	if (!op->required_n)
		return;
	jout_key_open(&w->o, "required", '[');
	op->at_required = w->o.buf->w;
	for (u32 i = 0; i < op->input_n; i++)
		if (must(&op->input[i]))
			jout_str(&w->o, NULL, op->input[i].arg);
	jout_close(&w->o, ']');
}

static void
hints(struct writer *w)
{
	const struct operation *op = w->op;

	jout_key_open(&w->o, "annotations", '{');
	jout_bool(&w->o, "readOnlyHint", op->effect == CATALOG_READ);
	jout_bool(&w->o, "destructiveHint", op->effect == CATALOG_DESTRUCTIVE);
	jout_bool(&w->o, "idempotentHint", (op->flags & CATALOG_OP_IDEMPOTENT) != 0);
	jout_bool(&w->o, "openWorldHint", true);
	jout_close(&w->o, '}');
}

static void
attempt(struct writer *w)
{
	struct buf *out = &w->c->tool;

	out->r = out->w = 0;
	out->over = false;
	w->o = jout_into(out);
	w->face = (struct schema_face){ .schema = &w->c->schema, .levels = w->level->levels,
		.text_max = w->level->text_max };
	jout_open(&w->o, '{');
	jout_str(&w->o, "name", w->op->name);
	title(w);
	description(w);
	jout_key_open(&w->o, "inputSchema", '{');
	jout_c(&w->o, "type", "object");
	properties(w);
	required(w);
	jout_bool(&w->o, "additionalProperties", (w->op->flags & CATALOG_OP_BODY_OPEN) != 0);
	jout_close(&w->o, '}');
	hints(w);
	jout_close(&w->o, '}');
}

void
tool_write(struct compile *c, struct operation *op)
{
	struct catalog_counts *n = &c->report->info.counts;
	u32 max = c->tool.cap / 4, i = 0;
	struct writer w = { .c = c, .op = op };

	for (; i < ARRAY_N(level); i++) {
		/* A level that cannot fit stops writing where it would go too far. */
		c->tool.cap = i + 1 < ARRAY_N(level) ? max : max * 4;
		w.level = &level[i];
		attempt(&w);
		if (!c->tool.over)
			break;
	}
	c->tool.cap = max * 4;
	if (c->tool.over) {
		compile_skip(op, "its tool would be too large for any client", STR_NONE, op->at);
		return;
	}
	n->cut_depth += w.face.cut_depth;
	n->cut_cycle += w.face.cut_cycle;
	n->cut_size += i > 0;
	if (w.face.cut_depth || w.face.cut_cycle || i > 0)
		op->flags |= CATALOG_OP_CUT;
}
