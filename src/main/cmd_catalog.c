#include "main/cmd.h"

#include "base/text.h"
#include "catalog/diff.h"
#include "catalog/import.h"
#include "catalog/search.h"
#include "catalog/show.h"
#include "gate/mode.h"
#include "json/jout.h"
#include "main/fresh.h"
#include "main/say.h"
#include "main/shelf.h"
#include "sys/file.h"
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
	buf_fmt(b, "%S\t%s\t%S\t%S%s%s\n", op->name, catalog_effect_text(op->effect), catalog_verb(op),
	    op->path, op->flags & CATALOG_OP_DEPRECATED ? "\t(deprecated)" : "",
	    op->flags & CATALOG_OP_ELSEWHERE ? "\t(on another server: off)" : "");
}

static void
print_op_json(struct jout *o, const struct catalog_op *op)
{
	jout_open(o, '{');
	jout_str(o, "name", op->name);
	jout_c(o, "effect", catalog_effect_text(op->effect));
	jout_str(o, "method", catalog_verb(op));
	jout_str(o, "path", op->path);
	jout_str(o, "summary", op->summary);
	jout_bool(o, "deprecated", op->flags & CATALOG_OP_DEPRECATED);
	jout_close(o, '}');
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
		catalog_tool(c, &op, 0, op.tool_n, &l->out);
		buf_byte(&l->out, '\n');
		return EXIT_OK;
	}
	show_op(c, &op, &l->out);
	catalog_server(c, op.server, &server);
	buf_fmt(&l->out, "  operationId: %S\n  server: %S\narguments:\n", op.id, server.url);
	for (u32 i = 0; i < op.param_n; i++)
		show_arg(c, &op, i, &l->out);
	catalog_tool(c, &op, 0, op.tool_n, &l->out);
	buf_byte(&l->out, '\n');
	return EXIT_OK;
}

static int
show(struct look *l, struct flags *a)
{
	struct jout o = jout_into(&l->out);
	u8 room[300];
	struct buf b = buf_over(room, sizeof room);
	struct catalog_info info;
	struct mode m;
	struct shelf s;
	int code = flags_rest(a, 2, 3, "the catalog");

	if (code == FLAGS_GO)
		code = shelf_open(&s, a, a->rest[1]);
	if (code != FLAGS_GO)
		return code;
	if (a->rests == 3)
		return show_tool(l, &s.catalog, a->rest[2]);
	catalog_info(&s.catalog, &info);
	m = mode_of_all(&s.catalog);
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
	mode_say(&m, &b);
	say_errf("%S %S: %u operations (%u read, %u write, %u destructive)\nmode %S\n", info.title, info.version,
	    s.catalog.op_n, info.counts.reads, info.counts.writes, info.counts.destructives, buf_str(&b));
	return EXIT_OK;
}

static int
search(struct look *l, struct flags *a)
{
	struct search_hit *hit = ARENA_ARRAY(&l->arena, struct search_hit, HITS_MAX);
	struct buf query = arena_buf(&l->arena, 4096);
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
one_difference(struct look *l, struct jout *o, const struct diff *d)
{
	const struct catalog_op *op = &d->op[d->kind == DIFF_ADDED];
	size_t mark = l->arena.used;
	struct buf b = arena_buf(&l->arena, DIFF_PIECE_MAX);
	struct str what;

	diff_put(d, &b);
	what = buf_str(&b);
	if (l->json) {
		jout_open(o, '{');
		jout_c(o, "change", diff_text(d->kind));
		jout_str(o, "name", op->name);
		jout_str(o, "method", catalog_verb(op));
		jout_str(o, "path", op->path);
		jout_key_open(o, "what", '[');
	} else {
		buf_fmt(&l->out, "%s\t", diff_text(d->kind));
		print_op(&l->out, op);
	}
	while (what.n) {
		struct str line = str_next(&what, '\n');

		if (l->json)
			jout_str(o, NULL, line);
		else
			buf_fmt(&l->out, "\t%S\n", line);
	}
	if (l->json) {
		jout_close(o, ']');
		jout_close(o, '}');
	}
	arena_rewind(&l->arena, mark);
}

static int
diff(struct look *l, struct flags *a)
{
	struct jout o = jout_into(&l->out);
	struct shelf old, new;
	struct diff *d = ARENA_ARRAY(&l->arena, struct diff, 1);
	u32 n = 0;
	int code = flags_rest(a, 3, 3, "the old or the new catalog");

	if (code == FLAGS_GO)
		code = shelf_open(&old, a, a->rest[1]);
	if (code == FLAGS_GO)
		code = shelf_open(&new, a, a->rest[2]);
	if (code != FLAGS_GO)
		return code;
	if (l->json)
		jout_open(&o, '[');
	d->a = &old.catalog;
	d->b = &new.catalog;
	for (u32 i = 0; i < 2; i++)
		d->tool[i] = arena_buf(&l->arena, 4 * IMPORT_TOOL_MAX);
	for (; diff_next(d); n++)
		one_difference(l, &o, d);
	if (l->json)
		jout_close(&o, ']');
	say_errf("%u differences: %u added, %u removed, %u renamed, %u changed, %u only in words\n", n,
	    d->count[DIFF_ADDED], d->count[DIFF_REMOVED], d->count[DIFF_RENAMED], d->count[DIFF_CHANGED],
	    d->count[DIFF_WORDS]);
	return n ? EXIT_LOSSES : EXIT_OK;
}

/* The catalog that waits beside one takes its place; a running server sees that. */
static int
accept(struct look *l, struct flags *a)
{
	char from[1200];
	struct str to = STR_NONE;
	int code = flags_rest(a, 2, 2, "the catalog that is served");

	if (code != FLAGS_GO)
		return code;
	to = str_c(a->rest[1]);
	if (!str_ends(to, STR(".cat")) || !text_c(from, sizeof from, "%S" FRESH_NEW, str_cut(to, 0, to.n - 4)) ||
	    file_rename(FILE_HERE, from, a->rest[1])) {
		say_errf("mcpgated catalog: nothing waits beside %s\n", a->rest[1]);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

int
cmd_catalog(struct flags *a)
{
	static const struct {
		const char *name;
		int (*run)(struct look *l, struct flags *a);
	} verbs[] = { { "show", show }, { "search", search }, { "diff", diff }, { "accept", accept } };
	struct look l = { .json = false };
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct look, json, "json", 0),
		FLAGS_OPTION(struct look, limit, "limit", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 1, FLAGS_REST_MAX,
		"show, search, diff or accept" };
	int code = flags_read(a, &words, &l);

	if (code != FLAGS_GO)
		return code;
	l.arena = page_arena(OUT_N + (4u << 20));
	l.out = arena_buf(&l.arena, OUT_N);
	for (u32 i = 0; i < ARRAY_N(verbs); i++)
		if (strcmp(a->rest[0], verbs[i].name) == 0) {
			code = verbs[i].run(&l, a);
			say_out(buf_str(&l.out));
			if (l.json && l.out.w && l.out.p[l.out.w - 1] != '\n')
				say_out(STR("\n"));
			return code;
		}
	say_errf("mcpgated catalog: '%s' is none of show, search, diff, accept\n", a->rest[0]);
	return EXIT_USAGE;
}
