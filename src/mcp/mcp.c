#include "mcp/mcp.h"

#include "mcp/empty.h"
#include "mcp/legacy.h"
#include "mcp/modern.h"
#include "mcp/session.h"
#include "mcp/subscribe.h"
#include "mcp/tools.h"

#define BATCH_MAX 32              /* messages of one batch */
#define BATCH_N_MAX (60 * 1024)   /* bytes of a batch: it must be kept while its calls run */
#define SCRATCH_FOR_KEYS 2048     /* for json_parse_request: objects of many members */

enum { AT_START, AT_CALL, AT_BATCH, AT_REPLY };

static const char *const names[MCP_VERSIONS] = {
	"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28",
};

struct str
mcp_version_text(u8 version)
{
	return str_c(names[version]);
}

int
mcp_version_of(struct str name)
{
	for (int i = 0; i < MCP_VERSIONS; i++)
		if (str_is(name, names[i]))
			return i;
	return -1;
}

enum step
mcp_refuse(struct mcp *m, u16 status, int code, const char *message)
{
	struct buf b = buf_over(arena_bytes(exchange_arena(m->x), 800), 800);

	m->answer.status = status;
	m->answer.views = 1;
	if (b.p) {
		rpc_error(&b, m->id, m->modern, code, str_c(message), STR_NONE);
		m->answer.view[0] = buf_str(&b);
	} else {
		m->answer.view[0] = STR("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,\"message\":\"Busy\"}}");
		m->answer.status = 503;
	}
	return STEP_DONE;
}

/* ---- methods ------------------------------------------------------------------------------------- */

static enum step
do_discover(struct mcp *m, struct rpc *r, msec now)
{
	modern_discover(m);
	return STEP_DONE;
}

static enum step
do_initialize(struct mcp *m, struct rpc *r, msec now)
{
	legacy_initialize(m, r);
	return STEP_DONE;
}

static enum step
do_ping(struct mcp *m, struct rpc *r, msec now)
{
	legacy_ping(m);
	return STEP_DONE;
}

static enum step
do_list(struct mcp *m, struct rpc *r, msec now)
{
	tools_list(m, r);
	return STEP_DONE;
}

static enum step
do_listen(struct mcp *m, struct rpc *r, msec now)
{
	return subscribe_listen(m, r, now);
}

#define MODERN 1
#define LEGACY 2

#define NAME(text) { (const u8 *)text, sizeof(text) - 1 }

static const struct {
	struct str name;
	u8 eras;
	enum step (*run)(struct mcp *m, struct rpc *r, msec now);
} methods[] = {
	{ NAME("tools/call"), MODERN | LEGACY, tools_call },
	{ NAME("tools/list"), MODERN | LEGACY, do_list },
	{ NAME("server/discover"), MODERN, do_discover },
	{ NAME("subscriptions/listen"), MODERN, do_listen },
	{ NAME("prompts/list"), MODERN | LEGACY, empty_prompts },
	{ NAME("prompts/get"), MODERN | LEGACY, empty_prompt },
	{ NAME("resources/list"), MODERN | LEGACY, empty_resources },
	{ NAME("resources/templates/list"), MODERN | LEGACY, empty_templates },
	{ NAME("resources/read"), MODERN | LEGACY, empty_resource },
	{ NAME("logging/setLevel"), LEGACY, empty_level },
	{ NAME("ping"), LEGACY, do_ping },
	{ NAME("initialize"), LEGACY, do_initialize },
};

static enum step
run_method(struct mcp *m, struct rpc *r, msec now)
{
	for (u32 i = 0; i < ARRAY_N(methods); i++)
		if ((methods[i].eras & (m->modern ? MODERN : LEGACY)) && str_same(r->method, methods[i].name))
			return methods[i].run(m, r, now);
	return mcp_refuse(m, m->modern ? 404 : 200, RPC_METHOD, "Method not found");
}

/* ---- one message --------------------------------------------------------------------------------- */

static void
keep_id(struct mcp *m, struct str id)
{
	if (id.n)
		memcpy(m->id_text, id.p, id.n);
	m->id = str_of(m->id_text, id.n);
}

static enum step
refuse_session(struct mcp *m)
{
	return mcp_refuse(m, 404, RPC_REQUEST, "Session not found: it ended or is not yours; initialize again");
}

