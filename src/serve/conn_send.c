#include "serve/conn.h"

#include "base/limits.h"
#include "base/log.h"
#include "http/hout.h"
#include "serve/reply_priv.h"

#include <poll.h>

#define COPY_MAX 4096          /* a body up to this size is copied beside its head: dearer views only for more */
#define HEAD_ROOM 512          /* a reply's head without the fields an app adds */
#define PULL_LEAST (32 * 1024) /* room that a pull is promised when nothing is unsent */
#define PULL_FRONT 16          /* before it: the chunk's size, beside the head */
#define PULL_BACK 16           /* behind it: CRLF of the chunk, and the last chunk */
#define RETRY_MS 20            /* until leased blocks are looked for again */

/* --- what goes out ---------------------------------------------------------------------------------- */

static void
close_now(struct conn *c, msec now)
{
	struct wire *w = &c->wire;

	/* Who speaks 1.0 may not know that another request is not answered, and would lose this answer to the reset. */
	bool linger = !w->eof && (c->unread || c->pieces || buf_len(&w->in) || c->minor == 0);

	if (c->tls || linger)
		wire_end(w);
	if (!linger) {
		conn_drop(c);
		return;
	}
	buf_eat(&w->in, buf_len(&w->in));
	c->state = CONN_LINGER;
	conn_deadline(c, now + LINGER_MS);
}

/* Whether the peer has taken so long for one answer that what it holds must be given to others: a reader that is just
 * fast enough keeps its request, and with it a configuration, from ending. Streams hold neither. */
static bool
outstays(struct conn *c, msec now)
{
	u32 ms = c->serve->conf->answer_ms;

	if (!ms || c->waited < ms || c->state == CONN_RUN || c->state == CONN_STREAM)
		return false;
	if (serve_tells(c->serve, now))
		log_info("serve", "a client took more than %u s for one answer (answer_timeout): dropped", ms / 1000);
	return true;
}

int
conn_flush(struct conn *c, msec now)
{
	struct wire *w = &c->wire;
	u64 had = wire_unsent(w);
	int err = wire_flush(w);

	if (c->waits) /* looked at once in a window: of a longer time we were stopped ourselves */
		c->waited += min_u32((u32)(now - c->waits), c->serve->conf->write_ms);
	c->waits = err == ERR_MORE ? now : 0;
	if (err == 0) {
		c->out = (struct pace){ 0 };
		return 0;
	}
	if (err != ERR_MORE) {
		conn_drop(c);
		return err;
	}
	if (c->out.since)
		c->out.moved += had - wire_unsent(w);
	else
		c->out.since = now; /* what the kernel took at once says nothing about the peer */
	if (c->state == CONN_HEAD)
		c->state = CONN_SEND;
	if (outstays(c, now)) {
		conn_drop(c);
		return ERR_LATE;
	}
	if (c->state != CONN_RUN && conn_slow(c, &c->out, c->serve->conf->write_ms, now)) {
		log_debug("serve", "peer takes too long to read");
		conn_drop(c);
		return ERR_LATE;
	}
	wire_want(w, c->state == CONN_RUN ? POLLRDHUP : 0);
	return ERR_MORE;
}

/* The deadline of a connection that waits for a request, or for the rest of a head. */
static void
listen_again(struct conn *c, msec now)
{
	const struct serve_conf *conf = c->serve->conf;

	c->state = CONN_HEAD;
	conn_deadline(c, now + (c->begun ? conf->head_ms : conf->idle_ms));
}

void
conn_eat(struct conn *c)
{
	buf_eat(&c->wire.in, min_u32(c->whole_n, buf_len(&c->wire.in)));
	c->whole_n = 0;
}

enum step
conn_answered(struct conn *c, msec now)
{
	conn_release(c);
	c->starved = c->begun = c->head_sent = c->last = false;
	c->waited = 0;
	conn_eat(c);
	if (c->keep) {
		c->pieces = false;
		listen_again(c, now);
	} else {
		c->state = CONN_SEND;
	}
	return STEP_MORE;
}

