#include "main/cmd.h"

#include "catalog/search.h"
#include "json/jout.h"
#include "main/say.h"
#include "main/shelf.h"
#include "sys/page.h"

#define OUT_N (64u << 20)
#define HITS_MAX 1000

struct look {
	struct arena arena;
	struct buf out;
	bool json;
	const char *limit;
};

static void
print_op(struct buf *b, const struct catalog_op *op)
{
	buf_fmt(b, "%S\t%s\t%s\t%S%s%s\n", op->name, catalog_effect_text(op->effect), catalog_method_text(op->method),
	    op->path, op->flags & CATALOG_OP_DEPRECATED ? "\t(deprecated)" : "",
	    op->flags & CATALOG_OP_ELSEWHERE ? "\t(on another server: off)" : "");
}

static void
print_op_json(struct jout *o, const struct catalog_op *op)
{
	jout_open(o, '{');
	jout_str(o, "name", op->name);
	jout_c(o, "effect", catalog_effect_text(op->effect));
	jout_c(o, "method", catalog_method_text(op->method));
	jout_str(o, "path", op->path);
	jout_str(o, "summary", op->summary);
	jout_bool(o, "deprecated", op->flags & CATALOG_OP_DEPRECATED);
	jout_close(o, '}');
}

static void
print_param(struct buf *b, const struct catalog *c, const struct catalog_op *op, u32 i)
{
	struct catalog_param p;

	catalog_param(c, op, i, &p);
	buf_fmt(b, "  %S\t%s%s", p.arg, catalog_in_text(p.in), p.flags & CATALOG_PARAM_REQUIRED ? ", required" : "");
	if (!str_same(p.arg, p.wire))
		buf_fmt(b, ", sent as '%S'", p.wire);
	buf_byte(b, '\n');
}

static int
show_tool(struct look *l, const struct catalog *c, const char *name)
{
	struct catalog_op op;
	struct catalog_server server;

	if (catalog_find(c, str_c(name), &op) < 0) {
		say_errf("mcpgated catalog: there is no tool '%s'; `mcpgated catalog search CATALOG WORD` finds "
		    "some\n", name);
		return EXIT_FAILED;
	}
	if (l->json) {
		buf_put(&l->out, op.tool);
		buf_byte(&l->out, '\n');
		return EXIT_OK;
	}
	print_op(&l->out, &op);
	catalog_server(c, op.server, &server);
	buf_fmt(&l->out, "operationId\t%S\nserver\t%S\n", op.id, server.url);
	if (op.body_type.n)
		buf_fmt(&l->out, "body\t%S\n", op.body_type);
	BUF_LIT(&l->out, "arguments:\n");
	for (u32 i = 0; i < op.param_n; i++)
		print_param(&l->out, c, &op, i);
	buf_fmt(&l->out, "tool (%u bytes, about %U tokens):\n%S\n", op.tool.n, report_tokens(op.tool.n), op.tool);
	return EXIT_OK;
}

static int
show(struct look *l, struct flags *a)
{
	struct jout o = jout_into(&l->out);
	struct catalog_info info;
	struct shelf s;
	int code = flags_rest(a, 2, 3, "the catalog");

	if (code == FLAGS_GO)
		code = shelf_open(&s, a, a->rest[1]);
	if (code != FLAGS_GO)
		return code;
	if (a->rests == 3)
		return show_tool(l, &s.catalog, a->rest[2]);
	catalog_info(&s.catalog, &info);
	if (l->json)
		jout_open(&o, '[');
	for (u32 i = 0; i < s.catalog.op_n; i++) {
		struct catalog_op op;

		catalog_op(&s.catalog, i, &op);
		if (l->json)
			print_op_json(&o, &op);
		else
			print_op(&l->out, &op);
	}
	if (l->json)
		jout_close(&o, ']');
	say_errf("%S %S: %u operations (%u read, %u write, %u destructive), about %U tokens\n", info.title,
	    info.version,
	    s.catalog.op_n, info.counts.reads, info.counts.writes, info.counts.destructives, shelf_tokens(&s.catalog));
	return EXIT_OK;
}

