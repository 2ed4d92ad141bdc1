#include "main/cmd.h"

#include "base/text.h"
#include "json/jout.h"
#include "main/say.h"
#include "main/shelf.h"
#include "sys/page.h"

#define OUT_N (16u << 20)
#define TEXT_LEAST 12        /* a shorter description tells a model nothing */
#define TEXT_MOST 4000       /* a longer one is paid for in every conversation */
#define TOOL_MOST 8192       /* bytes */
#define FLAGS_MOST 30
#define TOOLS_MOST 128       /* VS Code refuses a request with more */
#define TOKENS_MOST 25000    /* of tools/list: an eighth of a context of 200,000 */

struct lint {
	struct buf out;
	struct jout json;
	bool as_json;
	u32 found;
};

static void
finding(struct lint *l, struct str tool, const char *rule, const char *text, u64 number)
{
	u8 room[300];
	struct buf b = buf_over(room, sizeof room);

	l->found++;
	buf_fmt(&b, text, number);
	if (!l->as_json) {
		buf_fmt(&l->out, "%S\t%s\t%S\n", tool.n ? tool : STR("*"), rule, buf_str(&b));
		return;
	}
	jout_open(&l->json, '{');
	if (tool.n)
		jout_str(&l->json, "tool", tool);
	jout_c(&l->json, "rule", rule);
	jout_str(&l->json, "text", buf_str(&b));
	jout_close(&l->json, '}');
}

static void
judge_op(struct lint *l, const struct catalog_op *op)
{
	u32 text = op->summary.n + op->text.n;

	if (text == 0)
		finding(l, op->name, "no-description", "a model has only the name to go by: add a summary", 0);
	else if (text < TEXT_LEAST)
		finding(l, op->name, "short-description", "%U characters: say what it does and when to use it", text);
	if (op->text.n > TEXT_MOST)
		finding(l, op->name, "long-description", "%U characters: every conversation pays for them", op->text.n);
	if (op->tool.n > TOOL_MOST)
		finding(l, op->name, "large-tool", "%U bytes of JSON: see whether all arguments are needed",
		    op->tool.n);
	if (op->flags & CATALOG_OP_CUT)
		finding(l, op->name, "schema-cut", "its schema was too large or too deep and is offered shortened", 0);
	if (op->param_n > FLAGS_MOST)
		finding(l, op->name, "many-arguments", "%U arguments: models get them wrong", op->param_n);
	if (op->flags & CATALOG_OP_DEPRECATED)
		finding(l, op->name, "deprecated", "the document says it is deprecated", 0);
	if (op->flags & CATALOG_OP_ELSEWHERE)
		finding(l, op->name, "elsewhere", "it belongs to another server of the document and stays off", 0);
	if (op->effect == CATALOG_DESTRUCTIVE)
		finding(l, op->name, "destructive", "it destroys: keys need --destructive where there are several "
		    "environments", 0);
}

static void
judge_all(struct lint *l, const struct catalog *c)
{
	u64 tokens = shelf_tokens(c);

	if (c->op_n > TOOLS_MOST)
		finding(l, STR(""), "many-tools", "%U tools: some clients take at most 128 at once", c->op_n);
	if (tokens > TOKENS_MOST)
		finding(l, STR(""), "dear-list", "tools/list costs about %U tokens in every conversation", tokens);
	for (u32 i = 0; i < c->op_n; i++) {
		struct catalog_op op;

		catalog_op(c, i, &op);
		judge_op(l, &op);
	}
}

int
cmd_lint(struct flags *a)
{
	struct lint l = { .found = 0 };
	const struct flags_option options[] = { { .name = "json", .flag = &l.as_json } };
	struct arena arena;
	struct shelf s;
	int code = flags_read(a, options, ARRAY_N(options));

	if (code == FLAGS_GO)
		code = flags_rest(a, 1, 1, "the catalog or API document");
	if (code == FLAGS_GO)
		code = shelf_open(&s, a, a->rest[0]);
	if (code != FLAGS_GO)
		return code;
	arena = page_arena(OUT_N);
	l.out = buf_over(arena.p, arena.cap);
	l.json = jout_into(&l.out);
	if (l.as_json)
		jout_open(&l.json, '[');
	judge_all(&l, &s.catalog);
	if (l.as_json) {
		jout_close(&l.json, ']');
		buf_byte(&l.out, '\n');
	}
	say_out(buf_str(&l.out));
	say_errf("%u tools, about %U tokens; %u findings\n", s.catalog.op_n, shelf_tokens(&s.catalog), l.found);
	return l.found ? EXIT_LOSSES : EXIT_OK;
}
