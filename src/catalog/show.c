#include "catalog/show.h"

#include "base/text.h"
#include "catalog/report.h"

static void
pad(struct buf *out, u32 from, u32 width)
{
	do
		buf_byte(out, ' ');
	while (out->w - from < width && !out->over);
}

static void
show_servers(const struct catalog *c, struct buf *out)
{
	struct catalog_server server;
	struct catalog_scheme scheme;
	static const char *const kinds[] = { "key in", "http", "oauth2", "openid connect", "mutual tls", "unknown" };

	for (u32 i = 0; i < c->server_n; i++) {
		catalog_server(c, i, &server);
		buf_fmt(out, "server %u: ", i);
		text_safe(out, server.url, 300);
		buf_c(out, server.absolute ? "\n" : " (relative or missing: give base_url)\n");
	}
	for (u32 i = 0; i < c->scheme_n; i++) {
		catalog_scheme(c, i, &scheme);
		BUF_LIT(out, "security ");
		text_safe(out, scheme.name, 60);
		buf_fmt(out, ": %s ", kinds[scheme.kind]);
		if (scheme.kind == CATALOG_SCHEME_KEY)
			buf_fmt(out, "%s ", catalog_in_text(scheme.in));
		text_safe(out, scheme.wire, 100);
		buf_byte(out, '\n');
	}
}

void
show_head(const struct catalog *c, struct buf *out)
{
	struct catalog_info info;
	u32 bytes = catalog_tools(c, 0, c->op_n).n;

	catalog_info(c, &info);
	text_safe(out, info.title, 100);
	buf_byte(out, ' ');
	text_safe(out, info.version, 40);
	buf_fmt(out, "\n%u operations of %u in the document: %u read, %u write, %u destructive\n", c->op_n,
	    info.counts.operations, info.counts.reads, info.counts.writes, info.counts.destructives);
	BUF_LIT(out, "tools/list: ");
	text_size(out, bytes);
	buf_fmt(out, ", about %U tokens\n", report_tokens(bytes));
	show_servers(c, out);
}

void
show_line(const struct catalog *c, u32 at, struct buf *out)
{
	struct catalog_op op;
	u32 from = out->w;

	catalog_op(c, at, &op);
	buf_c(out, catalog_effect_text(op.effect));
	pad(out, from, 12);
	buf_c(out, catalog_method_text(op.method));
	pad(out, from, 20);
	buf_put(out, op.name);
	pad(out, from, 56);
	text_safe(out, op.path, 200);
	if (op.summary.n) {
		BUF_LIT(out, "  ");
		text_safe(out, op.summary, 100);
	}
	if (op.flags & CATALOG_OP_DEPRECATED)
		BUF_LIT(out, " (deprecated)");
	if (op.flags & CATALOG_OP_ELSEWHERE)
		BUF_LIT(out, " (other server: off)");
	buf_byte(out, '\n');
}

static void
show_uses(const struct catalog *c, const struct catalog_op *op, struct buf *out)
{
	struct catalog_use use;
	struct catalog_scheme scheme;
	u32 last = CATALOG_NONE;

	if (op->flags & CATALOG_OP_PUBLIC)
		BUF_LIT(out, "  security: none needed\n");
	for (u32 i = 0; i < op->use_n; i++) {
		catalog_use(c, op, i, &use);
		catalog_scheme(c, use.scheme, &scheme);
		buf_c(out, use.alternative == last ? " and " : i ? "\n  or " : "  security: ");
		text_safe(out, scheme.name, 60);
		if (use.scopes.n) {
			buf_byte(out, ' ');
			text_safe(out, use.scopes, 300);
		}
		last = use.alternative;
	}
	if (op->use_n)
		buf_byte(out, '\n');
}

void
show_op(const struct catalog *c, const struct catalog_op *op, struct buf *out)
{
	struct catalog_answer answer;

	buf_fmt(out, "%S\n  %s ", op->name, catalog_method_text(op->method));
	text_safe(out, op->path, 400);
	buf_fmt(out, "\n  effect: %s%s%s\n", catalog_effect_text(op->effect),
	    op->flags & CATALOG_OP_IDEMPOTENT ? ", idempotent" : "",
	    op->flags & CATALOG_OP_DEPRECATED ? ", deprecated" : "");
	if (op->summary.n) {
		BUF_LIT(out, "  ");
		text_safe(out, op->summary, 200);
		buf_byte(out, '\n');
	}
	for (u32 i = 0; i < op->tag_n; i++) {
		buf_c(out, i ? ", " : "  tags: ");
		text_safe(out, catalog_tag(c, op, i), 60);
	}
	buf_c(out, op->tag_n ? "\n" : "");
	if (op->kind != CATALOG_KIND_NONE)
		buf_fmt(out, "  body: %S%s\n", op->body_type, op->flags & CATALOG_OP_BODY_REQUIRED ? ", required" : "");
	for (u32 i = 0; i < op->answer_n; i++) {
		catalog_answer(c, op, i, &answer);
		buf_fmt(out, "  answer: %u ", answer.status);
		text_safe(out, answer.kind, 100);
		buf_byte(out, '\n');
	}
	show_uses(c, op, out);
	buf_fmt(out, "  tool: %u bytes, about %U tokens%s\n", op->tool.n, report_tokens(op->tool.n),
	    op->flags & CATALOG_OP_CUT ? ", schema shortened" : "");
}