/* Everything is written: sends it, then listens again or ends. */
static enum step
send_rest(struct conn *c, msec now)
{
	int err = conn_flush(c, now);

	if (err)
		return err == ERR_MORE ? STEP_WAIT : STEP_DONE;
	if (c->x)
		return conn_answered(c, now);
	if (c->keep) {
		listen_again(c, now);
		return STEP_MORE;
	}
	close_now(c, now);
	return c->state == CONN_DEAD ? STEP_DONE : STEP_MORE;
}

static const struct str method_names[] = {
	{ (const u8 *)"GET, HEAD", 9 }, { (const u8 *)"POST", 4 }, { (const u8 *)"DELETE", 6 },
	{ (const u8 *)"PUT", 3 }, { (const u8 *)"PATCH", 5 }, { (const u8 *)"OPTIONS", 7 },
};

static void
put_allow(struct buf *b, u8 allow)
{
	bool first = true;

	BUF_LIT(b, "Allow: ");
	for (u32 i = 0; i < ARRAY_N(method_names); i++) {
		if (!(allow & 1 << i))
			continue;
		if (!first)
			BUF_LIT(b, ", ");
		buf_put(b, method_names[i]);
		first = false;
	}
	BUF_LIT(b, "\r\n");
}

void
conn_keep(struct conn *c, bool want)
{
	if (!c->keep || (want && !c->serve->draining))
		return;
	c->keep = false;
	c->unread = true; /* the peer does not know yet: it may be sending its next request */
}

/* HTTP/1.0 closes unless told otherwise, HTTP/1.1 the other way round. */
static void
put_connection(const struct conn *c, struct buf *b)
{
	if (!c->keep)
		hout_close(b);
	else if (c->minor == 0)
		BUF_LIT(b, "Connection: keep-alive\r\n");
}

enum step
conn_refuse(struct conn *c, const struct refusal *r, bool keep, msec now)
{
	u8 text[256];
	struct buf body = buf_over(text, sizeof text), *b = wire_out(&c->wire, 1024);

	list_out(&c->idle);
	if (!b) {
		conn_drop(c);
		return STEP_DONE;
	}
	c->serve->refused++;
	conn_keep(c, keep);
	reply_error_text(&body, r->status, r->text);
	hout_status(b, r->status);
	BUF_LIT(b, "Content-Type: application/json\r\n");
	buf_c(b, r->fields);
	if (r->status == 405)
		put_allow(b, c->allow);
	hout_length(b, body.w);
	put_connection(c, b);
	hout_end(b);
	if (!c->head_only)
		buf_put(b, buf_str(&body));
	c->head_only = false;
	return conn_answered(c, now);
}

void
conn_instead(struct conn *c, const struct refusal *r, msec now)
{
	c->x->gone = true;
	c->serve->ops->cancel(c->x);
	conn_release(c);
	conn_unstream(c);
	conn_refuse(c, r, c->keep, now);
	if (c->state == CONN_DEAD)
		return;
	wire_settle(&c->wire);
	loop_ready(c->serve->net->loop, &c->ready);
}

/* --- a reply ---------------------------------------------------------------------------------------- */

enum length { LENGTH_NONE, LENGTH_KNOWN, LENGTH_CHUNKED, LENGTH_CLOSE };

/* Status line, fields, framing, blank line. b->over when they do not fit or would be forged. */
static void
put_head(struct conn *c, struct buf *b, enum length framing, u64 n)
{
	const struct reply *r = &c->x->reply;

	if (r->status == 200 && framing == LENGTH_KNOWN && r->fields.n == 0 && c->minor && r->type &&
	    strcmp(r->type, "application/json") == 0) {
		hout_json(b, n, c->keep);
		return;
	}
	hout_status(b, r->status);
	if (r->type)
		hout_field(b, "Content-Type", str_c(r->type));
	if (r->kind == REPLY_STREAM)
		BUF_LIT(b, "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n");
	buf_put(b, r->fields);
	if (framing == LENGTH_KNOWN)
		hout_length(b, n);
	if (framing == LENGTH_CHUNKED)
		hout_chunked(b);
	put_connection(c, b);
	hout_end(b);
}

