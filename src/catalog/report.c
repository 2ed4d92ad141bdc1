#include "catalog/report.h"

#include "base/arena.h"
#include "base/text.h"
#include "json/jout.h"

#define REASONS_MAX 64 /* different reasons that are told apart */

static bool
room_for_one(struct report *r)
{
	struct report_item *more;
	u32 cap = r->cap ? r->cap * 2 : 64;

	if (r->n < r->cap)
		return true;
	more = ARENA_ARRAY(r->arena, struct report_item, cap);
	if (!more)
		return false;
	if (r->n)
		memcpy(more, r->item, r->n * sizeof *more);
	r->item = more;
	r->cap = cap;
	return true;
}

void
report_add(struct report *r, const struct report_item *item)
{
	struct report_item *to;

	if ((item->kind == REPORT_NOTE && r->note_n >= REPORT_NOTES_MAX) || !room_for_one(r)) {
		r->lost++;
		return;
	}
	to = &r->item[r->n++];
	*to = *item;
	to->verb = arena_dup(r->arena, item->verb);
	to->path = arena_dup(r->arena, item->path);
	to->pointer = arena_dup(r->arena, item->pointer);
	to->detail = arena_dup(r->arena, item->detail);
	r->note_n += item->kind == REPORT_NOTE;
}

void
report_tool(struct report *r, struct str name, u32 bytes)
{
	u32 at = REPORT_LARGEST;

	r->tool_bytes += bytes;
	while (at > 0 && bytes > r->largest[at - 1].bytes)
		at--;
	if (at == REPORT_LARGEST)
		return;
	for (u32 i = REPORT_LARGEST - 1; i > at; i--)
		r->largest[i] = r->largest[i - 1];
	r->largest[at].name = name;
	r->largest[at].bytes = bytes;
}

u64
report_tokens(u64 bytes)
{
	return (bytes + 3) / 4;
}

bool
report_unmet(const struct report_item *item)
{
	return item->kind == REPORT_NOTE && str_starts(str_c(item->why), STR("an overlay's target"));
}

bool
report_losses(const struct report *r)
{
	return r->info.counts.skipped > r->hidden || r->outside > 0;
}

struct reason {
	const char *why;
	u32 n;
};

/* The different reasons of one kind with their numbers, in order of first appearance. */
static u32
reasons(const struct report *r, u32 kind, struct reason *reason)
{
	u32 n = 0;

	for (u32 i = 0; i < r->n; i++) {
		u32 k = 0;

		if (r->item[i].kind != kind)
			continue;
		while (k < n && strcmp(reason[k].why, r->item[i].why) != 0)
			k++;
		if (k == n && n == REASONS_MAX)
			k--;
		else if (k == n)
			reason[n++] = (struct reason){ r->item[i].why, 0 };
		reason[k].n++;
	}
	return n;
}

static void
text_reasons(const struct report *r, u32 kind, struct buf *out)
{
	struct reason reason[REASONS_MAX];
	u32 n = reasons(r, kind, reason);

	for (u32 i = 0; i < n; i++)
		buf_fmt(out, "    %u  %s\n", reason[i].n, reason[i].why);
}

/* " (api.yaml:12:3)", " (line 12, column 3)" in a document without a name; nothing when the place is not known. */
static void
text_place(const struct source_place *p, struct buf *out)
{
	if (!p->line)
		return;
	BUF_LIT(out, " (");
	text_safe(out, p->file, 200);
	buf_fmt(out, p->file.n ? ":%u:%u)" : "line %u, column %u)", p->line, p->column);
}

static void
json_place(const struct source_place *p, struct jout *o)
{
	if (!p->line)
		return;
	if (p->file.n)
		jout_str(o, "file", p->file);
	jout_u64(o, "line", p->line);
	jout_u64(o, "column", p->column);
}

static struct str
verb_of(const struct report_item *item)
{
	return item->verb.n ? item->verb : str_c(catalog_method_text(item->method));
}

static void
text_item(const struct report_item *item, struct buf *out)
{
	buf_c(out, item->kind == REPORT_SKIP ? "  skipped " : "  note    ");
	if (item->method < CATALOG_METHODS) {
		text_safe(out, verb_of(item), 40);
		buf_byte(out, ' ');
		text_safe(out, item->path, 200);
		BUF_LIT(out, ": ");
	}
	buf_c(out, item->why);
	if (item->detail.n) {
		BUF_LIT(out, ": ");
		text_safe(out, item->detail, 200);
	}
	BUF_LIT(out, "\n          at ");
	text_safe(out, item->pointer, 300);
	text_place(&item->place, out);
	buf_byte(out, '\n');
}