static void
show_types(const struct catalog_node *node, struct buf *out)
{
	static const char *const names[] = { "null", "boolean", "integer", "number", "string", "array", "object" };
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_N(names); i++)
		if (node->types & 1U << i) {
			buf_c(out, n++ ? " or " : "");
			buf_c(out, names[i]);
		}
	if (!n)
		buf_c(out, node->alt_n ? "one of several" : "anything");
}

void
show_arg(const struct catalog *c, const struct catalog_op *op, u32 i, struct buf *out)
{
	struct catalog_param param;
	struct catalog_node node;
	u32 from = out->w;

	catalog_param(c, op, i, &param);
	catalog_node(c, param.node, &node);
	buf_fmt(out, "  %S", param.arg);
	pad(out, from, 28);
	buf_fmt(out, "%s%s, ", catalog_in_text(param.in), param.flags & CATALOG_PARAM_REQUIRED ? ", required" : "");
	show_types(&node, out);
	if (node.format.n) {
		BUF_LIT(out, ", ");
		text_safe(out, node.format, 30);
	}
	if (!str_same(param.arg, param.wire)) {
		BUF_LIT(out, ", sent as ");
		text_safe(out, param.wire, 80);
	}
	if (node.enums.n) {
		BUF_LIT(out, ", one of ");
		text_safe(out, node.enums, 200);
	}
	buf_byte(out, '\n');
}

/* Arguments that one operation has and the other lacks. */
static void
diff_args(const struct show_diff *d, struct catalog_op op[2], struct buf *out)
{
	const struct catalog *c[2] = { d->a, d->b };

	for (u32 side = 0; side < 2; side++)
		for (u32 i = 0; i < op[side].param_n; i++) {
			struct catalog_param param;

			catalog_param(c[side], &op[side], i, &param);
			if (catalog_param_named(c[!side], &op[!side], param.arg, NULL) < 0)
				buf_fmt(out, "    %s argument %S\n", side ? "+" : "-", param.arg);
		}
}

static bool
diff_op(struct show_diff *d, struct catalog_op op[2], struct buf *out)
{
	if (op[0].method == op[1].method && op[0].effect == op[1].effect && str_same(op[0].path, op[1].path) &&
	    str_same(op[0].tool, op[1].tool))
		return false;
	d->changed++;
	buf_fmt(out, "~ %S\n", op[0].name);
	if (op[0].method != op[1].method || !str_same(op[0].path, op[1].path)) {
		buf_fmt(out, "    %s ", catalog_method_text(op[0].method));
		text_safe(out, op[0].path, 300);
		buf_fmt(out, " is now %s ", catalog_method_text(op[1].method));
		text_safe(out, op[1].path, 300);
		buf_byte(out, '\n');
	}
	if (op[0].effect != op[1].effect)
		buf_fmt(out, "    effect %s is now %s\n", catalog_effect_text(op[0].effect),
		    catalog_effect_text(op[1].effect));
	diff_args(d, op, out);
	return true;
}

/* Both lists are in order of names: like merging them. */
bool
show_diff_next(struct show_diff *d, struct buf *out)
{
	while (d->at_a < d->a->op_n || d->at_b < d->b->op_n) {
		struct catalog_op op[2];
		int order = d->at_a == d->a->op_n ? 1 : -1;

		if (d->at_a < d->a->op_n)
			catalog_op(d->a, d->at_a, &op[0]);
		if (d->at_b < d->b->op_n)
			catalog_op(d->b, d->at_b, &op[1]);
		if (d->at_a < d->a->op_n && d->at_b < d->b->op_n)
			order = str_cmp(op[0].name, op[1].name);
		d->at_a += order <= 0;
		d->at_b += order >= 0;
		d->removed += order < 0;
		d->added += order > 0;
		if (order) {
			buf_fmt(out, "%s %S\n", order < 0 ? "-" : "+", op[order > 0].name);
			return true;
		}
		if (diff_op(d, op, out))
			return true;
	}
	return false;
}