static bool
bodiless(u16 status)
{
	return status == 204 || status == 304;
}

/* The reply cannot be sent as it is; nothing of it is out. */
static enum step
send_500(struct conn *c, msec now)
{
	static const struct refusal broken = { 500, "", NULL };

	log_warn("serve", "reply could not be built: status=%u", (u32)c->x->reply.status);
	conn_unstream(c);
	return conn_refuse(c, &broken, c->keep, now);
}

static u64
views_length(const struct reply *r)
{
	u64 n = 0;

	for (u32 i = 0; i < r->views; i++)
		n += r->view[i].n;
	return n;
}

/* A body that exists: beside the head when it is small, else from where it lies. */
static enum step
send_views(struct conn *c, msec now)
{
	struct reply *r = &c->x->reply;
	u64 n = views_length(r);
	bool body = !c->head_only && !bodiless(r->status);
	u32 copy = body && n <= COPY_MAX ? (u32)n : 0;
	struct buf *b = wire_out(&c->wire, HEAD_ROOM + r->fields.n + copy);
	u32 from = b ? b->w : 0;

	if (!b) {
		conn_drop(c);
		return STEP_DONE;
	}
	put_head(c, b, bodiless(r->status) ? LENGTH_NONE : LENGTH_KNOWN, n);
	if (b->over) {
		b->w = from;
		b->over = false;
		return send_500(c, now);
	}
	for (u32 i = 0; copy && i < r->views; i++)
		buf_put(b, r->view[i]);
	if (!body || copy || n == 0)
		return conn_answered(c, now);
	for (u32 i = 0; i < r->views; i++)
		wire_view(&c->wire, r->view[i]);
	c->last = true;
	c->state = CONN_SEND;
	return STEP_MORE;
}

/* Puts framing around n payload bytes at b->p + at, as far in front and behind as it goes; done: they are the last. */
static int
wrap(struct conn *c, struct buf *b, u32 at, u32 n, bool done)
{
	struct buf head = buf_over(c->serve->head, sizeof c->serve->head);
	struct buf tail = buf_over(b->p + at + n, PULL_BACK);

	if (!c->head_sent) {
		bool whole = done && c->x->reply.kind == REPLY_PULL;

		c->chunked = !whole && c->minor > 0;
		if (!whole && !c->chunked)
			c->keep = false;
		put_head(c, &head, whole ? LENGTH_KNOWN : c->chunked ? LENGTH_CHUNKED : LENGTH_CLOSE, n);
	}
	if (c->chunked && n) {
		u32 digits = 1;

		while (digits < 8 && n >> (4 * digits))
			digits++;
		buf_hex(&head, n, digits);
		BUF_LIT(&head, "\r\n");
		BUF_LIT(&tail, "\r\n");
	}
	if (c->chunked && done)
		hout_chunk_last(&tail);
	if (head.over)
		return ERR_FULL;
	memcpy(b->p + at - head.w, head.p, head.w);
	b->r = at - head.w;
	b->w = at + n + tail.w;
	c->head_sent = true;
	return 0;
}

/* Asks the pull as often as it has something and there is room. */
static int
draw(struct pull *p, struct buf *out, msec now)
{
	int n;

	do
		n = p->fill(p, out, now);
	while (n > 0 && buf_room(out));
	return n;
}

static enum step
pull_broken(struct conn *c, msec now)
{
	if (!c->head_sent && c->x)
		return send_500(c, now);
	log_warn("serve", "reply broke off");
	conn_drop(c);
	return STEP_DONE;
}

/* Nothing to send now: who fills marks our ready; the peer may leave. */
static enum step
pull_wait(struct conn *c)
{
	conn_deadline(c, c->x && c->x->wake ? c->x->wake : MSEC_NEVER);
	wire_want(&c->wire, POLLRDHUP);
	return STEP_WAIT;
}

/* One round of a pulled body; all that was written before is out. 0: more may follow at once, or it was the last
 * (c->last). ERR_MORE: nothing now. ERR_LATE: no memory now. ERR_IO: broken. */
