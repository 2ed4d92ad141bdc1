#include "net/dial.h"
#include "net/wtls.h"

#include "lib/rig.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/fixture.h"
#include "lib/guard.h"

#define DIR "tests/data/tls/"
#define NOW 1800000000
#define MOST (1 << 20)

/* A wire that somebody owns: who runs takes in what there is and sends what waits. */
struct side {
	struct ready ready;
	struct wire wire;
	bool shaking;
	int err;             /* of the handshake or of reading */
	u32 seen, sent, all; /* text: taken in, given to the wire, to be sent */
	u8 first;            /* value of the first byte; each next one is one more */
	bool ended;
	u32 runs;
};

static struct rig *rig;
static struct side a, b; /* client, server */
static struct cert_anchors anchors;
static struct tls_trust trust;
static u8 text[MOST + 256];

static struct str
file(const char *name)
{
	return fixture(name);
}

/* Takes in what is there; what was sent is checked byte by byte. */
static void
take_in(struct side *s)
{
	while (s->err == 0 && wire_readable(&s->wire)) {
		int n = wire_fill(&s->wire, 0);
		struct str in = buf_str(&s->wire.in);

		if (n == ERR_MORE)
			return;
		if (n < 0)
			s->err = n;
		if (n == 0)
			s->ended = true;
		if (n <= 0)
			return;
		assert_memory_equal(in.p, text + ((s->first + s->seen) & 255), in.n);
		s->seen += in.n;
		buf_eat(&s->wire.in, in.n);
	}
}

static void
give_out(struct side *s)
{
	if (s->err || s->sent == s->all)
		return;
	if (wire_unsent(&s->wire) == 0) {
		struct str part = str_of(text + s->sent % 256, min_u32(s->all - s->sent, 100000));
		struct buf *out = wire_out(&s->wire, 100);

		assert_non_null(out);
		buf_put(out, str_cut(part, 0, 100));
		wire_view(&s->wire, str_cut(part, 100, part.n));
		s->sent += part.n;
	}
	if (wire_flush(&s->wire) == ERR_IO)
		s->err = ERR_IO;
}

static void
run(struct ready *r, msec now)
{
	struct side *s = CONTAINER_OF(r, struct side, ready);

	s->runs++;
	if (s->shaking) {
		int err = wtls_shake(&s->wire);

		s->shaking = err == ERR_MORE;
		s->err = s->shaking ? 0 : err;
		if (s->err)
			watch_want(&rig->loop, &s->wire.watch, 0);
	}
	if (!s->shaking) {
		give_out(s);
		take_in(s);
		wire_want(&s->wire, s->err || s->ended ? 0 : POLLIN);
		if (s->err == 0 && s->sent < s->all && wire_unsent(&s->wire) == 0)
			loop_ready(&rig->loop, &s->ready);
	}
	wire_settle(&s->wire);
}

static void
begin(struct side *s, int fd)
{
	memset(s, 0, sizeof *s);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ready_init(&s->ready, run);
	wire_init(&s->wire, &rig->net, fd, &s->ready);
}

static void
show(const char *cert, const char *key)
{
	const char *why = "";

	if (wtls_identity(&rig->net, file(cert), file(key), &why))
		fail_msg("%s: %s", cert, why);
}

static int
setup(void **state)
{
	const char *why;

	rig = rig_new();
	for (u32 i = 0; i < sizeof text; i++)
		text[i] = (u8)i;
	assert_int_equal(wtls_init(&rig->net, &rig->arena, &rig->rng), 0);
	wtls_wall(&rig->net, NOW);
	show(DIR "ec.pem", DIR "ec.key");
	assert_int_equal(cert_anchors_read(file(DIR "ca.pem"), &rig->arena, &anchors, &why), 0);
	trust = (struct tls_trust){ STR("api.example"), &anchors, NULL };
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	return 0;
}

static int
teardown(void **state)
{
	wire_close(&a.wire);
	wire_close(&b.wire);
	assert_int_equal(rig_leased(rig), 0);
	assert_int_equal(rig->loop.watched, 0);
	rig_free(rig);
	return guard_free(state);
}