/* One message of either era, up to its answer. Called again after a wait until it is done. */
static enum step
run_message(struct mcp *m, struct jcur message, msec now)
{
	const char *why = NULL;
	struct rpc r;
	enum step s;

	memset(&m->answer, 0, sizeof m->answer);
	if (rpc_take(&r, message, &why)) {
		keep_id(m, r.id);
		return mcp_refuse(m, 400, RPC_REQUEST, why);
	}
	keep_id(m, r.id);
	switch (modern_judge(m, &r)) {
	case ERA_REFUSED: return STEP_DONE;
	case ERA_MODERN: break;
	case ERA_LEGACY:
		s = str_is(r.method, "initialize") ? STEP_DONE : session_check(m, now);
		if (s == STEP_WAIT)
			return s;
		if (s == STEP_FAIL)
			return refuse_session(m);
	}
	if (r.id.n == 0) { /* a notification: nothing is ever answered to it */
		m->answer.status = 202;
		return STEP_DONE;
	}
	return run_method(m, &r, now);
}

/* ---- replies ------------------------------------------------------------------------------------- */

#define JSON_TYPE "application/json"

static enum step
send_answer(struct mcp *m)
{
	struct answer *a = &m->answer;

	m->at = AT_REPLY;
	if (a->pull)
		return reply_pull(m->x, a->status, JSON_TYPE, a->pull);
	if (a->views)
		return reply_views(m->x, a->status, JSON_TYPE, a->view, a->views);
	if (a->status)
		return reply_empty(m->x, a->status);
	return STEP_DONE; /* a stream has set its reply itself */
}

static int
parse(struct mcp *m, struct jdoc *d, struct str text)
{
	u8 room[SCRATCH_FOR_KEYS - 1024];
	struct arena keys = arena_over(room, sizeof room);

	return json_parse_request(d, text, m->shared->tok, RPC_TOKENS_MAX, &keys);
}

static enum step
refuse_body(struct mcp *m, int err, const struct jdoc *d)
{
	u8 room[200];
	struct buf text = buf_over(room, sizeof room - 1);

	if (err == ERR_FULL)
		buf_fmt(&text, "Request has too many values: the limit is %u", (u32)RPC_TOKENS_MAX);
	else
		buf_fmt(&text, "Parse error at byte %u: %s", d->fault_at, d->fault ? d->fault : "not valid JSON");
	room[text.w] = 0;
	mcp_refuse(m, err == ERR_FULL ? 413 : 400, err == ERR_FULL ? RPC_REQUEST : RPC_PARSE, (const char *)room);
	return send_answer(m);
}

/* ---- batches (2025-03-26 and before) ------------------------------------------------------------- */

/* Parses the kept batch again and finds message i: tokens are scratch and do not outlive a wait. */
static int
batch_message(struct mcp *m, struct jdoc *d, u32 i, struct jcur *message)
{
	if (parse(m, d, m->batch))
		return ERR_BAD;
	*message = json_at(json_root(d), i);
	return 0;
}

/* Appends what the current message answers. 0 when it is all there; else as pull->fill. */
static int
put_answer(struct mcp *m, struct buf *out, msec now)
{
	struct answer *a = &m->answer;
	u32 n = 0;

	if (a->pull)
		return a->pull->fill(a->pull, out, now);
	for (u32 i = 0; i < a->views; i++)
		n += a->view[i].n;
	if (buf_room(out) < n + 2)
		return ERR_FULL;
	for (u32 i = 0; i < a->views; i++)
		buf_put(out, a->view[i]);
	return 0;
}

static void
next_message(struct mcp *m, msec now)
{
	mcp_end(m, now);
	memset(&m->answer, 0, sizeof m->answer);
	memset(&m->list, 0, sizeof m->list);
	m->message_at = 0;
	m->batch_at++;
}

