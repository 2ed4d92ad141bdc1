#include "mcp/tools.h"

#include "base/utf8.h"
#include "mcp/asked.h"
#include "mcp/modern.h"

#define ROOM_FOR_PROPERTY 1300 /* bytes our environment property may add to a tool */
#define ROOM_FOR_END 1500      /* bytes behind the last tool */
#define WHY_N 1200             /* bytes of a sentence about a wrong argument */
#define WHY_LEAST 100          /* bytes of it that are worth an answer */
#define OUR_ARGUMENT "environment"
#define OUR_ARGUMENT_ELSE "gate_environment" /* where the api uses that name itself */

/* ---- the list ------------------------------------------------------------------------------------ */

/* Whether every tool may be listed just as it lies in the catalog: one view then, nothing copied. */
static bool
list_whole(const struct mcp *m)
{
	struct catalog_info info;

	if (!gate_plain(&m->ask))
		return false;
	catalog_info(m->catalog, &info);
	return info.counts.elsewhere == 0;
}

/* The name our environment argument has beside this operation's own. */
static struct str
our_argument(const struct catalog *c, const struct catalog_op *op)
{
	if (catalog_param_named(c, op, STR(OUR_ARGUMENT), NULL) < 0)
		return STR(OUR_ARGUMENT);
	return STR(OUR_ARGUMENT_ELSE);
}

/* "environment":{"type":"string","enum":[...],"description":...} for this principal. */
static void
put_environment_property(const struct mcp *m, struct str name, struct buf *b)
{
	struct jout o = jout_into(b);
	struct buf none = buf_over(NULL, 0);
	int initial = gate_environment(&m->ask, STR_NONE, &none);

	buf_fmt(b, "\"%S\":", name);
	jout_open(&o, '{');
	jout_c(&o, "type", "string");
	jout_key_open(&o, "enum", '[');
	for (u32 i = 0; i < m->api->environments; i++)
		if (gate_environment_ok(&m->ask, i))
			jout_str(&o, NULL, m->api->environment[i].name);
	jout_close(&o, ']');
	if (initial >= 0) {
		jout_str(&o, "default", m->api->environment[initial].name);
		jout_c(&o, "description", "Which environment to act in. Production only when it is named here.");
	} else {
		jout_c(&o, "description", "Which environment to act in; must be given.");
	}
	jout_close(&o, '}');
}

/* One tool with our property spliced in, or as it is. The longest piece is the catalog's own text. */
static void
put_tool(const struct mcp *m, const struct catalog_op *op, struct buf *b)
{
	u8 room[1200];
	struct buf prop = buf_over(room, sizeof room);
	struct str part[8];
	u32 n;

	if (gate_environments(&m->ask) < 2) {
		buf_put(b, op->tool);
		return;
	}
	put_environment_property(m, our_argument(m->catalog, op), &prop);
	if (prop.over) {
		buf_put(b, op->tool);
		return;
	}
	n = catalog_splice(op, buf_str(&prop), STR_NONE, part);
	for (u32 i = 0; i < n; i++)
		buf_put(b, part[i]);
}

static void
put_list_end(const struct mcp *m, struct buf *b)
{
	buf_byte(b, ']');
	if (m->list.to < m->catalog->op_n)
		buf_fmt(b, ",\"nextCursor\":\"%u.%u\"", m->generation, m->list.to);
	modern_result_close(m, b, true);
	buf_byte(b, '}');
}

/* Tools one by one, for lists that depend on who asks. Each is written whole or not at all. */
static int
fill_list(struct pull *p, struct buf *out, msec now)
{
	struct mcp *m = CONTAINER_OF(p, struct mcp, list.pull);
	struct catalog_op op;
	u32 had = out->w;

	if (!m->list.begun) {
		if (buf_room(out) < m->list.begin.n)
			return ERR_FULL;
		buf_put(out, m->list.begin);
		m->list.begun = true;
	}
	for (; m->list.at < m->list.to; m->list.at++) {
		catalog_op(m->catalog, m->list.at, &op);
		if (!gate_offers(&m->ask, &op))
			continue;
		if (buf_room(out) < op.tool.n + ROOM_FOR_PROPERTY)
			return out->w > had ? (int)(out->w - had) : ERR_FULL;
		if (m->list.any)
			buf_byte(out, ',');
		m->list.any = true;
		put_tool(m, &op, out);
	}
	if (buf_room(out) < ROOM_FOR_END)
		return out->w > had ? (int)(out->w - had) : ERR_FULL;
	put_list_end(m, out);
	return 0;
}

