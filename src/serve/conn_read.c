#include "serve/conn.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "http/hout.h"
#include "http/url.h"
#include "serve/host.h"

#include <poll.h>

#define READ_USUAL (16 * 1024) /* bytes read at once: a head, and most bodies with it */
#define READ_MOST (32 * 1024)  /* the same when that was not a whole head */
#define SKIP_MAX (64 * 1024)  /* bytes of a refused request's body that are read so that the connection can stay */
#define CHUNK_SLACK 2048      /* framing that may lie behind the payload while chunks are decoded in place */
#define SPARE_LARGE ((LEASE_64K + LEASE_256K) / 3) /* blocks above 16 KB kept from half requests, for answers */
#define OUT_MOST (8 * 1024)   /* answers collected for one send while a pipeline is worked off */

static_assert(READ_MOST > TARGET_MAX + HEAD_MAX + 16, "a head fits into one read");

static const struct refusal no_host = { 403, "", "this Host is not served here: see option allow_host" };
static const struct refusal no_origin = { 403, "", "this Origin is not allowed here: see option allow_origin" };
static const struct refusal no_path = { 400, "", "a path with dot segments or broken escapes is not served" };
static const struct refusal no_route = { 404, "", NULL };
static const struct refusal no_method = { 405, "", NULL }; /* Allow is added */
static const struct refusal no_such_method = { 501, "", NULL };
static const struct refusal no_length = { 411, "", "send Content-Length or Transfer-Encoding: chunked" };
static const struct refusal no_job = { 503, "Retry-After: 1\r\n", "busy: try again in a moment" };
static const struct refusal too_large = { 413, "", "request body too large" };
static const struct refusal too_late = { 408, "", "the request did not arrive in time" };

/* Whatever a parser can refuse with. */
static const struct refusal *
by_status(u16 status)
{
	static const struct refusal all[] = {
		{ 400, "", NULL }, { 414, "", NULL }, { 417, "", NULL },
		{ 431, "", NULL }, { 501, "", NULL }, { 505, "", NULL },
	};

	if (status == 413)
		return &too_large;
	for (u32 i = 0; i < ARRAY_N(all); i++)
		if (all[i].status == status)
			return &all[i];
	return &all[0];
}

static enum step
refuse_parse(struct conn *c, u16 status, const char *why, msec now)
{
	log_debug("serve", "refused=%u why=\"%s\"", (u32)status, why ? why : "");
	c->unread = true;
	return conn_refuse(c, by_status(status), false, now);
}

static void
log_host(struct serve *s, struct str host, msec now)
{
	u8 text[160];
	struct buf b = buf_over(text, sizeof text);

	if (!serve_tells(s, now))
		return;
	text_safe(&b, host, 100);
	log_warn("serve", "refused Host %S: if clients may use this name, add `list allow_host '%S'` to config server",
	    buf_str(&b), buf_str(&b));
}

/* Whether this Host may be served: what was allowed once, is, as long as the configuration stands. */
static bool
host_known(struct serve *s, const struct host_place *place, struct str host)
{
	if (s->host_n && str_same(host, str_of(s->host, s->host_n)))
		return true;
	if (!host_allowed(place, host))
		return false;
	s->host_n = host.n <= sizeof s->host ? (u8)host.n : 0;
	memcpy(s->host, host.p, s->host_n);
	return true;
}

/* cross: pages of any Origin may ask. */
static const struct refusal *
judge_place(struct conn *c, const struct req *req, bool cross, msec now)
{
	struct serve *s = c->serve;
	const struct addr *listen[SERVE_LISTENERS];
	struct host_place place = { .conf = s->conf, .listen = listen, .listens = s->listeners, .tls = c->tls };

	if (c->control)
		return NULL;
	for (u32 i = 0; i < s->listeners; i++)
		listen[i] = &s->listener[i].addr;
	if (!host_known(s, &place, req->authority)) {
		log_host(s, req->authority, now);
		return &no_host;
	}
	return cross || host_origin_allowed(&place, req) ? NULL : &no_origin;
}

