#include "call/call_priv.h"

#include <poll.h>

/* The stream has ended, or cannot be read. */
static int
body_broken(struct call *c, int n)
{
	if (n == ERR_FULL) {
		call_fail_own(c, ERR_FULL, "the gate is out of buffers");
	} else if (n == 0 && body_eof(&c->body) == 0) {
		c->state = CALL_OVER;
		return 0;
	} else {
		call_fail(c, ERR_IO, "closed the connection in the middle of its answer", NULL);
	}
	return c->state == CALL_OVER ? 0 : c->err;
}

/* Its time is over, not just in this turn: what came while we were stopped lies there whole, and is still taken. */
static bool
overdue(struct call *c)
{
	u32 turn = c->calls->net->loop->turn;

	if (!c->overdue)
		c->overdue = turn;
	return c->overdue != turn;
}

/* Reads more of the body: > 0, 0 it is complete, ERR_MORE, or the call has failed. */
static int
fill_body(struct call *c, msec now)
{
	struct wire *w = &c->peer->wire;
	int n = wire_readable(w) ? wire_fill(w, 0) : ERR_MORE;

	if (now >= c->total_at && (n == ERR_MORE || overdue(c))) { /* even while bytes keep dripping in */
		call_fail_late(c, now);
		return c->err;
	}
	if (n > 0 || (n == ERR_MORE && c->paused))
		call_arm(c, now, c->spec.idle_ms);
	c->paused = false;
	if (n > 0)
		return n;
	if (n != ERR_MORE)
		return body_broken(c, n);
	if (now >= c->peer->timer.at) {
		call_fail_late(c, now);
		return c->err;
	}
	wire_want(w, POLLIN);
	return ERR_MORE;
}

/* Takes the next piece out of its framing: its bytes, 0 the body is complete, ERR_MORE, ERR_BAD. */
static int
take_piece(struct call *c)
{
	struct buf *in = &c->peer->wire.in;

	while (!c->body.done) {
		struct str part;
		int used = body_take(&c->body, buf_str(in), &part);

		if (used < 0)
			return used;
		if (part.n) {
			u32 lead = (u32)(part.p - (in->p + in->r));

			c->tail = (u32)used - lead - part.n;
			c->pending = part.n;
			buf_eat(in, lead);
			return (int)part.n;
		}
		buf_eat(in, (u32)used);
	}
	return 0;
}

int
call_body(struct call *c, struct str *part, msec now)
{
	*part = STR_NONE;
	if (c->state == CALL_OVER)
		return 0;
	if (c->state != CALL_BODY)
		return c->err ? c->err : ERR_BAD;
	if (c->peer->wire.err == ERR_FULL) { /* another wire read meanwhile, and no block was left to keep ours in */
		call_fail_own(c, ERR_FULL, "the gate is out of buffers");
		return c->err;
	}
	while (c->pending == 0) {
		int n = take_piece(c);

		if (n == ERR_MORE)
			n = fill_body(c, now);
		else if (n == ERR_BAD && c->body.status == 413)
			call_fail(c, ERR_BAD, "sent more than the limit for an answer", NULL);
		else if (n == ERR_BAD)
			call_fail(c, ERR_BAD, "sent a body that is not valid HTTP", c->body.why);
		else if (n == 0)
			c->state = CALL_OVER;
		if (n <= 0)
			return n;
	}
	*part = str_of(c->peer->wire.in.p + c->peer->wire.in.r, c->pending);
	if (!c->paused)
		wire_want(&c->peer->wire, 0); /* until it is asked for more: an owner without room is not woken */
	c->paused = true;
	return (int)c->pending;
}

void
call_eat(struct call *c, u32 n)
{
	struct buf *in = &c->peer->wire.in;

	ASSERT(n <= c->pending);
	c->pending -= n;
	c->got += n;
	buf_eat(in, n + (c->pending ? 0 : c->tail));
	if (c->pending == 0)
		c->tail = 0;
}

int
call_whole(struct call *c, struct buf *b, msec now)
{
	enum step s = c->state < CALL_BODY ? call_step(c, now) : STEP_DONE;
	struct str part;
	int n;

	if (s == STEP_FAIL)
		return c->err;
	if (s == STEP_MORE)
		loop_ready(c->calls->net->loop, c->owner);
	if (s == STEP_DONE) {
		while ((n = call_body(c, &part, now)) > 0) {
			buf_put(b, part);
			call_eat(c, part.n);
		}
		if (n != ERR_MORE)
			return n < 0 ? n : b->over ? ERR_FULL : 0;
	}
	call_settle(c);
	return ERR_MORE;
}
