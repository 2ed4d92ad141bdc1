/* upstream: a small HTTP server that a test plays by hand, and a caller that drives one call and keeps what came of it.
 * One thread: the test moves both sides. All static, as in rig.h. */
#ifndef TESTS_UPSTREAM_H
#define TESTS_UPSTREAM_H

#include "call/call.h"

#include "lib/rig.h"

#include <stdio.h>
#include <sys/socket.h>

#define UPSTREAM_BODY ((u32)4 << 20)

struct up {
	struct rig *rig;
	struct dns dns;
	struct calls calls;
	struct ready ready;
	struct call *c;
	int listener;
	struct addr at;
	struct call_spec spec;
	/* what came of the call */
	enum step head;    /* last answer of call_step */
	int end;           /* last answer of call_body, once the head is there */
	u32 heads, runs;
	u32 take;          /* bytes to eat at a time; 0: all */
	bool hold;         /* do not ask for the body */
	u8 *body;
	u32 body_n;
	char why[CALL_WHY_MAX + 1];
};

static inline void
up_drive(struct up *u, msec now)
{
	struct str part;

	u->runs++;
	u->head = call_step(u->c, now);
	if (u->head == STEP_DONE && !u->hold)
		while ((u->end = call_body(u->c, &part, now)) > 0) {
			u32 n = u->take ? min_u32(u->take, part.n) : part.n;

			ASSERT(u->body_n + n <= UPSTREAM_BODY);
			memcpy(u->body + u->body_n, part.p, n);
			u->body_n += n;
			call_eat(u->c, n);
		}
	memcpy(u->why, u->c->why, u->c->why_n);
	u->why[u->c->why_n] = 0;
	call_settle(u->c);
}

static inline void
up_run(struct ready *r, msec now)
{
	struct up *u = CONTAINER_OF(r, struct up, ready);

	if (u->c)
		up_drive(u, now);
}

static inline struct up *
up_new(void)
{
	struct up *u = (struct up *)calloc(1, sizeof *u);

	u->rig = rig_new();
	u->body = (u8 *)malloc(UPSTREAM_BODY);
	ASSERT(dns_init(&u->dns, &u->rig->arena, &u->rig->net, &u->rig->rng) == 0);
	ASSERT(calls_init(&u->calls, &u->rig->arena, &u->rig->net, &u->dns) == 0);
	ready_init(&u->ready, up_run);
	addr_read(&u->at, STR("127.0.0.1:0"), 0);
	u->listener = sock_listen(&u->at);
	ASSERT(u->listener >= 0 && sock_local(u->listener, &u->at) == 0);
	u->spec = (struct call_spec){
		.to = { .host = STR("127.0.0.1"), .port = u->at.port, .configured = true },
		.origin = 1, .method = METHOD_GET, .idempotent = true,
		.connect_ms = 3000, .first_ms = 10000, .idle_ms = 5000, .total_ms = 30000,
	};
	return u;
}

/* Ends everything; returns how much was not given back: 0. */
static inline u32
up_free(struct up *u)
{
	u32 left;

	if (u->c)
		call_end(u->c, u->rig->now);
	calls_clear(&u->calls);
	left = u->rig->loop.watched + u->rig->loop.timers.n + rig_leased(u->rig) + u->calls.pool.used + u->calls.dials.used +
	    u->calls.keep.peers.used + u->calls.keep.origins.used;
	sock_close(u->listener);
	rig_free(u->rig);
	free(u->body);
	free(u);
	return left;
}

/* Begins a call with these request bytes and drives it once. */
static inline enum step
up_call(struct up *u, struct str request)
{
	struct buf *out;

	if (u->c)
		call_end(u->c, u->rig->now);
	u->heads = u->runs = u->body_n = 0;
	u->end = 1;
	u->head = STEP_WAIT;
	u->why[0] = 0;
	u->c = call_start(&u->calls, &u->spec, &u->ready, u->rig->now);
	if (!u->c)
		return STEP_FAIL;
	out = call_out(u->c, request.n);
	ASSERT(out);
	buf_put(out, request);
	call_send(u->c);
	up_drive(u, u->rig->now);
	return u->head;
}

static inline enum step
up_get(struct up *u)
{
	return up_call(u, STR("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
}

/* Lets both sides move until the call is over or nothing more comes for about `ms` real milliseconds. */
static inline void
up_move(struct up *u, u32 ms)
{
	for (u32 i = 0; i < ms * 4; i++) {
		rig_turn(u->rig);
		if (u->head == STEP_FAIL || (u->head == STEP_DONE && u->end <= 0 && u->end != ERR_MORE))
			return;
		usleep(250);
	}
}

/* Takes the next connection. */
static inline int
up_accept(struct up *u)
{
	struct addr peer;

	for (u32 i = 0; i < 1000; i++) {
		int fd = sock_accept(u->listener, &peer);

		if (fd >= 0)
			return fd;
		rig_turn(u->rig);
		usleep(500);
	}
	return -1;
}

/* Reads what has come, until a blank line (at most cap - 1 bytes, NUL behind). */
static inline u32
up_hear(struct up *u, int fd, char *p, u32 cap)
{
	u32 n = 0;

	for (u32 i = 0; i < 1000 && n < cap - 1; i++) {
		ssize_t got = recv(fd, p + n, cap - 1 - n, MSG_DONTWAIT);

		if (got == 0)
			break;
		if (got > 0)
			n += (u32)got;
		p[n] = 0;
		if (strstr(p, "\r\n\r\n"))
			break;
		rig_turn(u->rig);
		usleep(250);
	}
	p[n] = 0;
	return n;
}

static inline void
up_say(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			return;
		s = str_cut(s, (u32)n, s.n);
	}
}

#endif
