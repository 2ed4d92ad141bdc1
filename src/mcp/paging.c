#include "mcp/paging.h"

#include "filter/project.h"
#include "http/form.h"
#include "mcp/asked.h"
#include "op/preset.h"

#define BLOCK_MAX 1000 /* bytes of the block, before its quotes are escaped */

enum { NONE, PAGE, OFFSET, CURSOR, LINK };

struct recipe {
	u8 kind;
	struct str argument, size, list, value, total;
	u64 first, per;
};

/* The recipe of m's operation. Its texts are views of the catalog. */
static struct recipe
recipe_of(const struct mcp *m)
{
	static const char *const kinds[] = { "", "page", "offset", "cursor", "link" };
	struct recipe p = { .first = 1 };
	struct catalog_op op;
	struct jdoc doc;
	struct str rest, word;

	catalog_op(m->catalog, m->op->operation, &op);
	rest = json_str(preset_get(&op, "next", &doc, m->shared->tok), NULL);
	word = str_next(&rest, ' ');
	for (u8 i = 1; i < ARRAY_N(kinds); i++)
		if (str_is(word, kinds[i]))
			p.kind = i;
	while (rest.p && p.kind) {
		struct str value = str_next(&rest, ' '), name = str_next(&value, '=');

		if (!value.p)
			p.argument = name.n ? name : p.argument;
		else if (str_is(name, "size"))
			p.size = value;
		else if (str_is(name, "list"))
			p.list = value;
		else if (str_is(name, "value"))
			p.value = value;
		else if (str_is(name, "total"))
			p.total = value;
		else if (str_u64(value, str_is(name, "per") ? &p.per : &p.first))
			p.kind = NONE;
	}
	return p;
}

void
paging_room(struct mcp *m)
{
	if (m->project || !m->x)
		return;
	m->project = ARENA_NEW(exchange_arena_n(m->x, sizeof(struct project)), struct project);
	if (m->project)
		project_init(m->project);
}

void
paging_begin(struct mcp *m)
{
	struct recipe r = recipe_of(m);

	if (r.kind == NONE || r.kind == LINK || m->resume || !m->asked.kept)
		return;
	paging_room(m);
	if (!m->project)
		return;
	if (r.kind == CURSOR)
		project_keep(m->project, 0, r.value);
	else
		project_list(m->project, r.list, 0);
	project_keep(m->project, 1, r.total);
}

/* A number that was given as an argument, as a number or a text; else what holds without one. */
static u64
number_of(struct jcur args, struct str name, u64 otherwise)
{
	struct jcur c = json_get_str(args, name);
	u64 v;

	if (json_u64(c, &v) == 0 || (json_kind(c) == JSON_STRING && str_u64(json_str(c, NULL), &v) == 0))
		return v < (1ULL << 60) ? v : otherwise;
	return otherwise;
}

/* The number of the next page or element; false: this was the last. */
static bool
next_number(const struct mcp *m, const struct recipe *r, struct jcur args, u64 *next)
{
	u64 size = number_of(args, r->size, r->per), seen = m->project->index, total = UINT64_MAX, before;
	u64 now = number_of(args, r->argument, r->kind == PAGE ? r->first : 0);

	if (m->project->keep[1].p)
		str_u64(m->project->keep[1], &total);
	before = r->kind == OFFSET ? now : now >= r->first ? (now - r->first) * size : 0;
	*next = r->kind == OFFSET ? now + seen : now + 1;
	if (seen == 0)
		return false;
	if (total != UINT64_MAX && (size || r->kind == OFFSET))
		return before + seen < total;
	return !size || seen >= size;
}

/* ---- the block ----------------------------------------------------------------------------------- */

/* The arguments of this call without those that begin anew: changed ones, and a continuation's. */
static void
put_others(struct buf *b, struct jcur args, struct str changed)
{
	for (struct jcur v = json_first(args); !v.err; v = json_next(v)) {
		if (json_key_same(v, changed) || json_key_is(v, CATALOG_CONTINUE))
			continue;
		buf_byte(b, '"');
		buf_put(b, json_key(v));
		BUF_LIT(b, "\":");
		buf_put(b, json_raw(v));
		buf_byte(b, ',');
	}
}

/* The arguments that a link's query holds, by their names on the wire. */
static bool
put_linked(struct mcp *m, struct jcur args, struct buf *b)
{
	struct str rest = call_next(m->op->call), name, value;
	struct catalog_op op;
	struct catalog_param param;
	bool any = false;

	catalog_op(m->catalog, m->op->operation, &op);
	for (struct jcur v = json_first(args); !v.err; v = json_next(v)) {
		int i = catalog_param_named(m->catalog, &op, json_key(v), &param);

		if (i >= 0 && param.in == CATALOG_QUERY) /* the link has what is to be sent */
			continue;
		buf_byte(b, '"');
		buf_put(b, json_key(v));
		BUF_LIT(b, "\":");
		buf_put(b, json_raw(v));
		buf_byte(b, ',');
	}
	while (form_next(&rest, &name, &value))
		for (u32 i = 0; i < op.param_n; i++) {
			u8 room[256];
			struct buf text = buf_over(room, sizeof room);

			catalog_param(m->catalog, &op, i, &param);
			if (param.in != CATALOG_QUERY || !form_is(name, param.wire) ||
			    form_decode(&text, value) || text.over)
				continue;
			jout_quoted(b, param.arg);
			buf_byte(b, ':');
			jout_quoted(b, buf_str(&text));
			buf_byte(b, ',');
			any = true;
		}
	return any;
}

/* Appends the members of the next call's arguments, a comma behind each. false: there is none. */
static bool
put_next(struct mcp *m, const struct recipe *r, struct jcur args, struct buf *b)
{
	u64 number;

	if (r->kind == LINK)
		return put_linked(m, args, b);
	if (!m->project)
		return false;
	put_others(b, args, r->argument);
	jout_quoted(b, r->argument);
	buf_byte(b, ':');
	if (r->kind == CURSOR) {
		struct str value = m->project->keep[0];

		if (!value.n || str_is(value, "null") || str_is(value, "false"))
			return false;
		buf_byte(b, '"');
		buf_put(b, value); /* as it stood in the answer: escaped already */
		BUF_LIT(b, "\",");
		return value.n < PROJECT_KEEP_N;
	}
	if (!next_number(m, r, args, &number))
		return false;
	buf_u64(b, number);
	buf_byte(b, ',');
	return true;
}

void
paging_put(struct mcp *m, struct buf *out)
{
	struct recipe r = recipe_of(m);
	struct buf b = buf_over(m->shared->ops->target, BLOCK_MAX); /* no request is being built */
	struct jcur args = json_none(ERR_NONE);
	struct jdoc doc;

	if (r.kind == NONE || m->resume || !m->asked.kept)
		return;
	if (m->asked.args.n && json_parse(&doc, m->asked.args, m->shared->tok, RPC_TOKENS_MAX) == 0)
		args = json_root(&doc);
	BUF_LIT(&b, "{\"next\":{");
	if (!put_next(m, &r, args, &b) || b.over || buf_room(&b) < 2)
		return;
	b.w--; /* the last comma */
	BUF_LIT(&b, "}}");
	BUF_LIT(out, ",{\"type\":\"text\",\"text\":");
	jout_quoted(out, buf_str(&b));
	buf_byte(out, '}');
}
