#include "mcp/tools.h"

#include "base/utf8.h"
#include "mcp/asked.h"
#include "mcp/gated.h"
#include "mcp/later.h"
#include "mcp/modern.h"
#include "mcp/slow.h"

#define ROOM_FOR_END 1500      /* bytes behind the last tool */
#define ROOM_FOR_OWN 1400      /* bytes of our own tools */
#define WHY_N 1200             /* bytes of a sentence about a wrong argument */
#define OUR_KEY "idempotency_key"
#define WHY_LEAST 100          /* bytes of it that are worth an answer */

/* ---- the list ------------------------------------------------------------------------------------ */

/* One tool with our properties spliced in, or as it is. The longest piece is the catalog's own text. */
static void
put_tool(const struct mcp *m, const struct catalog_op *op, struct buf *b)
{
	u8 room[GATED_PROPERTY_N];
	struct buf prop = buf_over(room, sizeof room);

	gated_properties(m, op, &prop);
	if (prop.over || !prop.w)
		catalog_tool(m->catalog, op, 0, op->tool_n, b);
	else
		catalog_splice(m->catalog, op, buf_str(&prop), STR_NONE, b);
}

/* Whether anything of the catalog is offered, on this page or another. op: room. */
static bool
any_offered(const struct mcp *m, struct catalog_op *op)
{
	bool any = m->list.any;

	for (u32 i = 0; !any && i < m->catalog->op_n; i++) {
		catalog_op(m->catalog, i, op);
		any = gate_offers(&m->ask, op);
	}
	return any;
}

/* What is offered beside the catalog, behind its last tool. Without any of those it is of no use. */
static void
put_own(struct mcp *m, struct catalog_op *op, struct buf *b)
{
	static const struct {
		struct str (*name)(const struct mcp *m);
		void (*put)(const struct mcp *m, struct buf *b);
	} own[] = { { gated_lister, gated_list_tool }, { later_fetcher, later_tool } };

	for (u32 i = 0; m->list.to == m->catalog->op_n && i < ARRAY_N(own); i++) {
		if (!own[i].name(m).n || !any_offered(m, op))
			continue;
		if (m->list.any)
			buf_byte(b, ',');
		m->list.any = true;
		own[i].put(m, b);
	}
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
		if (buf_room(out) < op.tool_n + GATED_PROPERTY_N)
			return out->w > had ? (int)(out->w - had) : ERR_FULL;
		if (m->list.any)
			buf_byte(out, ',');
		m->list.any = true;
		put_tool(m, &op, out);
	}
	if (buf_room(out) < ROOM_FOR_END + ROOM_FOR_OWN)
		return out->w > had ? (int)(out->w - had) : ERR_FULL;
	put_own(m, &op, out);
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

/* The list behind its beginning where that is kept, or is kept from now on; p NULL: it has to be put together. */
static struct str
kept_list(struct mcp *m, msec now)
{
	const struct switches *off = m->ask.switches;
	u32 epoch = off ? off->epoch : 0;
	struct listing_of of = { .api = m->api->index, .role = m->ask.role ? m->ask.role_at : UINT32_MAX,
		.pinned = m->ask.view.pinned, .environments = m->ask.environments_could,
		.epoch = off && off->tools ? epoch : 0, .could = m->ask.could, .modern = m->modern };
	bool alone = *m->hold == 1, whole;
	struct buf room;
	struct str text = listing_find(m->listings, &of, alone, now, &room);

	if (!room.p)
		return text;
	m->list.begun = true;
	whole = fill_list(&m->list.pull, &room, now) == 0 && (!off || off->epoch == epoch);
	listing_keep(m->listings, &of, &room, whole, alone);
	m->list.at = 0;
	m->list.begun = m->list.any = false;
	return whole ? buf_str(&room) : STR_NONE;
}

