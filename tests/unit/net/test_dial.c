#include "net/dial.h"

#include "lib/refused.h"
#include "lib/rig.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

struct fixture {
	struct rig *rig;
	struct dns dns;
	struct dialer dialer;
	struct ready ready;
	struct dial d;
	struct wire wire;
	int listener;
	struct addr at; /* of the listener */
	enum step last;
	char hosts[2048];
};

static struct fixture *f;

static void
run(struct ready *r, msec now)
{
	f->last = dial_step(&f->d, now);
}

static int
setup(void **state)
{
	f = calloc(1, sizeof *f);
	f->rig = rig_new();
	assert_int_equal(dns_init(&f->dns, &f->rig->arena, &f->rig->net, &f->rig->rng), 0);
	f->dialer = (struct dialer){ .net = &f->rig->net, .dns = &f->dns };
	ready_init(&f->ready, run);
	assert_int_equal(addr_read(&f->at, STR("127.0.0.1:0"), 0), 0);
	f->listener = sock_listen(&f->at);
	assert_true(f->listener >= 0);
	assert_int_equal(sock_local(f->listener, &f->at), 0);
	return 0;
}

static int
teardown(void **state)
{
	dial_end(&f->d);
	wire_close(&f->wire);
	assert_int_equal(f->rig->loop.watched, 0);
	assert_int_equal(f->rig->loop.timers.n, 0);
	assert_int_equal(rig_leased(f->rig), 0);
	sock_close(f->listener);
	rig_free(f->rig);
	free(f);
	return 0;
}

static void
settle(void)
{
	for (u32 i = 0; i < 10 && f->last == STEP_WAIT; i++) {
		usleep(500);
		rig_turn(f->rig);
	}
}

static enum step
dial(struct dial_to to)
{
	dial_end(&f->d);
	wire_close(&f->wire);
	memset(&f->d, 0, sizeof f->d);
	memset(&f->wire, 0, sizeof f->wire);
	f->wire.net = &f->rig->net;
	dial_start(&f->d, &f->dialer, &to, &f->wire, &f->ready);
	f->last = dial_step(&f->d, f->rig->now);
	settle();
	return f->last;
}

static const char *
why(void)
{
	static char text[DIAL_WHY_MAX + 1];

	memcpy(text, f->d.why, f->d.why_n);
	text[f->d.why_n] = 0;
	return text;
}

static void
test_literal(void **state)
{
	assert_int_equal(dial((struct dial_to){ .host = STR("127.0.0.1"), .port = f->at.port, .configured = true }),
	    STEP_DONE);
	assert_true(f->wire.watch.fd >= 0);
	assert_ptr_equal(f->wire.watch.owner, &f->ready);
}

static void
test_output_written_before_goes_out(void **state)
{
	struct dial_to to = { .host = STR("127.0.0.1"), .port = f->at.port, .configured = true };
	char got[16];
	struct addr peer;
	int fd;

	f->wire.net = &f->rig->net;
	dial_start(&f->d, &f->dialer, &to, &f->wire, &f->ready);
	buf_put(wire_out(&f->wire, 5), STR("hello"));
	wire_settle(&f->wire);
	f->last = dial_step(&f->d, f->rig->now);
	settle();
	assert_int_equal(f->last, STEP_DONE);
	assert_int_equal(wire_flush(&f->wire), 0);
	wire_settle(&f->wire);
	fd = sock_accept(f->listener, &peer);
	assert_true(rig_readable(fd));
	assert_int_equal(recv(fd, got, sizeof got, 0), 5);
	sock_close(fd);
}

static void
test_addresses_that_are_never_called(void **state)
{
	static const char *const never[] = {
		"169.254.169.254", "169.254.1.1", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1",
		"::ffff:169.254.169.254", "fd00:ec2::254", "240.0.0.1",
	};
	static const char *const configured_only[] = { "127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd12::1",
		"172.16.0.1", "::ffff:10.0.0.1" };
	const char *reason;
	struct addr a;

	for (u32 i = 0; i < ARRAY_N(never); i++) {
		assert_int_equal(addr_read_ip(&a, str_c(never[i])), 0);
		assert_int_equal(dial_allowed(&f->dialer, &a, true, &reason), ERR_DENY);
		assert_int_equal(dial((struct dial_to){ .host = str_c(never[i]), .port = 80, .configured = true }), STEP_FAIL);
		assert_int_equal(f->d.err, ERR_DENY);
	}
	for (u32 i = 0; i < ARRAY_N(configured_only); i++) {
		assert_int_equal(addr_read_ip(&a, str_c(configured_only[i])), 0);
		assert_int_equal(dial_allowed(&f->dialer, &a, true, &reason), 0);
		assert_int_equal(dial((struct dial_to){ .host = str_c(configured_only[i]), .port = 80 }), STEP_FAIL);
		assert_int_equal(f->d.err, ERR_DENY);
	}
	dial((struct dial_to){ .host = STR("169.254.169.254"), .port = 80, .configured = true });
	assert_string_equal(why(), "169.254.169.254:80 is not called: 169.254.169.254 is a metadata address");
	dial((struct dial_to){ .host = STR("10.0.0.1"), .port = 80 });
	assert_string_equal(why(),
	    "10.0.0.1:80 is not called: 10.0.0.1 is a private address and its origin is not in the configuration");
}