static void
text_schemas(const struct catalog_counts *n, struct buf *out)
{
	const struct { const char *what; u32 n; } line[] = {
		{ "allOf merged into one object", n->merged },
		{ "contradictions in them: the first or narrower stands", n->conflicts },
		{ "oneOf/anyOf made one object, the choice told in words", n->flattened },
		{ "schemas cut at the depth limit", n->cut_depth },
		{ "schemas cut because they contain themselves", n->cut_cycle },
		{ "tools shortened to fit their size limit", n->cut_size },
		{ "names that had to change", n->renamed },
		{ "parameters that may never be sent", n->dropped },
	};

	for (u32 i = 0; i < ARRAY_N(line); i++)
		if (line[i].n)
			buf_fmt(out, "    %u  %s\n", line[i].n, line[i].what);
}

static void
text_summary(const struct report *r, struct buf *out)
{
	const struct catalog_counts *n = &r->info.counts;

	text_safe(out, r->info.title, 100);
	buf_fmt(out, " ");
	text_safe(out, r->info.version, 40);
	BUF_LIT(out, " (OpenAPI ");
	text_safe(out, r->info.openapi, 20);
	BUF_LIT(out, ", ");
	text_size(out, r->info.source_n);
	buf_fmt(out, ")\n  %u operations: %u imported, %u skipped\n", n->operations, n->imported, n->skipped);
	text_reasons(r, REPORT_SKIP, out);
	buf_fmt(out, "  effects: %u read, %u write, %u destructive", n->reads, n->writes, n->destructives);
	buf_fmt(out, "; %u deprecated, %u on other servers\n", n->deprecated, n->elsewhere);
	BUF_LIT(out, "  tools/list: ");
	text_size(out, r->tool_bytes);
	buf_fmt(out, ", about %U tokens\n", report_tokens(r->tool_bytes));
	for (u32 i = 0; i < REPORT_LARGEST && r->largest[i].bytes; i++)
		buf_fmt(out, "    %U  %S\n", report_tokens(r->largest[i].bytes), r->largest[i].name);
	BUF_LIT(out, "  schemas:\n");
	text_schemas(n, out);
	if (r->note_n)
		buf_fmt(out, "  notes: %u\n", r->note_n + r->lost);
	text_reasons(r, REPORT_NOTE, out);
}

void
report_why(const struct report *r, struct buf *out)
{
	buf_c(out, r->why ? r->why : "it cannot be compiled");
	text_place(&r->why_place, out);
	if (r->why_pointer.n) {
		BUF_LIT(out, " at ");
		text_safe(out, r->why_pointer, 300);
	}
}

void
report_text(const struct report *r, bool all, struct buf *out)
{
	if (r->why) {
		BUF_LIT(out, "not imported: ");
		report_why(r, out);
		buf_byte(out, '\n');
	}
	if (r->info.counts.operations || !r->why)
		text_summary(r, out);
	for (u32 i = 0; all && i < r->n; i++)
		text_item(&r->item[i], out);
}

static void
json_counts(const struct catalog_counts *n, struct jout *o)
{
	const struct { const char *key; u32 n; } line[] = {
		{ "operations", n->operations }, { "imported", n->imported }, { "skipped", n->skipped },
		{ "read", n->reads }, { "write", n->writes }, { "destructive", n->destructives },
		{ "deprecated", n->deprecated }, { "elsewhere", n->elsewhere }, { "merged", n->merged },
		{ "conflicts", n->conflicts }, { "flattened", n->flattened }, { "cut_depth", n->cut_depth },
		{ "cut_cycle", n->cut_cycle }, { "cut_size", n->cut_size }, { "renamed", n->renamed },
		{ "dropped", n->dropped },
	};

	jout_key_open(o, "counts", '{');
	for (u32 i = 0; i < ARRAY_N(line); i++)
		jout_u64(o, line[i].key, line[i].n);
	jout_close(o, '}');
}

