#include "serve/conn.h"

#include "base/limits.h"
#include "base/log.h"

#include <poll.h>

#define STEPS_MAX 96 /* steps of one connection before the others are looked at: pipelines must not starve them */
#define RATE_MIN 1024 /* bytes a second a peer must send or take */
#define FIRST_MS 5000 /* from accept to the first byte */
#define RELIEVE_N 4096 /* blocks above this are few: */
#define RELIEVE_MS 2000 /* nobody may keep one longer by being slow, when others need it */

static void
give(struct reap *r)
{
	struct conn *c = CONTAINER_OF(r, struct conn, reap);

	pool_give(&c->serve->conns, c);
}

void
conn_release(struct conn *c)
{
	struct exchange *x = c->x;

	if (!x)
		return;
	c->x = NULL;
	lease_give(&c->serve->net->lease, &x->block);
	c->serve->ops->end(x);
}

void
conn_unstream(struct conn *c)
{
	struct pull *stream = c->pull;

	if (!stream)
		return;
	c->pull = NULL;
	c->serve->streams--;
	stream->close(stream);
}

void
conn_drop(struct conn *c)
{
	if (c->state == CONN_DEAD)
		return;
	c->state = CONN_DEAD;
	if (c->x) {
		c->x->gone = true;
		c->serve->ops->cancel(c->x);
		conn_release(c);
	}
	conn_unstream(c);
	wire_close(&c->wire);
	timer_end(&c->serve->net->loop->timers, &c->timer);
	ready_cancel(&c->ready);
	list_out(&c->live);
	list_out(&c->idle);
	if (c->control)
		c->serve->control_conns--;
	loop_reap(c->serve->net->loop, &c->reap, give);
}

void
conn_deadline(struct conn *c, msec at)
{
	timer_set(&c->serve->net->loop->timers, &c->timer, &c->ready, at);
}

bool
conn_slow(struct conn *c, struct pace *p, u32 window_ms, msec now)
{
	if (now >= p->since + window_ms) {
		if (p->moved < (u64)window_ms * RATE_MIN / 1000)
			return true;
		*p = (struct pace){ .since = now };
	}
	conn_deadline(c, p->since + window_ms);
	return false;
}

/* Since when this connection holds a large block for a peer that sends or takes too little; now if it does not. */
static msec
held_since(const struct conn *c, msec now)
{
	if (c->wire.out.cap > RELIEVE_N && c->out.since)
		return c->out.since;
	if (c->wire.in.cap > RELIEVE_N && (c->state == CONN_BODY || c->state == CONN_SKIP))
		return c->in.since;
	if (c->wire.in.cap > RELIEVE_N && c->state == CONN_HEAD && c->begun)
		return c->timer.at - c->serve->conf->head_ms;
	return now;
}

void
conn_relieve(struct serve *s, msec now)
{
	struct conn *worst = NULL;
	msec longest = RELIEVE_MS;

	LIST_EACH(&s->live, l, next) {
		struct conn *c = CONTAINER_OF(l, struct conn, live);
		msec held = now - held_since(c, now);

		if (held > longest) {
			longest = held;
			worst = c;
		}
	}
	if (!worst)
		return;
	if (serve_tells(s, now))
		log_warn("serve", "memory is short: dropped a peer that was waited for since %D ms", longest);
	conn_drop(worst);
}

bool
conn_left(const struct conn *c)
{
	const struct wire *w = &c->wire;

	return w->err || (!w->eof && w->watch.got & (POLLRDHUP | POLLHUP | POLLERR));
}

enum step
conn_yield(struct conn *c)
{
	loop_ready(c->serve->net->loop, &c->ready);
	return STEP_WAIT;
}

static enum step
step(struct conn *c, msec now)
{
	switch (c->state) {
	case CONN_HEAD: return conn_head(c, now);
	case CONN_BODY: return conn_body(c, now);
	case CONN_SKIP: return conn_skip(c, now);
	case CONN_RUN: return conn_run(c, now);
	case CONN_SEND: return conn_send(c, now);
	case CONN_STREAM: return conn_stream(c, now);
	case CONN_LINGER: return conn_linger(c, now);
	}
	return STEP_DONE;
}

static void
run(struct ready *r, msec now)
{
	struct conn *c = CONTAINER_OF(r, struct conn, ready);
	enum step s = STEP_MORE;

	/* Between two requests only: an exchange that has begun holds a job, which others may lack. */
	for (u32 i = 0; s == STEP_MORE && (i < STEPS_MAX || c->state != CONN_HEAD); i++)
		s = step(c, now);
	if (c->state == CONN_DEAD)
		return;
	if (s == STEP_MORE)
		conn_yield(c);
	wire_settle(&c->wire);
	if (c->wire.err == ERR_FULL)
		conn_drop(c); /* no block for what had to be kept */
}

struct conn *
conn_open(struct serve *s, int fd, const struct addr *peer, msec now)
{
	struct conn *c = pool_take(&s->conns);

	if (!c)
		return NULL;
	c->serve = s;
	c->family = peer->family;
	c->port = peer->port;
	memcpy(c->ip, peer->ip, sizeof c->ip);
	list_init(&c->idle);
	list_last(&s->live, &c->live);
	ready_init(&c->ready, run);
	wire_init(&c->wire, s->net, fd, &c->ready);
	c->wire.watch.got = POLLIN; /* often the request is there already: try once */
	c->begun = c->fresh = true;
	conn_deadline(c, now + FIRST_MS);
	loop_ready(s->net->loop, &c->ready);
	return c;
}

/* What the peer still sends is read and dropped for a while: a close with unread input is a reset, and that would take
 * our answer away from it. */
enum step
conn_linger(struct conn *c, msec now)
{
	int n = wire_readable(&c->wire) ? wire_fill(&c->wire, 16384) : ERR_MORE;
	u32 most = c->pours ? POUR_LINGER_MAX : LINGER_MAX;

	if (n > 0) {
		buf_eat(&c->wire.in, buf_len(&c->wire.in));
		c->lingered += (u32)n;
	}
	if ((n <= 0 && n != ERR_MORE) || c->lingered > most || now >= c->timer.at) {
		conn_drop(c);
		return STEP_DONE;
	}
	if (n > 0)
		return STEP_MORE;
	wire_want(&c->wire, POLLIN);
	return STEP_WAIT;
}