static int
search(struct look *l, struct flags *a)
{
	struct search_hit *hit = ARENA_ARRAY(&l->arena, struct search_hit, HITS_MAX);
	struct buf query = buf_over(arena_bytes(&l->arena, 4096), 4096);
	struct jout o = jout_into(&l->out);
	struct shelf s;
	u64 limit = 20;
	u32 n;
	int code = flags_rest(a, 3, FLAGS_REST_MAX, "the catalog or a word to search for");

	if (code == FLAGS_GO && l->limit && (str_u64(str_c(l->limit), &limit) || !limit || limit > HITS_MAX)) {
		say_errf("mcpgated catalog: --limit is 1 to %d\n", HITS_MAX);
		code = EXIT_USAGE;
	}
	if (code == FLAGS_GO)
		code = shelf_open(&s, a, a->rest[1]);
	if (code != FLAGS_GO)
		return code;
	for (u32 i = 2; i < a->rests; i++)
		buf_fmt(&query, "%s ", a->rest[i]);
	n = search_find(&s.catalog, buf_str(&query), &l->arena, hit, (u32)limit);
	if (l->json)
		jout_open(&o, '[');
	for (u32 i = 0; i < n; i++) {
		struct catalog_op op;

		catalog_op(&s.catalog, hit[i].op, &op);
		if (l->json)
			print_op_json(&o, &op);
		else
			buf_fmt(&l->out, "%S\t%s\t%S\t%S\n", op.name, catalog_effect_text(op.effect), op.path,
			    op.summary);
	}
	if (l->json)
		jout_close(&o, ']');
	if (!n)
		say_errf("nothing found\n");
	return n ? EXIT_OK : EXIT_FAILED;
}

static void
one_difference(struct look *l, struct jout *o, const char *what, const struct catalog_op *op)
{
	if (!l->json) {
		buf_fmt(&l->out, "%s\t", what);
		print_op(&l->out, op);
		return;
	}
	jout_open(o, '{');
	jout_c(o, "change", what);
	jout_str(o, "name", op->name);
	jout_str(o, "path", op->path);
	jout_close(o, '}');
}

static bool
same_op(const struct catalog_op *a, const struct catalog_op *b)
{
	return a->method == b->method && a->effect == b->effect && str_same(a->path, b->path) && str_same(a->tool,
	    b->tool);
}

/* Both are in order of names: one walk over both. */
static u32
compare(struct look *l, struct jout *o, const struct catalog *old, const struct catalog *new)
{
	u32 i = 0, k = 0, n = 0;

	while (i < old->op_n || k < new->op_n) {
		struct catalog_op a, b;
		int order;

		if (i < old->op_n)
			catalog_op(old, i, &a);
		if (k < new->op_n)
			catalog_op(new, k, &b);
		order = i == old->op_n ? 1 : k == new->op_n ? -1 : str_cmp(a.name, b.name);
		if (order < 0)
			one_difference(l, o, "removed", &a);
		else if (order > 0)
			one_difference(l, o, "added", &b);
		else if (!same_op(&a, &b))
			one_difference(l, o, "changed", &b);
		else
			n--;
		n++;
		i += order <= 0;
		k += order >= 0;
	}
	return n;
}

static int
diff(struct look *l, struct flags *a)
{
	struct jout o = jout_into(&l->out);
	struct shelf old, new;
	u32 n;
	int code = flags_rest(a, 3, 3, "the old or the new catalog");

	if (code == FLAGS_GO)
		code = shelf_open(&old, a, a->rest[1]);
	if (code == FLAGS_GO)
		code = shelf_open(&new, a, a->rest[2]);
	if (code != FLAGS_GO)
		return code;
	if (l->json)
		jout_open(&o, '[');
	n = compare(l, &o, &old.catalog, &new.catalog);
	if (l->json)
		jout_close(&o, ']');
	say_errf("%u differences\n", n);
	return n ? EXIT_LOSSES : EXIT_OK;
}

int
cmd_catalog(struct flags *a)
{
	static const struct {
		const char *name;
		int (*run)(struct look *l, struct flags *a);
	} verbs[] = { { "show", show }, { "search", search }, { "diff", diff } };
	struct look l = { .json = false };
	const struct flags_option options[] = {
		{ .name = "json", .flag = &l.json },
		{ .name = "limit", .value = &l.limit },
	};
	int code = flags_read(a, options, ARRAY_N(options));

	if (code == FLAGS_GO)
		code = flags_rest(a, 1, FLAGS_REST_MAX, "show, search or diff");
	if (code != FLAGS_GO)
		return code;
	l.arena = page_arena(OUT_N + (4u << 20));
	l.out = buf_over(arena_bytes(&l.arena, OUT_N), OUT_N);
	for (u32 i = 0; i < ARRAY_N(verbs); i++)
		if (strcmp(a->rest[0], verbs[i].name) == 0) {
			code = verbs[i].run(&l, a);
			say_out(buf_str(&l.out));
			if (l.json && l.out.w && l.out.p[l.out.w - 1] != '\n')
				say_out(STR("\n"));
			return code;
		}
	say_errf("mcpgated catalog: '%s' is none of show, search, diff\n", a->rest[0]);
	return EXIT_USAGE;
}
