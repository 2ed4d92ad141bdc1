#include "call/call_priv.h"

#include <poll.h>

int
calls_init(struct calls *cs, struct arena *a, struct net *net, struct dns *dns)
{
	void *cells = arena_take(a, share_bytes(1));

	memset(cs, 0, sizeof *cs);
	cs->net = net;
	cs->dialer = (struct dialer){ .net = net, .dns = dns };
	cs->field = ARENA_ARRAY(a, struct field, CALL_FIELDS_MAX);
	if (!cells)
		return ERR_FULL;
	queue_init(&cs->queue, net->loop, cells);
	if (!cs->field || keep_init(&cs->keep, a, net) || pool_init(&cs->pool, a, sizeof(struct call), CALLS_MAX))
		return ERR_FULL;
	return pool_init(&cs->dials, a, sizeof(struct dial), CALLS_MAX);
}

void
calls_share(struct calls *cs, void *pages, u32 workers, u32 index)
{
	share_init(&cs->queue.share, pages, workers, index);
}

size_t
calls_bytes(void)
{
	return share_bytes(1) + 16 + CALL_FIELDS_MAX * sizeof(struct field) + 16 + keep_bytes() +
	    pool_bytes(sizeof(struct call), CALLS_MAX) + pool_bytes(sizeof(struct dial), CALLS_MAX);
}

void
calls_clear(struct calls *cs)
{
	keep_clear(&cs->keep);
}

void
call_arm(struct call *c, msec now, u32 ms)
{
	msec at = now + ms < c->total_at ? now + ms : c->total_at;

	c->armed_ms = ms;
	c->armed = c->calls->net->loop->turn;
	timer_set(&c->calls->net->loop->timers, &c->peer->timer, c->owner, at);
}

static int
dial(struct call *c, msec now)
{
	struct calls *cs = c->calls;

	if (!c->peer) /* one that stood in the queue has it already, with its request in it */
		c->peer = keep_new(&cs->keep, c->origin);
	c->dial = c->peer ? pool_take(&cs->dials) : NULL;
	if (!c->dial) {
		if (c->peer)
			keep_drop(&cs->keep, c->peer);
		c->peer = NULL;
		return ERR_FULL;
	}
	dial_start(c->dial, &cs->dialer, &c->spec.to, &c->peer->wire, c->owner);
	c->state = CALL_DIAL;
	call_arm(c, now, c->spec.connect_ms);
	return 0;
}

static void
end_dial(struct call *c)
{
	if (!c->dial)
		return;
	dial_end(c->dial);
	pool_give(&c->calls->dials, c->dial);
	c->dial = NULL;
}

/* The words for a breaker that is open. NUL-ended. */
static void
tell_broken(struct calls *cs, const struct call_spec *spec, u32 wait_ms)
{
	struct buf b = buf_over(cs->text, sizeof cs->text - 1);

	dial_print(&b, &spec->to);
	buf_fmt(&b, " could not be connected to %u times in a row; it is tried again in %u s", BREAKER_LIMIT,
	    (wait_ms + 999) / 1000);
	cs->text[b.w] = 0;
	cs->why = cs->text;
	cs->wait_s = (wait_ms + 999) / 1000;
}

/* A new connection, if the origin's breaker lets us try. */
static int
connect_anew(struct call *c, msec now)
{
	u32 wait_ms = 0;

	if (!breaker_try(&c->origin->breaker, now, &wait_ms)) {
		tell_broken(c->calls, &c->spec, wait_ms);
		return ERR_LATE;
	}
	if (dial(c, now)) {
		breaker_none(&c->origin->breaker);
		return ERR_FULL;
	}
	c->trying = true;
	return 0;
}

/* A place among all calls of this worker: whoever has many must leave room for others. */
static u64
total_key(u64 who)
{
	return who * 0x9fb21c651e98df25ULL | 1;
}

static struct call *
take(struct calls *cs, const struct call_spec *spec)
{
	struct share *s = &cs->queue.share;
	struct call *c;

	if (spec->who && !share_fair(share_own(s, total_key(spec->who)), cs->pool.used, cs->pool.count))
		return NULL;
	c = pool_take_part(&cs->pool, offsetof(struct call, spec));
	if (c && spec->who && !share_enter(s, total_key(spec->who))) {
		pool_give(&cs->pool, c);
		return NULL;
	}
	return c;
}