static void
json_reasons(const struct report *r, u32 kind, const char *key, struct jout *o)
{
	struct reason reason[REASONS_MAX];
	u32 n = reasons(r, kind, reason);

	jout_key_open(o, key, '{');
	for (u32 i = 0; i < n; i++)
		jout_u64(o, reason[i].why, reason[i].n);
	jout_close(o, '}');
}

static void
json_items(const struct report *r, u32 kind, const char *key, struct jout *o)
{
	jout_key_open(o, key, '[');
	for (u32 i = 0; i < r->n; i++) {
		const struct report_item *item = &r->item[i];

		if (item->kind != kind)
			continue;
		jout_open(o, '{');
		if (item->method < CATALOG_METHODS) {
			jout_str(o, "method", verb_of(item));
			jout_str(o, "path", item->path);
		}
		jout_str(o, "pointer", item->pointer);
		json_place(&item->place, o);
		jout_c(o, "reason", item->why);
		if (item->detail.n)
			jout_str(o, "detail", item->detail);
		jout_close(o, '}');
	}
	jout_close(o, ']');
}

static void
json_tools(const struct report *r, struct jout *o)
{
	jout_key_open(o, "tools", '{');
	jout_u64(o, "bytes", r->tool_bytes);
	jout_u64(o, "tokens", report_tokens(r->tool_bytes));
	jout_key_open(o, "largest", '[');
	for (u32 i = 0; i < REPORT_LARGEST && r->largest[i].bytes; i++) {
		jout_open(o, '{');
		jout_str(o, "name", r->largest[i].name);
		jout_u64(o, "tokens", report_tokens(r->largest[i].bytes));
		jout_close(o, '}');
	}
	jout_close(o, ']');
	jout_close(o, '}');
}

/* Arguments whose names could not stay: {"wire":"argument"}; nothing where all did. */
static void
json_args(const struct catalog *c, const struct catalog_op *op, struct jout *o)
{
	bool any = false;

	for (u32 i = 0; i < op->param_n; i++) {
		struct catalog_param p;

		catalog_param(c, op, i, &p);
		if (p.in >= CATALOG_BODY || str_same(p.arg, p.wire))
			continue;
		if (!any)
			jout_key_open(o, "renamed_arguments", '{');
		any = true;
		jout_key(o, p.wire);
		jout_str(o, NULL, p.arg);
	}
	if (any)
		jout_close(o, '}');
}

static void
json_operations(const struct catalog *c, struct jout *o)
{
	jout_key_open(o, "operations", '[');
	for (u32 i = 0; i < c->op_n && !o->buf->over; i++) {
		struct catalog_op op;

		catalog_op(c, i, &op);
		jout_open(o, '{');
		jout_str(o, "method", catalog_verb(&op));
		jout_str(o, "path", op.path);
		jout_str(o, "tool", op.name);
		jout_c(o, "effect", catalog_effect_text(op.effect));
		if (op.id.n && !str_same(op.id, op.name))
			jout_str(o, "renamed_from", op.id);
		json_args(c, &op, o);
		if (op.flags & CATALOG_OP_CUT)
			jout_c(o, "lossy", "its tool's schema is shortened; calls are checked against all of it");
		if (op.flags & CATALOG_OP_ELSEWHERE)
			jout_bool(o, "off", true);
		jout_close(o, '}');
	}
	jout_close(o, ']');
}

void
report_json(const struct report *r, const struct catalog *c, struct buf *out)
{
	struct jout o = jout_into(out);

	jout_open(&o, '{');
	jout_bool(&o, "imported", r->why == NULL);
	if (r->why) {
		jout_c(&o, "error", r->why);
		jout_str(&o, "pointer", r->why_pointer);
		json_place(&r->why_place, &o);
	}
	jout_str(&o, "title", r->info.title);
	jout_str(&o, "version", r->info.version);
	jout_str(&o, "openapi", r->info.openapi);
	jout_u64(&o, "bytes", r->info.source_n);
	json_counts(&r->info.counts, &o);
	json_tools(r, &o);
	json_reasons(r, REPORT_SKIP, "skipped_because", &o);
	json_reasons(r, REPORT_NOTE, "notes_about", &o);
	json_items(r, REPORT_SKIP, "skipped", &o);
	json_items(r, REPORT_NOTE, "notes", &o);
	jout_u64(&o, "notes_lost", r->lost);
	if (c)
		json_operations(c, &o);
	jout_close(&o, '}');
}
