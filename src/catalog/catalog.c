#include "catalog/catalog.h"

#include "catalog/catalog_priv.h"
#include "catalog/fold.h"

static const u8 sizes[CATALOG_PARTS] = {
	[PART_STRINGS] = 1, [PART_OPS] = SIZE_OP, [PART_PARAMS] = SIZE_PARAM, [PART_PIECES] = SIZE_PIECE,
	[PART_TAGS] = SIZE_TAG, [PART_USES] = SIZE_USE, [PART_ANSWERS] = SIZE_ANSWER, [PART_NODES] = SIZE_NODE,
	[PART_PROPS] = SIZE_PROP, [PART_BOUNDS] = SIZE_BOUNDS, [PART_ALTS] = SIZE_ALT, [PART_SERVERS] = SIZE_SERVER,
	[PART_VARS] = SIZE_VAR, [PART_SCHEMES] = SIZE_SCHEME, [PART_WORDS] = SIZE_WORD,
	[PART_POSTINGS] = SIZE_POSTING, [PART_FILES] = SIZE_FILE, [PART_ARGS] = SIZE_ARG,
	[PART_TOOLS] = 1,
};

u32
catalog_part_size(u32 id)
{
	ASSERT(id < CATALOG_PARTS);
	return sizes[id];
}

static struct row
record(const struct catalog *c, u32 part, u32 i)
{
	ASSERT(i < c->part[part].n);
	return row_of(c, part, i);
}

/* The same in the header, which is no record. */
static struct str
head_text(const struct catalog *c, u32 at)
{
	return str_of(c->part[PART_STRINGS].p + le32(c->file.p + at), le32(c->file.p + at + 4));
}