/* Runs the messages one after another; each answer is streamed as it comes. */
static int
fill_batch(struct pull *p, struct buf *out, msec now)
{
	struct mcp *m = CONTAINER_OF(p, struct mcp, batch_pull);
	u32 had = out->w;
	struct jdoc d;
	struct jcur message;
	int n;

	while (m->batch_at < m->batch_n) {
		if (m->message_at != AT_REPLY) {
			enum step s = STEP_DONE;

			if (m->message_at == AT_CALL)
				s = tools_call_step(m, now);
			else if (batch_message(m, &d, m->batch_at, &message) == 0)
				s = run_message(m, message, now);
			m->message_at = m->op ? AT_CALL : AT_START;
			if (s != STEP_DONE)
				return out->w > had ? (int)(out->w - had) : ERR_MORE;
			m->message_at = AT_REPLY;
			if (m->answer.status == 202) {
				next_message(m, now);
				continue;
			}
			buf_byte(out, m->batch_any ? ',' : '[');
			m->batch_any = true;
		}
		n = put_answer(m, out, now);
		if (n != 0)
			return out->w > had ? (int)(out->w - had) : n;
		next_message(m, now);
	}
	buf_byte(out, ']');
	return 0;
}

/* A batch is only for revisions that have them. It is copied, since its calls outlive the input buffer. */
static enum step
start_batch(struct mcp *m, struct jcur list)
{
	struct str header = field_get(&m->x->req.fields, FIELD_MCP_PROTOCOL_VERSION);
	u32 n = json_len(list), calls = 0;

	m->modern = str_is(header, "2026-07-28");
	if (header.p && mcp_version_of(header) > MCP_2025_03_26)
		return mcp_refuse(m, 400, RPC_REQUEST, "Batches are not part of this protocol version");
	if (n == 0 || n > BATCH_MAX || m->x->body.n > BATCH_N_MAX)
		return mcp_refuse(m, 400, RPC_REQUEST, "A batch holds 1 to 32 messages and at most 60 KB");
	for (struct jcur e = json_first(list); !e.err; e = json_next(e)) {
		calls += json_kind(json_get(e, "id")) != JSON_MISSING;
		if (json_is(json_get(e, "method"), "initialize"))
			return mcp_refuse(m, 400, RPC_REQUEST, "initialize must not be part of a batch");
	}
	m->batch = arena_dup(exchange_arena_n(m->x, m->x->body.n + 8192), m->x->body);
	if (!m->batch.p)
		return mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
	m->batch_n = n;
	m->batch_pull.fill = fill_batch;
	memset(&m->answer, 0, sizeof m->answer);
	m->answer.status = calls ? 200 : 202;
	if (calls)
		m->answer.pull = &m->batch_pull;
	m->message_at = AT_START;
	return STEP_DONE;
}

/* ---- the request --------------------------------------------------------------------------------- */

static enum step
start(struct mcp *m, msec now)
{
	struct jdoc d;
	struct jcur root;
	enum step s;
	int err = parse(m, &d, m->x->body);

	if (err)
		return refuse_body(m, err, &d);
	root = json_root(&d);
	s = json_kind(root) == JSON_ARRAY ? start_batch(m, root) : run_message(m, root, now);
	if (s == STEP_WAIT || s == STEP_MORE) {
		m->at = m->op ? AT_CALL : AT_START;
		return s;
	}
	return send_answer(m);
}

enum step
mcp_step(struct mcp *m, msec now)
{
	enum step s;

	if (m->at == AT_START)
		return start(m, now);
	if (m->at == AT_CALL) {
		s = tools_call_step(m, now);
		return s == STEP_DONE ? send_answer(m) : s;
	}
	return STEP_DONE;
}

enum step
mcp_delete(struct mcp *m, msec now)
{
	if (!field_get(&m->x->req.fields, FIELD_MCP_SESSION_ID).p) {
		reply_field(m->x, "Allow", STR("POST"));
		return reply_error(m->x, 405, "sessions exist only before 2026-07-28, and this request names none");
	}
	switch (session_end(m, now)) {
	case STEP_WAIT:
	case STEP_MORE: return STEP_WAIT;
	case STEP_DONE: return reply_empty(m->x, 204);
	case STEP_FAIL: break;
	}
	return reply_error(m->x, 404, "no such session");
}

void
mcp_cancel(struct mcp *m, msec now)
{
	result_end(&m->result);
	m->result.m = NULL;
	if (m->op)
		op_leave(m->op, !m->modern, now);
	m->op = NULL;
	if (m->store.key.p && !m->store.done)
		store_cancel(m->shared->store, &m->store);
}

void
mcp_end(struct mcp *m, msec now)
{
	result_end(&m->result);
	m->result.m = NULL;
	if (m->op)
		op_end(m->op, now);
	m->op = NULL;
}