/* What a name leads to is judged, not the name. */
static void
test_name_that_leads_inside(void **state)
{
	dns_conf(&f->dns, STR(""), STR("127.0.0.1 rebound.example\n169.254.169.254 meta.example\n"));
	assert_int_equal(dial((struct dial_to){ .host = STR("rebound.example"), .port = f->at.port }), STEP_FAIL);
	assert_int_equal(f->d.err, ERR_DENY);
	assert_int_equal(dial((struct dial_to){ .host = STR("meta.example"), .port = 80, .configured = true }), STEP_FAIL);
	assert_int_equal(f->d.err, ERR_DENY);
}

static void
test_own_listeners(void **state)
{
	struct addr own[2] = { f->at };

	f->dialer.own = own;
	f->dialer.own_n = 1;
	assert_int_equal(dial((struct dial_to){ .host = STR("127.0.0.1"), .port = f->at.port, .configured = true }),
	    STEP_FAIL);
	assert_string_equal(strstr(why(), "127.0.0.1 is"), "127.0.0.1 is a listener of this gate");
	addr_read(&own[0], STR("0.0.0.0:0"), 0); /* any address of ours with that port */
	own[0].port = f->at.port;
	assert_int_equal(dial((struct dial_to){ .host = STR("127.0.0.1"), .port = f->at.port, .configured = true }),
	    STEP_FAIL);
	assert_int_equal(f->d.err, ERR_DENY);
	own[0].port++;
	assert_int_equal(dial((struct dial_to){ .host = STR("127.0.0.1"), .port = f->at.port, .configured = true }),
	    STEP_DONE);
}

/* An address of ours that is not loopback, if this machine has one, reached through a listener on all addresses. */
static void
test_own_listener_by_another_address(void **state)
{
	struct addr own, to, here;
	struct buf b;
	char text[64];
	int fd, listener;

	addr_read(&to, STR("192.0.2.1:9"), 0); /* nothing is sent: the kernel only picks our address */
	fd = sock_udp(&to);
	if (fd < 0 || sock_local(fd, &here) || addr_kind(&here) == ADDR_LOOPBACK) {
		sock_close(fd);
		print_message("skipped: only loopback here\n");
		return;
	}
	sock_close(fd);
	addr_read(&own, STR("0.0.0.0:0"), 0);
	listener = sock_listen(&own);
	assert_int_equal(sock_local(listener, &own), 0);
	f->dialer.own = &own;
	f->dialer.own_n = 1;
	b = buf_over(text, sizeof text);
	addr_print_ip(&b, &here);
	assert_int_equal(dial((struct dial_to){ .host = buf_str(&b), .port = own.port, .configured = true }), STEP_FAIL);
	assert_int_equal(f->d.err, ERR_DENY);
	f->dialer.own_n = 0;
	assert_int_equal(dial((struct dial_to){ .host = buf_str(&b), .port = own.port, .configured = true }), STEP_DONE);
	sock_close(listener);
}

static void
test_refused(void **state)
{
	char expected[128];

	sock_close(f->listener);
	f->listener = -1;
	assert_int_equal(dial((struct dial_to){ .host = STR("127.0.0.1"), .port = f->at.port, .configured = true }),
	    STEP_FAIL);
	assert_int_equal(f->d.err, ERR_IO);
	snprintf(expected, sizeof expected, "cannot connect to 127.0.0.1:%u: connection refused", f->at.port);
	assert_memory_equal(why(), expected, strlen(expected) - strlen("connection refused"));
	NEEDS_REFUSED();
	assert_string_equal(why(), expected);
}

static void
test_unresolved(void **state)
{
	assert_int_equal(dial((struct dial_to){ .host = STR("api.example"), .port = 80 }), STEP_FAIL);
	assert_string_equal(why(), "cannot resolve api.example: no name server is configured");
	assert_int_equal(dial((struct dial_to){ .host = STR("a b"), .port = 80 }), STEP_FAIL);
	assert_string_equal(why(), "cannot resolve a b: not a valid host name");
}

