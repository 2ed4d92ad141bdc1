#include "mcp/subscribe.h"

#include "mcp/modern.h"

#define META_ID "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":"

/* ---- what a stream says: one event per message, one line each, so nothing can inject an event ----- */

static void
say_acknowledged(const struct stream *s, struct buf *out)
{
	BUF_LIT(out, "event: message\ndata: {\"jsonrpc\":\"2.0\","
	             "\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{" META_ID);
	buf_put(out, str_of(s->id, s->id_n));
	BUF_LIT(out, "},\"notifications\":{");
	if (s->tools)
		BUF_LIT(out, "\"toolsListChanged\":true");
	BUF_LIT(out, "}}}\n\n");
}

static void
say_changed(const struct stream *s, struct buf *out)
{
	BUF_LIT(out, "event: message\ndata: {\"jsonrpc\":\"2.0\","
	             "\"method\":\"notifications/tools/list_changed\",\"params\":{" META_ID);
	buf_put(out, str_of(s->id, s->id_n));
	BUF_LIT(out, "}}}\n\n");
}

static void
say_ended(const struct stream *s, struct buf *out)
{
	BUF_LIT(out, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":");
	buf_put(out, str_of(s->id, s->id_n));
	BUF_LIT(out, ",\"result\":{\"resultType\":\"complete\"," META_ID);
	buf_put(out, str_of(s->id, s->id_n));
	BUF_LIT(out, "}}}\n\n");
}

/* Whether the store has said that the key is no more. */
static bool
is_gone(struct stream *s)
{
	if (!s->judging || !s->op.done)
		return false;
	s->judging = false;
	return s->op.err == ERR_NONE;
}

static int
fill_stream(struct pull *p, struct buf *out, msec now)
{
	struct stream *s = CONTAINER_OF(p, struct stream, pull);
	u32 had = out->w;

	if (buf_room(out) < 1024)
		return ERR_FULL;
	if (!s->acknowledged) {
		say_acknowledged(s, out);
		s->acknowledged = true;
		s->alive_at = now + SUBSCRIBE_ALIVE_MS;
	}
	if (s->changed && s->tools)
		say_changed(s, out);
	s->changed = false;
	if (is_gone(s) || s->ended) {
		say_ended(s, out);
		return 0;
	}
	if (s->alive)
		BUF_LIT(out, ":\n\n");
	s->alive = false;
	return out->w > had ? (int)(out->w - had) : ERR_MORE;
}

static void
close_stream(struct pull *p)
{
	struct stream *s = CONTAINER_OF(p, struct stream, pull);

	if (s->judging)
		store_cancel(s->shared->store, &s->op);
	list_out(&s->link);
	if (s->of)
		ops_open(s->shared->ops, s->of, false);
	pool_give(&s->shared->streams, s);
}

/* ---- opening ------------------------------------------------------------------------------------- */

bool
subscribe_takes_events(const struct mcp *m)
{
	struct str accept = field_get(&m->x->req.fields, FIELD_ACCEPT);

	return !accept.p || str_find_str(accept, STR("text/event-stream")) >= 0 ||
	       str_find_str(accept, STR("*/*")) >= 0 || str_find_str(accept, STR("text/*")) >= 0;
}

