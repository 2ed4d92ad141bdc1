/* The hostile upstream of ../shared (N02 to N12, N15, N17) against a real call, over real sockets. The clock of the
 * loop is virtual, so deadlines cost no time. */
#include "lib/upstream.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SCRIPT "../shared/data/upstream/evil_upstream.py"
#define OK_BODY "{\"ok\":true}"

static struct up *u;
static pid_t child;
static u16 port;
static const char *skip;

static bool
answers(void)
{
	struct addr a;
	int fd, n;
	char c[64];

	addr_read(&a, STR("127.0.0.1"), port);
	fd = sock_connect(&a);
	usleep(50000);
	n = fd >= 0 && sock_error(fd) == 0 && send(fd, "GET /ok HTTP/1.1\r\n\r\n", 20, MSG_NOSIGNAL) == 20 && rig_readable(fd)
	    ? (int)recv(fd, c, sizeof c, 0) : 0;
	sock_close(fd);
	return n > 0;
}

static void
start(void)
{
	char number[8];

	snprintf(number, sizeof number, "%u", port);
	child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(1);
		execlp("python3", "python3", SCRIPT, number, (char *)NULL);
		_exit(127);
	}
}

static int
group_setup(void **state)
{
	struct addr a;
	int fd;

	if (access(SCRIPT, R_OK)) {
		skip = "skipped: no ../shared";
		print_message("%s\n", skip);
		return 0;
	}
	addr_read(&a, STR("127.0.0.1:0"), 0);
	fd = sock_listen(&a); /* a port that is free now */
	sock_local(fd, &a);
	port = a.port;
	sock_close(fd);
	start();
	for (u32 i = 0; i < 100; i++) {
		usleep(50000);
		if (answers())
			return 0;
	}
	skip = "skipped: the hostile upstream did not start";
	print_message("%s\n", skip);
	return 0;
}

static int
group_teardown(void **state)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return 0;
}

static int
setup(void **state)
{
	u = up_new();
	u->spec.to.port = port;
	return 0;
}

static int
teardown(void **state)
{
	return up_free(u) ? -1 : 0;
}

static void
get(const char *path, u32 ms)
{
	char text[128];

	snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n",
	    u->spec.method == METHOD_HEAD ? "HEAD" : "GET", path);
	up_call(u, str_c(text));
	up_move(u, ms);
}

static void
end(void)
{
	call_end(u->c, u->rig->now);
	u->c = NULL;
	for (u32 i = 0; i < 20; i++) {
		usleep(500);
		rig_turn(u->rig); /* surplus may arrive late */
	}
}

struct row {
	const char *path;
	const char *body; /* NULL: it must fail */
	const char *why;
	bool kept;
};

static const struct row rows[] = {
	{ "/ok", OK_BODY, NULL, true },
	{ "/hdr-endless", NULL, "not valid HTTP: head too long", false },
	{ "/hdr-100k", NULL, "not valid HTTP: head too long", false },
	{ "/hdr-1000", NULL, "not valid HTTP: too many fields", false },
	{ "/hdr-nul", NULL, "not valid HTTP", false },
	{ "/hdr-lf", NULL, "not valid HTTP", false },
	{ "/hdr-fold", NULL, "not valid HTTP", false },
	{ "/garbage", NULL, "", false },
	{ "/tlsbytes", NULL, "", false },
	{ "/1xx", NULL, "too many interim responses", false },
	{ "/101", NULL, "not valid HTTP: 101", false },
	{ "/cl-short", OK_BODY, NULL, false },
	{ "/cl-long", NULL, "in the middle of its answer", false },
	{ "/cl-neg", NULL, "not valid HTTP: Content-Length", false },
	{ "/cl-two", NULL, "not valid HTTP: repeated field", false },
	{ "/cl-huge", NULL, "not valid HTTP: Content-Length", false },
	{ "/cl-te", NULL, "not valid HTTP: Content-Length beside Transfer-Encoding", false },
	{ "/chunk-over", NULL, "a body that is not valid HTTP: chunk size", false },
	{ "/chunk-nocrlf", NULL, "a body that is not valid HTTP", false },
	{ "/chunk-trail", NULL, "a body that is not valid HTTP: trailers too long", false },
	{ "/extra", OK_BODY, NULL, false },
	{ "/204body", "", NULL, false },
	{ "/gzip", NULL, "a compressed answer", false },
	{ "/redir-loop", "", NULL, true },
	{ "/redir-meta", "", NULL, false },
	{ "/redir-file", "", NULL, false },
	{ "/redir-long", "", NULL, false },
	{ "/rst", NULL, "closed the connection", false },
	{ "/fin-headers", NULL, "closed the connection in the head of its answer", false },
	{ "/hdrs", OK_BODY, NULL, true },
};