static double
real(struct row r, u32 field)
{
	u64 bits = (u64)row_num(r, field) | (u64)row_num(r, field + 4) << 32;
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

static void
counts_read(struct catalog_counts *n, const u8 *p)
{
	u32 *const to[HEAD_COUNTS] = {
		&n->operations, &n->imported, &n->skipped, &n->reads, &n->writes, &n->destructives,
		&n->deprecated, &n->elsewhere, &n->cut_depth, &n->cut_cycle, &n->cut_size, &n->merged,
		&n->conflicts, &n->flattened, &n->renamed, &n->dropped,
	};

	for (u32 i = 0; i < HEAD_COUNTS; i++)
		*to[i] = le32(p + (size_t)4 * i);
}

void
catalog_info(const struct catalog *c, struct catalog_info *info)
{
	const u8 *p = c->file.p;

	info->title = head_text(c, HEAD_INFO);
	info->version = head_text(c, HEAD_INFO + 8);
	info->text = head_text(c, HEAD_INFO + 16);
	info->openapi = head_text(c, HEAD_INFO + 24);
	info->secrets = head_text(c, HEAD_INFO + 32);
	info->source_n = le64(p + HEAD_SOURCE);
	info->source_mtime = le64(p + HEAD_SOURCE + 8);
	info->source_hash = le64(p + HEAD_SOURCE + 16);
	info->overlay_hash = le64(p + HEAD_OVERLAY);
	counts_read(&info->counts, p + HEAD_COUNT);
}

static void
op_ranges(struct catalog_op *op, struct row p)
{
	op->params = row_num(p, OP_PARAMS);
	op->param_n = row_num(p, OP_PARAMS + 4);
	op->pieces = row_num(p, OP_PIECES);
	op->piece_n = row_num(p, OP_PIECES + 4);
	op->tags = row_num(p, OP_TAGS);
	op->tag_n = row_num(p, OP_TAGS + 4);
	op->uses = row_num(p, OP_USES);
	op->use_n = row_num(p, OP_USES + 4);
	op->answers = row_num(p, OP_ANSWERS);
	op->answer_n = row_num(p, OP_ANSWERS + 4);
}

u32
catalog_file_n(const struct catalog *c)
{
	return c->part[PART_FILES].n;
}

void
catalog_file(const struct catalog *c, u32 i, struct catalog_file *file)
{
	struct row p = record(c, PART_FILES, i);

	*file = (struct catalog_file){ row_text(c, p, 0), row_num(p, 8), row_num(p, 12) };
}

void
catalog_op(const struct catalog *c, u32 at, struct catalog_op *op)
{
	struct row p = record(c, PART_OPS, at);

	op->at = at;
	op->name = row_text(c, p, OP_NAME);
	op->id = row_text(c, p, OP_ID);
	op->path = row_text(c, p, OP_PATH);
	op->summary = row_text(c, p, OP_SUMMARY);
	op->body_type = row_text(c, p, OP_BODY_TYPE);
	op->folded = str_of(c->part[PART_TOOLS].p + row_num(p, OP_TOOL), row_num(p, OP_TOOL + 4));
	op->tool_n = row_num(p, OP_TOOL_N);
	op_ranges(op, p);
	op->method = row_byte(p, OP_KINDS, 0);
	op->verb = row_text(c, p, OP_VERB);
	op->effect = row_byte(p, OP_KINDS, 1);
	op->kind = row_byte(p, OP_KINDS, 2);
	op->flags = row_num(p, OP_FLAGS);
	op->server = row_num(p, OP_SERVER);
	op->body_extra = row_num(p, OP_BODY_EXTRA);
	op->answer_node = row_num(p, OP_ANSWER_NODE);
	op->at_props = row_num(p, OP_AT_PROPS);
	op->at_required = row_num(p, OP_AT_REQUIRED);
	op->props_n = row_num(p, OP_PROPS_N);
	op->required_n = row_num(p, OP_REQUIRED_N);
	op->extra = row_text(c, p, OP_EXTRA);
}

/* Operations stand in order of their names, so the table is its own index. */
int
catalog_find(const struct catalog *c, struct str name, struct catalog_op *op)
{
	u32 low = 0, high = c->op_n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;
		int d = str_cmp(row_text(c, record(c, PART_OPS, mid), OP_NAME), name);

		if (d == 0) {
			if (op)
				catalog_op(c, mid, op);
			return (int)mid;
		}
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return ERR_NONE;
}

static struct row
param_at(const struct catalog *c, const struct catalog_op *op, u32 i)
{
	return record(c, PART_PARAMS, row_num(record(c, PART_ARGS, op->params + i), 0));
}

void
catalog_param(const struct catalog *c, const struct catalog_op *op, u32 i, struct catalog_param *param)
{
	struct row p;

	ASSERT(i < op->param_n);
	p = param_at(c, op, i);
	param->arg = row_text(c, p, 0);
	param->wire = row_text(c, p, 8);
	param->in = row_byte(p, 16, 0);
	param->style = row_byte(p, 16, 1);
	param->flags = row_num(p, 20);
	param->node = row_num(p, 24);
	param->type = row_text(c, p, 28);
}

int
catalog_param_named(const struct catalog *c, const struct catalog_op *op, struct str arg,
    struct catalog_param *param)
{
	for (u32 i = 0; i < op->param_n; i++)
		if (str_same(row_text(c, param_at(c, op, i), 0), arg)) {
			if (param)
				catalog_param(c, op, i, param);
			return (int)i;
		}
	return ERR_NONE;
}

void
catalog_piece(const struct catalog *c, const struct catalog_op *op, u32 i, struct catalog_piece *piece)
{
	struct row p;

	ASSERT(i < op->piece_n);
	p = record(c, PART_PIECES, op->pieces + i);
	piece->literal = row_text(c, p, 0);
	piece->param = row_num(p, 8);
}

struct str
catalog_tag(const struct catalog *c, const struct catalog_op *op, u32 i)
{
	ASSERT(i < op->tag_n);
	return row_text(c, record(c, PART_TAGS, op->tags + i), 0);
}

void
catalog_answer(const struct catalog *c, const struct catalog_op *op, u32 i, struct catalog_answer *answer)
{
	struct row p;

	ASSERT(i < op->answer_n);
	p = record(c, PART_ANSWERS, op->answers + i);
	answer->kind = row_text(c, p, 0);
	answer->status = row_num(p, 8);
}

void
catalog_use(const struct catalog *c, const struct catalog_op *op, u32 i, struct catalog_use *use)
{
	struct row p;

	ASSERT(i < op->use_n);
	p = record(c, PART_USES, op->uses + i);
	use->scopes = row_text(c, p, 0);
	use->alternative = row_num(p, 8);
	use->scheme = row_num(p, 12);
}

void
catalog_scheme(const struct catalog *c, u32 i, struct catalog_scheme *scheme)
{
	struct row p = record(c, PART_SCHEMES, i);

	scheme->name = row_text(c, p, 0);
	scheme->wire = row_text(c, p, 8);
	scheme->text = row_text(c, p, 16);
	scheme->kind = row_byte(p, 24, 0);
	scheme->in = row_byte(p, 24, 1);
}

static void
bounds_read(const struct catalog *c, u32 at, struct catalog_node *node)
{
	u32 *const limit[6] = { &node->len_min, &node->len_max, &node->items_min, &node->items_max,
		&node->props_min, &node->props_max };
	struct row p;

	node->pattern = STR_NONE;
	node->min = node->max = node->step = 0;
	for (u32 i = 0; i < ARRAY_N(limit); i++)
		*limit[i] = 0;
	if (at == CATALOG_NONE)
		return;
	p = record(c, PART_BOUNDS, at);
	node->pattern = row_text(c, p, BOUNDS_PATTERN);
	node->min = real(p, BOUNDS_MIN);
	node->max = real(p, BOUNDS_MAX);
	node->step = real(p, BOUNDS_STEP);
	for (u32 i = 0; i < ARRAY_N(limit); i++)
		*limit[i] = row_num(p, BOUNDS_LIMITS + 4 * i);
}

void
catalog_node(const struct catalog *c, u32 at, struct catalog_node *node)
{
	struct row p = record(c, PART_NODES, at);

	node->at = at;
	node->types = row_num(p, NODE_TYPES);
	node->flags = row_num(p, NODE_FLAGS);
	node->enums = row_text(c, p, NODE_ENUMS);
	node->initial = row_text(c, p, NODE_INITIAL);
	node->example = row_text(c, p, NODE_EXAMPLE);
	node->format = row_text(c, p, NODE_FORMAT);
	node->props = row_num(p, NODE_PROPS);
	node->prop_n = row_num(p, NODE_PROPS + 4);
	node->alts = row_num(p, NODE_ALTS);
	node->alt_n = row_num(p, NODE_ALTS + 4);
	node->additional = row_num(p, NODE_ADDITIONAL);
	node->items = row_num(p, NODE_ITEMS);
	bounds_read(c, row_num(p, NODE_BOUNDS), node);
}

static void
prop_read(const struct catalog *c, u32 at, struct catalog_prop *prop)
{
	struct row p = record(c, PART_PROPS, at);

	prop->name = row_text(c, p, 0);
	prop->required = row_num(p, 8) & 1;
	prop->node = row_num(p, 12);
}

void
catalog_prop(const struct catalog *c, const struct catalog_node *node, u32 i, struct catalog_prop *prop)
{
	ASSERT(i < node->prop_n);
	prop_read(c, node->props + i, prop);
}

int
catalog_prop_named(const struct catalog *c, const struct catalog_node *node, struct str name,
    struct catalog_prop *prop)
{
	u32 low = 0, high = node->prop_n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;
		int d = str_cmp(row_text(c, record(c, PART_PROPS, node->props + mid), 0), name);

		if (d == 0) {
			if (prop)
				prop_read(c, node->props + mid, prop);
			return (int)mid;
		}
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return ERR_NONE;
}

u32
catalog_alt(const struct catalog *c, const struct catalog_node *node, u32 i)
{
	ASSERT(i < node->alt_n);
	return row_num(record(c, PART_ALTS, node->alts + i), 0);
}

void
catalog_server(const struct catalog *c, u32 i, struct catalog_server *server)
{
	struct row p = record(c, PART_SERVERS, i);

	server->url = row_text(c, p, 0);
	server->template = row_text(c, p, 8);
	server->text = row_text(c, p, 16);
	server->vars = row_num(p, 24);
	server->var_n = row_num(p, 28);
	server->absolute = row_num(p, 32) & 1;
}

void
catalog_var(const struct catalog *c, const struct catalog_server *server, u32 i, struct catalog_var *var)
{
	struct row p;

	ASSERT(i < server->var_n);
	p = record(c, PART_VARS, server->vars + i);
	var->name = row_text(c, p, 0);
	var->initial = row_text(c, p, 8);
	var->enums = row_text(c, p, 16);
}

void
catalog_tool(const struct catalog *c, const struct catalog_op *op, u32 from, u32 to, struct buf *out)
{
	fold_read(str_of(c->part[PART_TOOLS].p, c->part[PART_TOOLS].n), op->folded, from, to, out);
}

void
catalog_splice(const struct catalog *c, const struct catalog_op *op, struct str prop, struct str required,
    struct buf *out)
{
	catalog_tool(c, op, 0, op->at_props, out);
	buf_put(out, prop);
	buf_c(out, op->props_n ? "," : "");
	catalog_tool(c, op, op->at_props, op->at_required, out);
	if (required.n) {
		buf_c(out, op->required_n ? "" : ",\"required\":[");
		buf_put(out, required);
		buf_byte(out, op->required_n ? ',' : ']');
	}
	catalog_tool(c, op, op->at_required, op->tool_n, out);
}

u64
catalog_tools_n(const struct catalog *c)
{
	u64 n = c->op_n ? c->op_n - 1 : 0;

	for (u32 i = 0; i < c->op_n; i++)
		n += row_num(record(c, PART_OPS, i), OP_TOOL_N);
	return n;
}

static const char *
name_of(const char *const *names, u32 n, u32 i)
{
	return i < n ? names[i] : "?";
}

const char *
catalog_method_text(u32 method)
{
	static const char *const names[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
		"QUERY", "OTHER" };

	return name_of(names, ARRAY_N(names), method);
}

struct str
catalog_verb(const struct catalog_op *op)
{
	return op->verb.n ? op->verb : str_c(catalog_method_text(op->method));
}

const char *
catalog_effect_text(u32 effect)
{
	static const char *const names[] = { "read", "write", "destructive" };

	return name_of(names, ARRAY_N(names), effect);
}

const char *
catalog_in_text(u32 in)
{
	static const char *const names[] = { "path", "query", "header", "cookie", "member", "body", "content type" };

	return name_of(names, ARRAY_N(names), in);
}

const char *
catalog_style_text(u32 style)
{
	static const char *const names[] = { "simple", "label", "matrix", "form", "spaceDelimited",
		"pipeDelimited", "deepObject" };

	return name_of(names, ARRAY_N(names), style);
}

const char *
catalog_kind_text(u32 kind)
{
	static const char *const names[] = { "none", "json", "form", "text", "multipart", "binary" };

	return name_of(names, ARRAY_N(names), kind);
}

u32
catalog_word_n(const struct catalog *c)
{
	return c->part[PART_WORDS].n;
}

struct str
catalog_word(const struct catalog *c, u32 i, u32 *first, u32 *n)
{
	struct row p = record(c, PART_WORDS, i);

	*first = row_num(p, 8);
	*n = row_num(p, 12);
	return row_text(c, p, 0);
}

/* A posting is one number: its weight in the low 8 bits, the operation above. */
u32
catalog_posting(const struct catalog *c, u32 at, u32 *weight)
{
	u32 v = row_num(record(c, PART_POSTINGS, at), 0);

	*weight = v & 0xff;
	return v >> 8;
}