static int
pull_round(struct conn *c, struct pull *p, msec now)
{
	struct net *net = c->serve->net;
	u32 front = (c->head_sent ? 0 : (u32)sizeof c->serve->head) + PULL_FRONT;
	u32 room = min_u32(SCRATCH_N, lease_room(&net->lease));
	struct buf *b, out;
	int n;

	if (room < front + PULL_LEAST + PULL_BACK) {
		conn_relieve(c->serve, now);
		conn_deadline(c, now + RETRY_MS);
		return ERR_LATE;
	}
	b = wire_out(&c->wire, room);
	if (!b)
		return ERR_IO;
	out = buf_over(b->p + front, room - front - PULL_BACK);
	n = draw(p, &out, now);
	ASSERT(net->out_by == &c->wire && !out.over && out.r == 0);
	if (n < 0 && n != ERR_MORE && (n != ERR_FULL || out.w == 0))
		return ERR_IO;
	if (n == ERR_MORE && out.w == 0 && (c->head_sent || !c->pull))
		return ERR_MORE;
	c->last = n == 0;
	if (wrap(c, b, front, out.w, c->last))
		return ERR_IO;
	return n == ERR_MORE ? ERR_MORE : 0;
}

/* The reply is written to its end. */
static enum step
pull_over(struct conn *c, msec now)
{
	conn_unstream(c);
	conn_keep(c, true);
	return conn_answered(c, now);
}

/* Pulls and sends until the pull has nothing, the peer takes nothing, or all is out. */
static enum step
send_pull(struct conn *c, struct pull *p, msec now)
{
	int n, err = wire_unsent(&c->wire) ? conn_flush(c, now) : 0;

	if (err)
		return err == ERR_MORE ? STEP_WAIT : STEP_DONE;
	n = pull_round(c, p, now);
	if (n == ERR_IO)
		return pull_broken(c, now);
	if (n == ERR_LATE)
		return STEP_WAIT;
	if (c->last)
		return pull_over(c, now);
	if (c->pull && c->x) { /* the stream's head is written: its job is free */
		conn_release(c);
		conn_eat(c);
		c->state = CONN_STREAM;
	}
	err = conn_flush(c, now);
	if (err)
		return err == ERR_MORE ? STEP_WAIT : STEP_DONE;
	return n == ERR_MORE ? pull_wait(c) : conn_yield(c);
}

/* The answer to HEAD, or a status without body, for a body that nobody asks for. */
static enum step
send_head_only(struct conn *c, msec now)
{
	const struct reply *r = &c->x->reply;
	struct buf *b = wire_out(&c->wire, HEAD_ROOM + r->fields.n);

	if (!b) {
		conn_drop(c);
		return STEP_DONE;
	}
	put_head(c, b, LENGTH_NONE, 0);
	return pull_over(c, now);
}

enum step
conn_reply(struct conn *c, msec now)
{
	struct reply *r = &c->x->reply;

	conn_keep(c, !r->close);
	c->head_sent = c->chunked = c->last = false;
	if (r->kind == REPLY_NONE)
		return send_500(c, now);
	if (r->kind == REPLY_VIEWS || r->kind == REPLY_EMPTY)
		return send_views(c, now);
	if (c->head_only || bodiless(r->status))
		return send_head_only(c, now);
	c->state = CONN_SEND;
	return STEP_MORE;
}

enum step
conn_send(struct conn *c, msec now)
{
	if (!c->x || c->last)
		return send_rest(c, now);
	if (conn_left(c) && !wire_unsent(&c->wire)) {
		conn_drop(c);
		return STEP_DONE;
	}
	return send_pull(c, c->x->reply.pull, now);
}

enum step
conn_stream(struct conn *c, msec now)
{
	enum step s;

	if (conn_left(c)) {
		conn_drop(c);
		return STEP_DONE;
	}
	s = send_pull(c, c->pull, now);
	if (c->serve->draining && c->state == CONN_STREAM && !wire_unsent(&c->wire)) {
		conn_drop(c); /* it had its chance to say goodbye */
		return STEP_DONE;
	}
	return s;
}