/* A pair of sockets with a server and a client on it, their handshake begun. */
static void
connect_pair(void)
{
	int fd[2];

	wire_close(&a.wire);
	wire_close(&b.wire);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	begin(&a, fd[0]);
	begin(&b, fd[1]);
	assert_int_equal(wtls_accept(&b.wire), 0);
	assert_int_equal(wtls_connect(&a.wire, &trust), 0);
	a.shaking = true;
	loop_ready(&rig->loop, &a.ready);
}

/* Turns until nothing is left to do: not by itself a proof that it is done. */
static void
turns(void)
{
	for (u32 quiet = 0; quiet < 3;) {
		u32 before = a.runs + b.runs;

		rig_pass(rig, 0);
		quiet = a.runs + b.runs != before ? 0 : quiet + 1;
	}
}

static void
shake(void)
{
	connect_pair();
	turns();
	assert_int_equal(a.err, 0);
	assert_false(a.shaking);
	assert_true(wtls_open(&a.wire));
	assert_true(wtls_open(&b.wire));
}

static void
carry(u32 up, u32 down)
{
	a.all += up;
	b.all += down;
	loop_ready(&rig->loop, &a.ready);
	loop_ready(&rig->loop, &b.ready);
	turns();
	assert_int_equal(b.seen, a.all);
	assert_int_equal(a.seen, b.all);
}

static void
test_talk(void **state)
{
	shake();
	carry(10, 0);
	carry(0, 10);
	carry(1, 1);
	carry(20000, 30000);
	carry(MOST, MOST);
	assert_int_equal(rig_leased(rig), 0);
}

/* A peer that does not read: what the kernel does not take waits in one block, and all arrives at
 * last. */
static void
test_slow_reader(void **state)
{
	shake();
	b.all = MOST;
	watch_want(&rig->loop, &a.wire.watch, 0);
	loop_ready(&rig->loop, &b.ready);
	turns();
	assert_true(b.sent < b.all);
	assert_true(wire_unsent(&b.wire) > 0);
	assert_true(rig_leased(rig) > 0);
	watch_want(&rig->loop, &a.wire.watch, POLLIN);
	turns();
	assert_int_equal(a.seen, MOST);
	assert_int_equal(rig_leased(rig), 0);
}

/* Without any block records leave one by one; nothing is lost. */
static void
test_no_blocks(void **state)
{
	struct str piece = str_of(text, 30000);
	struct buf blocks[4096];
	u32 n = 0;

	shake();
	while (n < 4096 && (blocks[n] = lease_take(&rig->net.lease, 1)).p)
		n++;
	assert_int_equal(lease_room(&rig->net.lease), 0);
	assert_int_equal(wire_view(&b.wire, piece), 0);
	while (wire_flush(&b.wire) == ERR_MORE)
		rig_pass(rig, 0);
	while (n)
		lease_give(&rig->net.lease, &blocks[--n]);
	turns();
	assert_int_equal(a.seen, 30000);
}

static void
test_end(void **state)
{
	shake();
	carry(5, 5);
	wire_end(&b.wire);
	turns();
	assert_true(a.ended);
	assert_true(a.wire.eof);
	assert_int_equal(a.err, 0);
}

/* A socket that ends without TLS saying so: an answer without a length must not count as whole. */
static void
test_cut(void **state)
{
	shake();
	carry(5, 5);
	sock_end(b.wire.watch.fd);
	turns();
	assert_false(a.ended);
	assert_int_equal(a.err, ERR_IO);
	assert_string_equal(wtls_why(&a.wire),
	                    "the connection was cut (does the peer speak TLS here?)");
}

static void
test_resumed(void **state)
{
	u8 pin[CERT_PIN_N];

	shake();
	assert_true(wtls_peer_pin(&a.wire, pin));
	shake();
	assert_false(wtls_peer_pin(&a.wire, pin)); /* no certificate was shown */
	carry(100, 100);
	wtls_forget(&rig->net);
	shake();
	assert_true(wtls_peer_pin(&a.wire, pin));
}

