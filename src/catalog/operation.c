#include "catalog/operation.h"

#include "base/utf8.h"
#include "catalog/effect.h"
#include "catalog/inputs.h"
#include "catalog/naming.h"
#include "catalog/overlay.h"
#include "catalog/payload.h"
#include "catalog/search.h"
#include "catalog/tool.h"

#define TAGS_MAX 16
#define ANSWERS_MAX 32
#define SUMMARY_MAX 200 /* bytes kept for the console; the tool has its own */

static void
basics(struct compile *c, struct operation *op)
{
	static const u32 idempotent = 1U << CATALOG_GET | 1U << CATALOG_HEAD | 1U << CATALOG_PUT |
	        1U << CATALOG_DELETE | 1U << CATALOG_OPTIONS | 1U << CATALOG_METHOD_QUERY;

	op->summary = compile_text(c, op->at, "summary");
	op->text = compile_text(c, op->at, "description");
	if (!op->summary.n && !op->text.n) {
		op->summary = compile_text(c, op->item, "summary");
		op->text = compile_text(c, op->item, "description");
	}
	op->effect = op->verb.n ? effect_of_verb(op->verb) : effect_of(op->method, op->id, op->path);
	overlay_operation(c, op);
	if (idempotent & 1U << op->method || op->effect == CATALOG_READ)
		op->flags |= CATALOG_OP_IDEMPOTENT;
	if (json_kind(json_get(op->at, "deprecated")) == JSON_TRUE)
		op->flags |= CATALOG_OP_DEPRECATED;
}

static void
name_inputs(struct compile *c, struct operation *op)
{
	struct naming_arg *arg = ARENA_ARRAY(&c->schema.scratch, struct naming_arg, op->input_n + 1);

	if (!arg) {
		c->full = true;
		return;
	}
	for (u32 i = 0; i < op->input_n; i++)
		arg[i] = (struct naming_arg){ .wire = op->input[i].wire, .in = op->input[i].in };
	if (naming_args(arg, op->input_n, c->im->arena)) {
		compile_skip(op, "its arguments cannot be told apart", STR_NONE, op->at);
		return;
	}
	for (u32 i = 0; i < op->input_n; i++) {
		op->input[i].arg = arg[i].arg;
		c->report->info.counts.renamed += !str_same(arg[i].arg, arg[i].wire);
	}
}

static u32
write_tags(struct compile *c, const struct operation *op)
{
	struct jcur tags = json_get(op->at, "tags");
	u32 n = 0;

	for (struct jcur t = refs_elements(tags); !t.err && n < TAGS_MAX; t = json_next(t)) {
		struct str tag = json_str(t, c->im->arena);

		if (!tag.n)
			continue;
		build_text(&c->build, utf8_prefix(tag, 100), build_add(&c->build, PART_TAGS));
		n++;
	}
	return n;
}

/* The status of a success: 200 .. 299, 2 for "2XX", 0 for "default", -1 for any other. */
static int
success(struct jcur answer)
{
	struct str key = json_key(answer);
	u64 status;

	if (str_is(key, "default"))
		return 0;
	if (str_same_nocase(key, STR("2XX")))
		return 2;
	return str_u64(key, &status) || status < 200 || status > 299 ? -1 : (int)status;
}

/* Whether some successful answer is JSON: its members can be chosen from. */
static bool
answers_json(struct compile *c, const struct operation *op)
{
	for (struct jcur v = refs_members(json_get(op->at, "responses")); !v.err; v = json_next(v)) {
		struct jcur content = json_get(refs_follow(&c->refs, v), "content");

		for (struct jcur kind = refs_members(content); success(v) >= 0 && !kind.err; kind = json_next(kind)) {
			struct str name = json_key(kind);

			if (str_find_str(name, STR("json")) >= 0 && str_find_str(name, STR("stream")) < 0)
				return true;
		}
	}
	return false;
}

static bool
has_input(const struct operation *op, const char *name)
{
	for (u32 i = 0; i < op->input_n; i++)
		if (str_is(op->input[i].arg, name))
			return true;
	return false;
}

