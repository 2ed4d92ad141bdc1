#include "mcp/slow.h"

#include "mcp/later.h"
#include "mcp/subscribe.h"
#include "mcp/tools.h"

#define AGAIN_MS 5000 /* until a handle is tried again, when none could be given */
#define EVENT_N 400   /* bytes of an event beside its token */

/* When something has to happen by time. */
static void
set_clock(struct mcp *m)
{
	msec at = m->slow.hand_at < m->slow.tell_at ? m->slow.hand_at : m->slow.tell_at;

	exchange_wake(m->x, at);
}

void
slow_begin(struct mcp *m, struct rpc *r, msec now)
{
	struct jcur token = json_get(r->meta, "progressToken");
	struct str raw = json_raw(token);

	m->slow.began = now;
	m->slow.hand_at = m->api->late_ms && !m->batch.p ? now + m->api->late_ms : MSEC_NEVER;
	m->slow.tell_at = MSEC_NEVER;
	if ((json_kind(token) == JSON_STRING || json_kind(token) == JSON_NUMBER) && raw.n <= SLOW_TOKEN_N &&
	    !m->batch.p && subscribe_takes_events(m)) {
		memcpy(m->slow_token, raw.p, raw.n);
		m->slow.token_n = (u8)raw.n;
		m->slow.tell_at = now + m->api->tell_ms;
	}
	if (m->slow.hand_at != MSEC_NEVER || m->slow.tell_at != MSEC_NEVER)
		set_clock(m);
}

/* ---- the event stream ------------------------------------------------------------------------------ */

static void
put_progress(struct mcp *m, struct buf *out, msec now)
{
	buf_fmt(out, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{"
	    "\"progressToken\":%S,\"progress\":%u,\"message\":\"%S has been waiting for the API for %D s\"}}\n\n",
	    str_of(m->slow_token, m->slow.token_n), ++m->slow.told, m->op ? m->op->name : STR("It"),
	    (now - m->slow.began) / 1000);
}

/* Nothing to answer yet: tells of it when that is due. */
static int
fill_waiting(struct mcp *m, struct buf *out, msec now)
{
	u32 had = out->w;

	if (now >= m->slow.tell_at) {
		if (buf_room(out) < EVENT_N + SLOW_TOKEN_N)
			return ERR_FULL;
		put_progress(m, out, now);
		m->slow.tell_at = now + m->api->tell_ms;
	}
	if (now >= m->slow.hand_at)
		loop_ready(m->shared->ops->loop, &m->runner);
	set_clock(m);
	return out->w > had ? (int)(out->w - had) : ERR_MORE;
}

static int
fill(struct pull *p, struct buf *out, msec now)
{
	struct mcp *m = CONTAINER_OF(p, struct mcp, slow.pull);
	u32 had = out->w;
	int n;

	if (!m->slow.known)
		return fill_waiting(m, out, now);
	if (buf_room(out) < 64)
		return ERR_FULL;
	if (!m->answer_begun)
		BUF_LIT(out, "event: message\ndata: ");
	m->answer_begun = true;
	n = slow_put(m, out, now);
	if (n || buf_room(out) < 2)
		return out->w > had ? (int)(out->w - had) : n ? n : ERR_FULL;
	BUF_LIT(out, "\n\n");
	return 0;
}

int
slow_put(struct mcp *m, struct buf *out, msec now)
{
	struct answer *a = &m->answer;
	u32 from = m->answer_at;

	if (m->answer_whole)
		return 0;
	if (a->pull) {
		int n = a->pull->fill(a->pull, out, now);

		m->answer_whole = n == 0;
		return n;
	}
	for (u32 i = 0; i < a->views; i++) {
		struct str rest = str_cut(a->view[i], min_u32(from, a->view[i].n), a->view[i].n);
		u32 n = min_u32(rest.n, buf_room(out));

		from -= a->view[i].n - rest.n;
		buf_put(out, str_cut(rest, 0, n));
		m->answer_at += n;
		if (n < rest.n)
			return ERR_FULL;
	}
	return 0;
}

void
slow_run(struct ready *r, msec now)
{
	struct mcp *m = CONTAINER_OF(r, struct mcp, runner);
	enum step s = STEP_DONE; /* with the answer known, this is news of its body */

	if (m->fetch)
		later_more(m, now);
	else if (!m->slow.known) {
		s = tools_call_step(m, now);
		if (s == STEP_WAIT)
			s = slow_step(m, now);
	}
	if (s == STEP_MORE)
		loop_ready(m->shared->ops->loop, r);
	if (s != STEP_DONE)
		return;
	m->slow.known = true;
	loop_ready(m->shared->ops->loop, exchange_ready(m->x));
}

/* ---- by time --------------------------------------------------------------------------------------- */

static enum step
begin_stream(struct mcp *m)
{
	m->slow.streams = true;
	m->slow.pull.fill = fill;
	ready_init(&m->runner, slow_run);
	m->owner = &m->runner;
	op_owner(m->op, m->owner);
	reply_pull(m->x, 200, "text/event-stream", &m->slow.pull);
	reply_field(m->x, "Cache-Control", STR("no-store"));
	reply_field(m->x, "X-Accel-Buffering", STR("no"));
	return STEP_MORE;
}

enum step
slow_step(struct mcp *m, msec now)
{
	if (now >= m->slow.hand_at) {
		if (later_take(m, now) == 0) {
			m->slow.hand_at = m->slow.tell_at = MSEC_NEVER;
			return STEP_DONE;
		}
		m->slow.hand_at = now + AGAIN_MS;
		set_clock(m);
	}
	return now >= m->slow.tell_at && !m->slow.streams ? begin_stream(m) : STEP_WAIT;
}