enum step
subscribe_listen(struct mcp *m, struct rpc *r, msec now)
{
	struct jcur filter = json_get(r->params, "notifications");
	struct mcp_shared *sh = m->shared;
	u64 of = m->who->id ? m->who->id : exchange_from(m->x);
	struct stream *s;

	if (json_kind(filter) != JSON_OBJECT)
		return mcp_refuse(m, 400, RPC_PARAMS, "Invalid params: notifications must be an object");
	if (m->id.n > SUBSCRIBE_ID_MAX)
		return mcp_refuse(m, 400, RPC_REQUEST, "The id of a subscription may have at most 64 bytes");
	if (!subscribe_takes_events(m))
		return mcp_refuse(m, 406, RPC_REQUEST, "subscriptions/listen answers text/event-stream: accept it");
	s = sh->draining ? NULL : pool_take(&sh->streams);
	if (s && of && ops_open(sh->ops, of, true) > SUBSCRIBE_PER_PRINCIPAL) {
		ops_open(sh->ops, of, false);
		pool_give(&sh->streams, s);
		return mcp_refuse(m, 429, RPC_REQUEST,
		    "Too many open subscriptions: the limit is 8 for one key, or for one address without a key");
	}
	if (!s) {
		reply_field(m->x, "Retry-After", STR("5"));
		return mcp_refuse(m, 503, RPC_INTERNAL, "No subscription can be opened now: try again later");
	}
	s->pull = (struct pull){ fill_stream, close_stream };
	s->shared = sh;
	s->who = *m->who;
	s->of = of;
	s->api = m->api->index;
	s->key_n = (u8)min_u32(m->key_name.n, sizeof s->key);
	if (s->key_n)
		memcpy(s->key, m->key_name.p, s->key_n);
	memcpy(s->id, m->id.p, m->id.n);
	s->id_n = (u8)m->id.n;
	json_bool(json_get(filter, "toolsListChanged"), &s->tools);
	list_last(&sh->listening, &s->link);
	s->ready = reply_stream(m->x, "text/event-stream", &s->pull);
	if (!s->ready) {
		close_stream(&s->pull);
		return mcp_refuse(m, 503, RPC_INTERNAL, "No subscription can be opened now: try again later");
	}
	return STEP_DONE;
}

/* ---- news ---------------------------------------------------------------------------------------- */

void
subscribe_changed(struct mcp_shared *sh, struct loop *loop)
{
	LIST_EACH(&sh->listening, l, next) {
		struct stream *s = CONTAINER_OF(l, struct stream, link);

		s->changed = true;
		loop_ready(loop, s->ready);
	}
}

void
subscribe_end_all(struct mcp_shared *sh, struct loop *loop)
{
	sh->draining = true;
	LIST_EACH(&sh->listening, l, next) {
		struct stream *s = CONTAINER_OF(l, struct stream, link);

		s->ended = true;
		loop_ready(loop, s->ready);
	}
}

static void
end_stream(struct stream *s, struct loop *loop)
{
	s->ended = true;
	loop_ready(loop, s->ready);
}

/* Whether the key's record is still there. What was asked before a change tells nothing about it. */
static void
ask_store(struct stream *s, struct loop *loop, msec now)
{
	if (s->judging)
		store_cancel(s->shared->store, &s->op);
	memset(&s->op, 0, sizeof s->op);
	s->op.verb = STORE_GET;
	s->op.key = str_of(s->key, s->key_n);
	s->op.owner = s->ready;
	store_start(s->shared->store, &s->op, now);
	s->judging = true;
	if (s->op.done)
		loop_ready(loop, s->ready);
}

void
subscribe_judge(struct mcp_shared *sh, struct loop *loop, bool changed, msec now)
{
	LIST_EACH(&sh->listening, l, next) {
		struct stream *s = CONTAINER_OF(l, struct stream, link);

		if (s->who.dies && sh->now_s >= s->who.dies)
			end_stream(s, loop);
		else if (s->key_n && changed)
			ask_store(s, loop, now);
	}
}

msec
subscribe_turn(struct mcp_shared *sh, struct loop *loop, msec now)
{
	msec next_at = MSEC_NEVER;

	LIST_EACH(&sh->listening, l, next) {
		struct stream *s = CONTAINER_OF(l, struct stream, link);

		if (!s->alive_at)
			continue;
		if (now >= s->alive_at) { /* once: a peer that reads nothing is not asked again and again */
			s->alive = true;
			s->alive_at = now + SUBSCRIBE_ALIVE_MS;
			loop_ready(loop, s->ready);
		}
		if (s->alive_at < next_at)
			next_at = s->alive_at;
	}
	return next_at;
}