static void
give(struct call *c)
{
	struct calls *cs = c->calls;

	queue_leave(&cs->queue, &c->place);
	if (c->origin)
		keep_leave(&cs->keep, c->origin);
	if (c->spec.who)
		share_leave(&cs->queue.share, total_key(c->spec.who));
	pool_give(&cs->pool, c);
}

/* Stands in the queue, with a connection to be that keeps the request meanwhile. */
static int
stand(struct call *c, msec now)
{
	c->peer = keep_new(&c->calls->keep, c->origin);
	if (!c->peer)
		return ERR_FULL;
	c->state = CALL_QUEUE;
	call_arm(c, now, c->spec.queue_ms);
	return 0;
}

static int
connect(struct call *c, msec now)
{
	const struct call_spec *spec = &c->spec;
	struct calls *cs = c->calls;

	c->peer = keep_take(&cs->keep, c->origin, c->owner, spec->idempotent ? KEEP_AGE_MS : KEEP_FRESH_MS, now);
	if (!c->peer)
		return connect_anew(c, now);
	c->reused = true;
	c->state = CALL_SEND;
	call_arm(c, now, spec->first_ms);
	cs->reused++;
	return 0;
}

static int
find_place(struct call *c, msec now)
{
	const struct call_spec *spec = &c->spec;
	struct calls *cs = c->calls;

	c->origin = keep_enter(&cs->keep, spec->origin);
	if (!c->origin)
		return ERR_FULL;
	c->place = (struct place){ .origin = spec->origin, .who = spec->who, .limit = spec->concurrency,
		.most = spec->concurrency_each, .waiting_max = spec->queue, .owner = c->owner };
	queue_enter(&cs->queue, &c->place, now);
	if (c->place.state == PLACE_NONE)
		cs->why = "too many calls of this environment are under way";
	return c->place.state == PLACE_NONE ? ERR_FULL : c->place.state == PLACE_HELD ? connect(c, now) : stand(c, now);
}

struct call *
call_start(struct calls *cs, const struct call_spec *spec, struct ready *owner, msec now)
{
	struct call *c = take(cs, spec);

	ASSERT(spec->connect_ms && spec->first_ms && spec->idle_ms && spec->total_ms);
	cs->why = "too many upstream calls are under way";
	cs->wait_s = 1;
	if (!c)
		return NULL;
	c->calls = cs;
	c->spec = *spec;
	c->owner = owner;
	c->begun = now;
	c->total_at = now + spec->total_ms;
	if (find_place(c, now)) {
		give(c);
		return NULL;
	}
	cs->started++;
	return c;
}

struct buf *
call_out(struct call *c, u32 n)
{
	return n > SCRATCH_N ? NULL : wire_out(&c->peer->wire, n);
}

int
call_send(struct call *c)
{
	struct wire *w = &c->peer->wire;
	struct str request = buf_str(&w->out);

	c->sent_n = request.n;
	if (w->out.over || request.n == 0) {
		call_fail_own(c, ERR_FULL, "the request is too large");
		return ERR_FULL;
	}
	if (c->dial || c->state == CALL_QUEUE) {
		wire_settle(w); /* nobody takes it yet: it must be kept */
		if (w->err) {
			call_fail_own(c, ERR_FULL, "the gate is out of buffers");
			return ERR_FULL;
		}
	} else if (c->spec.idempotent && !c->more) {
		c->copy = lease_take(&c->calls->net->lease, request.n); /* none: it is not repeated, that is all */
		if (c->copy.p)
			buf_put(&c->copy, request);
	}
	return 0;
}

bool
call_hungry(const struct call *c)
{
	return c->state == CALL_SEND && c->more && !wire_unsent(&c->peer->wire);
}

int
call_put(struct call *c, struct str part, msec now)
{
	struct buf *out = wire_out(&c->peer->wire, part.n);

	ASSERT(part.n <= c->more);
	if (!out) {
		call_fail_own(c, ERR_FULL, "the gate is out of buffers");
		return ERR_FULL;
	}
	buf_put(out, part);
	c->more -= part.n;
	c->sent_n += part.n;
	call_arm(c, now, c->spec.first_ms);
	return 0;
}

/* The connection was kept and the other side had given it up: the same bytes once more over a new one. Whether that
 * can be. */
