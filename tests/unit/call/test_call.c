#include "lib/refused.h"
#include "lib/upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OK_11 "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 11\r\n\r\n{\"ok\":true}"

static struct up *u;
static char heard[4096];

static int
setup(void **state)
{
	u = up_new();
	return 0;
}

static int
teardown(void **state)
{
	return up_free(u) ? -1 : 0;
}

static bool
body_is(const char *s)
{
	return str_is(str_of(u->body, u->body_n), s);
}

/* One whole exchange over fd, which is accepted when it is -1. */
static int
exchange(int fd, const char *answer)
{
	up_get(u);
	if (fd < 0)
		fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	up_say(fd, str_c(answer));
	up_move(u, 50);
	return fd;
}

static void
test_first_and_kept(void **state)
{
	int fd = exchange(-1, OK_11);

	assert_string_equal(heard, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(u->head, STEP_DONE);
	assert_int_equal(u->end, 0);
	assert_int_equal(u->c->status, 200);
	assert_true(str_is(call_type(u->c), "application/json"));
	assert_true(body_is("{\"ok\":true}"));
	for (u32 i = 0; i < 5; i++) { /* the same connection again and again */
		exchange(fd, OK_11);
		assert_int_equal(u->end, 0);
		assert_true(body_is("{\"ok\":true}"));
		assert_true(u->c->reused);
	}
	assert_int_equal(u->calls.keep.peers.used, 1);
	assert_int_equal(u->calls.reused, 5);
	close(fd);
}

struct answer {
	const char *text;    /* what the upstream sends; "..." cut anywhere must give the same */
	const char *body;    /* what must arrive; NULL: failure */
	const char *why;     /* part of the sentence */
	bool kept;           /* whether the connection may be used again */
	bool closes;         /* the upstream closes behind it */
	u8 method;
};

#define H "HTTP/1.1 200 OK\r\n"

static const struct answer answers[] = {
	{ OK_11, "{\"ok\":true}", NULL, true, false, 0 },
	{ H "Content-Length: 0\r\n\r\n", "", NULL, true, false, 0 },
	{ H "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX: y\r\n\r\n", "hello!", NULL, true, false, 0 },
	{ H "Connection: close\r\nContent-Length: 2\r\n\r\nhi", "hi", NULL, false, false, 0 },
	{ H "\r\nuntil the end", "until the end", NULL, false, true, 0 },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", NULL, false, false, 0 },
	{ "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", "hi", NULL, true, false, 0 },
	{ "HTTP/1.1 204 No Content\r\n\r\n", "", NULL, true, false, 0 },
	{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", "", NULL, true, false, 0 },
	{ H "Content-Length: 100\r\n\r\n", "", NULL, true, false, METHOD_HEAD },
	{ H "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi", "hi", NULL, true, false, 0 },
	{ "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" OK_11, "{\"ok\":true}", NULL, true, false, 0 },
	{ "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", "", NULL, true, false, 0 },
	{ "HTTP/1.1 503 No\r\nRetry-After: 5\r\nContent-Length: 2\r\n\r\n{}", "{}", NULL, true, false, 0 },
	/* surplus is never the next answer's */
	{ OK_11 OK_11, "{\"ok\":true}", NULL, false, false, 0 },
	{ "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi", "", NULL, false, false, 0 },
	{ H "Content-Length: 2\r\n\r\nhi", "", NULL, false, false, METHOD_HEAD },
	/* wrong framing */
	{ H "Content-Length: 12\r\n\r\n{\"ok\":true}", NULL, "closed the connection in the middle of its answer", false, true, 0 },
	{ H "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", NULL, "in the middle of its answer", false, true, 0 },
	{ H "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", NULL, "in the middle of its answer", false, true, 0 },
	{ H "Content-Length: -1\r\n\r\n", NULL, "not valid HTTP: Content-Length", false, false, 0 },
	{ H "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", NULL, "not valid HTTP", false, false, 0 },
	{ H "Content-Length: 18446744073709551627\r\n\r\n", NULL, "not valid HTTP", false, false, 0 },
	{ H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", NULL, "not valid HTTP", false, false, 0 },
	{ H "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF1\r\n", NULL, "body that is not valid HTTP: chunk size", false, false, 0 },
	{ H "Transfer-Encoding: chunked\r\n\r\n2\r\nhiXX0\r\n\r\n", NULL, "body that is not valid HTTP", false, false, 0 },
	/* heads */
	{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", NULL, "101", false, false, 0 },
	{ "HTTP/1.1 999 What\r\n\r\n", NULL, "a status that HTTP does not have", false, false, 0 },
	{ H "X: a\n\r\n", NULL, "not valid HTTP", false, false, 0 },
	{ H "X: a\r\n b\r\n\r\n", NULL, "not valid HTTP", false, false, 0 },
	{ "SSH-2.0-OpenSSH_9.2\r\n", NULL, "not valid HTTP", false, false, 0 },
	{ "\x15\x03\x03\r\n", NULL, "not valid HTTP", false, false, 0 },
	{ H "Content-Le", NULL, "closed the connection in the head of its answer", false, true, 0 },
	{ H "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", NULL, "a compressed answer", false, false, 0 },
	{ H "Content-Encoding: identity\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nhi", NULL, "not valid HTTP", false, false, 0 },
	{ "", NULL, "closed the connection without an answer", false, true, 0 },
};

/* cut: bytes sent first; the rest after the caller has seen them. */
static void
play(const struct answer *a, u32 cut)
{
	struct str text = str_c(a->text);
	int fd;

	u->spec.method = a->method ? a->method : METHOD_GET;
	up_get(u);
	fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	up_say(fd, str_cut(text, 0, cut));
	if (cut)
		up_move(u, 1);
	up_say(fd, str_cut(text, cut, text.n));
	if (a->closes)
		shutdown(fd, SHUT_WR);
	up_move(u, 20);
	if (a->body) {
		assert_int_equal(u->head, STEP_DONE);
		assert_int_equal(u->end, 0);
		assert_string_equal(u->why, "");
		assert_true(body_is(a->body));
	} else {
		assert_true(u->head == STEP_FAIL || u->end < ERR_MORE);
		if (!strstr(u->why, a->why))
			fail_msg("%s\n  says: %s", a->text, u->why);
	}
	up_move(u, 1); /* surplus that came apart */
	rig_turn(u->rig);
	call_end(u->c, u->rig->now);
	u->c = NULL;
	usleep(200);
	rig_turn(u->rig);
	assert_int_equal(u->calls.keep.idle, a->kept);
	calls_clear(&u->calls);
	close(fd);
}

static void
test_answers_whole(void **state)
{
	for (u32 i = 0; i < ARRAY_N(answers); i++)
		play(&answers[i], 0);
}

static void
test_answers_cut(void **state)
{
	for (u32 i = 0; i < ARRAY_N(answers); i++)
		for (u32 n = 1; n < strlen(answers[i].text); n += 1 + n / 8)
			play(&answers[i], n);
}

static void
test_too_many_interims(void **state)
{
	struct answer a = { .why = "too many interim responses" };
	char text[1024] = "";

	for (u32 i = 0; i <= RESP_INTERIM_MAX; i++)
		strcat(text, "HTTP/1.1 100 Continue\r\n\r\n");
	a.text = text;
	play(&a, 0);
	text[strlen(text) - 25] = 0;
	strcat(text, OK_11);
	a.body = "{\"ok\":true}";
	a.kept = true;
	play(&a, 0);
}

static void
test_head_too_long(void **state)
{
	static char text[70000];
	struct answer a = { .text = text, .why = "not valid HTTP" };

	strcpy(text, H "X: ");
	memset(text + strlen(text), 'a', 60000);
	play(&a, 0);
	strcpy(text, H);
	for (u32 i = 0; i < 1000; i++)
		strcat(text, "X: y\r\n");
	strcat(text, "\r\n");
	play(&a, 0);
}

static void
test_body_limit(void **state)
{
	struct answer a = { .text = H "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\nworld!\r\n0\r\n\r\n",
		.why = "more than the limit" };

	u->spec.body_max = 10;
	play(&a, 0);
	u->spec.body_max = 11;
	a.body = "helloworld!";
	a.kept = true;
	play(&a, 0);
	u->spec.body_max = 10;
	play(&(struct answer){ .text = OK_11, .why = "more than the limit" }, 0);
}

/* --- reuse ---------------------------------------------------------------------------------------- */

/* The upstream closes a kept connection at the very moment we use it again. */
static void
test_get_is_repeated_once(void **state)
{
	int fd = exchange(-1, OK_11);

	call_end(u->c, u->rig->now);
	u->c = NULL;
	close(fd);
	assert_int_equal(up_get(u), STEP_WAIT); /* no turn in between: we could not know */
	assert_true(u->c->reused);
	fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	assert_string_equal(heard, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(u->c->retried);
	close(fd); /* and once only */
	up_move(u, 50);
	assert_int_equal(u->head, STEP_FAIL);
	assert_non_null(strstr(u->why, "closed the connection without an answer"));
	assert_int_equal(u->calls.retried, 1);
}

static void
test_get_is_repeated_after_reset(void **state)
{
	struct linger now = { 1, 0 };
	int fd = exchange(-1, OK_11);

	call_end(u->c, u->rig->now);
	u->c = NULL;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
	up_get(u);
	fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	up_say(fd, STR(OK_11));
	up_move(u, 50);
	assert_int_equal(u->end, 0);
	assert_true(u->c->retried);
	close(fd);
}

static void
test_post_is_never_repeated(void **state)
{
	int fd = exchange(-1, OK_11);

	call_end(u->c, u->rig->now);
	u->c = NULL;
	close(fd);
	u->spec.idempotent = false;
	up_call(u, STR("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
	up_move(u, 50);
	assert_int_equal(u->head, STEP_FAIL);
	assert_non_null(strstr(u->why, "closed the connection without an answer; whether the request was carried out "
	    "is not known"));
	assert_int_equal(u->calls.retried, 0);
}

static void
test_post_takes_only_fresh_connections(void **state)
{
	int fd = exchange(-1, OK_11);

	call_end(u->c, u->rig->now);
	u->c = NULL;
	u->spec.idempotent = false;
	u->rig->now += KEEP_FRESH_MS + 1;
	up_get(u);
	assert_false(u->c->reused);
	close(fd);
}

static void
test_not_repeated_once_it_has_begun_to_answer(void **state)
{
	int fd = exchange(-1, OK_11);

	call_end(u->c, u->rig->now);
	u->c = NULL;
	up_get(u);
	up_hear(u, fd, heard, sizeof heard);
	up_say(fd, STR("H"));
	up_move(u, 5);
	close(fd);
	up_move(u, 50);
	assert_int_equal(u->head, STEP_FAIL);
	assert_false(u->c->retried);
}

static void
test_idle_connections_end(void **state)
{
	int fd = exchange(-1, OK_11);

	call_end(u->c, u->rig->now);
	u->c = NULL;
	assert_int_equal(u->calls.keep.idle, 1);
	up_say(fd, STR("HTTP/1.1 200 OK\r\n")); /* nobody asked */
	usleep(1000);
	rig_turn(u->rig);
	assert_int_equal(u->calls.keep.idle, 0);
	close(fd);

	fd = exchange(-1, OK_11);
	call_end(u->c, u->rig->now);
	u->c = NULL;
	close(fd);
	usleep(1000);
	rig_turn(u->rig);
	assert_int_equal(u->calls.keep.idle, 0);

	fd = exchange(-1, OK_11);
	call_end(u->c, u->rig->now);
	u->c = NULL;
	rig_pass(u->rig, KEEP_AGE_MS - 1);
	assert_int_equal(u->calls.keep.idle, 1);
	rig_pass(u->rig, 1);
	assert_int_equal(u->calls.keep.idle, 0);
	assert_int_equal(u->calls.keep.origins.used, 0);
	close(fd);
}

/* A connection that was kept long is used again, and its end is noticed. */
static void
test_idle_connections_are_kept(void **state)
{
	int fd = exchange(-1, OK_11);

	call_end(u->c, u->rig->now);
	u->c = NULL;
	for (u32 i = 0; i < 4; i++)
		rig_pass(u->rig, 150);
	fd = exchange(fd, OK_11);
	assert_int_equal(u->end, 0);
	assert_true(u->c->reused);
	call_end(u->c, u->rig->now);
	u->c = NULL;
	for (u32 i = 0; i < 4; i++)
		rig_pass(u->rig, 150);
	close(fd);
	usleep(1000);
	rig_turn(u->rig);
	assert_int_equal(u->calls.keep.idle, 0);
}

static void
test_origins_do_not_mix(void **state)
{
	int fd = exchange(-1, OK_11);

	call_end(u->c, u->rig->now);
	u->c = NULL;
	u->spec.origin = 1 + (u64)KEEP_BUCKETS; /* the same bucket */
	up_get(u);
	assert_false(u->c->reused);
	close(fd);
}

static void
test_unread_answer_is_not_kept(void **state)
{
	int fd;

	u->hold = true;
	fd = exchange(-1, OK_11);
	assert_int_equal(u->head, STEP_DONE);
	call_end(u->c, u->rig->now);
	u->c = NULL;
	assert_int_equal(u->calls.keep.idle, 0);
	assert_int_equal(u->calls.keep.peers.used, 0);
	close(fd);
}

/* --- deadlines ------------------------------------------------------------------------------------ */

static void
test_first_byte_deadline(void **state)
{
	int fd;

	up_get(u);
	fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	rig_pass(u->rig, u->spec.first_ms - 1);
	assert_int_equal(u->head, STEP_WAIT);
	rig_pass(u->rig, 1);
	assert_int_equal(u->head, STEP_FAIL);
	assert_int_equal(u->c->err, ERR_LATE);
	assert_non_null(strstr(u->why, " did not answer within 10 s"));
	close(fd);
}

static void
test_idle_deadline(void **state)
{
	int fd = exchange(-1, H "Content-Length: 10\r\n\r\n123");

	assert_int_equal(u->end, ERR_MORE);
	rig_pass(u->rig, u->spec.idle_ms - 1);
	assert_int_equal(u->end, ERR_MORE);
	rig_pass(u->rig, 1);
	assert_int_equal(u->end, ERR_LATE);
	assert_non_null(strstr(u->why, " stopped in the middle of its answer for 5 s"));
	close(fd);
}

static void
test_total_deadline_beats_dripping(void **state)
{
	int fd = exchange(-1, H "Content-Length: 100\r\n\r\n");
	u32 drops = 0;

	for (; u->end == ERR_MORE && drops < 100; drops++) {
		up_say(fd, STR("x"));
		usleep(300);
		rig_pass(u->rig, 1000);
	}
	assert_int_equal(drops, 30);
	assert_int_equal(u->end, ERR_LATE);
	assert_non_null(strstr(u->why, " did not finish within 30 s"));
	close(fd);
}

/* The turn that began the call was stopped for longer than its deadlines: they run from when it goes on, once. */
static void
test_begun_in_a_turn_that_was_stopped(void **state)
{
	int fd;

	up_get(u);
	fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	u->rig->loop.turn = u->c->armed;
	u->rig->loop.held_ms = 60000;
	rig_pass(u->rig, 60000);
	assert_int_equal(u->head, STEP_WAIT);
	u->rig->loop.held_ms = 60000; /* another one: that is not the deadline's turn */
	rig_turn(u->rig);
	rig_pass(u->rig, u->spec.first_ms - 1);
	assert_int_equal(u->head, STEP_WAIT);
	rig_pass(u->rig, 1);
	assert_int_equal(u->head, STEP_FAIL);
	assert_int_equal(u->c->err, ERR_LATE);
	close(fd);
}

/* We were stopped for longer than the call may take, and its whole answer came meanwhile, in pieces. */
static void
test_answered_while_we_were_stopped(void **state)
{
	int fd;

	up_get(u);
	fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	up_say(fd, STR(H "Content-Length: 10\r\n\r\n"));
	assert_true(rig_readable(u->c->peer->wire.watch.fd));
	rig_turn(u->rig);
	assert_int_equal(u->head, STEP_DONE);
	up_say(fd, STR("0123456789"));
	assert_true(rig_readable(u->c->peer->wire.watch.fd));
	rig_pass(u->rig, 60000);
	assert_int_equal(u->end, 0);
	assert_true(body_is("0123456789"));
	close(fd);
}

/* A listener on this machine that takes nobody any more: who connects waits. */
struct full {
	int lone, fill[8];
	struct dial_to before;
};

static void
full_begin(struct full *f)
{
	struct addr at = { .family = ADDR_NONE };
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002) };

	addr_read(&at, STR("127.0.0.2:0"), 0);
	f->lone = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(f->lone, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(f->lone, 0), 0);
	assert_int_equal(sock_local(f->lone, &at), 0);
	for (u32 i = 0; i < ARRAY_N(f->fill); i++)
		f->fill[i] = sock_connect(&at);
	usleep(20000);
	f->before = u->spec.to;
	u->spec.to.host = STR("127.0.0.2");
	u->spec.to.port = at.port;
}

static void
full_end(struct full *f)
{
	for (u32 i = 0; i < ARRAY_N(f->fill); i++)
		sock_close(f->fill[i]);
	close(f->lone);
	u->spec.to = f->before;
}

/* On this machine nobody waits for a connection: hundreds of calls at once hold no dials. */
static void
test_stands_at_once(void **state)
{
	up_get(u);
	assert_non_null(u->c);
	assert_null(u->c->dial);
}

static void
test_connect_deadline(void **state)
{
	struct full f;

	full_begin(&f);
	assert_int_equal(up_get(u), STEP_WAIT);
	rig_pass(u->rig, u->spec.connect_ms - 1);
	assert_int_equal(u->head, STEP_WAIT);
	rig_pass(u->rig, 1);
	assert_int_equal(u->head, STEP_FAIL);
	assert_int_equal(u->c->err, ERR_LATE);
	assert_non_null(strstr(u->why, "no connection to 127.0.0.2:"));
	assert_non_null(strstr(u->why, " within 3 s: no answer to the connect"));
	full_end(&f);
}

/* Whoever cannot be connected to is left alone for a while, then one call looks. Others are not touched. */
static void
test_breaker(void **state)
{
	struct full f;
	u16 port = u->at.port;
	int fd;

	u->spec.to.port = 1; /* nobody there */
	for (u32 i = 0; i < BREAKER_LIMIT; i++) {
		up_get(u);
		up_move(u, 20);
		assert_int_equal(u->head, STEP_FAIL);
		call_end(u->c, u->rig->now);
		u->c = NULL;
	}
	assert_null(call_start(&u->calls, &u->spec, &u->ready, u->rig->now));
	assert_string_equal(u->calls.why, "127.0.0.1:1 could not be connected to 5 times in a row; it is tried again in 1 s");
	assert_int_equal(u->calls.wait_s, 1);
	u->spec.origin = 2; /* another one works */
	u->spec.to.port = port;
	fd = exchange(-1, OK_11);
	assert_int_equal(u->end, 0);
	call_end(u->c, u->rig->now);
	u->c = NULL;
	close(fd);

	u->spec.origin = 1;
	u->rig->now += BREAKER_FIRST_MS;
	full_begin(&f);
	assert_int_equal(up_get(u), STEP_WAIT);
	assert_null(call_start(&u->calls, &u->spec, &u->ready, u->rig->now)); /* one probe, no storm */
	rig_pass(u->rig, u->spec.connect_ms);
	assert_int_equal(u->head, STEP_FAIL);
	full_end(&f);
	u->rig->now += 2 * BREAKER_FIRST_MS; /* it has come back */
	up_get(u);
	assert_non_null(u->c);
	fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	up_say(fd, STR(OK_11));
	up_move(u, 20);
	assert_int_equal(u->end, 0);
	assert_int_equal(u->c->origin->breaker.failures, 0);
	close(fd);
}

static void
test_dial_failures_have_sentences(void **state)
{
	char refused[256];

	sock_close(u->listener);
	u->listener = -1;
	up_get(u);
	up_move(u, 20);
	assert_int_equal(u->head, STEP_FAIL);
	assert_non_null(strstr(u->why, "cannot connect to 127.0.0.1:"));
	snprintf(refused, sizeof refused, "%s", u->why);
	u->spec.to.configured = false;
	u->spec.origin = 2;
	up_get(u);
	assert_int_equal(u->head, STEP_FAIL);
	assert_int_equal(u->c->err, ERR_DENY);
	assert_non_null(strstr(u->why, "is a loopback address"));
	NEEDS_REFUSED();
	assert_non_null(strstr(refused, ": connection refused"));
}

/* --- bodies --------------------------------------------------------------------------------------- */

#define BIG ((u32)3 << 20)

static u8 *
pattern(u32 n)
{
	u8 *p = malloc(n);

	for (u32 i = 0; i < n; i++)
		p[i] = (u8)(i * 31 + (i >> 11));
	return p;
}

/* Pushes text through while the caller reads. */
static void
pour(int fd, const u8 *p, u32 n)
{
	u32 sent = 0;

	for (u32 i = 0; i < 20000 && u->end == ERR_MORE; i++) {
		ssize_t k = sent < n ? send(fd, p + sent, n - sent, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

		sent += k > 0 ? (u32)k : 0;
		if (k <= 0)
			usleep(100);
		rig_turn(u->rig);
	}
	assert_int_equal(sent, n);
}

static void
test_large_body(void **state)
{
	u8 *p = pattern(BIG);
	char head[100];
	int fd;

	for (u32 take = 0; take < 100000; take += 33333) {
		u->take = take;
		snprintf(head, sizeof head, H "Content-Length: %u\r\n\r\n", BIG);
		fd = exchange(-1, head);
		assert_int_equal(u->end, ERR_MORE);
		pour(fd, p, BIG);
		assert_int_equal(u->end, 0);
		assert_int_equal(u->body_n, BIG);
		assert_memory_equal(u->body, p, BIG);
		assert_int_equal(rig_leased(u->rig), 0); /* it passed through scratch */
		close(fd);
		u->spec.origin++;
	}
	free(p);
}

static void
test_large_chunked_body(void **state)
{
	u8 *p = pattern(BIG), *wire = malloc(2 * BIG);
	u32 n = 0, size = 1;
	int fd;

	for (u32 at = 0; at < BIG; at += size, size = size * 5 % 70000 + 1) {
		size = min_u32(size, BIG - at);
		n += (u32)sprintf((char *)wire + n, "%x\r\n", size);
		memcpy(wire + n, p + at, size);
		n += size;
		memcpy(wire + n, "\r\n", 2);
		n += 2;
	}
	n += (u32)sprintf((char *)wire + n, "0\r\n\r\n");
	fd = exchange(-1, H "Transfer-Encoding: chunked\r\n\r\n");
	pour(fd, wire, n);
	assert_int_equal(u->end, 0);
	assert_int_equal(u->body_n, BIG);
	assert_memory_equal(u->body, p, BIG);
	free(p);
	free(wire);
	close(fd);
}

/* An owner that does not ask stops the upstream, is not woken for nothing, and loses nothing. */
static void
test_back_pressure(void **state)
{
	u8 *p = pattern(BIG);
	char head[100];
	u32 sent = 0, runs, asleep = 0;
	int fd, small = 16384;

	u->hold = true;
	setsockopt(u->listener, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	snprintf(head, sizeof head, H "Content-Length: %u\r\n\r\n", BIG);
	fd = exchange(-1, head);
	assert_int_equal(u->head, STEP_DONE);
	while (asleep < 20) {
		ssize_t k = send(fd, p + sent, BIG - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += k > 0 ? (u32)k : 0;
		asleep = k > 0 ? 0 : asleep + 1;
		rig_turn(u->rig);
		usleep(200);
	}
	assert_true(sent < BIG);
	runs = u->runs;
	for (u32 i = 0; i < 50; i++)
		rig_turn(u->rig);
	assert_int_equal(u->runs, runs);
	u->rig->now += u->spec.idle_ms + 1; /* our own slowness is not the upstream's */
	u->hold = false;
	u->end = ERR_MORE;
	up_drive(u, u->rig->now);
	pour(fd, p + sent, BIG - sent);
	assert_int_equal(u->end, 0);
	assert_memory_equal(u->body, p, BIG);
	free(p);
	close(fd);
}

/* Part of a body is kept while another call uses the scratch buffer. */
static void
test_two_calls_share_the_scratch(void **state)
{
	struct call *first;
	struct str part;
	u32 n;
	int fd[2];

	u->hold = true;
	fd[0] = exchange(-1, OK_11);
	first = u->c;
	assert_int_equal(call_body(first, &part, u->rig->now), 11);
	call_eat(first, 4);
	u->c = NULL;
	u->hold = false;
	fd[1] = exchange(-1, H "Content-Length: 5\r\n\r\nother");
	assert_true(body_is("other"));
	n = (u32)call_body(first, &part, u->rig->now);
	assert_int_equal(n, 7);
	assert_true(str_is(part, "\":true}"));
	call_eat(first, 7);
	assert_int_equal(call_body(first, &part, u->rig->now), 0);
	call_end(first, u->rig->now);
	assert_int_equal(u->calls.keep.idle, 1);
	close(fd[0]);
	close(fd[1]);
}

/* Another wire takes the scratch buffer when no block is left for the part that was handed out: it is lost, and the
 * call says so instead of pointing to it. */
static void
test_part_that_cannot_be_kept(void **state)
{
	static struct buf all[LEASE_ALL + 1];
	struct lease *l = &u->rig->net.lease;
	struct str part;
	u32 n = 0;
	int fd;

	u->hold = true;
	fd = exchange(-1, H "Content-Length: 11\r\n\r\n");
	up_say(fd, STR("{\"ok\":true}"));
	up_move(u, 5);
	assert_int_equal(call_body(u->c, &part, u->rig->now), 11); /* read just now: it lies in scratch */
	call_eat(u->c, 4);
	while ((all[n] = lease_take(l, 1)).p)
		n++;
	wire_settle(&u->c->peer->wire);
	while (n)
		lease_give(l, &all[--n]);
	assert_int_equal(call_body(u->c, &part, u->rig->now), ERR_FULL);
	assert_true(str_is(call_why(u->c), "the gate is out of buffers"));
	call_end(u->c, u->rig->now);
	u->c = NULL;
	assert_int_equal(u->calls.keep.idle, 0);
	close(fd);
}

/* --- requests ------------------------------------------------------------------------------------- */

static struct str
post(u32 n)
{
	static char text[SCRATCH_N];
	u32 head = (u32)snprintf(text, sizeof text, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %u\r\n\r\n", n);

	memset(text + head, 'p', n);
	return str_of(text, head + n);
}

static void
test_large_request(void **state)
{
	struct str request = post(200000);
	char *got = malloc(300000);
	u32 n = 0;
	int fd, small = 4096;

	setsockopt(u->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	for (u32 round = 0; round < 2; round++) { /* over a new connection, then over the kept one */
		up_call(u, request);
		fd = round ? fd : up_accept(u);
		for (n = 0; n < request.n;) {
			ssize_t k = recv(fd, got + n, 300000 - n, MSG_DONTWAIT);

			n += k > 0 ? (u32)k : 0;
			rig_turn(u->rig);
		}
		assert_memory_equal(got, request.p, request.n);
		up_say(fd, STR(OK_11));
		up_move(u, 50);
		assert_int_equal(u->end, 0);
	}
	free(got);
	close(fd);
}

/* A kept connection whose kernel buffers are small on both sides: a large request does not fit into them. */
static int
narrow(void)
{
	int fd, small = 4096;

	setsockopt(u->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	fd = exchange(-1, OK_11);
	setsockopt(u->c->peer->wire.watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	call_end(u->c, u->rig->now);
	u->c = NULL;
	u->spec.idempotent = false;
	return fd;
}

static void
test_answer_before_the_request_is_complete(void **state)
{
	int fd = narrow();

	up_call(u, post(200000));
	assert_int_equal(u->c->state, CALL_SEND);
	up_hear(u, fd, heard, sizeof heard);
	up_say(fd, STR("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}"));
	up_move(u, 50);
	assert_int_equal(u->end, 0);
	assert_int_equal(u->c->status, 413);
	call_end(u->c, u->rig->now);
	u->c = NULL;
	assert_int_equal(u->calls.keep.idle, 0); /* half a request lies in it */
	close(fd);
}

static void
test_interim_before_the_request_is_complete(void **state)
{
	struct str request = post(200000);
	u32 n;
	int fd = narrow();

	up_call(u, request);
	n = up_hear(u, fd, heard, sizeof heard);
	up_say(fd, STR("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 2"));
	up_move(u, 5);
	while (n < request.n) { /* it must go on sending */
		ssize_t k = recv(fd, heard, sizeof heard, MSG_DONTWAIT);

		n += k > 0 ? (u32)k : 0;
		rig_turn(u->rig);
	}
	up_say(fd, STR("00 OK\r\nContent-Length: 2\r\n\r\n{}"));
	up_move(u, 50);
	assert_int_equal(u->end, 0);
	assert_int_equal(u->c->status, 200);
	close(fd);
}

static void
test_request_deadline(void **state)
{
	int fd = narrow();

	up_call(u, post(200000));
	assert_int_equal(u->c->state, CALL_SEND);
	rig_pass(u->rig, u->spec.first_ms - 1);
	assert_int_equal(u->head, STEP_WAIT);
	recv(fd, heard, sizeof heard, 0); /* it takes a little: the clock begins anew */
	while (recv(fd, heard, sizeof heard, MSG_DONTWAIT) > 0)
		usleep(1000);
	rig_turn(u->rig);
	rig_pass(u->rig, u->spec.first_ms - 1);
	assert_int_equal(u->head, STEP_WAIT);
	rig_pass(u->rig, 1);
	assert_non_null(strstr(u->why, " did not take the request within 10 s; whether the request was carried out"));
	close(fd);
}

static void
test_request_that_does_not_fit(void **state)
{
	struct buf *out;

	u->c = call_start(&u->calls, &u->spec, &u->ready, u->rig->now);
	assert_null(call_out(u->c, SCRATCH_N + 1));
	out = call_out(u->c, 100);
	out->over = true;
	assert_int_equal(call_send(u->c), ERR_FULL);
	assert_int_equal(call_step(u->c, u->rig->now), STEP_FAIL);
	assert_true(str_is(call_why(u->c), "the request is too large"));
	call_end(u->c, u->rig->now);
	u->c = call_start(&u->calls, &u->spec, &u->ready, u->rig->now);
	assert_int_equal(call_send(u->c), ERR_FULL); /* nothing written */
}

/* --- limits, owners, ends ------------------------------------------------------------------------- */

static void
test_pools_are_ordinary_answers(void **state)
{
	static struct call *all[CALLS_MAX];
	struct call *other;

	for (u32 i = 0; i < CALLS_MAX; i++) {
		all[i] = call_start(&u->calls, &u->spec, &u->ready, u->rig->now);
		assert_non_null(all[i]);
	}
	assert_null(call_start(&u->calls, &u->spec, &u->ready, u->rig->now));
	assert_string_equal(u->calls.why, "too many upstream calls are under way");
	for (u32 i = 0; i < CALLS_MAX; i++)
		call_end(all[i], u->rig->now);
	u->spec.concurrency = 2;
	all[0] = call_start(&u->calls, &u->spec, &u->ready, u->rig->now);
	all[1] = call_start(&u->calls, &u->spec, &u->ready, u->rig->now);
	assert_null(call_start(&u->calls, &u->spec, &u->ready, u->rig->now));
	assert_string_equal(u->calls.why, "too many calls of this environment are under way");
	u->spec.origin = 2;
	other = call_start(&u->calls, &u->spec, &u->ready, u->rig->now);
	assert_non_null(other);
	call_end(other, u->rig->now);
	call_end(all[0], u->rig->now);
	call_end(all[1], u->rig->now);
}

/* A call of its own ready, which counts how often it is its turn. */
struct one {
	struct ready ready;
	struct call *c;
	enum step s;
	u32 runs;
};

static void
one_run(struct ready *r, msec now)
{
	struct one *o = CONTAINER_OF(r, struct one, ready);

	o->runs++;
	o->s = call_step(o->c, now);
	call_settle(o->c);
}

static bool
one_begin(struct one *o, u64 who)
{
	*o = (struct one){ .s = STEP_WAIT };
	ready_init(&o->ready, one_run);
	u->spec.who = who;
	o->c = call_start(&u->calls, &u->spec, &o->ready, u->rig->now);
	if (!o->c)
		return false;
	buf_put(call_out(o->c, 28), STR("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_int_equal(call_send(o->c), 0);
	one_run(&o->ready, u->rig->now);
	return true;
}

static bool
one_waits(const struct one *o)
{
	return o->c->state == CALL_QUEUE;
}

static void
one_end(struct one *o)
{
	call_end(o->c, u->rig->now);
	ready_cancel(&o->ready);
	o->c = NULL;
}

/* One caller cannot take all places, nor fill the queue: who comes new is served at once, or is next. */
static void
test_shares(void **state)
{
	static struct one many[600], other, third;
	u32 held = 0, n = 0;

	u->spec.concurrency = 256;
	u->spec.queue = 64;
	u->spec.queue_ms = 1000;
	while (one_begin(&many[n], 7))
		held += !one_waits(&many[n++]);
	assert_int_equal(held, 205); /* used < 4 * left */
	assert_in_range(n - held, 48, 60);
	assert_string_equal(u->calls.why, "too many calls of this environment are under way");
	assert_true(one_begin(&other, 8));
	assert_false(one_waits(&other));
	assert_true(one_begin(&third, 0)); /* nobody in particular: judged by the whole */
	assert_false(one_waits(&third));
	one_end(&other);
	one_end(&third);
	u->spec.queue = 0;
	assert_false(one_begin(&other, 7));
	for (u32 i = 0; i < n; i++)
		one_end(&many[i]);
	assert_int_equal(u->calls.queue.n, 0);
	assert_int_equal(share_count(&u->calls.queue.share, u->spec.origin), 0);
}

/* Whose turn it is: the caller with the fewest calls, and among its calls the oldest. */
static void
test_queue_is_fair(void **state)
{
	struct one a[6], b[2];
	int fd[3];

	u->spec.concurrency = 3;
	u->spec.concurrency_each = 3;
	u->spec.queue = 16;
	u->spec.queue_ms = 1000;
	for (u32 i = 0; i < 6; i++)
		assert_true(one_begin(&a[i], 7));
	for (u32 i = 0; i < 3; i++)
		fd[i] = up_accept(u);
	for (u32 i = 0; i < 2; i++)
		assert_true(one_begin(&b[i], 8));
	assert_true(one_waits(&a[3]) && one_waits(&a[5]) && one_waits(&b[0]) && one_waits(&b[1]));
	one_end(&a[0]); /* 7 has two, 8 none */
	rig_turn(u->rig);
	assert_true(!one_waits(&b[0]) && one_waits(&a[3]) && one_waits(&b[1]));
	one_end(&a[1]); /* one each: the oldest */
	rig_turn(u->rig);
	assert_true(!one_waits(&a[3]) && one_waits(&b[1]));
	one_end(&b[0]);
	rig_turn(u->rig);
	assert_true(!one_waits(&b[1]) && one_waits(&a[4]));
	u->rig->now += 1001;
	rig_turn(u->rig);
	rig_turn(u->rig);
	assert_int_equal(a[4].s, STEP_FAIL);
	assert_int_equal(a[4].c->err, ERR_FULL);
	assert_true(str_is(call_why(a[4].c),
	    "too many calls of this environment are under way: no place came free within 1 s"));
	for (u32 i = 2; i < 6; i++)
		one_end(&a[i]);
	one_end(&b[1]);
	assert_int_equal(share_count(&u->calls.queue.share, u->spec.origin), 0);
	for (u32 i = 0; i < 3; i++)
		close(fd[i]);
}

/* One that waited takes over the connection that the one before has left, with its request. */
static void
test_queue_reuses(void **state)
{
	struct one b;
	int fd;

	u->spec.concurrency = u->spec.concurrency_each = 1;
	u->spec.queue = 4;
	u->spec.queue_ms = 1000;
	u->spec.who = 7;
	up_get(u);
	fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	assert_true(one_begin(&b, 8));
	assert_true(one_waits(&b));
	up_say(fd, str_c(OK_11));
	up_move(u, 20);
	assert_true(body_is("{\"ok\":true}"));
	call_end(u->c, u->rig->now);
	u->c = NULL;
	up_hear(u, fd, heard, sizeof heard);
	assert_string_equal(heard, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(b.c->reused);
	up_say(fd, str_c(OK_11));
	for (u32 i = 0; i < 50 && b.s == STEP_WAIT; i++, usleep(500))
		rig_turn(u->rig);
	assert_int_equal(b.s, STEP_DONE);
	one_end(&b);
	close(fd);
}

/* Its place came free while we were stopped, and its time is over: it is not sent any more, so that it is known that
 * nothing was done. */
static void
test_late_out_of_the_queue(void **state)
{
	struct one a, b;
	int fd;

	u->spec.concurrency = u->spec.concurrency_each = 1;
	u->spec.queue = 4;
	u->spec.queue_ms = 60000;
	assert_true(one_begin(&a, 7));
	fd = up_accept(u);
	u->spec.idempotent = false;
	assert_true(one_begin(&b, 8));
	assert_true(one_waits(&b));
	u->rig->now += u->spec.total_ms;
	one_end(&a);
	rig_turn(u->rig);
	assert_int_equal(b.s, STEP_FAIL);
	assert_false(b.c->doubt);
	one_end(&b);
	assert_int_equal(share_count(&u->calls.queue.share, u->spec.origin), 0);
	close(fd);
}

static void
test_idle_limit(void **state)
{
	int fd[3];

	u->calls.keep.idle_max = 2;
	for (u32 i = 0; i < 3; i++) {
		u->spec.origin = 10 + i;
		fd[i] = exchange(-1, OK_11);
		call_end(u->c, u->rig->now);
		u->c = NULL;
	}
	assert_int_equal(u->calls.keep.idle, 2);
	up_hear(u, fd[0], heard, sizeof heard); /* the oldest was closed */
	assert_string_equal(heard, "");
	for (u32 i = 0; i < 3; i++)
		close(fd[i]);
}

static u32 marks;

static void
other_run(struct ready *r, msec now)
{
	marks++;
	call_step(u->c, now);
	call_settle(u->c);
}

static void
test_owner_changes(void **state)
{
	struct ready other;
	struct full f;
	int fd;

	ready_init(&other, other_run);
	full_begin(&f);
	assert_int_equal(up_get(u), STEP_WAIT);
	call_owner(u->c, &other); /* while it dials */
	marks = 0;
	rig_pass(u->rig, u->spec.connect_ms);
	assert_true(marks > 0);
	full_end(&f);
	up_get(u);
	call_owner(u->c, &other);
	fd = up_accept(u);
	up_hear(u, fd, heard, sizeof heard);
	call_owner(u->c, &u->ready); /* while it waits */
	marks = 0;
	up_say(fd, STR(OK_11));
	up_move(u, 50);
	assert_int_equal(marks, 0);
	assert_int_equal(u->end, 0);
	close(fd);
}

/* A call may end at any moment and gives everything back; teardown counts. */
static void
test_cancelled_anywhere(void **state)
{
	for (u32 steps = 0; steps < 6; steps++) {
		int fd = -1;

		up_call(u, post(50000));
		if (steps >= 1)
			rig_turn(u->rig);
		if (steps >= 2)
			fd = up_accept(u);
		if (steps >= 3)
			up_hear(u, fd, heard, sizeof heard);
		if (steps >= 4)
			up_say(fd, STR(H "Content-Le"));
		if (steps >= 5)
			up_say(fd, STR("ngth: 10\r\n\r\n123"));
		up_move(u, steps >= 4 ? 3 : 0);
		call_end(u->c, u->rig->now);
		u->c = NULL;
		ready_cancel(&u->ready);
		assert_int_equal(u->calls.keep.peers.used, 0);
		assert_int_equal(rig_leased(u->rig), 0);
		if (fd >= 0)
			close(fd);
		else
			while (sock_accept(u->listener, &(struct addr){ 0 }) >= 0)
				;
	}
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_first_and_kept), WITH(test_answers_whole), WITH(test_answers_cut), WITH(test_too_many_interims),
		WITH(test_head_too_long), WITH(test_body_limit), WITH(test_get_is_repeated_once),
		WITH(test_get_is_repeated_after_reset), WITH(test_post_is_never_repeated),
		WITH(test_post_takes_only_fresh_connections), WITH(test_not_repeated_once_it_has_begun_to_answer),
		WITH(test_idle_connections_end), WITH(test_idle_connections_are_kept), WITH(test_origins_do_not_mix),
		WITH(test_unread_answer_is_not_kept), WITH(test_first_byte_deadline), WITH(test_idle_deadline),
		WITH(test_total_deadline_beats_dripping), WITH(test_connect_deadline), WITH(test_stands_at_once),
		WITH(test_breaker), WITH(test_dial_failures_have_sentences), WITH(test_large_body), WITH(test_large_chunked_body),
		WITH(test_back_pressure), WITH(test_two_calls_share_the_scratch),
		WITH(test_part_that_cannot_be_kept), WITH(test_large_request),
		WITH(test_answer_before_the_request_is_complete),
		WITH(test_interim_before_the_request_is_complete), WITH(test_request_deadline),
		WITH(test_request_that_does_not_fit), WITH(test_pools_are_ordinary_answers), WITH(test_idle_limit),
		WITH(test_shares), WITH(test_queue_is_fair), WITH(test_queue_reuses),
		WITH(test_late_out_of_the_queue), WITH(test_answered_while_we_were_stopped),
		WITH(test_begun_in_a_turn_that_was_stopped),
		WITH(test_owner_changes), WITH(test_cancelled_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