static void
check(const struct row *r)
{
	get(r->path, 20000); /* it packs the gzip bomb anew each time */
	if (r->body) {
		if (u->head != STEP_DONE || u->end != 0 || !str_is(str_of(u->body, u->body_n), r->body))
			fail_msg("%s: %s", r->path, u->why);
	} else if (!(u->head == STEP_FAIL || u->end < ERR_MORE) || !strstr(u->why, r->why) || !u->why[0]) {
		fail_msg("%s says: %s", r->path, u->why);
	}
	end();
	if (u->calls.keep.idle != r->kept)
		fail_msg("%s: %u kept", r->path, u->calls.keep.idle);
	calls_clear(&u->calls);
}

static void
test_faults(void **state)
{
	if (skip)
		return;
	for (u32 i = 0; i < ARRAY_N(rows); i++)
		check(&rows[i]);
}

static void
test_hang_and_drip(void **state)
{
	if (skip)
		return;
	get("/hang", 10);
	rig_pass(u->rig, u->spec.first_ms);
	assert_int_equal(u->head, STEP_FAIL);
	assert_non_null(strstr(u->why, "did not answer within 10 s"));
	get("/drip", 30);
	assert_int_equal(u->end, ERR_MORE);
	for (u32 i = 0; i < 3; i++) {
		u->rig->now += 4000; /* a byte a second in real, less than idle_ms apart here */
		usleep(1050000);
		rig_turn(u->rig);
		assert_int_equal(u->end, ERR_MORE);
	}
	rig_pass(u->rig, u->spec.total_ms - 12000);
	assert_int_equal(u->end, ERR_LATE);
	assert_non_null(strstr(u->why, "did not finish within 30 s"));
}

/* Bodies without end are cut by the limit, in constant memory. */
static void
test_endless(void **state)
{
	static const char *const paths[] = { "/endless", "/chunk-endless" };

	if (skip)
		return;
	u->spec.body_max = 1 << 20;
	for (u32 i = 0; i < ARRAY_N(paths); i++) {
		get(paths[i], 5000);
		assert_true(u->end < ERR_MORE);
		assert_non_null(strstr(u->why, "more than the limit"));
		assert_true(u->body_n <= 1 << 20);
		assert_true(rig_leased(u->rig) <= 1);
	}
}

static void
test_head_with_body(void **state)
{
	if (skip)
		return;
	u->spec.method = METHOD_HEAD;
	get("/ok", 100); /* this server sends the body all the same */
	assert_int_equal(u->end, 0);
	assert_int_equal(u->body_n, 0);
	end();
	assert_int_equal(u->calls.keep.idle, 0);
}

/* The server closes 50 ms after each answer: whenever we come back, it works. */
static void
test_race(void **state)
{
	if (skip)
		return;
	for (u32 i = 0; i < 12; i++) {
		get("/race", 500);
		assert_int_equal(u->end, 0);
		assert_true(str_is(str_of(u->body, u->body_n), OK_BODY));
		call_end(u->c, u->rig->now);
		u->c = NULL;
		usleep(44000 + i * 1000); /* no turn: we do not know */
	}
}

static void
test_status(void **state)
{
	static const struct { const char *path; u16 status; u32 after; } cases[] = {
		{ "/status/401", 401, 0 }, { "/status/403", 403, 0 }, { "/status/429?ra=7", 429, 7 },
		{ "/status/503?ra=315360000", 503, 60 }, { "/status/503?ra=-5", 503, 0 },
		{ "/status/429?ra=Sun,%2006%20Nov%202094", 429, 0 },
	};

	if (skip)
		return;
	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		get(cases[i].path, 100);
		assert_int_equal(u->end, 0);
		assert_int_equal(u->c->status, cases[i].status);
		assert_int_equal(u->c->retry_after_s, cases[i].after);
	}
}

static void
test_big(void **state)
{
	if (skip)
		return;
	get("/big/1000000", 2000);
	assert_int_equal(u->end, 0);
	assert_int_equal(u->body_n, 1000002);
	end();
	assert_int_equal(u->calls.keep.idle, 1);
	assert_int_equal(rig_leased(u->rig), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_faults), WITH(test_hang_and_drip), WITH(test_endless), WITH(test_head_with_body),
		WITH(test_race), WITH(test_status), WITH(test_big),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
