/* The server in this process, time as the test says: replies of every kind, refusals, deadlines, leaving peers. */
#include "world.h"

#include <netinet/tcp.h>

/* One turn at W.now, not waiting longer than wait_ms of real time. */
static void
turn(u32 wait_ms)
{
	loop_wait(&W.loop, W.now, W.now + wait_ms);
	loop_io(&W.loop, W.now);
	loop_timers(&W.loop, W.now);
	loop_steps(&W.loop, W.now);
	loop_reaps(&W.loop);
}

static char heard[8 * 1024 * 1024];
static u32 heard_n;

/* A connection whose kernel takes about `window` bytes that nobody reads; 0: the usual megabytes. */
static int
client_of(int window)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(W.addr.port) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (window)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int
client(void)
{
	return client_of(0);
}

static void
turns(u32 n)
{
	while (n--)
		turn(0);
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	turns(3);
}

/* Reads what is there, turning until nothing comes any more. False once the server has closed. */
static bool
hear(int fd)
{
	u32 quiet = 0;

	heard_n = 0;
	while (quiet < 3) {
		ssize_t n = recv(fd, heard + heard_n, sizeof heard - 1 - heard_n, 0);

		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			heard[heard_n] = 0;
			return false;
		}
		quiet = n > 0 ? 0 : quiet + 1;
		heard_n += n > 0 ? (u32)n : 0;
		turn(n > 0 ? 0 : 1);
	}
	heard[heard_n] = 0;
	return true;
}

static void
assert_heard(const char *text)
{
	if (!strstr(heard, text))
		fail_msg("wanted: %s\nheard: %.600s", text, heard);
}

static u32
count_heard(const char *text)
{
	u32 n = 0;

	for (const char *p = heard; (p = strstr(p, text)); p += strlen(text))
		n++;
	return n;
}

/* One request on a connection of its own. */
static bool
ask(const char *text)
{
	int fd = client();
	bool open;

	say(fd, text);
	open = hear(fd);
	close(fd);
	turns(3);
	return open;
}

static const char *
body(void)
{
	const char *p = strstr(heard, "\r\n\r\n");

	assert_non_null(p);
	return p + 4;
}

static u32
leased(void)
{
	u32 n = 0;

	for (u32 i = 0; i < LEASE_CLASSES; i++)
		n += W.net.lease.pool[i].used;
	return n;
}