void
tools_list(struct mcp *m, struct rpc *r, msec now)
{
	struct buf begin = arena_buf(exchange_arena(m->x), 400);

	if (read_cursor(m, json_get(r->params, "cursor"), &m->list.at)) {
		mcp_refuse(m, 200, RPC_PARAMS,
		    "Invalid params: this cursor is not valid any more; list from the start");
		return;
	}
	if (!begin.p) {
		mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
		return;
	}
	m->list.to = m->catalog->op_n;
	if (m->api->page && m->list.to - m->list.at > m->api->page)
		m->list.to = m->list.at + m->api->page;
	rpc_result_open(&begin, m->id);
	BUF_LIT(&begin, "{\"tools\":[");
	m->answer.status = 200;
	m->list.begin = buf_str(&begin);
	if (m->listings && m->list.at == 0 && m->list.to == m->catalog->op_n) {
		m->answer.view[0] = m->list.begin;
		m->answer.view[1] = kept_list(m, now);
		m->answer.views = m->answer.view[1].p ? 2 : 0;
		if (m->answer.views)
			return;
	}
	m->list.pull.fill = fill_list;
	m->answer.pull = &m->list.pull;
}

/* ---- the call ------------------------------------------------------------------------------------ */

void
tools_put(const struct mcp *m, struct str text, bool error, u32 retry_after_s, struct buf *b)
{
	if (m->x)
		rpc_result_open(b, m->id);
	BUF_LIT(b, "{\"content\":[{\"type\":\"text\",\"text\":");
	jout_quoted(b, text);
	BUF_LIT(b, "}]");
	if (retry_after_s)
		buf_fmt(b, ",\"retry_after_seconds\":%u", retry_after_s);
	if (m->limited && m->shared->ops->no.left != UINT32_MAX)
		buf_fmt(b, ",\"budget_left\":%u", m->shared->ops->no.left);
	buf_c(b, error ? ",\"isError\":true" : ",\"isError\":false");
	if (!m->x) /* kept: whoever fetches it closes it */
		return;
	modern_result_close(m, b, false);
	buf_byte(b, '}');
}

/* The arena may be in use already, and then its size stands: a text that does not fit what is left of it is cut until
 * it does. */