static void
test_refused(void **state)
{
	trust.name = STR("other.example");
	connect_pair();
	turns();
	assert_int_equal(a.err, ERR_IO);
	assert_string_equal(wtls_why(&a.wire), "hostname does not match the certificate");
	trust.name = STR("192.0.2.1");
	wire_close(&a.wire);
	a.wire.net = &rig->net;
	assert_int_equal(wtls_connect(&a.wire, &trust), ERR_DENY);
}

static void
test_identity_replaced(void **state)
{
	const char *why;
	u8 ec[CERT_PIN_N], rsa[CERT_PIN_N];

	shake();
	assert_true(wtls_peer_pin(&a.wire, ec));
	show(DIR "rsa.pem", DIR "rsa.key");
	carry(100, 100); /* what is open stays */
	wtls_forget(&rig->net);
	shake();
	assert_true(wtls_peer_pin(&a.wire, rsa));
	assert_memory_not_equal(ec, rsa, CERT_PIN_N);
	assert_int_equal(wtls_identity(&rig->net, file(DIR "ec.pem"), file(DIR "rsa.key"), &why),
	                 ERR_BAD);
	assert_string_equal(why, "the certificate and the key do not belong together");
	wtls_forget(&rig->net);
	shake(); /* the good one stays */
	assert_true(wtls_peer_pin(&a.wire, ec));
	assert_memory_equal(ec, rsa, CERT_PIN_N);
}

/* A handshake whose certificate is overwritten ends; it does not go on with another one's key. */
static void
test_identity_replaced_twice(void **state)
{
	connect_pair();
	rig_pass(rig, 0);
	assert_false(wtls_open(&b.wire));
	show(DIR "rsa.pem", DIR "rsa.key");
	show(DIR "ec.pem", DIR "ec.key");
	turns();
	assert_false(wtls_open(&b.wire));
	assert_int_equal(b.err, ERR_IO);
	assert_string_equal(wtls_why(&b.wire), "our certificate was replaced meanwhile");
	wire_close(&b.wire);
	turns();
	assert_int_equal(a.err, ERR_IO);
}

static void
test_no_identity_and_no_context(void **state)
{
	static struct wire many[TLS_CONNS_MAX];
	struct rig *bare = rig_new();
	struct wire one = { .net = &bare->net };
	u32 n = 0;

	assert_int_equal(wtls_accept(&one), ERR_NONE);
	assert_int_equal(wtls_connect(&one, &trust), ERR_DENY);
	assert_int_equal(wtls_init(&bare->net, &bare->arena, &bare->rng), 0);
	assert_int_equal(wtls_accept(&one), ERR_NONE);
	rig_free(bare);
	for (; n < TLS_CONNS_MAX; n++) {
		begin(&a, dup(0));
		many[n] = a.wire;
		watch_end(&rig->loop, &a.wire.watch);
		sock_close(many[n].watch.fd);
		many[n].watch.on = false;
		assert_int_equal(wtls_accept(&many[n]), 0);
	}
	memset(&a, 0, sizeof a);
	one.net = &rig->net;
	assert_int_equal(wtls_accept(&one), ERR_FULL);
	one = many[0];
	many[0].tls = NULL;
	begin(&b, dup(0));
	b.wire.tls = one.tls;
	wire_close(&b.wire); /* gives its context back */
	one.tls = NULL;
	assert_int_equal(wtls_accept(&one), 0);
}