static bool
again(struct call *c, msec now)
{
	struct buf request = c->copy;

	if (!c->reused || c->answered || c->retried || !request.p)
		return false;
	c->copy = buf_over(NULL, 0);
	keep_drop(&c->calls->keep, c->peer);
	c->peer = NULL;
	c->reused = false;
	c->retried = true;
	if (dial(c, now)) {
		lease_give(&c->calls->net->lease, &request);
		return false;
	}
	c->trying = true;
	c->peer->wire.out = request;
	c->calls->retried++;
	return true;
}

/* The connection ended or broke before the head was there. */
static enum step
broken(struct call *c, msec now)
{
	if (again(c, now))
		return STEP_MORE;
	if (c->retried && !c->peer)
		return call_fail_own(c, ERR_FULL, "too many upstream connections are open");
	if (c->answered)
		return call_fail(c, ERR_IO, "closed the connection in the head of its answer", NULL);
	return call_fail(c, ERR_IO, "closed the connection without an answer", NULL);
}

/* Nothing of it was sent, and by now it would be given up before an answer can come: then it is given up before, when
 * it is known that nothing was done. */
static bool
too_late(const struct call *c, msec now)
{
	return now >= c->total_at;
}

/* Its turn has come: over a connection that another one has left, which takes over the request, or its own new one. */
static enum step
step_queue(struct call *c, msec now)
{
	struct calls *cs = c->calls;
	struct peer *stood = c->peer;
	struct buf *out = &stood->wire.out;

	if (c->place.state != PLACE_HELD || too_late(c, now))
		return STEP_WAIT;
	cs->why = "too many upstream connections are open";
	c->peer = keep_take(&cs->keep, c->origin, c->owner, c->spec.idempotent ? KEEP_AGE_MS : KEEP_FRESH_MS, now);
	if (!c->peer) {
		c->peer = stood;
		return connect_anew(c, now) ? call_fail_own(c, ERR_FULL, cs->why) : STEP_MORE;
	}
	if (c->spec.idempotent)
		c->copy = lease_take(&cs->net->lease, buf_len(out));
	if (c->copy.p)
		buf_put(&c->copy, buf_str(out));
	c->peer->wire.out = *out;
	*out = buf_over(NULL, 0);
	keep_drop(&cs->keep, stood);
	c->reused = true;
	c->state = CALL_SEND;
	call_arm(c, now, c->spec.first_ms);
	cs->reused++;
	return STEP_MORE;
}

static enum step
step_dial(struct call *c, msec now)
{
	enum step s = dial_step(c->dial, now);

	if (s == STEP_FAIL)
		return call_fail_dial(c, now);
	if (s != STEP_DONE)
		return s;
	end_dial(c);
	breaker_good(&c->origin->breaker);
	c->trying = false;
	c->state = CALL_SEND;
	call_arm(c, now, c->spec.first_ms);
	return too_late(c, now) ? STEP_WAIT : STEP_MORE;
}

/* Sends what is left while an answer already comes; a failure shows when reading. */
static void
send_on(struct call *c)
{
	struct wire *w = &c->peer->wire;

	if (wire_unsent(w) == 0 || wire_flush(w) != ERR_IO)
		return;
	w->err = 0;
	w->out.r = w->out.w = 0;
}

static enum step
step_send(struct call *c, msec now)
{
	struct wire *w = &c->peer->wire;
	u64 before = wire_unsent(w);
	int err = wire_flush(w);

	if (err == ERR_MORE && wire_unsent(w) < before)
		call_arm(c, now, c->spec.first_ms);
	if (err == ERR_MORE && !wire_readable(w))
		return STEP_WAIT;
	if (err == 0 && c->more && !wire_readable(w)) {
		wire_want(w, POLLIN); /* the owner gives more, or an answer comes before */
		return STEP_WAIT;
	}
	if (err == 0) {
		c->cut = c->more > 0;
		c->state = CALL_HEAD;
		call_arm(c, now, c->spec.first_ms);
		return STEP_MORE;
	}
	c->cut = true; /* it answers before it has heard all, or has gone: an answer may lie there all the same */
	c->state = CALL_HEAD;
	if (err == ERR_IO) {
		w->err = 0;
		w->out.r = w->out.w = 0;
		w->watch.got |= POLLIN;
	}
	return STEP_MORE;
}