void
tools_answer(struct mcp *m, struct str text, bool error, u32 retry_after_s)
{
	struct arena *a = exchange_arena_n(m->x, ROOM_FOR_END + RPC_ID_MAX + 2 * text.n);
	u32 n = (u32)(a->cap - a->used);
	struct buf b = buf_over(a->p + a->used, n);

	tools_put(m, text, error, retry_after_s, &b);
	while (b.over && text.n > WHY_LEAST) {
		b = buf_over(b.p, n);
		text = utf8_prefix(text, text.n / 2);
		tools_put(m, text, error, retry_after_s, &b);
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

/* What is no operation of the catalog: our own tools, or nothing. */
static enum step
call_other(struct mcp *m, struct str name, struct jcur args, msec now)
{
	struct str lister = gated_lister(m), fetcher = later_fetcher(m);

	if (fetcher.n && str_same(name, fetcher))
		return later_fetch(m, args, now);
	if (lister.n && str_same(name, lister))
		gated_list(m);
	else
		answer_unknown(m, name);
	return STEP_DONE;
}

/* Our arguments, the gate, an approval. As gated_begin, with why for STEP_FAIL where nothing is answered yet. */
static enum step
prepare(struct mcp *m, struct rpc *r, struct op_spec *spec, struct buf *why, msec now)
{
	struct gated *c = &m->gated;
	enum step s = asked_begin(m, spec->operation, &spec->args, spec, now, why);

	if (s != STEP_DONE)
		return s;
	gated_names(c, m->catalog, spec->operation);
	spec->skip = gated_given(c, spec->args);
	s = gated_begin(m, r, c, spec, now);
	if (s != STEP_DONE || asked_environment(m, spec->environment))
		return s;
	BUF_LIT(why, "This gate_continue belongs to another environment.");
	return STEP_FAIL;
}

/* idempotency_key is ours where the operation has no such argument. It is not listed: it is told when it is needed. */
static void
take_key(struct mcp *m, struct op_spec *spec)
{
	const struct catalog_op *op = spec->operation;
	struct jcur key;

	if (op->effect == CATALOG_READ || catalog_param_named(m->catalog, op, STR(OUR_KEY), NULL) >= 0)
		return;
	key = json_get(spec->args, OUR_KEY);
	if (json_kind(key) == JSON_MISSING)
		return;
	spec->drop[2] = STR(OUR_KEY);
	if (json_kind(key) == JSON_STRING)
		spec->idempotency = mcp_text(m, key);
}

/* Where the file that a call awaits can be sent. */
static enum step
offer_slot(struct mcp *m, const struct op_spec *spec, struct buf *b, msec now)
{
	char handle[AGAIN_HANDLE_N + 1];
	int err = asked_slot(m, spec, now, handle);

	b->w = 0;
	if (err)
		BUF_LIT(b, "No link can be made for this upload now: its other arguments are too long, or the gate is "
		    "full. Give the file as base64.");
	else
		buf_fmt(b, "Not done yet: it is done when the file is sent, once and within ten minutes, at most %u "
		    "MB, with its Content-Type, by PUT to %S/files/%s (curl -T FILE -H 'Content-Type: TYPE' URL). "
		    "The answer to that is the API's.", UPLOAD_MAX >> 20, m->files, handle);
	tools_answer(m, buf_str(b), err != 0, 0);
	return STEP_FAIL;
}

/* Starts the op, or answers why not: STEP_FAIL. WAIT, MORE: call again from the start. */
static enum step
begin_op(struct mcp *m, struct rpc *r, struct op_spec *spec, msec now)
{
	UNSET u8 room[WHY_N];
	struct buf why = buf_over(room, sizeof room);
	enum step s = prepare(m, r, spec, &why, now);
	u32 wait_s = 0;
	int fault;

	m->limited = false;
	if (s == STEP_DONE) {
		asked_keep(m, spec->operation, spec->args, spec->environment);
		take_key(m, spec);
		fault = op_start(m->shared->ops, spec, m->owner, now, &m->op, &why);
		if (!fault)
			return STEP_DONE;
		if (fault == OP_FAULT_UPLOAD)
			return offer_slot(m, spec, &why, now);
		m->limited = fault == OP_FAULT_LIMIT;
		wait_s = m->limited ? m->shared->ops->no.retry_after_s :
		    fault == OP_FAULT_BUSY ? max_u32(m->shared->ops->calls->wait_s, 1) : 0;
		s = STEP_FAIL;
	}
	if (s == STEP_FAIL && why.w)
		tools_answer(m, buf_str(&why), true, wait_s);
	return s;
}

enum step
tools_call(struct mcp *m, struct rpc *r, msec now)
{
	struct str name = mcp_text(m, json_get(r->params, "name"));
	struct jcur args = json_get(r->params, "arguments");
	UNSET struct catalog_op op;
	struct op_spec spec;
	enum step s;

	if (!name.p || (json_kind(args) != JSON_MISSING && json_kind(args) != JSON_OBJECT)) {
		mcp_refuse(m, 200, RPC_PARAMS, !name.p ? "Invalid params: tools/call needs the name of a tool"
		                                       : "Invalid params: arguments must be an object");
		return STEP_DONE;
	}
	if (catalog_find(m->catalog, name, &op) < 0 || !gate_offers(&m->ask, &op))
		return call_other(m, name, args, now);
	spec = (struct op_spec){ .ask = &m->ask, .who = m->who, .api = m->api, .catalog = m->catalog };
	spec.operation = &op;
	spec.args = args;
	spec.hold = m->hold;
	spec.peer = exchange_from(m->x);
	spec.own = m->own;
	s = begin_op(m, r, &spec, now);
	if (s != STEP_DONE)
		return s == STEP_FAIL ? STEP_DONE : s;
	gated_end(m, now);
	s = tools_call_step(m, now);
	if (s != STEP_DONE)
		slow_begin(m, r, now);
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
		tools_answer(m, str_of(m->op->why, m->op->why_n), true, m->op->fault == OP_FAULT_BUSY ? 1 : 0);
		op_end(m->op, now);
		m->op = NULL;
		return STEP_DONE;
	}
	result_start(&m->result, m);
	m->answer.status = 200;
	m->answer.pull = &m->result.pull;
	return STEP_DONE;
}
