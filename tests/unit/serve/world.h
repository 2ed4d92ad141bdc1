/* world: one worker's server with a small app, in this process: real loop and sockets on loopback, time as an argument.
 * Included by the tests of serve/, each of which is one program; unused parts are fine. */
#ifndef TESTS_SERVE_WORLD_H
#define TESTS_SERVE_WORLD_H

#include "serve/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WORLD_JOBS 4
#define BIG_N (3 * 1024 * 1024)

/* A pulled body of `left` letters in pieces of `piece`; waits when it may not go on. */
struct letters {
	struct pull pull;
	u32 left, piece, fills;
	bool wait, broken, closed;
};

struct job {
	struct exchange x;
	struct letters letters;
	bool taken, waiting;
};

struct world {
	struct arena arena;
	struct loop loop;
	struct net net;
	struct serve serve;
	struct serve_conf conf;
	struct addr addr;
	msec now;
	struct job job[WORLD_JOBS];
	struct letters stream;
	struct ready *stream_ready;
	u32 begun, cancelled, ended, steps;
	bool go; /* GET /wait may answer */
	u8 *big;
};

static struct world W;

static int
letters_fill(struct pull *p, struct buf *out, msec now)
{
	struct letters *l = CONTAINER_OF(p, struct letters, pull);
	u32 n = min_u32(min_u32(l->left, l->piece), buf_room(out));

	l->fills++;
	if (l->broken && l->fills > 1)
		return ERR_IO;
	if (l->wait)
		return ERR_MORE;
	memset(out->p + out->w, 'a' + (int)(l->fills % 26), n);
	out->w += n;
	l->left -= n;
	return l->left ? (int)n : 0;
}

static void
letters_close(struct pull *p)
{
	CONTAINER_OF(p, struct letters, pull)->closed = true;
}

static struct letters
letters_of(u32 n, u32 piece)
{
	return (struct letters){ .pull = { letters_fill, letters_close }, .left = n, .piece = piece };
}

static struct job *
job_of(struct exchange *x)
{
	return CONTAINER_OF(x, struct job, x);
}

static enum step
run_echo(struct exchange *x, msec now)
{
	struct arena *a = exchange_arena_n(x, 60000);
	struct buf b = buf_over(arena_bytes(a, 60000), 60000);

	if (!b.p)
		return reply_error(x, 503, "memory");
	buf_fmt(&b, "%S %u ", x->req.path, x->body.n);
	buf_put(&b, str_cut(x->body, 0, 50000));
	return reply_bytes(x, 200, "text/plain", buf_str(&b));
}

static enum step
run_json(struct exchange *x, msec now)
{
	return reply_bytes(x, 200, "application/json", STR("{}"));
}

static enum step
run_wait(struct exchange *x, msec now)
{
	struct buf b;

	job_of(x)->waiting = !W.go;
	if (!W.go)
		return STEP_WAIT;
	b = buf_over(arena_bytes(exchange_arena(x), 2000), 2000);
	buf_fmt(&b, "%S %S %S", x->req.path, field_get(&x->req.fields, FIELD_HOST), str_cut(x->body, 0, 100));
	return reply_bytes(x, 200, "text/plain", buf_str(&b));
}

/* The same, but the request is given up before the wait. */
static enum step
run_forget(struct exchange *x, msec now)
{
	job_of(x)->waiting = !W.go;
	if (!W.go) {
		exchange_forget(x);
		exchange_forget(x);
		return STEP_WAIT;
	}
	ASSERT(x->body.n == 0 && !x->req.path.p && !field_get(&x->req.fields, FIELD_HOST).p);
	return reply_bytes(x, 200, "text/plain", STR("forgotten"));
}

static enum step
run_big(struct exchange *x, msec now)
{
	struct str views[3] = { { W.big, 1000 }, { W.big + 1000, BIG_N - 2000 }, { W.big + BIG_N - 1000, 1000 } };

	return reply_views(x, 200, "application/octet-stream", views, 3);
}

/* /pull/N/PIECE */
static enum step
run_pull(struct exchange *x, msec now)
{
	u64 n = 0, piece = 0;

	str_u64(route_param(x->route, x->req.path, 0), &n);
	str_u64(route_param(x->route, x->req.path, 1), &piece);
	job_of(x)->letters = letters_of((u32)n, (u32)piece);
	job_of(x)->letters.broken = str_starts(x->req.query, STR("broken"));
	job_of(x)->letters.wait = str_starts(x->req.query, STR("wait"));
	return reply_pull(x, 200, "application/json", &job_of(x)->letters.pull);
}