static void
test_next_address_when_one_is_refused(void **state)
{
	dns_conf(&f->dns, STR(""), STR("::1 two.example\n127.0.0.1 two.example\n")); /* nobody listens on ::1 */
	assert_int_equal(dial((struct dial_to){ .host = STR("two.example"), .port = f->at.port, .configured = true }),
	    STEP_DONE);
}

/* A listener whose queue is full drops what comes: the kernel of the caller waits, as for a black hole. */
static int
black_hole(struct addr *a, int fill[3])
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002) };
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(sock_local(fd, a), 0);
	for (u32 i = 0; i < 3; i++)
		fill[i] = sock_connect(a);
	usleep(20000);
	return fd;
}

static void
test_black_hole_beside_a_good_address(void **state)
{
	int fill[3], hole, good;
	struct addr a, b;

	hole = black_hole(&a, fill);
	b = a;
	b.ip[3] = 3;
	good = sock_listen(&b);
	assert_true(good >= 0);
	dns_conf(&f->dns, STR(""), STR("127.0.0.2 two.example\n127.0.0.3 two.example\n"));
	assert_int_equal(dial((struct dial_to){ .host = STR("two.example"), .port = a.port, .configured = true }),
	    STEP_WAIT);
	rig_pass(f->rig, DIAL_NEXT_MS - 1);
	assert_int_equal(f->last, STEP_WAIT);
	rig_pass(f->rig, 1);
	settle();
	assert_int_equal(f->last, STEP_DONE);
	dial((struct dial_to){ .host = STR("127.0.0.2"), .port = a.port, .configured = true });
	assert_int_equal(f->last, STEP_WAIT);
	dial_late(&f->d, 3000);
	assert_non_null(strstr(why(), " within 3 s: no answer to the connect"));
	dial_late(&f->d, 1500);
	assert_non_null(strstr(why(), " within 1.5 s: "));
	for (u32 i = 0; i < 3; i++)
		sock_close(fill[i]);
	sock_close(hole);
	sock_close(good);
}

static void
test_unix(void **state)
{
	char path[64];
	struct addr a = { .family = ADDR_UNIX };
	int fd;

	snprintf(path, sizeof path, "/tmp/test_dial.%d", (int)getpid());
	memcpy(a.path, path, strlen(path) + 1);
	fd = sock_listen(&a);
	assert_true(fd >= 0);
	assert_int_equal(dial((struct dial_to){ .host = STR("demo"), .unix_path = str_c(path), .configured = true }),
	    STEP_DONE);
	assert_int_equal(dial((struct dial_to){ .host = STR("demo"), .unix_path = str_c(path) }), STEP_FAIL);
	assert_int_equal(f->d.err, ERR_DENY);
	f->dialer.own = &a;
	f->dialer.own_n = 1;
	assert_int_equal(dial((struct dial_to){ .host = STR("demo"), .unix_path = str_c(path), .configured = true }),
	    STEP_FAIL);
	assert_non_null(strstr(why(), "is not called: it is a listener of this gate"));
	f->dialer.own_n = 0;
	sock_close(fd);
	unlink(path);
	assert_int_equal(dial((struct dial_to){ .host = STR("demo"), .unix_path = str_c(path), .configured = true }),
	    STEP_FAIL);
	assert_non_null(strstr(why(), ": there is no such socket"));
}

/* All that may happen between start and end gives everything back. */
static void
test_cancelled_anywhere(void **state)
{
	struct dial_to to = { .host = STR("127.0.0.1"), .port = f->at.port, .configured = true };

	for (u32 turns = 0; turns < 4; turns++) {
		memset(&f->d, 0, sizeof f->d);
		memset(&f->wire, 0, sizeof f->wire);
		f->wire.net = &f->rig->net;
		dial_start(&f->d, &f->dialer, &to, &f->wire, &f->ready);
		for (u32 i = 0; i < turns; i++) {
			dial_step(&f->d, f->rig->now);
			usleep(500);
			rig_turn(f->rig);
		}
		dial_end(&f->d);
		wire_close(&f->wire);
		ready_cancel(&f->ready);
		assert_int_equal(f->rig->loop.watched, 0);
	}
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_literal), WITH(test_output_written_before_goes_out), WITH(test_addresses_that_are_never_called),
		WITH(test_name_that_leads_inside), WITH(test_own_listeners), WITH(test_own_listener_by_another_address),
		WITH(test_refused), WITH(test_unresolved), WITH(test_next_address_when_one_is_refused),
		WITH(test_black_hole_beside_a_good_address), WITH(test_unix), WITH(test_cancelled_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