/* The argument of ours that chooses members of the answer, under a name that the operation does not use. */
static void
offer_fields(struct compile *c, struct operation *op)
{
	bool used = has_input(op, CATALOG_FIELDS);

	if (!answers_json(c, op) || has_input(op, CATALOG_CONTINUE) || (used && has_input(op, CATALOG_FIELDS_ELSE)))
		return;
	op->flags |= CATALOG_OP_FIELDS | (used ? CATALOG_OP_FIELDS_ELSE : 0);
}

static void
add_answer(struct compile *c, u32 status, struct str kind)
{
	u8 *p = build_add(&c->build, PART_ANSWERS);

	build_text(&c->build, utf8_prefix(kind, 200), p);
	put_le32(p + 8, status);
}

static u32
write_answers(struct compile *c, const struct operation *op)
{
	struct jcur list = json_get(op->at, "responses");
	u32 n = 0;

	for (struct jcur v = refs_members(list); !v.err && n < ANSWERS_MAX; v = json_next(v)) {
		struct jcur content = json_get(refs_follow(&c->refs, v), "content"), kind = json_first(content);
		int status = success(v);

		if (status < 0)
			continue;
		if (json_kind(content) != JSON_OBJECT || kind.err) {
			add_answer(c, (u32)status, STR_NONE);
			n++;
		}
		for (; json_kind(content) == JSON_OBJECT && !kind.err && n < ANSWERS_MAX; kind = json_next(kind)) {
			add_answer(c, (u32)status, json_key_str(kind, c->im->arena));
			if (!json_get(refs_follow(&c->refs, kind), "itemSchema").err)
				compile_note(c, op, "its answer is a stream of items: it is read to its end",
				    STR_NONE, kind);
			n++;
		}
	}
	return n;
}

static void
write_params(struct compile *c, const struct operation *op)
{
	for (u32 i = 0; i < op->input_n; i++) {
		const struct input *in = &op->input[i];
		u32 node = schema_node(&c->schema, in->ref);
		u8 *p = build_add(&c->build, PART_PARAMS);

		build_text(&c->build, in->arg, p);
		build_text(&c->build, in->wire, p + 8);
		p[16] = in->in;
		p[17] = in->style;
		put_le32(p + 20, in->flags);
		put_le32(p + 24, node);
		build_text(&c->build, in->type, p + 28);
	}
}

static void
write_pieces(struct compile *c, const struct inputs_piece *piece, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		u8 *p = build_add(&c->build, PART_PIECES);

		build_text(&c->build, piece[i].literal, p);
		put_le32(p + 8, piece[i].input);
	}
}

static void
put_range(u8 *p, u32 first, u32 n)
{
	put_le32(p, n ? first : 0);
	put_le32(p + 4, n);
}

static u32
server_of(struct compile *c, struct operation *op)
{
	struct jcur list = json_get(op->at, "servers");
	bool elsewhere;
	u32 server;

	if (json_kind(list) != JSON_ARRAY || !json_len(list))
		list = json_get(op->item, "servers");
	server = servers_of(&c->servers, list, &elsewhere);
	if (elsewhere) {
		op->flags |= CATALOG_OP_ELSEWHERE;
		compile_note(c, op, "its server is not the document's: off until the configuration names it",
		    c->servers.url[server], list);
	}
	return server;
}

static void
write_lists(struct compile *c, struct operation *op, u8 *p)
{
	struct build *b = &c->build;
	struct jcur security = json_get(op->at, "security");
	u32 tags = build_count(b, PART_TAGS), uses = build_count(b, PART_USES), answers = build_count(b, PART_ANSWERS);
	bool open;

	if (security.err)
		security = json_get(json_root(&c->doc), "security");
	put_range(p + OP_TAGS, tags, write_tags(c, op));
	put_range(p + OP_USES, uses, servers_security(&c->servers, security, &open));
	put_range(p + OP_ANSWERS, answers, write_answers(c, op));
	if (open)
		op->flags |= CATALOG_OP_PUBLIC;
}

