#include "mcp/mcp.h"

#include "mcp/asked.h"
#include "mcp/gated.h"
#include "mcp/empty.h"
#include "mcp/later.h"
#include "mcp/legacy.h"
#include "mcp/modern.h"
#include "mcp/session.h"
#include "mcp/slow.h"
#include "mcp/subscribe.h"
#include "mcp/tools.h"

#define BATCH_MAX 32              /* messages of one batch */
#define BATCH_N_MAX (56 * 1024)   /* bytes of a batch: it must be kept while its calls run, */
#define BATCH_REST_N (8 * 1024)   /* and beside it what an answer needs: 64 KB, the largest block, in all */
#define SCRATCH_FOR_KEYS 2048     /* for json_parse_request: objects of many members */

enum { AT_START, AT_CALL, AT_REPLY };

#define VERSION_N 10 /* bytes of a date */

static const char names[MCP_VERSIONS][VERSION_N + 1] = {
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
	int i = name.n == VERSION_N ? MCP_VERSIONS : 0;

	while (--i >= 0 && memcmp(name.p, names[i], VERSION_N))
		;
	return i;
}

struct str
mcp_text(struct mcp *m, struct jcur c)
{
	struct str s = json_str(c, NULL);

	return s.p || json_kind(c) != JSON_STRING ? s : json_str(c, exchange_arena(m->x));
}

