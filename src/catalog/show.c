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

	buf_fmt(out, "%S\n  %S ", op->name, catalog_verb(op));
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
	buf_fmt(out, "  tool: %u bytes, about %U tokens%s\n", op->tool_n, report_tokens(op->tool_n),
	    op->flags & CATALOG_OP_CUT ? ", schema shortened" : "");
}

void
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