/* Everything that can be said by the head alone; c->route is set when nothing is wrong. */
static const struct refusal *
judge(struct conn *c, const struct req *req, msec now)
{
	static const u8 bit[METHODS] = {
		[METHOD_GET] = ROUTE_GET, [METHOD_HEAD] = ROUTE_GET, [METHOD_POST] = ROUTE_POST,
		[METHOD_PUT] = ROUTE_PUT, [METHOD_PATCH] = ROUTE_PATCH, [METHOD_DELETE] = ROUTE_DELETE,
		[METHOD_OPTIONS] = ROUTE_OPTIONS,
	};
	const struct serve_conf *conf = c->serve->conf;
	const struct refusal *refuse;
	bool sends;

	c->route = route_recall(&c->serve->memo, conf->routes, conf->routes_n, bit[req->method], req->path,
	    &c->allow);
	refuse = judge_place(c, req, c->route && c->route->methods & ROUTE_CROSS, now);
	if (refuse)
		return refuse;
	if (req->method == METHOD_OTHER)
		return &no_such_method;
	if (!url_path_ok(req->path))
		return req->path.p[0] == '*' ? &no_route : &no_path;
	if (!c->route)
		return c->allow ? &no_method : &no_route;
	sends = req->method == METHOD_POST || req->method == METHOD_PUT || req->method == METHOD_PATCH;
	if (sends && c->route->body_max && req->framing == FRAMING_NONE)
		return &no_length;
	return NULL;
}

static void
parse_into(struct conn *c, struct req *req)
{
	req->fields.at = c->serve->field;
	req->fields.max = FIELDS_MAX;
	req->body_max = 0;
}

/* Gives the request to the app; it lies whole in wire.in. */
static enum step
begin(struct conn *c, const struct req *req, msec now)
{
	struct exchange *x = c->serve->ops->begin(c->serve->app, c);

	if (!x)
		return conn_refuse(c, &no_job, c->keep, now);
	x->conn = c;
	x->route = c->route;
	x->req = *req;
	x->body = str_cut(buf_str(&c->wire.in), c->head_n, c->head_n + c->body_n);
	x->begun = now;
	if (c->pours) {
		x->pour = c->body.framing == FRAMING_CHUNKED ? POUR_OPEN : req->body_n;
		c->front_n = c->body_n;
		c->whole_n = c->head_n; /* what is there of it is taken with the rest */
		c->in = (struct pace){ .since = now };
		c->fed = now;
	}
	c->x = x;
	c->stale = c->forgot = false;
	c->state = CONN_RUN;
	conn_deadline(c, MSEC_NEVER);
	return STEP_MORE;
}

/* The body is here (or dropped): on with the request. */
static enum step
arrived(struct conn *c, const struct req *req, msec now)
{
	const struct refusal *refuse = c->refuse;
	UNSET struct req again;

	if (refuse) {
		c->refuse = NULL;
		return conn_refuse(c, refuse, c->keep, now);
	}
	if (!req) {
		parse_into(c, &again);
		if (NEVER(head_parse(buf_str(&c->wire.in), &again) != (int)c->head_n)) {
			conn_drop(c);
			return STEP_DONE;
		}
		req = &again;
	}
	return begin(c, req, now);
}

static enum step
say_continue(struct conn *c)
{
	struct buf *b = wire_out(&c->wire, 64);

	if (b)
		BUF_LIT(b, "HTTP/1.1 100 Continue\r\n\r\n");
	return STEP_MORE;
}

/* A body that is too large to be gathered, n payload bytes of which are there, or will be at once: the handler takes it
 * as it comes. It is the last of this connection. */
static void
pour(struct conn *c, u32 n)
{
	c->pours = c->unread = true;
	c->keep = c->thirsty = false;
	c->body_n = n;
	c->whole_n = c->head_n + n;
	c->front_n = c->tail_n = 0;
}

