#include "serve/serve.h"

#include "base/log.h"
#include "net/wtls.h"
#include "serve/conn.h"

#include <poll.h>

#define BURST_MAX 64  /* connections taken in one run of a listener */
#define PAUSE_MS 100  /* accepting rests when descriptors have run out */
#define LINES_MAX 5   /* about peers in the log */
#define LINES_MS 10000

int
serve_init(struct serve *s, struct arena *a, struct net *net, const struct serve_ops *ops, void *app)
{
	memset(s, 0, sizeof *s);
	s->net = net;
	s->ops = ops;
	s->app = app;
	s->streams_max = min_u32(STREAMS_MAX, CONNS_MAX / 2);
	s->log_at = INT64_MIN / 2;
	list_init(&s->live);
	list_init(&s->idle);
	return pool_init(&s->conns, a, sizeof(struct conn), CONNS_MAX);
}

size_t
serve_bytes(void)
{
	return pool_bytes(sizeof(struct conn), CONNS_MAX);
}

u32
serve_watches(void)
{
	return CONNS_MAX + SERVE_LISTENERS;
}

u32
serve_timers(void)
{
	return CONNS_MAX + SERVE_LISTENERS;
}

void
serve_conf(struct serve *s, const struct serve_conf *conf)
{
	s->conf = conf;
	s->host_n = s->memo.path_n = 0;
}

bool
serve_tells(struct serve *s, msec now)
{
	if (now - s->log_at > LINES_MS) {
		s->log_at = now;
		s->log_n = 0;
	}
	return s->log_n++ < LINES_MAX;
}

/* Descriptors or something else of the system has run out: a listener that stays readable would spin. */
static void
pause_accept(struct listener *l, msec now)
{
	if (serve_tells(l->serve, now))
		log_warn("serve", "accept fails: pausing for %u ms", PAUSE_MS);
	watch_want(l->serve->net->loop, &l->watch, 0);
	timer_set(&l->serve->net->loop->timers, &l->timer, &l->ready, now + PAUSE_MS);
}

/* 503 without a connection of ours: sent and forgotten. */
static void
turn_away(const struct listener *l, int fd)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
	                           "Retry-After: 1\r\nContent-Length: 32\r\nConnection: close\r\n\r\n"
	                           "{\"error\":\"too many connections\"}";
	struct str whole = str_of(text, sizeof text - 1);

	if (!l->tls)
		sock_send(fd, &whole, 1);
	l->serve->refused++;
	sock_end(fd);
	sock_close(fd);
}

/* Whether one address (a /64 of IPv6) holds three quarters of all connections, so that it must not take the rest too.
 * Counted only when three quarters are in use at all. */
static bool
hogs(const struct serve *s, const struct addr *peer)
{
	u32 most = s->conns.count / 4 * 3, n = 0;
	u32 same = peer->family == ADDR_V4 ? 4 : 8;

	if (s->conns.used < most || addr_kind(peer) == ADDR_LOOPBACK)
		return false;
	LIST_EACH((struct link *)&s->live, l, next) {
		const struct conn *c = CONTAINER_OF(l, struct conn, live);

		n += c->family == peer->family && memcmp(c->ip, peer->ip, same) == 0;
	}
	return n >= most;
}

/* Places kept for the control socket are not for others. */
static bool
full(const struct serve *s, bool control)
{
	u32 kept = s->control_conns < CONTROL_CONNS ? CONTROL_CONNS - s->control_conns : 0;

	return s->conns.used + (control ? 0 : kept) >= s->conns.count;
}

/* Closes the connection that has waited longest for a request; its place is free in the next turn. */
static bool
drop_idle(struct serve *s)
{
	if (list_empty(&s->idle))
		return false;
	conn_drop(CONTAINER_OF(s->idle.next, struct conn, idle));
	return true;
}

/* The same for the contexts of TLS, of which there are far fewer: its context is free at once. */
static bool
drop_idle_tls(struct serve *s)
{
	LIST_EACH(&s->idle, l, next) {
		struct conn *c = CONTAINER_OF(l, struct conn, idle);

		if (!c->wire.tls)
			continue;
		conn_drop(c);
		return true;
	}
	return false;
}