/* Of many handshakes at once only one goes on in a turn; all come to their end. */
static void
test_one_handshake_a_turn(void **state)
{
	static struct side clients[8], servers[8];
	u32 open = 0, most = 0;

	for (u32 i = 0; i < 8; i++) {
		int fd[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		begin(&clients[i], fd[0]);
		begin(&servers[i], fd[1]);
		assert_int_equal(wtls_accept(&servers[i].wire), 0);
		assert_int_equal(wtls_connect(&clients[i].wire, &trust), 0);
		clients[i].shaking = true;
		loop_ready(&rig->loop, &clients[i].ready);
	}
	for (u32 turn = 0; turn < 200 && open < 16; turn++) {
		u32 before = open;

		rig_pass(rig, 0);
		open = 0;
		for (u32 i = 0; i < 8; i++)
			open += wtls_open(&clients[i].wire) + wtls_open(&servers[i].wire);
		most = max_u32(most, open - before);
	}
	assert_int_equal(open, 16);
	assert_int_equal(most, 1);
	for (u32 i = 0; i < 8; i++) {
		wire_close(&clients[i].wire);
		wire_close(&servers[i].wire);
	}
}

/* --- through net/dial: from a host's name to an open wire
 * ------------------------------------------- */

static struct dial d;
static enum step last;

static void
run_dial(struct ready *r, msec now)
{
	last = dial_step(&d, now);
	wire_settle(&a.wire);
}

/* Dials a listener of ours, as api.example; the server's side is b. */
static void
dial(struct dns *dns)
{
	static struct dialer dialer;
	static char hosts[] = "127.0.0.1 api.example other.example\n";
	struct dial_to to = { .host = trust.name, .configured = true, .tls = &trust };
	struct addr at, peer;
	int listener, fd = -1;

	assert_int_equal(addr_read(&at, STR("127.0.0.1:0"), 0), 0);
	listener = sock_listen(&at);
	assert_int_equal(sock_local(listener, &at), 0);
	to.port = at.port;
	if (!dialer.dns)
		dns_conf(dns, STR(""), str_c(hosts));
	dialer = (struct dialer){ .net = &rig->net, .dns = dns };
	memset(&d, 0, sizeof d);
	memset(&a, 0, sizeof a);
	a.wire.net = &rig->net;
	ready_init(&a.ready, run_dial);
	dial_start(&d, &dialer, &to, &a.wire, &a.ready);
	loop_ready(&rig->loop, &a.ready);
	for (u32 i = 0; i < 100 && fd < 0; i++) {
		rig_pass(rig, 0);
		fd = sock_accept(listener, &peer);
	}
	assert_true(fd >= 0);
	begin(&b, fd);
	assert_int_equal(wtls_accept(&b.wire), 0);
	for (u32 i = 0; i < 1000 && last == STEP_WAIT; i++)
		rig_pass(rig, 0);
	sock_close(listener);
	dial_end(&d);
}

static void
test_dial(void **state)
{
	struct dns dns;
	char why[DIAL_WHY_MAX + 1];
	u8 wrong[CERT_PIN_N] = { 1 };

	assert_int_equal(dns_init(&dns, &rig->arena, &rig->net, &rig->rng), 0);
	dial(&dns);
	assert_int_equal(last, STEP_DONE);
	a.ready.run = run;
	carry(1000, 1000);
	wire_close(&a.wire);
	wire_close(&b.wire);
	wtls_forget(&rig->net);
	trust.pin = wrong;
	dial(&dns);
	assert_int_equal(last, STEP_FAIL);
	assert_int_equal(d.err, ERR_IO);
	snprintf(why, sizeof why, "%.*s", d.why_n, d.why);
	assert_non_null(strstr(why, "no TLS connection to api.example:"));
	assert_non_null(strstr(why, ": the server's key is not the pinned one (its pin is "));
	wire_close(&a.wire);
	wire_close(&b.wire);
	trust = (struct tls_trust){ STR("other.example"), &anchors, NULL };
	dial(&dns);
	assert_int_equal(last, STEP_FAIL);
	snprintf(why, sizeof why, "%.*s", d.why_n, d.why);
	assert_non_null(strstr(why, ": hostname does not match the certificate"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_talk),
		TEST(test_slow_reader),
		TEST(test_no_blocks),
		TEST(test_end),
		TEST(test_cut),
		TEST(test_resumed),
		TEST(test_refused),
		TEST(test_identity_replaced),
		TEST(test_identity_replaced_twice),
		TEST(test_no_identity_and_no_context),
		TEST(test_one_handshake_a_turn),
		TEST(test_dial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