/* Where a page begins: a cursor is "<generation>.<tool>" as we gave it out. 0, or ERR_BAD. */
static int
read_cursor(const struct mcp *m, struct jcur cursor, u32 *at)
{
	struct str rest = json_str(cursor, NULL), first;
	u64 generation, tool;

	*at = 0;
	if (json_kind(cursor) == JSON_MISSING)
		return 0;
	if (json_kind(cursor) != JSON_STRING)
		return ERR_BAD;
	first = str_next(&rest, '.');
	if (str_u64(first, &generation) || str_u64(rest, &tool))
		return ERR_BAD;
	if (generation != m->generation || tool >= m->catalog->op_n)
		return ERR_BAD;
	*at = (u32)tool;
	return 0;
}

void
tools_list(struct mcp *m, struct rpc *r)
{
	struct buf begin = buf_over(arena_bytes(exchange_arena(m->x), 400), 400);
	struct buf end = buf_over(arena_bytes(exchange_arena(m->x), ROOM_FOR_END), ROOM_FOR_END);

	if (read_cursor(m, json_get(r->params, "cursor"), &m->list.at)) {
		mcp_refuse(m, 200, RPC_PARAMS,
		    "Invalid params: this cursor is not valid any more; list from the start");
		return;
	}
	if (!begin.p || !end.p) {
		mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
		return;
	}
	m->list.to = m->catalog->op_n;
	if (m->api->page && m->list.to - m->list.at > m->api->page)
		m->list.to = m->list.at + m->api->page;
	rpc_result_open(&begin, m->id);
	BUF_LIT(&begin, "{\"tools\":[");
	m->answer.status = 200;
	if (list_whole(m)) {
		put_list_end(m, &end);
		m->answer.view[0] = buf_str(&begin);
		m->answer.view[1] = catalog_tools(m->catalog, m->list.at, m->list.to);
		m->answer.view[2] = buf_str(&end);
		m->answer.views = 3;
		return;
	}
	m->list.begin = buf_str(&begin);
	m->list.pull.fill = fill_list;
	m->answer.pull = &m->list.pull;
}

/* ---- the call ------------------------------------------------------------------------------------ */

static void
put_fault(struct mcp *m, struct str why, u32 retry_after_s, struct buf *b)
{
	rpc_result_open(b, m->id);
	BUF_LIT(b, "{\"content\":[{\"type\":\"text\",\"text\":");
	jout_quoted(b, why);
	BUF_LIT(b, "}]");
	if (retry_after_s)
		buf_fmt(b, ",\"retry_after_seconds\":%u", retry_after_s);
	BUF_LIT(b, ",\"isError\":true");
	modern_result_close(m, b, false);
	buf_byte(b, '}');
}

/* A result that says what is wrong, for the model: isError with one text. The arena may be in use already, and then
 * its size stands: a text that does not fit what is left of it is cut until it does. */
static void
answer_fault(struct mcp *m, struct str why, u32 retry_after_s)
{
	struct arena *a = exchange_arena_n(m->x, ROOM_FOR_END + RPC_ID_MAX + 2 * why.n);
	u32 n = (u32)(a->cap - a->used);
	struct buf b = buf_over(a->p + a->used, n);

	put_fault(m, why, retry_after_s, &b);
	while (b.over && why.n > WHY_LEAST) {
		b = buf_over(b.p, n);
		why = utf8_prefix(why, why.n / 2);
		put_fault(m, why, retry_after_s, &b);
	}
	if (!b.p || b.over) {
		mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
		return;
	}
	arena_bytes(a, b.w);
	m->answer.status = 200;
	m->answer.views = 1;
	m->answer.view[0] = buf_str(&b);
}