/* What every test must leave behind: no connection, no job, no block, no stream. */
static int
check_empty(void **state)
{
	W.now += 200000;
	turns(4);
	assert_int_equal(serve_live(&W.serve), 0);
	assert_int_equal(W.serve.conns.used, 0);
	assert_int_equal(W.begun, W.ended);
	assert_int_equal(W.serve.streams, 0);
	assert_int_equal(leased(), 0);
	assert_null(W.net.in_by);
	assert_null(W.net.out_by);
	W.go = false;
	W.cancelled = 0;
	return 0;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: box.example\r\n\r\n"
#define GET_BEGINS "GET /json HTTP/1.1\r\nHost: box.example\r\nX: "
#define POST_BEGINS "POST /mcp HTTP/1.1\r\nHost: box.example\r\nContent-Length: 200000\r\n\r\n"
#define HEAD(path) "HEAD " path " HTTP/1.1\r\nHost: box.example\r\n\r\n"

/* --- requests ---------------------------------------------------------------------------------------- */

static void
test_keep_alive(void **state)
{
	int fd = client();

	for (u32 i = 0; i < 5; i++) {
		say(fd, GET("/json"));
		assert_true(hear(fd));
		assert_string_equal(heard, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		                           "Content-Length: 2\r\n\r\n{}");
		assert_int_equal(leased(), 0);
	}
	assert_int_equal(serve_live(&W.serve), 1);
	close(fd);
}

/* Answers must not wait for more of them (Nagle): the listener hands that on to what it accepts. */
static void
test_no_delay(void **state)
{
	int fd = client(), on = 0;
	socklen_t n = sizeof on;
	struct conn *c;

	turns(2);
	c = CONTAINER_OF(W.serve.live.next, struct conn, live);
	assert_int_equal(getsockopt(c->wire.watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
	assert_int_equal(on != 0, 1);
	close(fd);
}

static void
test_pipeline(void **state)
{
	int fd = client();

	say(fd, GET("/json") GET("/json")
	    "POST /mcp HTTP/1.1\r\nHost: box.example\r\nContent-Length: 3\r\n\r\nabc" GET("/json"));
	assert_true(hear(fd));
	assert_int_equal(count_heard("HTTP/1.1 200 OK"), 4);
	assert_heard("/mcp 3 abcHTTP/1.1");
	close(fd);
}

static void
test_head_has_no_body(void **state)
{
	int fd = client();

	say(fd, HEAD("/json") HEAD("/big"));
	say(fd, HEAD("/pull/5/1") HEAD("/none") GET("/json"));
	assert_true(hear(fd));
	assert_int_equal(count_heard("HTTP/1.1 "), 5);
	assert_heard("Content-Length: 2\r\n\r\nHTTP/1.1");
	assert_heard("Content-Length: 3145728\r\n\r\nHTTP/1.1");
	assert_heard("404 Not Found");
	assert_string_equal(heard + heard_n - 2, "{}");
	close(fd);
}

static void
test_head_of_stream(void **state)
{
	assert_true(ask(HEAD("/stream")));
	assert_heard("200 OK");
	assert_true(W.stream.closed);
}

static void
test_bodies_arrive_in_pieces(void **state)
{
	int fd = client();

	say(fd, "POST /mcp HTTP/1.1\r\nHost: box.example\r\nContent-Length: 6\r\n\r\nab");
	say(fd, "cd");
	say(fd, "ef" GET("/json"));
	assert_true(hear(fd));
	assert_heard("/mcp 6 abcdefHTTP/1.1 200");
	say(fd, "POST /mcp HTTP/1.1\r\nHost: box.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
	say(fd, "c\r\n3;x=y\r\ndef\r\n0\r");
	say(fd, "\nTrailer-A: b\r\n\r\n" GET("/json"));
	assert_true(hear(fd));
	assert_heard("/mcp 6 abcdefHTTP/1.1 200");
	close(fd);
}

static void
test_large_body(void **state)
{
	static char text[300 * 1024];
	u32 n = (u32)snprintf(text, sizeof text,
	    "POST /mcp HTTP/1.1\r\nHost: box.example\r\nContent-Length: 262144\r\n\r\n");
	int fd = client();

	for (u32 i = 0; i < 262144; i++)
		text[n + i] = (char)('a' + i % 26);
	for (u32 at = 0; at < n + 262144;) {
		ssize_t sent = send(fd, text + at, min_u32(60000, n + 262144 - at), MSG_NOSIGNAL);

		at += sent > 0 ? (u32)sent : 0;
		turns(2);
	}
	assert_true(hear(fd));
	assert_heard("/mcp 262144 abcdefghijklm");
	close(fd);
}

static void
test_expect_continue(void **state)
{
	int fd = client();

	say(fd, "POST /mcp HTTP/1.1\r\nHost: box.example\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	assert_true(hear(fd));
	assert_string_equal(heard, "HTTP/1.1 100 Continue\r\n\r\n");
	say(fd, "ok");
	assert_true(hear(fd));
	assert_heard("HTTP/1.1 200 OK");
	assert_heard("/mcp 2 ok");
	/* the body is there already: no interim answer; and none for a refusal, which closes */
	say(fd, "POST /mcp HTTP/1.1\r\nHost: box.example\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok");
	assert_true(hear(fd));
	assert_int_equal(count_heard("100 Continue"), 0);
	say(fd, "POST /none HTTP/1.1\r\nHost: box.example\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	assert_false(hear(fd));
	assert_heard("HTTP/1.1 404");
	assert_heard("Connection: close");
	close(fd);
}

static void
test_unwanted_bodies_are_skipped(void **state)
{
	int fd = client();

	say(fd, "GET /json HTTP/1.1\r\nHost: box.example\r\nContent-Length: 5\r\n\r\nab");
	say(fd, "cdePOST /none HTTP/1.1\r\nHost: box.example\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
	say(fd, "0\r\n\r\n" GET("/json"));
	assert_true(hear(fd));
	assert_int_equal(count_heard("HTTP/1.1 200 OK"), 2);
	assert_int_equal(count_heard("HTTP/1.1 404"), 1);
	say(fd, "DELETE /small HTTP/1.1\r\nHost: box.example\r\nContent-Length: 70000\r\n\r\nab");
	assert_false(hear(fd));
	assert_heard("413 Content Too Large");
	close(fd);
}

static void
test_refusals(void **state)
{
	assert_true(ask(GET("/none")));
	assert_heard("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n");
	assert_heard("{\"error\":\"Not Found\"}");
	assert_true(ask("DELETE /mcp HTTP/1.1\r\nHost: box.example\r\n\r\n"));
	assert_heard("HTTP/1.1 405 Method Not Allowed\r\n");
	assert_heard("Allow: GET, HEAD, POST\r\n");
	assert_true(ask("PATCH /small HTTP/1.1\r\nHost: box.example\r\n\r\n"));
	assert_heard("Allow: POST, DELETE, PUT\r\n");
	assert_true(ask("TRACE /mcp HTTP/1.1\r\nHost: box.example\r\n\r\n"));
	assert_heard("405");
	assert_true(ask("BREW /mcp HTTP/1.1\r\nHost: box.example\r\n\r\n"));
	assert_heard("501");
	assert_true(ask("POST /mcp HTTP/1.1\r\nHost: box.example\r\n\r\n"));
	assert_heard("411");
	assert_true(ask(GET("/a/../json")));
	assert_heard("400");
	assert_true(ask(GET("/%2e%2E/json")));
	assert_heard("400");
	assert_true(ask("OPTIONS * HTTP/1.1\r\nHost: box.example\r\n\r\n"));
	assert_heard("404");
	assert_false(ask("GET /json HTTP/1.1\r\nHost : box.example\r\n\r\n"));
	assert_heard("400 Bad Request");
	assert_heard("Connection: close");
	assert_false(ask("GET /json HTTP/2.0\r\nHost: box.example\r\n\r\n"));
	assert_heard("505");
}

static void
test_too_large(void **state)
{
	assert_false(ask("POST /small HTTP/1.1\r\nHost: box.example\r\nContent-Length: 101\r\n\r\n"));
	assert_heard("413 Content Too Large");
	assert_false(ask("POST /mcp HTTP/1.1\r\nHost: box.example\r\nContent-Length: 9000000000000000000\r\n\r\n"));
	assert_heard("413");
	assert_false(ask("POST /small HTTP/1.1\r\nHost: box.example\r\nTransfer-Encoding: chunked\r\n\r\n"
	                 "40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n40\r\n"));
	assert_heard("413");
	assert_true(ask("POST /small HTTP/1.1\r\nHost: box.example\r\nContent-Length: 4\r\n\r\nabcd"));
	assert_heard("200 OK");
}

/* A pipeline longer than a run rests between two requests, not with a job in its hands. */
static void
test_long_pipelines_keep_no_job(void **state)
{
	static char text[20000];
	int fd[8];
	u32 n = 0;

	for (u32 i = 0; i < 400; i++)
		n += (u32)snprintf(text + n, sizeof text - n, GET("/json"));
	for (u32 i = 0; i < 8; i++)
		fd[i] = client();
	turns(8);
	for (u32 i = 0; i < 8; i++)
		assert_true(send(fd[i], text, n, MSG_NOSIGNAL) == (ssize_t)n);
	for (u32 i = 0; i < 8; i++) {
		assert_true(hear(fd[i]));
		assert_int_equal(count_heard("HTTP/1.1 200 OK"), 400);
		close(fd[i]);
	}
}

/* --- Host and Origin --------------------------------------------------------------------------------- */

static const char *
host_verdict(const char *host, const char *origin)
{
	char text[400];

	snprintf(text, sizeof text, "GET /json HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", host, origin ? "Origin: " : "",
	    origin ? origin : "", origin ? "\r\n" : "");
	ask(text);
	heard[12] = 0;
	return heard + 9;
}

static void
test_hosts(void **state)
{
	char at[40];

	snprintf(at, sizeof at, "127.0.0.1:%u", (u32)W.addr.port);
	assert_string_equal(host_verdict(at, NULL), "200");
	assert_string_equal(host_verdict("127.0.0.1", NULL), "200");
	assert_string_equal(host_verdict("localhost:1", NULL), "200");
	assert_string_equal(host_verdict("BOX.example.:8080", NULL), "200");
	assert_string_equal(host_verdict("a.b:81", NULL), "200");
	assert_string_equal(host_verdict("a.b", NULL), "403");
	assert_string_equal(host_verdict("a.b:82", NULL), "403");
	assert_string_equal(host_verdict("127.0.0.2", NULL), "403");
	assert_string_equal(host_verdict("[::1]", NULL), "403");
	assert_string_equal(host_verdict("evil.example", NULL), "403");
	assert_string_equal(host_verdict("box.example.evil", NULL), "403");
	assert_string_equal(host_verdict("box.example:99999", NULL), "403");
	assert_string_equal(host_verdict("[fe80::1%25eth0]", NULL), "400");
	ask("GET http://evil.example/json HTTP/1.1\r\nHost: box.example\r\n\r\n");
	assert_heard("HTTP/1.1 403");
	ask("GET http://box.example/json HTTP/1.1\r\nHost: evil.example\r\n\r\n");
	assert_heard("HTTP/1.1 200");
	ask("GET /nowhere HTTP/1.1\r\nHost: evil.example\r\n\r\n");
	assert_heard("HTTP/1.1 403"); /* before any route */
	ask("GET /json HTTP/1.0\r\n\r\n");
	assert_heard("HTTP/1.1 403");
}

static void
test_origins(void **state)
{
	static const char *const foreign[] = { "https://evil.example", "null", "https://box.example.evil",
		"https://evil-box.example", "http://box.example", "https://box.example:444", "https://BOX.example",
		"https://box.example/", "https://box.example https://evil", "" };
	char at[40], origin[50];

	for (u32 i = 0; i < ARRAY_N(foreign); i++)
		assert_string_equal(host_verdict("box.example", foreign[i]), "403");
	assert_string_equal(host_verdict("box.example", "https://box.example"), "200");
	snprintf(at, sizeof at, "127.0.0.1:%u", (u32)W.addr.port);
	snprintf(origin, sizeof origin, "http://%s", at);
	assert_string_equal(host_verdict(at, origin), "200");
	assert_string_equal(host_verdict(at, "http://127.0.0.1"), "403");
	assert_string_equal(host_verdict(at, "http://evil.example"), "403");
	assert_string_equal(host_verdict("localhost", "http://localhost"), "200");
	assert_string_equal(host_verdict("localhost", "https://localhost"), "403");
}

/* --- replies ----------------------------------------------------------------------------------------- */

static void
test_views(void **state)
{
	int fd = client();

	say(fd, GET("/big") GET("/json"));
	assert_true(hear(fd));
	assert_heard("Content-Length: 3145728\r\n");
	assert_memory_equal(body(), W.big, BIG_N);
	assert_string_equal(heard + heard_n - 2, "{}");
	close(fd);
}

static void
test_short_pull_has_length(void **state)
{
	int fd = client();

	say(fd, GET("/pull/10/4") GET("/json") GET("/pull/3/9"));
	assert_true(hear(fd));
	assert_heard("Content-Length: 10\r\n\r\nbbbbccccddHTTP/1.1");
	assert_heard("Content-Length: 3\r\n\r\nbbb");
	assert_int_equal(count_heard("chunked"), 0);
	close(fd);
}

/* Takes the chunks of heard apart, from the body on: payload bytes; 0 when the framing is wrong. */
static u32
unchunk_heard(void)
{
	struct str rest = { (const u8 *)body(), (u32)(heard + heard_n - body()) };
	struct body b;
	u32 n = 0;

	body_init(&b, FRAMING_CHUNKED, 0, UINT64_MAX);
	while (!b.done) {
		struct str part;
		int used = body_take(&b, rest, &part);

		if (used < 0)
			return 0;
		n += part.n;
		rest = str_cut(rest, (u32)used, rest.n);
	}
	return rest.n ? 0 : n;
}

static void
test_long_pull_is_chunked(void **state)
{
	int fd = client();

	say(fd, GET("/pull/2000000/7000"));
	assert_true(hear(fd));
	assert_heard("Transfer-Encoding: chunked\r\n");
	assert_int_equal(unchunk_heard(), 2000000);
	say(fd, GET("/json"));
	assert_true(hear(fd));
	assert_heard("{}");
	close(fd);
}

static void
test_long_pull_for_http10(void **state)
{
	assert_false(ask("GET /pull/2000000/7000 HTTP/1.0\r\nHost: box.example\r\nConnection: keep-alive\r\n\r\n"));
	assert_heard("Connection: close\r\n");
	assert_int_equal(count_heard("chunked"), 0);
	assert_int_equal(heard + heard_n - body(), 2000000);
	assert_true(ask("GET /pull/20/7000 HTTP/1.0\r\nHost: box.example\r\nConnection: keep-alive\r\n\r\n"));
	assert_heard("Content-Length: 20\r\nConnection: keep-alive\r\n");
}

static void
test_broken_pull(void **state)
{
	assert_false(ask(GET("/pull/2000000/300000?broken")));
	assert_heard("chunked");
	assert_int_equal(unchunk_heard(), 0); /* cut: no last chunk */
	assert_true(ask(GET("/pull/2000000/100000?broken"))); /* before anything was sent: an answer */
	assert_heard("HTTP/1.1 500");
	assert_int_equal(W.cancelled, 1);
}

static void
test_waiting_pull(void **state)
{
	int fd = client();

	say(fd, GET("/pull/10/4?wait"));
	assert_true(hear(fd));
	assert_int_equal(heard_n, 0);
	W.job[0].letters.wait = false;
	loop_ready(&W.loop, exchange_ready(&W.job[0].x));
	assert_true(hear(fd));
	assert_heard("Content-Length: 10\r\n");
	say(fd, GET("/pull/10/4?wait"));
	close(fd);
	turns(3);
	assert_int_equal(W.cancelled, 1);
	assert_int_equal(serve_live(&W.serve), 0);
}

static void
test_stream(void **state)
{
	int fd = client();

	say(fd, GET("/stream"));
	assert_true(hear(fd));
	assert_heard("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n");
	assert_heard("Transfer-Encoding: chunked\r\n");
	assert_int_equal(W.begun, W.ended); /* the job is back */
	assert_int_equal(W.serve.streams, 1);
	assert_int_equal(leased(), 0);
	W.now += 1000000; /* silence is no fault */
	turns(3);
	assert_true(hear(fd));
	W.stream.wait = false;
	W.stream.left = 25;
	loop_ready(&W.loop, W.stream_ready);
	assert_true(hear(fd));
	assert_heard("19\r\n");
	assert_heard("\r\n0\r\n\r\n");
	assert_true(W.stream.closed);
	say(fd, GET("/json"));
	assert_true(hear(fd));
	assert_heard("{}");
	close(fd);
}

static void
test_stream_peer_leaves(void **state)
{
	int fd = client();

	say(fd, GET("/stream"));
	assert_true(hear(fd));
	close(fd);
	turns(3);
	assert_true(W.stream.closed);
	assert_int_equal(serve_live(&W.serve), 0);
	W.serve.streams_max = 0;
	assert_true(ask(GET("/stream")));
	assert_heard("503");
	W.serve.streams_max = 10;
}

static void
test_fields_and_empty(void **state)
{
	assert_true(ask(GET("/fields")));
	assert_heard("HTTP/1.1 401 Unauthorized\r\n");
	assert_heard("WWW-Authenticate: Bearer\r\nX-Second: 2\r\n");
	assert_heard("{\"error\":\"a \\\"quoted\\\" text\"}");
	assert_true(ask(GET("/empty?202")));
	assert_string_equal(heard, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
	assert_true(ask(GET("/empty?204")));
	assert_string_equal(heard, "HTTP/1.1 204 No Content\r\n\r\n");
	assert_true(ask(GET("/fail")));
	assert_heard("HTTP/1.1 500 Internal Server Error\r\n");
}

static void
test_slices(void **state)
{
	int fd = client();

	say(fd, "POST /slices HTTP/1.1\r\nHost: box.example\r\nContent-Length: 3\r\n\r\nabc");
	assert_int_equal(W.begun, W.ended + 1); /* not at one go: others may run between its slices */
	assert_true(ask(GET("/json")));
	assert_heard("200 OK");
	turns(20);
	assert_true(hear(fd));
	assert_heard("\r\n\r\nabc");
	close(fd);
}

/* --- waiting ----------------------------------------------------------------------------------------- */

/* Two requests wait; each finds its own bytes again, wherever they were moved. */
static void
test_views_after_waiting(void **state)
{
	int a = client(), b = client();

	say(a, "POST /wait HTTP/1.1\r\nHost: box.example\r\nContent-Length: 5\r\n\r\nfirst" GET("/json"));
	say(b, "POST /wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nsecond");
	assert_true(hear(a));
	assert_int_equal(heard_n, 0);
	assert_int_equal(leased(), 2);
	W.go = true;
	loop_ready(&W.loop, exchange_ready(&W.job[0].x));
	loop_ready(&W.loop, exchange_ready(&W.job[1].x));
	assert_true(hear(a));
	assert_heard("/wait box.example firstHTTP/1.1 200");
	assert_true(hear(b));
	assert_heard("/wait localhost second");
	close(a);
	close(b);
}

/* What a handler has given up holds no memory while it waits, and the requests behind it are still there. */
static void
test_forgets_the_request(void **state)
{
	int fd = client();

	say(fd, "POST /forget HTTP/1.1\r\nHost: box.example\r\nContent-Length: 5\r\n\r\nfirst");
	assert_int_equal(leased(), 0);
	say(fd, GET("/json"));
	W.go = true;
	loop_ready(&W.loop, exchange_ready(&W.job[0].x));
	assert_true(hear(fd));
	assert_heard("forgottenHTTP/1.1 200");
	assert_int_equal(count_heard("HTTP/1.1 200 OK"), 2);
	close(fd);
}

static void
test_peer_leaves_while_waiting(void **state)
{
	int fd = client();

	say(fd, GET("/wait"));
	assert_int_equal(W.begun, W.ended + 1);
	close(fd);
	turns(3);
	assert_int_equal(W.cancelled, 1);
	assert_int_equal(W.begun, W.ended);
	assert_int_equal(serve_live(&W.serve), 0);
}

/* What is turned off gets its 503, or nothing where that cannot be written: then nothing of it is run again. */
static void
test_cut_while_waiting(void **state)
{
	int fd = client();

	say(fd, GET("/wait"));
	serve_cut(&W.serve, NULL, "stopped", W.now);
	assert_true(hear(fd));
	assert_heard("HTTP/1.1 503");
	assert_int_equal(W.cancelled, 1);
	say(fd, GET("/wait"));
	W.job[0].x.conn->wire.err = ERR_IO; /* as after a reset that nobody has looked at */
	serve_cut(&W.serve, NULL, "stopped", W.now);
	assert_true(list_empty(&W.loop.ready));
	turns(3);
	assert_int_equal(W.cancelled, 2);
	assert_int_equal(W.begun, W.ended);
	assert_int_equal(serve_live(&W.serve), 0);
	close(fd);
}

static void
test_half_close_still_gets_the_answer(void **state)
{
	int fd = client();

	assert_int_equal(send(fd, GET("/big"), sizeof GET("/big") - 1, 0), (ssize_t)sizeof GET("/big") - 1);
	shutdown(fd, SHUT_WR);
	turns(5);
	assert_false(hear(fd));
	assert_memory_equal(body(), W.big, BIG_N);
	close(fd);
}

static void
test_jobs_run_out(void **state)
{
	int fd[WORLD_JOBS + 1];

	for (u32 i = 0; i < WORLD_JOBS; i++) {
		fd[i] = client();
		say(fd[i], GET("/wait"));
	}
	fd[WORLD_JOBS] = client();
	say(fd[WORLD_JOBS], GET("/json"));
	assert_true(hear(fd[WORLD_JOBS]));
	assert_heard("HTTP/1.1 503 Service Unavailable\r\n");
	assert_heard("Retry-After: 1\r\n");
	W.go = true;
	for (u32 i = 0; i < WORLD_JOBS; i++)
		loop_ready(&W.loop, exchange_ready(&W.job[i].x));
	turns(3);
	say(fd[WORLD_JOBS], GET("/json"));
	assert_true(hear(fd[WORLD_JOBS]));
	assert_heard("200 OK");
	for (u32 i = 0; i <= WORLD_JOBS; i++)
		close(fd[i]);
}

static void
test_connections_run_out(void **state)
{
	u32 count = W.serve.conns.count;
	int fd[6];

	W.serve.conns.count = 4 + CONTROL_CONNS; /* four for everybody */
	for (u32 i = 0; i < 4; i++) {
		fd[i] = client();
		say(fd[i], GET("/wait"));
	}
	fd[4] = client();
	turns(3);
	assert_false(hear(fd[4]));
	assert_heard("HTTP/1.1 503");
	assert_heard("Retry-After");
	/* an idle connection makes place */
	W.go = true;
	loop_ready(&W.loop, exchange_ready(&W.job[0].x));
	turns(3);
	fd[5] = client();
	turns(3);
	say(fd[5], GET("/json"));
	assert_true(hear(fd[5]));
	assert_heard("200 OK");
	assert_false(hear(fd[0]));
	W.serve.conns.count = count;
	for (u32 i = 0; i < 6; i++)
		close(fd[i]);
}

static void
test_blocks_run_out(void **state)
{
	struct buf taken[LEASE_ALL + 1];
	u32 n = 0;
	int fd = client();

	while ((taken[n] = lease_take(&W.net.lease, 1)).p)
		n++;
	assert_false((say(fd, GET("/json")), hear(fd)));
	assert_heard("HTTP/1.1 503");
	close(fd);
	while (n--)
		lease_give(&W.net.lease, &taken[n]);
}

static u64
from(const char *text)
{
	struct conn c = { .serve = &W.serve };
	struct exchange x = { .conn = &c };
	struct addr a;

	assert_int_equal(addr_read_ip(&a, str_c(text)), 0);
	c.family = a.family;
	memcpy(c.ip, a.ip, sizeof c.ip);
	return exchange_from(&x);
}

static void
test_addresses_apart(void **state)
{
	assert_true(from("127.0.0.1") == 0 && from("::1") == 0);
	assert_true(from("192.0.2.1") == from("192.0.2.1") && from("192.0.2.1") != from("192.0.2.2"));
	assert_true(from("2001:db8::1") == from("2001:db8::ffff:1") && from("2001:db8::1") != from("2001:db8:0:1::1"));
	assert_true(from("192.0.2.1") != 0);
}

static void
test_lines_are_few(void **state)
{
	u32 n = 0;

	for (u32 i = 0; i < 100; i++)
		n += serve_tells(&W.serve, W.now + 50000);
	assert_true(n > 0 && n < 10);
	assert_true(serve_tells(&W.serve, W.now + 70000));
	W.serve.log_at = W.now; /* what check_empty does is told again */
	W.serve.log_n = 0;
}

/* --- deadlines --------------------------------------------------------------------------------------- */

static void
later(u32 ms)
{
	W.now += ms;
	turns(3);
}

static void
test_silence_is_closed(void **state)
{
	int fd = client();

	turns(2);
	later(4900);
	assert_true(hear(fd));
	later(200);
	assert_false(hear(fd));
	assert_int_equal(heard_n, 0);
	close(fd);
}

static void
test_slow_head(void **state)
{
	int fd = client();

	say(fd, "GET /json HTTP/1.1\r\n");
	for (u32 i = 0; i < 9; i++) { /* bytes do not move the deadline */
		later(1100);
		say(fd, "A: b\r\n");
	}
	assert_true(hear(fd));
	later(200);
	assert_false(hear(fd));
	assert_heard("HTTP/1.1 408 Request Timeout\r\n");
	close(fd);
}

static void
test_idle(void **state)
{
	int fd = client();

	say(fd, GET("/json"));
	assert_true(hear(fd));
	later(74900);
	say(fd, GET("/json"));
	assert_true(hear(fd));
	assert_heard("{}");
	later(74900);
	assert_true(hear(fd));
	say(fd, "\r\n"); /* some clients send that behind a body: no reason for an answer */
	later(10100);
	assert_false(hear(fd));
	assert_int_equal(heard_n, 0);
	close(fd);
}

static void
test_slow_body(void **state)
{
	static char kilobytes[4001];
	int fd = client(), good = client();

	memset(kilobytes, 'x', 4000);
	say(fd, "POST /mcp HTTP/1.1\r\nHost: box.example\r\nContent-Length: 50000\r\n\r\n");
	say(good, "POST /mcp HTTP/1.1\r\nHost: box.example\r\nContent-Length: 48000\r\n\r\n");
	for (u32 i = 0; i < 11; i++) { /* 4 KB in 2 s is enough, a byte is not */
		later(2000);
		say(good, kilobytes);
		if (i < 2)
			say(fd, "x");
	}
	assert_false(hear(fd));
	assert_heard("HTTP/1.1 408");
	say(good, kilobytes);
	assert_true(hear(good));
	assert_heard("200 OK");
	close(fd);
	close(good);
}

static void
test_slow_reader(void **state)
{
	int fd = client_of(4096);

	say(fd, GET("/big"));
	turns(3);
	assert_int_equal(W.begun, W.ended + 1);
	later(29000);
	assert_int_equal(W.begun, W.ended + 1);
	later(2000); /* what the kernel took at first buys no time */
	assert_int_equal(W.begun, W.ended);
	assert_int_equal(W.cancelled, 1);
	assert_int_equal(serve_live(&W.serve), 0);
	close(fd);
}

/* One that reads steadily, but so slowly that what its answer holds would be held for hours. */
static void
test_steady_reader(void **state)
{
	int fd = client_of(65536);
	char some[65536];
	u32 s = 0;

	W.conf.answer_ms = 120000;
	say(fd, GET("/pull/90000000/200000"));
	for (turns(20); s < 200 && W.begun != W.ended; s += 5) {
		assert_true(recv(fd, some, sizeof some, MSG_DONTWAIT) > 0);
		usleep(1000);
		later(5000);
		turns(3);
	}
	assert_in_range(s, 115, 135);
	assert_int_equal(W.cancelled, 1);
	close(fd);
}

/* How long we were stopped ourselves is not held against a reader. */
static void
test_reader_while_we_were_stopped(void **state)
{
	int fd = client_of(65536);
	char some[65536];

	W.conf.answer_ms = 120000;
	say(fd, GET("/pull/90000000/200000"));
	turns(20);
	assert_true(recv(fd, some, sizeof some, MSG_DONTWAIT) > 0);
	usleep(1000);
	later(600000);
	turns(3);
	assert_int_equal(W.begun, W.ended + 1);
	close(fd);
	turns(3);
}

/* A pipeline that nobody reads stops being read. */
static void
test_back_pressure(void **state)
{
	int fd = client_of(4096);
	u32 sent = 0;

	for (u32 i = 0; i < 3000; i++) {
		if (send(fd, GET("/big"), sizeof GET("/big") - 1, MSG_NOSIGNAL) < 0)
			break;
		sent++;
		turn(0);
	}
	assert_true(sent > 1);
	assert_true(W.begun - W.ended <= 1);
	assert_true(leased() <= 2);
	close(fd);
	turns(3);
}

/* All large blocks are held for peers that do not read: the slowest goes when another pull needs one. */
static void
test_slow_readers_give_way(void **state)
{
	struct buf taken[LEASE_64K + LEASE_256K];
	u32 n = 0;
	int slow = client_of(4096), good = client();

	say(slow, GET("/pull/9000000/200000"));
	turns(20);
	assert_int_equal(W.begun, W.ended + 1);
	while (lease_room(&W.net.lease) > 16384)
		taken[n++] = lease_take(&W.net.lease, 65536);
	say(good, GET("/pull/50/50"));
	assert_true(hear(good));
	assert_int_equal(heard_n, 0);
	later(2100);
	later(30);
	assert_true(hear(good));
	assert_heard("Content-Length: 50\r\n");
	assert_int_equal(W.cancelled, 1);
	while (n--)
		lease_give(&W.net.lease, &taken[n]);
	close(slow);
	close(good);
}

/* Many peers send half a request each: the blocks that answers need stay free for them. */
static void
test_half_requests_leave_room(void **state)
{
	static int fd[LEASE_16K + LEASE_64K + LEASE_256K];
	char part[6000] = GET_BEGINS;

	memset(part + strlen(part), 'a', sizeof part - 1 - strlen(part));
	for (u32 i = 0; i < ARRAY_N(fd); i++)
		say(fd[i] = client(), part);
	assert_int_equal(W.net.lease.pool[3].used, LEASE_16K);
	assert_true(lease_room(&W.net.lease) > 65535);
	assert_true(ask(GET("/pull/50/50")));
	assert_heard("Content-Length: 50\r\n");
	for (u32 i = 0; i < ARRAY_N(fd); i++)
		close(fd[i]);
	turns(3);
}

/* The same held for long: one of them goes for each other peer that needs a block, and a peer that is itself the
 * slowest of all goes without further ado. */
static void
test_half_requests_give_way(void **state)
{
	static struct buf taken[LEASE_ALL + 1];
	static char part[6000] = POST_BEGINS;
	u32 n = 0;
	int slow = client(), good;

	memset(part + strlen(part), 'a', sizeof part - 1 - strlen(part));
	say(slow, part);
	while ((taken[n] = lease_take(&W.net.lease, 1)).p)
		n++;
	good = client();
	say(good, GET("/json"));
	assert_false(hear(good));
	assert_heard("HTTP/1.1 503");
	close(good);
	later(2100);
	good = client();
	say(good, GET("/json"));
	assert_true(hear(good));
	assert_heard("HTTP/1.1 200");
	assert_int_equal(serve_live(&W.serve), 1);
	close(good);
	close(slow);
	while (n--)
		lease_give(&W.net.lease, &taken[n]);
	turns(3);
	say(slow = client(), part);
	for (n = 0; (taken[n] = lease_take(&W.net.lease, 1)).p;)
		n++;
	later(2100);
	for (u32 i = 0; i < 4; i++) /* until its block is full and it needs a larger one */
		if (send(slow, part + 200, sizeof part - 201, MSG_NOSIGNAL) > 0)
			turns(3);
	assert_int_equal(serve_live(&W.serve), 0);
	while (n--)
		lease_give(&W.net.lease, &taken[n]);
	close(slow);
}

static void
test_linger(void **state)
{
	static char much[40000];
	int fd = client();

	memset(much, 'x', sizeof much - 1);
	say(fd, "POST /small HTTP/1.1\r\nHost: box.example\r\nContent-Length: 1000000\r\n\r\n");
	say(fd, much); /* after the refusal: read and dropped */
	assert_false(hear(fd));
	assert_heard("HTTP/1.1 413");
	assert_int_equal(serve_live(&W.serve), 1);
	say(fd, much);
	assert_int_equal(serve_live(&W.serve), 0); /* 64 KB are enough */
	close(fd);
	fd = client();
	say(fd, "POST /small HTTP/1.1\r\nHost: box.example\r\nContent-Length: 1000000\r\n\r\n");
	assert_int_equal(serve_live(&W.serve), 1);
	later(1100);
	assert_int_equal(serve_live(&W.serve), 0); /* and so is a second */
	close(fd);
}

/* --- the control socket, the end --------------------------------------------------------------------- */

static void
test_control(void **state)
{
	struct addr a = { .family = ADDR_UNIX };
	struct addr peer = { .family = ADDR_UNIX };
	int listener, fd;

	snprintf(a.path, sizeof a.path, "/tmp/test-serve-%d", (int)getpid());
	listener = sock_listen(&a);
	assert_true(listener >= 0);
	assert_int_equal(serve_listen(&W.serve, listener, &a, false, true), 0);
	peer = a;
	fd = sock_connect(&peer);
	assert_true(fd >= 0);
	turns(3);
	assert_int_equal(W.serve.control_conns, 1);
	say(fd, "GET /json HTTP/1.1\r\nHost: whatever\r\n\r\n");
	assert_true(hear(fd));
	assert_heard("200 OK");
	close(fd);
	turns(3);
	assert_int_equal(W.serve.control_conns, 0);
	unlink(a.path);
}

/* Last: it ends the server. */
static void
test_drain(void **state)
{
	int idle = client(), busy = client(), mute = client(), stream = client();
	struct letters silent;

	say(idle, GET("/json"));
	hear(idle);
	say(mute, GET("/stream"));
	hear(mute);
	silent = W.stream; /* the app has only one place for a stream */
	LIST_EACH(&W.serve.live, l, next)
		if (CONTAINER_OF(l, struct conn, live)->pull)
			CONTAINER_OF(l, struct conn, live)->pull = &silent.pull;
	say(stream, GET("/stream"));
	hear(stream);
	W.stream.wait = false; /* it has a last word */
	W.stream.left = 5;
	say(busy, GET("/wait"));
	serve_drain(&W.serve, W.now);
	turns(3);
	assert_false(hear(idle));
	assert_false(hear(stream));
	assert_heard("5\r\n");
	assert_heard("\r\n0\r\n\r\n");
	assert_true(W.stream.closed);
	assert_false(hear(mute));
	assert_true(silent.closed);
	close(stream);
	turns(3);
	assert_int_equal(serve_live(&W.serve), 1);
	W.go = true;
	loop_ready(&W.loop, exchange_ready(&W.job[0].x));
	turns(3);
	assert_false(hear(busy));
	assert_heard("Connection: close\r\n");
	close(busy);
	close(idle);
	close(mute);
	turns(3);
	assert_int_equal(serve_live(&W.serve), 0);
}

static int
open_world(void **state)
{
	world_open(0);
	return 0;
}

#define T(f) cmocka_unit_test_teardown(f, check_empty)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(test_keep_alive),
		T(test_no_delay),
		T(test_pipeline),
		T(test_head_has_no_body),
		T(test_head_of_stream),
		T(test_bodies_arrive_in_pieces),
		T(test_large_body),
		T(test_expect_continue),
		T(test_unwanted_bodies_are_skipped),
		T(test_refusals),
		T(test_too_large),
		T(test_long_pipelines_keep_no_job),
		T(test_hosts),
		T(test_origins),
		T(test_views),
		T(test_short_pull_has_length),
		T(test_long_pull_is_chunked),
		T(test_long_pull_for_http10),
		T(test_broken_pull),
		T(test_waiting_pull),
		T(test_stream),
		T(test_stream_peer_leaves),
		T(test_fields_and_empty),
		T(test_slices),
		T(test_views_after_waiting),
		T(test_forgets_the_request),
		T(test_peer_leaves_while_waiting),
		T(test_cut_while_waiting),
		T(test_half_close_still_gets_the_answer),
		T(test_jobs_run_out),
		T(test_connections_run_out),
		T(test_blocks_run_out),
		T(test_addresses_apart),
		T(test_lines_are_few),
		T(test_silence_is_closed),
		T(test_slow_head),
		T(test_idle),
		T(test_slow_body),
		T(test_slow_reader),
		T(test_steady_reader), T(test_reader_while_we_were_stopped),
		T(test_back_pressure),
		T(test_slow_readers_give_way),
		T(test_half_requests_leave_room),
		T(test_half_requests_give_way),
		T(test_linger),
		T(test_control),
		T(test_drain),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, open_world, NULL);
}