/* Reads more. STEP_MORE: look at it, or begin again; STEP_WAIT; STEP_FAIL. */
static enum step
fill_head(struct call *c, msec now)
{
	struct wire *w = &c->peer->wire;
	int n = wire_readable(w) ? wire_fill(w, 0) : ERR_MORE;

	if (n == ERR_MORE) {
		send_on(c);
		wire_want(w, POLLIN);
		return STEP_WAIT;
	}
	if (n == ERR_FULL)
		return call_fail_own(c, ERR_FULL, "the gate is out of buffers");
	if (n <= 0)
		return broken(c, now);
	c->answered = true;
	lease_give(&c->calls->net->lease, &c->copy);
	return STEP_MORE;
}

static enum step
step_head(struct call *c, msec now)
{
	struct wire *w = &c->peer->wire;
	struct resp *r = &c->calls->resp;
	int used;

	if (buf_len(&w->in) == 0)
		return fill_head(c, now);
	r->fields.at = c->calls->field;
	r->fields.max = CALL_FIELDS_MAX;
	r->method = c->spec.method;
	used = resp_parse(buf_str(&w->in), r);
	if (used == ERR_MORE)
		return fill_head(c, now);
	if (used < 0)
		return call_fail(c, ERR_BAD, "sent an answer that is not valid HTTP", r->why);
	buf_eat(&w->in, (u32)used);
	if (r->interim && ++c->interims > RESP_INTERIM_MAX)
		return call_fail(c, ERR_BAD, "sent too many interim responses", NULL);
	if (r->interim)
		return STEP_MORE;
	call_arm(c, now, c->spec.idle_ms);
	return call_head(c);
}

/* The turn that set the deadline was held up before it was over: the other side has had nothing of that time. */
static bool
excused(struct call *c, msec now)
{
	const struct loop *l = c->calls->net->loop;

	if (!l->held_ms || c->armed != l->turn - 1)
		return false;
	c->total_at += l->held_ms;
	call_arm(c, now, c->armed_ms);
	return true;
}

static enum step
step(struct call *c, msec now)
{
	enum step s = STEP_MORE;

	while (s == STEP_MORE) {
		switch (c->state) {
		case CALL_QUEUE: s = step_queue(c, now); break;
		case CALL_DIAL: s = step_dial(c, now); break;
		case CALL_SEND: s = step_send(c, now); break;
		case CALL_HEAD: s = step_head(c, now); break;
		case CALL_BODY: case CALL_OVER: return STEP_DONE;
		default: return STEP_FAIL;
		}
	}
	return s;
}

enum step
call_step(struct call *c, msec now)
{
	for (;;) {
		enum step s = step(c, now);

		if (s != STEP_WAIT || now < c->peer->timer.at)
			return s;
		if (!excused(c, now))
			return call_fail_late(c, now);
	}
}

void
call_settle(struct call *c)
{
	struct wire *w = c->peer ? &c->peer->wire : NULL;

	if (!w)
		return;
	if (c->state == CALL_BODY && wire_readable(w)) {
		c->paused = true; /* known already; poll is asked again when all that was read */
		wire_want(w, 0);
	}
	wire_settle(w);
	if (w->err == ERR_FULL && c->state < CALL_OVER)
		call_fail_own(c, ERR_FULL, "the gate is out of buffers");
}

void
call_owner(struct call *c, struct ready *owner)
{
	c->owner = c->place.owner = owner;
	if (c->dial)
		dial_owner(c->dial, owner);
	if (!c->peer)
		return;
	c->peer->timer.owner = owner;
	wire_owner(&c->peer->wire, owner);
}

/* Whether the connection is in the state it was in before the call. */
static bool
clean(const struct call *c)
{
	const struct wire *w = &c->peer->wire;
	bool complete = c->state == CALL_OVER || (c->state == CALL_BODY && c->body.done && c->pending == 0);

	return complete && c->keep && !w->eof && !w->err && buf_len(&w->in) == 0 && wire_unsent(w) == 0 &&
	    !wire_readable(w);
}

void
call_end(struct call *c, msec now)
{
	struct calls *cs = c->calls;

	end_dial(c);
	if (c->trying)
		breaker_none(&c->origin->breaker);
	lease_give(&cs->net->lease, &c->copy);
	if (c->peer && clean(c))
		keep_give(&cs->keep, c->peer, now);
	else if (c->peer)
		keep_drop(&cs->keep, c->peer);
	give(c);
}
