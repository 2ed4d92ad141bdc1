#include "serve/exchange.h"

#include "base/limits.h"
#include "base/map.h"
#include "http/url.h"
#include "serve/conn.h"

#include <poll.h>

#define POUR_MOST (48 * 1024) /* bytes of a body that are passed on at once */

struct ready *
exchange_ready(struct exchange *x)
{
	return &x->conn->ready;
}

struct arena *
exchange_arena(struct exchange *x)
{
	return exchange_arena_n(x, 0);
}

struct arena *
exchange_arena_n(struct exchange *x, u32 n)
{
	struct lease *l = &x->conn->serve->net->lease;

	n = max_u32(n, 4096);
	if (x->block.p && (x->arena.used || x->arena.cap >= n))
		return &x->arena;
	lease_give(l, &x->block);
	x->block = lease_take(l, n);
	x->arena = arena_over(x->block.p, x->block.p ? x->block.cap : 0);
	return &x->arena;
}

void
exchange_wake(struct exchange *x, msec at)
{
	x->wake = at;
	conn_deadline(x->conn, at);
}

struct buf
exchange_part(struct exchange *x)
{
	struct buf block = x->block;

	x->block = (struct buf){ 0 };
	x->arena = (struct arena){ 0 };
	return block;
}

const struct addr *
exchange_peer(const struct exchange *x)
{
	const struct conn *c = x->conn;
	struct addr *peer = &c->serve->peer;

	*peer = (struct addr){ .family = c->family, .port = c->port };
	memcpy(peer->ip, c->ip, sizeof c->ip);
	return peer;
}

static bool
is_proxy(const struct serve_conf *c, const struct addr *a)
{
	for (u32 i = 0; i < c->proxies_n; i++)
		if (addr_in(&c->proxies[i], a))
			return true;
	return false;
}

/* Whom the proxies tell of: each puts the peer it sees behind what came, so the right end is what ours wrote. */
static bool
told(const struct exchange *x, const struct serve_conf *c, struct addr *a)
{
	const struct fields *f = &x->req.fields;
	const struct field *next, *last = NULL;
	struct str rest, host;
	bool any = false;
	u32 i = 0, port;

	while (f->first[FIELD_X_FORWARDED_FOR] && (next = field_next(f, FIELD_X_FORWARDED_FOR, &i)))
		last = next;
	rest = last ? last->value : STR("");
	while (rest.n) {
		struct addr one;
		u32 at = rest.n;

		while (at && rest.p[at - 1] != ',')
			at--;
		host = str_trim(str_cut(rest, at, rest.n));
		if (addr_read_ip(&one, host) && (url_authority(host, &host, &port) || addr_read_ip(&one, host)))
			return any;
		*a = one;
		any = true;
		if (!is_proxy(c, &one))
			return true;
		rest.n = at ? at - 1 : 0;
	}
	return any;
}

u64
exchange_from(const struct exchange *x)
{
	const struct serve_conf *c = x->conn->serve->conf;
	const struct addr *peer = exchange_peer(x);
	struct addr other;

	if (c->proxies_n && is_proxy(c, peer) && told(x, c, &other))
		peer = &other;
	if (peer->family == ADDR_UNIX || addr_kind(peer) == ADDR_LOOPBACK)
		return 0;
	return map_hash(str_of(peer->ip, peer->family == ADDR_V4 ? 4 : 8), peer->family);
}

bool
exchange_control(const struct exchange *x)
{
	return x->conn->control;
}

bool
exchange_tls(const struct exchange *x)
{
	return x->conn->tls;
}

/* The request may lie elsewhere than in the last run: its views are made anew. */
static void
refresh(struct conn *c)
{
	struct exchange *x = c->x;
	struct str in = buf_str(&c->wire.in);

	x->req.fields.at = c->serve->field;
	x->req.fields.max = FIELDS_MAX;
	x->req.body_max = 0;
	ASSERT(head_parse(in, &x->req) == (int)c->head_n);
	x->body = str_cut(in, c->head_n, c->head_n + c->body_n);
	c->stale = false;
}