static bool
may_control(const struct listener *l, int fd)
{
	u32 uid;

	return sock_peer_uid(fd, &uid) == 0 && (uid == 0 || uid == l->uid);
}

static void
take(struct listener *l, int fd, const struct addr *peer, msec now)
{
	struct serve *s = l->serve;
	struct conn *c = NULL;
	int err;

	if (l->control && !may_control(l, fd)) {
		if (serve_tells(s, now))
			log_warn("serve", "control socket: refused another user");
		sock_close(fd);
		return;
	}
	if (!full(s, l->control) && !hogs(s, peer))
		c = conn_open(s, fd, peer, now);
	if (!c) {
		turn_away(l, fd);
		return;
	}
	c->tls = l->tls;
	c->control = l->control;
	s->control_conns += l->control;
	err = l->tls ? wtls_accept(&c->wire) : 0;
	if (err == ERR_FULL && drop_idle_tls(s))
		err = wtls_accept(&c->wire);
	if (err)
		conn_drop(c); /* no context is free: nothing can be said before a handshake */
}

/* Takes as many as came the last times: one that finds nothing costs a system call. */
static void
run(struct ready *r, msec now)
{
	struct listener *l = CONTAINER_OF(r, struct listener, ready);
	struct serve *s = l->serve;
	struct addr peer;
	u32 n = 0;

	if (s->draining)
		return;
	if (l->timer.at != MSEC_NEVER) {
		if (now < l->timer.at)
			return;
		timer_set(&s->net->loop->timers, &l->timer, &l->ready, MSEC_NEVER);
		watch_want(s->net->loop, &l->watch, POLLIN);
	}
	l->watch.got = 0;
	for (; n < l->burst; n++) {
		int fd;

		if (full(s, l->control) && drop_idle(s))
			return;
		fd = sock_accept(l->watch.fd, &peer);
		if (fd < 0) {
			l->burst = max_u32(1, n);
			if (fd != ERR_MORE)
				pause_accept(l, now);
			return;
		}
		take(l, fd, &peer, now);
	}
	l->burst = min_u32(l->burst * 2, BURST_MAX);
}

int
serve_listen(struct serve *s, int fd, const struct addr *addr, bool tls, bool control)
{
	struct listener *l;

	ASSERT(s->conf);
	if (s->listeners == SERVE_LISTENERS)
		return ERR_FULL;
	l = &s->listener[s->listeners++];
	*l = (struct listener){ .serve = s, .addr = *addr, .burst = 1, .tls = tls, .control = control };
	l->timer.at = MSEC_NEVER;
	if (control && sock_peer_uid(fd, &l->uid)) /* of a listener: who opened it */
		l->uid = 0;
	ready_init(&l->ready, run);
	watch_add(s->net->loop, &l->watch, fd, POLLIN, &l->ready);
	return 0;
}

void
serve_drain(struct serve *s, msec now)
{
	s->draining = true;
	for (u32 i = 0; i < s->listeners; i++) {
		int fd = s->listener[i].watch.fd;

		watch_end(s->net->loop, &s->listener[i].watch);
		timer_end(&s->net->loop->timers, &s->listener[i].timer);
		sock_close(fd);
	}
	LIST_EACH(&s->live, l, next)
		loop_ready(s->net->loop, &CONTAINER_OF(l, struct conn, live)->ready);
}

u32
serve_live(const struct serve *s)
{
	u32 n = 0;

	LIST_EACH((struct link *)&s->live, l, next)
		n++;
	return n;
}

void
serve_cut(struct serve *s, bool (*which)(struct exchange *x), const char *text, msec now)
{
	const struct refusal no = { 503, "Retry-After: 60\r\n", text };

	LIST_EACH(&s->live, l, next) {
		struct conn *c = CONTAINER_OF(l, struct conn, live);
		bool call = c->x && c->route->methods & ROUTE_CALL;

		if (which && (!call || !which(c->x)))
			continue;
		if (c->state == CONN_RUN && call)
			conn_instead(c, &no, now);
		else if (c->state == CONN_STREAM || (c->state == CONN_SEND && call && !c->last))
			conn_drop(c);
	}
}