/* The body, by the state: gathered for the route, or skipped. */
static enum step
await_body(struct conn *c, const struct req *req, msec now)
{
	bool skip = c->refuse || c->route->body_max == 0;
	u32 room = SCRATCH_N - c->head_n - (req->framing == FRAMING_CHUNKED ? CHUNK_SLACK : 0);
	bool large = !skip && c->route->body_max == UPLOAD_MAX;
	u64 most = skip ? SKIP_MAX : min_u32(large ? RPC_BODY_MAX : c->route->body_max, room);

	c->whole_n = c->head_n;
	c->body_n = 0;
	c->pours = false;
	body_init(&c->body, req->framing, req->body_n, large ? UPLOAD_MAX : most);
	c->body.chunks_max = large ? 0 : CHUNKS_MAX;
	if (c->body.done)
		return arrived(c, req, now);
	if (req->framing == FRAMING_LENGTH && req->body_n > (large ? UPLOAD_MAX : most)) {
		c->unread = true;
		return conn_refuse(c, c->refuse ? c->refuse : &too_large, false, now);
	}
	if (c->refuse && req->expect_continue) {
		c->unread = true; /* nobody knows whether it sends the body after a refusal */
		return conn_refuse(c, c->refuse, false, now);
	}
	c->state = skip ? CONN_SKIP : CONN_BODY;
	if (req->framing == FRAMING_LENGTH && !skip) {
		if (req->body_n > most)
			pour(c, UPLOAD_FRONT);
		else
			c->whole_n += c->body_n = (u32)req->body_n;
		if (buf_len(&c->wire.in) >= c->whole_n)
			return arrived(c, req, now);
	}
	c->pieces = true;
	c->in = (struct pace){ .since = now };
	if (req->expect_continue && buf_len(&c->wire.in) == c->head_n)
		return say_continue(c);
	return STEP_MORE;
}

static enum step
take_head(struct conn *c, msec now)
{
	struct serve *s = c->serve;
	UNSET struct req req;
	int used;

	parse_into(c, &req);
	used = head_parse(buf_str(&c->wire.in), &req);
	if (used == ERR_MORE) {
		c->starved = c->pieces = true;
		if (!c->begun)
			conn_deadline(c, now + s->conf->head_ms);
		c->begun = true;
		return STEP_MORE;
	}
	list_out(&c->idle);
	c->minor = req.minor;
	c->head_only = req.method == METHOD_HEAD;
	c->whole_n = 0;
	if (used < 0)
		return refuse_parse(c, req.status, req.why, now);
	s->requests++;
	c->head_n = (u32)used;
	c->keep = req.keep_alive;
	c->allow = 0;
	c->refuse = judge(c, &req, now);
	return await_body(c, &req, now);
}

/* A line end that some clients send behind a body: nothing anybody waits for an answer to. */
static bool
only_crlf(struct str in)
{
	return in.n <= 2 && str_starts(STR("\r\n"), in);
}

/* Nothing to parse, nothing to read. */
static enum step
rest(struct conn *c, msec now)
{
	bool empty = buf_len(&c->wire.in) == 0;

	if (only_crlf(buf_str(&c->wire.in)) && (now >= c->timer.at || c->serve->draining)) {
		conn_drop(c);
		return STEP_DONE;
	}
	if (now >= c->timer.at) {
		c->unread = true;
		return conn_refuse(c, &too_late, false, now);
	}
	wire_want(&c->wire, POLLIN);
	if (empty && !list_linked(&c->idle))
		list_last(&c->serve->idle, &c->idle);
	return STEP_WAIT;
}

/* Reads at most so much that it can be kept, should the rest be long in coming: the block it lies in now, or one that
 * answers can do without. Else peers that send half a request each would stop everybody's answers. */
static int
read_some(struct conn *c, u32 most)
{
	const struct wire *w = &c->wire;
	u32 room = lease_room_beside(&c->serve->net->lease, SPARE_LARGE);

	if (w->in.p && c->serve->net->in_by != w)
		room = max_u32(room, w->in.cap);
	return room ? wire_fill(&c->wire, min_u32(most, room)) : ERR_FULL;
}

/* Reads once. > 0; 0 nothing now; else the connection is over. */
static int
fill(struct conn *c, u32 most, msec now)
{
	int n = wire_readable(&c->wire) ? read_some(c, most) : ERR_MORE;

	if (n == ERR_FULL && !c->wire.err) {
		conn_relieve(c->serve, now);
		n = c->state == CONN_DEAD ? ERR_IO : read_some(c, most); /* it may have been this one */
	}
	if (n > 0)
		c->in.moved += (u32)n;
	if (n > 0 || n == ERR_MORE)
		return n > 0 ? n : 0;
	if (n == ERR_FULL && !c->wire.err) {
		c->unread = true;
		conn_refuse(c, &no_job, false, now);
	} else {
		conn_drop(c);
	}
	return ERR_IO;
}