void
exchange_forget(struct exchange *x)
{
	struct conn *c = x->conn;

	if (c->forgot)
		return;
	c->forgot = true;
	conn_eat(c);
	x->body = STR_NONE;
	x->req.fields.n = 0;
	memset(x->req.fields.first, 0, sizeof x->req.fields.first);
	x->req.path = x->req.query = x->req.target = x->req.authority = x->req.method_name = STR_NONE;
}

/* Reads more of a body that is poured: > 0; 0 nothing now. */
static int
pour_more(struct conn *c, msec now)
{
	int n = wire_readable(&c->wire) ? wire_fill(&c->wire, POUR_MOST) : ERR_MORE;
	bool was = c->thirsty;

	c->thirsty = n == ERR_MORE;
	if (c->thirsty && !was)
		c->in.since += now - c->fed; /* so long it was not the peer who was waited for */
	c->fed = now;
	if (n == ERR_MORE)
		return conn_slow(c, &c->in, c->serve->conf->body_ms, now) ? ERR_LATE : 0;
	if (n <= 0)
		return ERR_IO;
	c->in.moved += (u32)n;
	return n;
}

/* The next payload of a chunked body. What was decoded while it was gathered stands in front. */
static int
pour_chunk(struct exchange *x, struct str *part, msec now)
{
	struct conn *c = x->conn;
	struct str in;
	int n;

	c->tail_n = 0;
	if (c->front_n) {
		*part = str_cut(buf_str(&c->wire.in), 0, min_u32(c->front_n, POUR_MOST));
		return (int)part->n;
	}
	while (!c->body.done) {
		in = buf_str(&c->wire.in);
		n = body_take(&c->body, in, part);
		if (n == ERR_MORE && (n = pour_more(c, now)) <= 0)
			return n;
		else if (n == ERR_BAD)
			return c->body.status == 413 ? ERR_FULL : ERR_BAD;
		if (buf_len(&c->wire.in) != in.n)
			continue; /* there is more now */
		if (part->n) {
			u32 lead = (u32)(part->p - in.p);

			c->tail_n = (u32)n - lead - part->n;
			buf_eat(&c->wire.in, lead);
			return (int)part->n;
		}
		buf_eat(&c->wire.in, (u32)n);
	}
	x->pour = 0;
	return 0;
}

int
exchange_pour(struct exchange *x, struct str *part, msec now)
{
	struct conn *c = x->conn;
	struct str in;
	int n;

	ASSERT(c->forgot);
	if (x->pour == POUR_OPEN)
		return pour_chunk(x, part, now);
	if (!x->pour)
		return 0;
	if (!buf_len(&c->wire.in) && (n = pour_more(c, now)) <= 0)
		return n;
	in = str_cut(buf_str(&c->wire.in), 0, POUR_MOST);
	*part = str_cut(in, 0, x->pour < in.n ? (u32)x->pour : in.n);
	return (int)part->n;
}

void
exchange_poured(struct exchange *x, struct str part)
{
	struct conn *c = x->conn;

	buf_eat(&c->wire.in, part.n + c->tail_n);
	c->front_n -= min_u32(c->front_n, part.n);
	c->tail_n = 0;
	if (x->pour != POUR_OPEN)
		x->pour -= part.n;
}

enum step
conn_run(struct conn *c, msec now)
{
	struct exchange *x = c->x;
	enum step s;

	if (conn_left(c)) {
		conn_drop(c);
		return STEP_DONE;
	}
	if (c->stale && !c->forgot)
		refresh(c);
	s = c->serve->ops->step(x, now);
	c->stale = true;
	switch (s) {
	case STEP_DONE:
		return conn_reply(c, now);
	case STEP_FAIL:
		conn_unstream(c);
		x->reply = (struct reply){ 0 };
		reply_error(x, 500, NULL);
		return conn_reply(c, now);
	case STEP_MORE:
		return conn_yield(c);
	case STEP_WAIT:
		if (wire_unsent(&c->wire)) /* answers before this one in a pipeline, or a 100 Continue */
			conn_flush(c, now);
		if (c->state == CONN_RUN)
			wire_want(&c->wire, c->thirsty ? POLLIN : POLLRDHUP);
		break;
	}
	return s;
}