static void
answer_unknown(struct mcp *m, struct str name)
{
	u8 room[200];
	struct buf text = buf_over(room, sizeof room - 1);

	BUF_LIT(&text, "Unknown tool: ");
	buf_put(&text, utf8_prefix(name, 100));
	room[text.w] = 0;
	mcp_refuse(m, 200, RPC_PARAMS, (const char *)room);
}

/* Takes our own environment argument out of the call's arguments. */
static int
choose_environment(struct mcp *m, const struct catalog_op *op, struct jcur args, struct str *skip, struct buf *why)
{
	struct jcur given;

	*skip = STR_NONE;
	if (m->api->environments < 2 || m->view.pinned != GATE_ANY_ENVIRONMENT)
		return gate_environment(&m->ask, STR_NONE, why);
	*skip = our_argument(m->catalog, op);
	given = json_get_str(args, *skip);
	if (json_kind(given) == JSON_MISSING || json_kind(given) == JSON_NULL)
		return gate_environment(&m->ask, STR_NONE, why);
	if (json_kind(given) != JSON_STRING) {
		buf_fmt(why, "The argument '%S' must be a string.", *skip);
		return ERR_BAD;
	}
	return gate_environment(&m->ask, mcp_text(m, given), why);
}

enum step
tools_call(struct mcp *m, struct rpc *r, msec now)
{
	struct str name = mcp_text(m, json_get(r->params, "name")), skip;
	struct jcur args = json_get(r->params, "arguments");
	u8 room[WHY_N];
	struct buf why = buf_over(room, sizeof room);
	struct catalog_op op;
	struct op_spec spec;
	int environment, fault;
	enum step s;

	if (!name.p || (json_kind(args) != JSON_MISSING && json_kind(args) != JSON_OBJECT)) {
		mcp_refuse(m, 200, RPC_PARAMS, !name.p ? "Invalid params: tools/call needs the name of a tool"
		                                       : "Invalid params: arguments must be an object");
		return STEP_DONE;
	}
	if (catalog_find(m->catalog, name, &op) < 0 || !gate_offers(&m->ask, &op)) {
		answer_unknown(m, name);
		return STEP_DONE;
	}
	spec = (struct op_spec){ .who = m->who, .api = m->api, .catalog = m->catalog, .operation = &op };
	s = asked_begin(m, &op, &args, &spec, now, &why);
	if (s == STEP_WAIT)
		return s;
	environment = s == STEP_FAIL ? ERR_BAD : choose_environment(m, &op, args, &skip, &why);
	if (environment >= 0 && !asked_environment(m, (u32)environment)) {
		BUF_LIT(&why, "This gate_continue belongs to another environment.");
		environment = ERR_BAD;
	}
	if (environment < 0) {
		answer_fault(m, buf_str(&why), 0);
		return STEP_DONE;
	}
	asked_keep(m, &op, args, (u32)environment);
	spec.environment = (u32)environment;
	spec.args = args;
	spec.skip = skip;
	spec.hold = m->hold;
	spec.peer = exchange_from(m->x);
	fault = op_start(m->shared->ops, &spec, m->owner, now, &m->op, &why);
	if (fault) {
		answer_fault(m, buf_str(&why), fault == OP_FAULT_BUSY ? max_u32(m->shared->ops->calls->wait_s, 1) : 0);
		return STEP_DONE;
	}
	s = tools_call_step(m, now);
	if (s == STEP_WAIT)
		exchange_forget(m->x);
	return s;
}

enum step
tools_call_step(struct mcp *m, msec now)
{
	enum step s = op_step(m->op, now);

	if (s == STEP_WAIT || s == STEP_MORE)
		return s;
	if (s == STEP_FAIL) {
		answer_fault(m, str_of(m->op->why, m->op->why_n), m->op->fault == OP_FAULT_BUSY ? 1 : 0);
		op_end(m->op, now);
		m->op = NULL;
		return STEP_DONE;
	}
	result_start(&m->result, m);
	m->answer.status = 200;
	m->answer.pull = &m->result.pull;
	return STEP_DONE;
}