enum step
mcp_refuse(struct mcp *m, u16 status, int code, const char *message)
{
	u32 n = 200 + m->id.n + 6 * (u32)strlen(message); /* each byte of it may need an escape */
	struct buf b = arena_buf(exchange_arena(m->x), n);

	m->answer.status = status;
	m->answer.views = 1;
	rpc_error(&b, m->id, m->modern, code, str_c(message), STR_NONE);
	if (!b.over) {
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
	tools_list(m, r, now);
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

/* What a message asks for, whose era is known. */
static enum step
run_known(struct mcp *m, struct rpc *r, msec now)
{
	if (r->id.n == 0) { /* a notification: nothing is ever answered to it */
		m->answer.status = 202;
		return STEP_DONE;
	}
	return run_method(m, r, now);
}

/* Takes a message and its id. ERR_BAD: it is none, and that is answered. */
static int
take_message(struct mcp *m, struct jcur message, struct rpc *r)
{
	const char *why = NULL;
	int err = rpc_take(r, message, &why);

	memset(&m->answer, 0, sizeof m->answer);
	keep_id(m, r->id);
	if (err)
		mcp_refuse(m, 400, RPC_REQUEST, why);
	return err;
}

/* One message of either era, up to its answer. Called again after a wait until it is done. */
static enum step
run_message(struct mcp *m, struct jcur message, msec now)
{
	struct rpc r;
	enum step s;

	if (take_message(m, message, &r))
		return STEP_DONE;
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
	return run_known(m, &r, now);
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
	UNSET u8 room[SCRATCH_FOR_KEYS - 1024];
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

/* Runs message i of the kept batch, which is parsed again: tokens are scratch and do not outlive a wait. Era, version
 * and session were judged when the batch came; the headers they stood in are gone by now. */
static enum step
run_batched(struct mcp *m, u32 i, msec now)
{
	struct jdoc d;
	struct rpc r;

	if (parse(m, &d, m->batch))
		return mcp_refuse(m, 500, RPC_INTERNAL, "The batch cannot be read again");
	if (take_message(m, json_at(json_root(&d), i), &r))
		return STEP_DONE;
	return run_known(m, &r, now);
}

static void
next_message(struct mcp *m, msec now)
{
	mcp_end(m, now);
	memset(&m->answer, 0, sizeof m->answer);
	memset(&m->list, 0, sizeof m->list);
	arena_rewind(exchange_arena(m->x), m->batch_mark);
	m->message_at = AT_START;
	m->answer_begun = m->answer_whole = false;
	m->answer_at = 0;
	m->batch_at++;
}

/* Goes on with the current message until its answer is known, then lets the reply go on. Never from within the reply:
 * a call that begins writes its request through the scratch that the reply is being written to. */
static void
run_batch(struct ready *r, msec now)
{
	struct mcp *m = CONTAINER_OF(r, struct mcp, runner);
	enum step s = STEP_DONE; /* with its answer known, this is news of the answer's body */

	if (m->message_at != AT_REPLY)
		s = m->message_at == AT_CALL ? tools_call_step(m, now) : run_batched(m, m->batch_at, now);
	else if (m->fetch)
		later_more(m, now);
	if (s == STEP_WAIT || s == STEP_MORE) {
		m->message_at = m->op ? AT_CALL : AT_START;
		if (s == STEP_MORE)
			loop_ready(m->shared->ops->loop, r);
		return;
	}
	m->message_at = AT_REPLY;
	loop_ready(m->shared->ops->loop, exchange_ready(m->x));
}

/* Appends the answer of the current message and goes to the next. 0, or what the pull is to return. */
static int
put_message(struct mcp *m, struct buf *out, msec now)
{
	int n;

	if (m->answer.status != 202) {
		if (!m->answer_begun) {
			buf_byte(out, m->batch_any ? ',' : '[');
			m->batch_any = m->answer_begun = true;
		}
		n = slow_put(m, out, now);
		if (n)
			return n;
	}
	next_message(m, now);
	return 0;
}

/* The answers one after another, each streamed as it comes; run_batch finds them. */
static int
fill_batch(struct pull *p, struct buf *out, msec now)
{
	struct mcp *m = CONTAINER_OF(p, struct mcp, batch_pull);
	u32 had = out->w;
	int n = 0;

	while (n == 0 && m->batch_at < m->batch_n) {
		if (m->message_at == AT_START)
			loop_ready(m->shared->ops->loop, &m->runner);
		n = m->message_at != AT_REPLY ? ERR_MORE : buf_room(out) < 2 ? ERR_FULL : put_message(m, out, now);
	}
	if (n == 0 && buf_room(out) == 0)
		n = ERR_FULL;
	if (n)
		return out->w > had ? (int)(out->w - had) : n;
	buf_byte(out, ']');
	return 0;
}

/* Why a batch cannot be taken, or NULL. *calls: whether anything in it is answered. */
static const char *
judge_batch(struct mcp *m, struct jcur list, bool *calls)
{
	u32 n = json_len(list);

	if (m->version > MCP_2025_03_26)
		return "Batches are not part of this protocol version";
	if (n == 0 || n > BATCH_MAX || m->x->body.n > BATCH_N_MAX)
		return "A batch holds 1 to 32 messages and at most 56 KB";
	for (struct jcur e = json_first(list); !e.err; e = json_next(e)) {
		if (modern_names(e))
			return "Batches are not part of this protocol version";
		if (json_is(json_get(e, "method"), "initialize"))
			return "initialize must not be part of a batch";
		*calls = *calls || json_kind(json_get(e, "id")) != JSON_MISSING ||
		         json_kind(json_get(e, "method")) == JSON_MISSING; /* no message at all: that is answered */
	}
	return NULL;
}

/* A batch is only for revisions that have them. It is copied, since its calls outlive the input buffer. */
static enum step
start_batch(struct mcp *m, struct jcur list, msec now)
{
	struct str header = field_get(&m->x->req.fields, FIELD_MCP_PROTOCOL_VERSION);
	int version = header.p ? mcp_version_of(header) : MCP_2025_03_26;
	bool calls = false;
	const char *why;
	enum step s;

	m->modern = version == MCP_2026_07_28;
	m->version = version < 0 ? MCP_2026_07_28 : (u8)version;
	exchange_arena_n(m->x, min_u32(m->x->body.n, BATCH_N_MAX) + BATCH_REST_N);
	s = m->modern ? STEP_DONE : session_check(m, now);
	if (s == STEP_WAIT)
		return s;
	if (s == STEP_FAIL)
		return refuse_session(m);
	why = judge_batch(m, list, &calls);
	if (why)
		return mcp_refuse(m, 400, RPC_REQUEST, why);
	m->batch = arena_dup(exchange_arena(m->x), m->x->body);
	if (!m->batch.p)
		return mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
	m->batch_mark = (u32)exchange_arena(m->x)->used;
	m->batch_n = json_len(list);
	exchange_forget(m->x);
	m->batch_pull.fill = fill_batch;
	ready_init(&m->runner, run_batch);
	m->owner = &m->runner;
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
	s = json_kind(root) == JSON_ARRAY ? start_batch(m, root, now) : run_message(m, root, now);
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

	if (m->at == AT_START) {
		m->owner = exchange_ready(m->x);
		return start(m, now);
	}
	if (m->at == AT_CALL) {
		s = tools_call_step(m, now);
		if (s == STEP_WAIT) {
			s = slow_step(m, now);
			if (s == STEP_MORE) { /* the reply is a stream */
				m->at = AT_REPLY;
				return STEP_DONE;
			}
		}
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
	if (m->store.err == 0 || m->store.err == ERR_LATE)
		return reply_error(m->x, 404, "no such session");
	reply_field(m->x, "Retry-After", STR("60"));
	return reply_error(m->x, 503, "the session cannot be ended now: it ends by itself within a day");
}

static void
let_go(struct mcp *m)
{
	result_end(&m->result);
	m->result.m = NULL;
	asked_end(m);
	later_end(m);
	if (m->runner.run)
		ready_cancel(&m->runner);
}

void
mcp_cancel(struct mcp *m, msec now)
{
	let_go(m);
	gated_end(m, now);
	if (m->op)
		op_leave(m->op, !m->modern && !m->shared->cuts, now);
	m->op = NULL;
	if (m->store.key.p && !m->store.done)
		store_cancel(m->shared->store, &m->store);
}

void
mcp_end(struct mcp *m, msec now)
{
	let_go(m);
	gated_end(m, now);
	if (m->op)
		op_end(m->op, now);
	m->op = NULL;
}
