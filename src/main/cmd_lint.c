#include "main/cmd.h"

#include "base/text.h"
#include "catalog/import.h"
#include "gate/mode.h"
#include "json/jout.h"
#include "main/bounds.h"
#include "main/say.h"
#include "main/shelf.h"
#include "sys/page.h"

#define OUT_N (16u << 20)

/* What clients and the models behind them refuse, leave out or cut, in the order of size: the largest limit that is
 * passed is told, with everybody below it. */
struct bound {
	u32 most;
	const char *rule, *text;
};

static const struct bound names[] = {
	{ BOUND_CURSOR_NAME, "long-name",
	    "%U characters: Cursor leaves a tool out when the server's name and its own pass 60" },
};

static const struct bound texts[] = {
	{ BOUND_OPENAI_TEXT, "long-description", "%U characters: the OpenAI API refuses a tool with more than 1,024" },
	{ BOUND_CLAUDE_TEXT, "long-description", "%U characters: Claude Code cuts at 2,048, the OpenAI API refuses" },
};

static const struct bound sizes[] = {
	{ 8192, "large-tool", "%U bytes of JSON: see whether all arguments are needed" },
};

static const struct bound numbers[] = {
	{ 30, "many-arguments", "%U arguments: models get them wrong" },
};

static const struct bound lists[] = {
	{ BOUND_CURSOR_TOOLS, "many-tools", "%U tools: Cursor warns above 40" },
	{ BOUND_WINDSURF_TOOLS, "many-tools", "%U tools: Windsurf takes at most 100, Cursor warns above 40" },
	{ BOUND_OPENAI_TOOLS, "many-tools",
	    "%U tools: VS Code and the OpenAI API take at most 128 in one request, Windsurf 100" },
};

static const struct bound costs[] = {
	{ 25000, "dear-list", "tools/list costs about %U tokens in every conversation (a context has 200,000)" },
};

#define TEXT_LEAST 12 /* bytes of a description; a shorter one tells a model nothing */

struct lint {
	struct buf out, tool;
	struct jout json;
	bool as_json, tokens;
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
measure(struct lint *l, struct str tool, const struct bound *b, u32 n, u64 seen)
{
	while (n && seen <= b[n - 1].most)
		n--;
	if (n)
		finding(l, tool, b[n - 1].rule, b[n - 1].text, seen);
}

#define MEASURE(l, tool, bounds, seen) measure(l, tool, bounds, ARRAY_N(bounds), seen)

/* Bytes of the description as clients get it, the first member of that name. */
static u32
description_n(struct str tool)
{
	const struct str key = STR("\"description\":\"");
	int at = str_find_str(tool, key);
	u32 from = at < 0 ? tool.n : (u32)at + key.n, to = from;

	while (to < tool.n && tool.p[to] != '"')
		to += tool.p[to] == '\\' ? 2 : 1;
	return to - from;
}

static void
judge_op(struct lint *l, const struct catalog *c, const struct catalog_op *op)
{
	u32 text = op->summary.n;
	const struct { u32 flag; const char *rule, *text; } flags[] = {
		{ CATALOG_OP_CUT, "schema-cut", "its schema was too large or too deep and is offered shortened" },
		{ CATALOG_OP_DEPRECATED, "deprecated", "the document says it is deprecated" },
		{ CATALOG_OP_ELSEWHERE, "elsewhere", "another server: off until an environment names it" },
	};

	if (text == 0)
		finding(l, op->name, "no-description", "a model has only the name to go by: add a summary", 0);
	else if (text < TEXT_LEAST)
		finding(l, op->name, "short-description", "%U characters: say what it does and when to use it", text);
	MEASURE(l, op->name, names, op->name.n);
	l->tool.w = 0;
	catalog_tool(c, op, 0, op->tool_n, &l->tool);
	MEASURE(l, op->name, texts, description_n(buf_str(&l->tool)));
	MEASURE(l, op->name, sizes, op->tool_n);
	MEASURE(l, op->name, numbers, op->param_n);
	for (u32 i = 0; i < ARRAY_N(flags); i++)
		if (op->flags & flags[i].flag)
			finding(l, op->name, flags[i].rule, flags[i].text, 0);
}

/* What `mode auto` makes of it. */
static void
tell_mode(struct lint *l, const struct catalog *c)
{
	const struct mode m = mode_of_all(c);
	u8 room[300];
	struct buf b = buf_over(room, sizeof room);

	mode_say(&m, &b);
	if (l->as_json) {
		jout_key_open(&l->json, "mode", '{');
		jout_c(&l->json, "auto", mode_decide(&m) == API_MODE_CODE ? "code" : "tools");
		jout_c(&l->json, "served", "tools");
		jout_str(&l->json, "text", buf_str(&b));
		jout_close(&l->json, '}');
	}
	say_errf("mode %S\n", buf_str(&b));
	if (mode_decide(&m) == API_MODE_CODE)
		say_errf("%s\n", MODE_NARROW);
}

static void
judge_all(struct lint *l, const struct catalog *c)
{
	MEASURE(l, STR_NONE, lists, c->op_n);
	MEASURE(l, STR_NONE, costs, shelf_tokens(c));
	for (u32 i = 0; i < c->op_n; i++) {
		struct catalog_op op;

		catalog_op(c, i, &op);
		judge_op(l, c, &op);
	}
}

/* What each tool costs, in the order of the list. */
static void
tell_tokens(struct lint *l, const struct catalog *c)
{
	if (l->as_json)
		jout_key_open(&l->json, "tokens", '{');
	for (u32 i = 0; i < c->op_n && (l->tokens || l->as_json); i++) {
		struct catalog_op op;
		u64 n;

		catalog_op(c, i, &op);
		n = report_tokens(op.tool_n);
		if (!l->as_json) {
			buf_fmt(&l->out, "%S\ttokens\t%U\n", op.name, n);
			continue;
		}
		jout_key(&l->json, op.name);
		jout_u64(&l->json, NULL, n);
	}
	if (l->as_json)
		jout_close(&l->json, '}');
}

int
cmd_lint(struct flags *a)
{
	struct lint l = { .found = 0 };
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct lint, as_json, "json", 0),
		FLAGS_OPTION(struct lint, tokens, "tokens", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 1, 1, "the catalog or API document" };
	struct arena arena;
	struct shelf s;
	int code = flags_read(a, &words, &l);

	if (code == FLAGS_GO)
		code = shelf_open(&s, a, a->rest[0]);
	if (code != FLAGS_GO)
		return code;
	arena = page_arena(OUT_N + 4 * IMPORT_TOOL_MAX);
	l.out = arena_buf(&arena, OUT_N);
	l.tool = arena_buf(&arena, 4 * IMPORT_TOOL_MAX);
	l.json = jout_into(&l.out);
	if (l.as_json) {
		jout_open(&l.json, '{');
		jout_u64(&l.json, "tools", s.catalog.op_n);
		jout_u64(&l.json, "list_tokens", shelf_tokens(&s.catalog));
		jout_key_open(&l.json, "findings", '[');
	}
	judge_all(&l, &s.catalog);
	if (l.as_json)
		jout_close(&l.json, ']');
	tell_mode(&l, &s.catalog);
	tell_tokens(&l, &s.catalog);
	if (l.as_json) {
		jout_close(&l.json, '}');
		buf_byte(&l.out, '\n');
	}
	say_out(buf_str(&l.out));
	say_errf("%u tools, about %U tokens; %u findings\n", s.catalog.op_n, shelf_tokens(&s.catalog), l.found);
	return l.found ? EXIT_LOSSES : EXIT_OK;
}