static enum step
run_stream(struct exchange *x, msec now)
{
	W.stream = letters_of(1 << 30, 10);
	W.stream.wait = true;
	W.stream_ready = reply_stream(x, "text/event-stream", &W.stream.pull);
	return W.stream_ready ? STEP_DONE : reply_error(x, 503, "no more streams");
}

static enum step
run_fields(struct exchange *x, msec now)
{
	reply_field(x, "WWW-Authenticate", STR("Bearer"));
	reply_field(x, "X-Second", STR("2"));
	return reply_error(x, 401, "a \"quoted\" text");
}

static enum step
run_empty(struct exchange *x, msec now)
{
	return reply_empty(x, str_is(x->req.query, "204") ? 204 : 202);
}

static enum step
run_fail(struct exchange *x, msec now)
{
	return STEP_FAIL;
}

static enum step
run_slices(struct exchange *x, msec now)
{
	if (x->at++ < 100)
		return STEP_MORE;
	return reply_bytes(x, 200, "text/plain", x->body);
}

static const struct route world_routes[] = {
	{ ROUTE_POST | ROUTE_GET, 0, 256 * 1024, "/mcp", run_echo },
	{ ROUTE_GET, 0, 0, "/json", run_json },
	{ ROUTE_GET | ROUTE_POST | ROUTE_CALL, 0, 1000, "/wait", run_wait },
	{ ROUTE_GET | ROUTE_POST, 0, 1000, "/forget", run_forget },
	{ ROUTE_GET, 0, 0, "/big", run_big },
	{ ROUTE_GET, 0, 0, "/pull/:n/:piece", run_pull },
	{ ROUTE_GET, 0, 0, "/stream", run_stream },
	{ ROUTE_GET, 0, 0, "/fields", run_fields },
	{ ROUTE_GET, 0, 0, "/empty", run_empty },
	{ ROUTE_GET, 0, 0, "/fail", run_fail },
	{ ROUTE_POST, 0, 100, "/small", run_echo },
	{ ROUTE_POST, 0, 100, "/slices", run_slices },
	{ ROUTE_DELETE | ROUTE_PUT, 0, 0, "/small", run_json },
};

static struct exchange *
world_begin(void *app, struct conn *c)
{
	for (u32 i = 0; i < WORLD_JOBS; i++)
		if (!W.job[i].taken) {
			memset(&W.job[i], 0, sizeof W.job[i]);
			W.job[i].taken = true;
			W.begun++;
			return &W.job[i].x;
		}
	return NULL;
}

static enum step
world_step(struct exchange *x, msec now)
{
	W.steps++;
	return x->route->run(x, now);
}

static void
world_cancel(struct exchange *x)
{
	assert_true(x->gone);
	W.cancelled++;
}

static void
world_end(struct exchange *x)
{
	assert_true(job_of(x)->taken);
	memset(job_of(x), 0xa5, sizeof(struct job));
	job_of(x)->taken = false;
	W.ended++;
}

static const struct serve_ops world_ops = { world_begin, world_step, world_cancel, world_end };
static const struct str world_hosts[] = { { (const u8 *)"box.example", 11 }, { (const u8 *)"a.b:81", 6 } };
static const struct str world_origins[] = { { (const u8 *)"https://box.example", 19 } };

static void
world_open(u16 port)
{
	size_t n = 64 << 20;
	u8 *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	assert_true(p != MAP_FAILED);
	memset(&W, 0, sizeof W);
	W.arena = arena_over(p, n);
	W.now = 1000000;
	assert_int_equal(loop_init(&W.loop, &W.arena, serve_watches(), serve_timers()), 0);
	assert_int_equal(net_init(&W.net, &W.arena, &W.loop), 0);
	assert_int_equal(serve_init(&W.serve, &W.arena, &W.net, &world_ops, &W), 0);
	W.big = arena_bytes(&W.arena, BIG_N);
	for (u32 i = 0; i < BIG_N; i++)
		W.big[i] = (u8)('A' + i % 23);
	W.conf = (struct serve_conf){ .hosts = world_hosts, .hosts_n = 2, .origins = world_origins, .origins_n = 1,
		.idle_ms = 75000, .head_ms = 10000, .body_ms = 5000, .write_ms = 30000,
		.routes = world_routes, .routes_n = ARRAY_N(world_routes) };
	serve_conf(&W.serve, &W.conf);
	W.addr = (struct addr){ .family = ADDR_V4, .port = port, .ip = { 127, 0, 0, 1 } };
	fd = sock_listen(&W.addr);
	assert_true(fd >= 0);
	assert_int_equal(sock_local(fd, &W.addr), 0);
	assert_int_equal(serve_listen(&W.serve, fd, &W.addr, false, false), 0);
}

#endif