enum step
conn_head(struct conn *c, msec now)
{
	int n;

	if (buf_len(&c->wire.in) && !c->starved && wire_unsent(&c->wire) < OUT_MOST && !c->wire.views)
		return take_head(c, now);
	if (wire_unsent(&c->wire)) {
		n = conn_flush(c, now);
		return n == 0 ? STEP_MORE : STEP_WAIT;
	}
	n = fill(c, c->starved ? READ_MOST : READ_USUAL, now);
	if (n == 0)
		return rest(c, now);
	if (n < 0)
		return c->state == CONN_DEAD ? STEP_DONE : STEP_MORE;
	if (c->fresh)
		c->fresh = c->begun = false; /* the first byte is here: the clock of the head begins */
	c->starved = false;
	return STEP_MORE;
}

/* Waits for more of a body, unless the peer is too slow. */
static enum step
rest_body(struct conn *c, msec now)
{
	if (wire_unsent(&c->wire) && conn_flush(c, now))
		return STEP_WAIT; /* the 100 Continue, or answers before this request */
	if (conn_slow(c, &c->in, c->serve->conf->body_ms, now)) {
		c->unread = true;
		c->refuse = NULL;
		return conn_refuse(c, &too_late, false, now);
	}
	wire_want(&c->wire, POLLIN);
	return STEP_WAIT;
}

/* Decodes chunks in place: payload moves together behind the head. -1: refused. */
static int
unchunk(struct conn *c, msec now)
{
	struct buf *in = &c->wire.in;
	u8 *raw = in->p + in->r + c->whole_n;
	u32 left = buf_len(in) - c->whole_n, payload;
	int used = body_pack(&c->body, raw, left, &payload);

	if (used < 0) {
		refuse_parse(c, c->body.status, c->body.why, now);
		return -1;
	}
	c->body_n += payload;
	if (c->body.done) {
		c->whole_n += (u32)used; /* a gap between the payload and the next request is harmless */
		return 0;
	}
	memmove(raw + payload, raw + used, left - (u32)used);
	in->w -= (u32)used - payload;
	c->whole_n += payload;
	return 0;
}

enum step
conn_body(struct conn *c, msec now)
{
	u32 most = SCRATCH_N;
	int n;

	if (c->body.framing == FRAMING_CHUNKED) {
		if (unchunk(c, now))
			return c->state == CONN_DEAD ? STEP_DONE : STEP_MORE;
		if (c->route->body_max == UPLOAD_MAX && (c->body_n > RPC_BODY_MAX ||
		    (!c->body.done && buf_len(&c->wire.in) + CHUNK_SLACK > SCRATCH_N)))
			pour(c, c->body_n);
		if (c->body.done || c->pours)
			return arrived(c, NULL, now);
		most = min_u32(SCRATCH_N, buf_len(&c->wire.in) + READ_MOST);
	} else {
		if (buf_len(&c->wire.in) >= c->whole_n)
			return arrived(c, NULL, now);
		most = c->whole_n;
	}
	n = fill(c, most, now);
	if (n == 0)
		return rest_body(c, now);
	return c->state == CONN_DEAD ? STEP_DONE : STEP_MORE;
}

/* The head stays in front, for the handler of a route without body; what follows is dropped as it comes. */
enum step
conn_skip(struct conn *c, msec now)
{
	struct buf *in = &c->wire.in;
	u8 *raw = in->p + in->r + c->head_n;
	u32 left = buf_len(in) - c->head_n, payload;
	int n = body_pack(&c->body, raw, left, &payload);

	if (n < 0 && c->refuse && c->body.status == 413) {
		c->unread = true;
		return conn_refuse(c, c->refuse, false, now);
	}
	if (n < 0)
		return refuse_parse(c, c->body.status, c->body.why, now);
	memmove(raw, raw + n, left - (u32)n);
	in->w -= (u32)n;
	if (c->body.done)
		return arrived(c, NULL, now);
	n = fill(c, buf_len(in) + READ_MOST, now);
	if (n == 0)
		return rest_body(c, now);
	return c->state == CONN_DEAD ? STEP_DONE : STEP_MORE;
}