static void
write_texts(struct compile *c, const struct operation *op, u8 *p)
{
	struct build *b = &c->build;
	struct str text = op->text;

	build_text(b, op->name, p + OP_NAME);
	build_text(b, op->id, p + OP_ID);
	build_text(b, op->path, p + OP_PATH);
	build_text(b, utf8_prefix(op->summary.n ? op->summary : str_next(&text, '\n'), SUMMARY_MAX), p + OP_SUMMARY);
	build_text(b, op->body_type, p + OP_BODY_TYPE);
	build_text(b, op->extra, p + OP_EXTRA);
	build_text(b, op->verb, p + OP_VERB);
}

static void
write_tool(struct compile *c, const struct operation *op, u8 *p)
{
	struct build *b = &c->build;

	put_le32(p + OP_TOOL, build_count(b, PART_TOOLS));
	put_le32(p + OP_TOOL_N, c->tool.w);
	build_tool(b, buf_str(&c->tool));
	put_le32(p + OP_TOOL + 4, build_count(b, PART_TOOLS) - le32(p + OP_TOOL));
	put_le32(p + OP_AT_PROPS, op->at_props);
	put_le32(p + OP_AT_REQUIRED, op->at_required);
	put_le32(p + OP_PROPS_N, op->props_n);
	put_le32(p + OP_REQUIRED_N, op->required_n);
	report_tool(c->report, op->name, c->tool.w);
}

/* Nothing can go wrong any more: the records, in an order in which no record is written to after it may have moved. */
static void
write(struct compile *c, struct operation *op, const struct inputs_piece *piece, u32 piece_n)
{
	struct build *b = &c->build;
	u32 params = build_count(b, PART_PARAMS), pieces = build_count(b, PART_PIECES), server = server_of(c, op);
	u8 *p = build_add(b, PART_OPS);

	if (!b->full)
		c->texts[build_count(b, PART_OPS) - 1] = op->text;
	write_texts(c, op, p);
	write_tool(c, op, p);
	write_lists(c, op, p);
	write_params(c, op);
	write_pieces(c, piece, piece_n);
	put_range(p + OP_PARAMS, params, op->input_n);
	put_range(p + OP_PIECES, pieces, piece_n);
	p[OP_KINDS] = op->method;
	p[OP_KINDS + 1] = op->effect;
	p[OP_KINDS + 2] = op->kind;
	put_le32(p + OP_FLAGS, op->flags);
	put_le32(p + OP_SERVER, server);
	put_le32(p + OP_BODY_EXTRA, op->body_extra == SCHEMA_NONE ? CATALOG_NONE :
	        schema_node(&c->schema, op->body_extra));
	put_le32(p + OP_ANSWER_NODE, CATALOG_NONE);
}

static void
count(struct compile *c, const struct operation *op)
{
	struct catalog_counts *n = &c->report->info.counts;
	u32 *const effect[CATALOG_EFFECTS] = { &n->reads, &n->writes, &n->destructives };

	n->imported++;
	++*effect[op->effect];
	n->deprecated += (op->flags & CATALOG_OP_DEPRECATED) != 0;
	n->elsewhere += (op->flags & CATALOG_OP_ELSEWHERE) != 0;
	n->renamed += op->id.n && !str_same(op->id, op->name);
}

bool
operation_compile(struct compile *c, struct operation *op)
{
	struct arena *scratch = &c->schema.scratch;
	size_t mark = scratch->used;
	struct inputs_piece piece[INPUTS_PIECES_MAX];
	u32 piece_n = 0;

	op->input = ARENA_ARRAY(scratch, struct input, CATALOG_ARGS_MAX);
	if (!op->input) {
		c->full = true;
		return false;
	}
	basics(c, op);
	inputs_collect(c, op);
	piece_n = inputs_path(c, op, piece);
	if (!op->why)
		payload_collect(c, op);
	if (!op->why)
		name_inputs(c, op);
	if (!op->why) {
		overlay_inputs(c, op);
		offer_fields(c, op);
		tool_write(c, op);
	}
	if (!op->why) {
		write(c, op, piece, piece_n);
		count(c, op);
	}
	arena_rewind(scratch, mark);
	return !op->why;
}
