#include "net/dns_priv.h"

#include "lib/guard.h"
#include "lib/rig.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

/* --- messages ------------------------------------------------------------------------------------ */

#define MSG_MAX 65535

struct msg {
	u8 p[MSG_MAX];
	u32 n;
};

static void
put(struct msg *m, const void *p, u32 n)
{
	assert_true(m->n + n <= MSG_MAX);
	memcpy(m->p + m->n, p, n);
	m->n += n;
}

static void
put16(struct msg *m, u32 v)
{
	put(m, (u8[]){ (u8)(v >> 8), (u8)v }, 2);
}

static void
put32(struct msg *m, u32 v)
{
	put16(m, v >> 16);
	put16(m, v & 0xffff);
}

static void
put_name(struct msg *m, const char *name)
{
	while (*name) {
		u8 n = (u8)strcspn(name, ".");

		put(m, &n, 1);
		put(m, name, n);
		name += n + (name[n] == '.');
	}
	put(m, "", 1);
}

/* Header and question: flags without QR are added to a response. */
static void
begin(struct msg *m, u16 id, u32 flags, const char *name, u16 type, u16 answers)
{
	m->n = 0;
	put16(m, id);
	put16(m, 0x8180 | flags);
	put16(m, 1);
	put16(m, answers);
	put16(m, 0);
	put16(m, 0);
	put_name(m, name);
	put16(m, type);
	put16(m, 1);
}

/* The fixed part of a record behind its owner name. */
static void
record(struct msg *m, u16 type, u32 ttl, u16 n)
{
	put16(m, type);
	put16(m, 1);
	put32(m, ttl);
	put16(m, n);
}

#define QUESTION_NAME "\xc0\x0c"

static void
put_a(struct msg *m, u32 ttl, u32 ip)
{
	put(m, QUESTION_NAME, 2);
	record(m, DNS_TYPE_A, ttl, 4);
	put32(m, ip);
}

static void
put_aaaa(struct msg *m, u32 ttl, u8 last)
{
	u8 ip[16] = { 0x20, 1, 0xd, 0xb8, [15] = last };

	put(m, QUESTION_NAME, 2);
	record(m, DNS_TYPE_AAAA, ttl, 16);
	put(m, ip, 16);
}

static void
put_soa(struct msg *m, u32 ttl, u32 minimum)
{
	m->p[9] = 1; /* one authority record */
	put(m, QUESTION_NAME, 2);
	record(m, DNS_TYPE_SOA, ttl, 2 + 2 + 20);
	put(m, QUESTION_NAME QUESTION_NAME, 4);
	for (u32 i = 0; i < 4; i++)
		put32(m, 1);
	put32(m, minimum);
}

static struct dns_list list;
static u32 ttl;
static struct msg m;

static int
judge(const struct msg *msg)
{
	return dns_reply(guard_bytes(str_of(msg->p, msg->n)), 77, DNS_TYPE_A, STR("api.example"), &list, &ttl);
}

static void
test_reply_plain(void **state)
{
	begin(&m, 77, 0, "API.exaMple", DNS_TYPE_A, 2);
	put_a(&m, 300, 0x01020304);
	put_a(&m, 200, 0x01020305);
	assert_int_equal(judge(&m), 0);
	assert_int_equal(list.n, 2);
	assert_memory_equal(list.at[1].ip, "\1\2\3\5", 4);
	assert_int_equal(ttl, 200);
}

static void
test_reply_not_ours(void **state)
{
	begin(&m, 78, 0, "api.example", DNS_TYPE_A, 0);
	assert_int_equal(judge(&m), ERR_MORE); /* id */
	begin(&m, 77, 0, "apj.example", DNS_TYPE_A, 0);
	assert_int_equal(judge(&m), ERR_MORE); /* name */
	begin(&m, 77, 0, "api.example.", DNS_TYPE_A, 0);
	m.p[2] = 1;
	assert_int_equal(judge(&m), ERR_MORE); /* a question */
	begin(&m, 77, 0, "api.example", DNS_TYPE_AAAA, 0);
	assert_int_equal(judge(&m), ERR_MORE); /* type */
	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 0);
	m.p[5] = 0;
	assert_int_equal(judge(&m), ERR_MORE); /* no question */
	m.n = 11;
	assert_int_equal(judge(&m), ERR_MORE);
}

static void
test_reply_codes(void **state)
{
	begin(&m, 77, 0x200, "api.example", DNS_TYPE_A, 0);
	assert_int_equal(judge(&m), ERR_FULL); /* cut */
	begin(&m, 77, 2, "api.example", DNS_TYPE_A, 0);
	assert_int_equal(judge(&m), ERR_IO); /* server failure */
	begin(&m, 77, 5, "api.example", DNS_TYPE_A, 0);
	assert_int_equal(judge(&m), ERR_IO); /* refused */
	begin(&m, 77, 3, "api.example", DNS_TYPE_A, 0);
	put_soa(&m, 900, 20);
	assert_int_equal(judge(&m), ERR_NONE);
	assert_int_equal(ttl, 20);
	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 0);
	put_soa(&m, 10, 20);
	assert_int_equal(judge(&m), 0); /* the name exists, an address does not */
	assert_int_equal(list.n, 0);
	assert_int_equal(ttl, 10);
}

static void
test_reply_ttl(void **state)
{
	static const struct { u32 said, taken; } rows[] = {
		{ 0, 0 }, { 0x80000000, 0 }, { 0xffffffff, 0 }, { 0x7fffffff, DNS_TTL_MAX_S }, { 60, 60 },
	};

	for (u32 i = 0; i < ARRAY_N(rows); i++) {
		begin(&m, 77, 0, "api.example", DNS_TYPE_A, 1);
		put_a(&m, rows[i].said, 1);
		assert_int_equal(judge(&m), 0);
		assert_int_equal(ttl, rows[i].taken);
	}
}

/* A chain of n aliases c1, c2 ... and an address at its end; order: as given, or backwards. */
static void
chain(u32 n, bool backwards)
{
	char name[16];

	begin(&m, 77, 0, "api.example", DNS_TYPE_A, (u16)(n + 1));
	for (u32 k = 0; k <= n; k++) {
		u32 i = backwards ? n - k : k;

		if (i == 0) {
			put(&m, QUESTION_NAME, 2);
		} else {
			snprintf(name, sizeof name, "c%u.x", i);
			put_name(&m, name);
		}
		if (i == n) {
			record(&m, DNS_TYPE_A, 60, 4);
			put32(&m, 0x0a000001);
		} else {
			snprintf(name, sizeof name, "c%u.x", i + 1);
			record(&m, DNS_TYPE_CNAME, 60, (u16)(strlen(name) + 2));
			put_name(&m, name);
		}
	}
}

static void
test_reply_aliases(void **state)
{
	for (u32 backwards = 0; backwards < 2; backwards++) {
		chain(1, backwards);
		assert_int_equal(judge(&m), 0);
		assert_int_equal(list.n, 1);
		chain(DNS_CNAMES_MAX, backwards);
		assert_int_equal(judge(&m), 0);
		assert_int_equal(list.n, 1);
		chain(DNS_CNAMES_MAX + 1, backwards);
		assert_int_equal(judge(&m), ERR_BAD);
		chain(100, backwards);
		assert_int_equal(judge(&m), ERR_BAD);
	}
	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 1); /* an alias of itself */
	put(&m, QUESTION_NAME, 2);
	record(&m, DNS_TYPE_CNAME, 60, 2);
	put(&m, QUESTION_NAME, 2);
	assert_int_equal(judge(&m), ERR_BAD);
}

static void
test_reply_strangers_are_passed_over(void **state)
{
	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 3);
	put_name(&m, "bank.example");
	record(&m, DNS_TYPE_A, 60, 4);
	put32(&m, 0x06060606);
	put_aaaa(&m, 60, 1);
	put_a(&m, 60, 0x01010101);
	assert_int_equal(judge(&m), 0);
	assert_int_equal(list.n, 1);
	assert_memory_equal(list.at[0].ip, "\1\1\1\1", 4);
}

static void
test_reply_many(void **state)
{
	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 1000);
	for (u32 i = 0; i < 1000; i++)
		put_a(&m, 60, i + 1);
	assert_int_equal(judge(&m), 0);
	assert_int_equal(list.n, DNS_ADDRS_MAX);
	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 1000);
	for (u32 i = 0; i < 1000; i++)
		put_a(&m, 60, 5); /* the same one again and again counts once */
	assert_int_equal(judge(&m), 0);
	assert_int_equal(list.n, 1);
}

/* One record whose owner is the given bytes. */
static int
owner(const void *p, u32 n)
{
	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 1);
	put(&m, p, n);
	record(&m, DNS_TYPE_A, 60, 4);
	put32(&m, 1);
	return judge(&m);
}

static void
test_reply_names(void **state)
{
	u8 here[2], long_name[300], at = 0;
	u32 n = 0;

	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 1);
	here[0] = 0xc0;
	here[1] = at = (u8)m.n;
	assert_int_equal(owner(here, 2), ERR_BAD);                              /* to itself */
	assert_int_equal(owner((u8[]){ 0xc0, (u8)(at + 2), 1, 'a', 0 }, 5), ERR_BAD); /* forward */
	assert_int_equal(owner((u8[]){ 1, 'a', 0xc0, at }, 4), ERR_BAD);        /* to the start of its own name */
	assert_int_equal(owner((u8[]){ 0xff, 0xff }, 2), ERR_BAD);              /* out of the message */
	assert_int_equal(owner((u8[]){ 64, 'a', 0 }, 3), ERR_BAD);              /* label of 64 */
	assert_int_equal(owner((u8[]){ 0x80, 'a', 0 }, 3), ERR_BAD);
	while (n < 260) {
		long_name[n++] = 3;
		memcpy(long_name + n, "abc", 3);
		n += 3;
	}
	long_name[n++] = 0;
	assert_int_equal(owner(long_name, n), ERR_BAD);
	long_name[252] = 0;
	assert_int_equal(owner(long_name, 253), 0); /* long, and somebody else's */
	assert_int_equal(owner(QUESTION_NAME, 2), 0);
	assert_int_equal(list.n, 1);
}

static void
test_reply_cut_anywhere(void **state)
{
	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 2);
	put(&m, QUESTION_NAME, 2);
	record(&m, DNS_TYPE_CNAME, 60, 4);
	put(&m, "\1a\xc0\x10", 4);
	put(&m, "\1a\xc0\x10", 4);
	record(&m, DNS_TYPE_A, 60, 4);
	put32(&m, 0x01020304);
	assert_int_equal(judge(&m), 0);
	assert_int_equal(list.n, 1);
	for (u32 n = m.n; n-- > 0;) {
		m.n = n;
		assert_true(judge(&m) == ERR_MORE || judge(&m) == ERR_BAD);
		assert_int_equal(list.n, 0);
	}
	begin(&m, 77, 0, "api.example", DNS_TYPE_A, 1); /* an IPv4 address of 5 bytes */
	put(&m, QUESTION_NAME, 2);
	record(&m, DNS_TYPE_A, 60, 5);
	put(&m, "12345", 5);
	assert_int_equal(judge(&m), ERR_BAD);
}

/* --- the resolver against a name server in this process ------------------------------------------- */

struct fixture {
	struct rig *rig;
	struct dns dns;
	struct ready ready;
	struct dns_query q;
	int udp[2], tcp;
	u16 port[2];
	char conf[256];
	u32 marks;
	enum step last;
};

static struct fixture *f;

static void
run(struct ready *r, msec now)
{
	f->marks++;
	f->last = dns_step(&f->q, now);
}

/* A socket on loopback; -1 when the port is taken. */
static int
bind_port(int type, u16 *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	a.sin_port = htons(*port);
	if (bind(fd, (struct sockaddr *)&a, n)) {
		close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static int
bound(int type, u16 *port)
{
	int fd = bind_port(type, port);

	assert_true(fd >= 0);
	return fd;
}

/* The first server: one port for both protocols. */
static void
bind_both(void)
{
	for (u32 i = 0; i < 100; i++) {
		f->port[0] = 0;
		f->udp[0] = bound(SOCK_DGRAM, &f->port[0]);
		f->tcp = bind_port(SOCK_STREAM, &f->port[0]);
		if (f->tcp >= 0)
			return;
		close(f->udp[0]);
	}
	fail_msg("no port is free for both protocols");
}

static int
setup(void **state)
{
	f = calloc(1, sizeof *f);
	f->rig = rig_new();
	bind_both();
	f->udp[1] = bound(SOCK_DGRAM, &f->port[1]);
	listen(f->tcp, 4);
	assert_int_equal(dns_init(&f->dns, &f->rig->arena, &f->rig->net, &f->rig->rng), 0);
	snprintf(f->conf, sizeof f->conf, "# a comment\nnameserver 127.0.0.1:%u\nnameserver nonsense\n"
	    "\tnameserver\t127.0.0.1:%u # second\nsearch lan home.example\noptions ndots:1\n", f->port[0], f->port[1]);
	dns_conf(&f->dns, str_c(f->conf), STR("127.0.0.1 localhost\n10.1.1.1\tnas NAS.lan # disks\n::7 nas\nbad bad\n"));
	ready_init(&f->ready, run);
	return 0;
}

static int
teardown(void **state)
{
	dns_end(&f->q);
	assert_int_equal(f->rig->loop.watched, 0); /* nothing is watched any more */
	assert_int_equal(f->rig->loop.timers.n, 0);
	assert_int_equal(rig_leased(f->rig), 0);
	assert_true(list_empty(&f->dns.asking));
	rig_free(f->rig);
	close(f->udp[0]);
	close(f->udp[1]);
	close(f->tcp);
	free(f);
	return guard_free(state);
}

static enum step
ask(const char *name)
{
	memset(&f->q, 0, sizeof f->q);
	dns_ask(&f->q, &f->dns, str_c(name), &f->ready);
	return f->last = dns_step(&f->q, f->rig->now);
}

struct question {
	struct sockaddr_in from;
	u8 p[512];
	u32 n;
	u16 id, type;
	char name[256];
};

static void
decode(struct question *q)
{
	u32 at = 12, w = 0;

	q->id = (u16)(q->p[0] << 8 | q->p[1]);
	for (; q->p[at]; at += 1U + q->p[at]) {
		memcpy(q->name + w, q->p + at + 1, q->p[at]);
		w += q->p[at];
		q->name[w++] = '.';
	}
	q->name[w ? w - 1 : 0] = 0;
	q->type = (u16)(q->p[at + 1] << 8 | q->p[at + 2]);
}

/* The next question that reached server i. */
static struct question
heard(u32 i)
{
	struct question q = { 0 };
	socklen_t n = sizeof q.from;

	assert_true(rig_readable(f->udp[i]));
	q.n = (u32)recvfrom(f->udp[i], q.p, sizeof q.p, 0, (struct sockaddr *)&q.from, &n);
	decode(&q);
	return q;
}

static void
answer_from(int fd, const struct question *to)
{
	assert_int_equal(sendto(fd, m.p, m.n, 0, (const struct sockaddr *)&to->from, sizeof to->from), m.n);
}

/* Answers a question of server i with one address, or none. */
static void
answer(u32 i, const struct question *q, u32 how_many)
{
	begin(&m, q->id, 0, q->name, q->type, (u16)how_many);
	for (u32 k = 0; k < how_many; k++)
		q->type == DNS_TYPE_A ? put_a(&m, 60, 0x5db8d800 + k) : put_aaaa(&m, 60, (u8)k);
	answer_from(f->udp[i], q);
}

static void
settle(void)
{
	for (u32 i = 0; i < 20; i++) {
		usleep(500);
		rig_turn(f->rig);
	}
}

static void
test_known_without_asking(void **state)
{
	assert_int_equal(ask("192.0.2.7"), STEP_DONE);
	assert_int_equal(ask("2001:db8::7"), STEP_DONE);
	assert_int_equal(f->q.list.at[0].family, ADDR_V6);
	assert_int_equal(ask("LOCALHOST."), STEP_DONE);
	assert_int_equal(f->q.list.n, 2);
	assert_int_equal(ask("db.localhost"), STEP_DONE);
	assert_int_equal(ask("Nas"), STEP_DONE);
	assert_int_equal(f->q.list.n, 2);
	assert_int_equal(ask("nas.lan"), STEP_DONE);
	assert_int_equal(f->dns.asked, 0);
}

static void
test_bad_names(void **state)
{
	static const char *const bad[] = { "", ".", "a..b", ".a", "a b", "a/b", "-\n", "a\xff",
		"1234567890123456789012345678901234567890123456789012345678901234.x" };
	char long_name[300];

	for (u32 i = 0; i < ARRAY_N(bad); i++) {
		assert_int_equal(ask(bad[i]), STEP_FAIL);
		assert_int_equal(f->q.err, ERR_BAD);
	}
	memset(long_name, 'a', sizeof long_name);
	for (u32 i = 60; i < 300; i += 60)
		long_name[i] = '.';
	long_name[254] = 0;
	assert_int_equal(ask(long_name), STEP_FAIL);
	long_name[253] = 0;
	assert_int_equal(ask(long_name), STEP_WAIT);
	dns_end(&f->q);
}

static void
test_two_families(void **state)
{
	struct question a, b;

	assert_int_equal(ask("Api.Example"), STEP_WAIT);
	a = heard(0);
	b = heard(0);
	assert_string_equal(a.name, "api.example");
	assert_int_equal(a.type + b.type, DNS_TYPE_A + DNS_TYPE_AAAA);
	assert_int_not_equal(a.from.sin_port, b.from.sin_port);
	answer(0, &a, 2);
	answer(0, &b, 2);
	settle();
	assert_int_equal(f->last, STEP_DONE);
	assert_int_equal(f->q.list.n, 4);
	assert_int_equal(f->q.list.at[0].family, ADDR_V6); /* in turns */
	assert_int_equal(f->q.list.at[1].family, ADDR_V4);
	assert_int_equal(f->q.list.at[2].family, ADDR_V6);
	assert_int_equal(ask("api.example"), STEP_DONE); /* from the cache */
	assert_int_equal(f->dns.asked, 2);
	assert_int_equal(f->dns.hits, 1);
	f->rig->now += 61000;
	assert_int_equal(ask("api.example"), STEP_WAIT); /* for as long as it may */
}

static void
test_one_family_silent(void **state)
{
	struct question q[2];

	ask("api.example");
	q[0] = heard(0);
	q[1] = heard(0);
	answer(0, &q[q[1].type == DNS_TYPE_A], 1);
	settle();
	assert_int_equal(f->last, STEP_WAIT);
	rig_pass(f->rig, DNS_GRACE_MS);
	assert_int_equal(f->last, STEP_DONE);
	assert_int_equal(f->q.list.n, 1);
}

static void
test_forged_replies(void **state)
{
	struct question a, b;
	int stranger;
	u16 port = 0;

	ask("api.example");
	a = heard(0);
	b = heard(0);
	begin(&m, (u16)(a.id + 1), 0, a.name, a.type, 1); /* wrong id */
	put_a(&m, 60, 0x06060606);
	answer_from(f->udp[0], &a);
	begin(&m, a.id, 0, "evil.example", a.type, 1); /* wrong question */
	put_a(&m, 60, 0x06060606);
	answer_from(f->udp[0], &a);
	stranger = bound(SOCK_DGRAM, &port); /* right in all, from the wrong place */
	begin(&m, a.id, 0, a.name, a.type, 1);
	a.type == DNS_TYPE_A ? put_a(&m, 60, 0x06060606) : put_aaaa(&m, 60, 66);
	answer_from(stranger, &a);
	close(stranger);
	settle();
	assert_int_equal(f->last, STEP_WAIT);
	answer(0, &a, 1);
	answer(0, &b, 0);
	settle();
	assert_int_equal(f->last, STEP_DONE);
	assert_int_equal(f->q.list.n, 1);
	assert_true(f->q.list.at[0].ip[0] == 0x5d || f->q.list.at[0].ip[15] == 0);
}

static void
test_flood_of_strangers_is_bounded(void **state)
{
	struct question a;
	u32 before;

	ask("api.example");
	a = heard(0);
	begin(&m, (u16)~a.id, 0, a.name, a.type, 0);
	for (u32 i = 0; i < 50; i++)
		answer_from(f->udp[0], &a);
	usleep(5000);
	before = f->marks;
	rig_turn(f->rig);
	assert_int_equal(f->marks, before + 1);
	settle();
	assert_int_equal(f->last, STEP_WAIT);
}

static void
test_silent_servers(void **state)
{
	u16 ids[3], ports[3];

	ask("api.example");
	for (u32 i = 0; i < DNS_TRIES; i++) {
		struct question q = heard(i % 2);

		heard(i % 2);
		ids[i] = q.id;
		ports[i] = q.from.sin_port;
		rig_pass(f->rig, DNS_TRY_MS - 1);
		assert_int_equal(f->last, STEP_WAIT);
		rig_pass(f->rig, 1);
	}
	assert_int_equal(f->last, STEP_FAIL);
	assert_int_equal(f->q.err, ERR_LATE);
	assert_true(ids[0] != ids[1] || ids[1] != ids[2]);
	assert_true(ports[0] != ports[1] || ports[1] != ports[2]);
	assert_int_equal(ask("api.example"), STEP_WAIT); /* silence is not remembered */
}

static void
test_a_dead_server_is_passed_over(void **state)
{
	struct question q;

	close(f->udp[0]); /* the kernel answers: nobody there */
	ask("api.example");
	settle();
	q = heard(1);
	answer(1, &q, 1);
	q = heard(1);
	answer(1, &q, 1);
	settle();
	assert_int_equal(f->last, STEP_DONE);
	f->udp[0] = -1;
}

static void
test_broken_server_is_passed_over(void **state)
{
	struct question q[2];

	ask("api.example");
	for (u32 i = 0; i < 2; i++) {
		q[i] = heard(0);
		begin(&m, q[i].id, i ? 2 : 0, q[i].name, q[i].type, i ? 0 : 1); /* broken, and a failure */
		answer_from(f->udp[0], &q[i]);
	}
	settle();
	for (u32 i = 0; i < 2; i++) {
		q[i] = heard(1);
		answer(1, &q[i], 1);
	}
	settle();
	assert_int_equal(f->last, STEP_DONE);
	assert_int_equal(f->q.list.n, 2);
}

static void
test_no_such_name_is_remembered(void **state)
{
	struct question q = { 0 };

	ask("gone.example");
	q = heard(0);
	begin(&m, q.id, 3, q.name, q.type, 0);
	put_soa(&m, 86400, 86400);
	answer_from(f->udp[0], &q);
	settle();
	assert_int_equal(f->last, STEP_FAIL);
	assert_int_equal(f->q.err, ERR_NONE);
	for (u32 i = 0; i < 1000; i++) /* a flood of the same question costs nothing */
		assert_int_equal(ask("gone.example"), STEP_FAIL);
	assert_int_equal(f->dns.asked, 2);
	f->rig->now += DNS_NEGATIVE_S * 1000;
	assert_int_equal(ask("gone.example"), STEP_WAIT);
}

static void
test_no_address_at_all(void **state)
{
	ask("mail.example");
	for (u32 i = 0; i < 2; i++) {
		struct question q = heard(0);

		answer(0, &q, 0);
	}
	settle();
	assert_int_equal(f->last, STEP_FAIL);
	assert_int_equal(f->q.err, ERR_NONE);
}

static void
test_search_list(void **state)
{
	static const char *const tried[] = { "box.lan", "box.home.example", "box" };

	ask("box");
	for (u32 k = 0; k < 3; k++)
		for (u32 i = 0; i < 2; i++) {
			struct question q = heard(0);

			assert_string_equal(q.name, tried[k]);
			answer(0, &q, k == 2);
			settle();
		}
	assert_int_equal(f->last, STEP_DONE);
	assert_int_equal(ask("box"), STEP_DONE); /* the misses are cached as well */
	assert_int_equal(f->dns.asked, 6);
}

/* Takes the TCP connection of a query and reads the question. */
static int
tcp_question(struct question *q)
{
	u8 len[2];
	int fd;

	assert_true(rig_readable(f->tcp));
	fd = accept(f->tcp, NULL, NULL);
	settle();
	assert_true(rig_readable(fd));
	assert_int_equal(recv(fd, len, 2, MSG_WAITALL), 2);
	q->n = (u32)recv(fd, q->p, (size_t)len[0] << 8 | len[1], MSG_WAITALL);
	decode(q);
	return fd;
}

static void
send_tcp(int fd, u32 claim, u32 from, u32 n)
{
	u8 len[2] = { (u8)(claim >> 8), (u8)claim };

	if (from == 0)
		assert_int_equal(send(fd, len, 2, 0), 2);
	assert_int_equal(send(fd, m.p + from, n, MSG_NOSIGNAL), n);
	settle();
}

/* Both questions answered "cut": they come again over TCP. */
static void
cut_both(int fd[2], struct question q[2])
{
	ask("api.example");
	for (u32 i = 0; i < 2; i++) {
		q[i] = heard(0);
		begin(&m, q[i].id, 0x200, q[i].name, q[i].type, 0);
		answer_from(f->udp[0], &q[i]);
	}
	settle();
	for (u32 i = 0; i < 2; i++)
		fd[i] = tcp_question(&q[i]);
}

static void
test_cut_goes_over_tcp(void **state)
{
	struct question q[2];
	int fd[2];

	cut_both(fd, q);
	for (u32 i = 0; i < 2; i++) {
		begin(&m, q[i].id, 0, q[i].name, q[i].type, 14);
		for (u32 k = 0; k < 14; k++)
			q[i].type == DNS_TYPE_A ? put_a(&m, 60, k) : put_aaaa(&m, 60, (u8)k);
		send_tcp(fd[i], m.n, 0, 20); /* in two pieces */
		assert_int_equal(f->last, STEP_WAIT);
		send_tcp(fd[i], m.n, 20, m.n - 20);
		close(fd[i]);
	}
	assert_int_equal(f->last, STEP_DONE);
	assert_int_equal(f->q.list.n, DNS_ADDRS_MAX);
}

static void
test_tcp_too_long(void **state)
{
	struct question q[2];
	int fd[2];

	cut_both(fd, q);
	begin(&m, q[0].id, 0, q[0].name, q[0].type, 4000);
	send_tcp(fd[0], 65535, 0, m.n); /* claims 64 KB */
	close(fd[0]);
	close(fd[1]); /* and the other one just ends */
	settle();
	heard(1); /* both turn to the next server */
	heard(1);
	assert_int_equal(f->last, STEP_WAIT);
}

/* --- several who ask for the same ----------------------------------------------------------------- */

static u32 other_marks;

static void
run_other(struct ready *r, msec now)
{
	other_marks++;
}

static void
test_joined(void **state)
{
	struct dns_query other = { 0 };
	struct ready ready;
	struct question q;

	ready_init(&ready, run_other);
	ask("api.example");
	dns_ask(&other, &f->dns, STR("api.example"), &ready);
	assert_int_equal(dns_step(&other, f->rig->now), STEP_WAIT);
	assert_int_equal(f->dns.asked, 2);
	q = heard(0);
	answer(0, &q, 1);
	q = heard(0);
	answer(0, &q, 1);
	other_marks = 0;
	settle();
	assert_int_equal(other_marks, 1);
	assert_int_equal(dns_step(&other, f->rig->now), STEP_DONE);
	assert_int_equal(other.list.n, 2);
	dns_end(&other);
}

static void
test_joined_takes_over(void **state)
{
	struct dns_query other = { 0 };
	struct ready ready;

	ready_init(&ready, run_other);
	ask("api.example");
	dns_ask(&other, &f->dns, STR("api.example"), &ready);
	dns_step(&other, f->rig->now);
	other_marks = 0;
	dns_end(&f->q); /* the one who asked gives up */
	rig_turn(f->rig);
	assert_int_equal(other_marks, 1);
	assert_int_equal(dns_step(&other, f->rig->now), STEP_WAIT);
	assert_int_equal(f->dns.asked, 4);
	dns_end(&other);
	ready_cancel(&ready);
}

static void
test_no_servers(void **state)
{
	dns_conf(&f->dns, STR("search lan"), STR(""));
	assert_int_equal(ask("api.example"), STEP_FAIL);
	assert_int_equal(f->q.err, ERR_IO);
}

static void
test_servers_vanish(void **state)
{
	ask("api.example");
	dns_conf(&f->dns, STR(""), STR(""));
	for (u32 i = 0; i < 4; i++)
		rig_pass(f->rig, DNS_TRY_MS);
	assert_int_equal(f->last, STEP_FAIL);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_reply_plain, guard_free),
		cmocka_unit_test_teardown(test_reply_not_ours, guard_free),
		cmocka_unit_test_teardown(test_reply_codes, guard_free),
		cmocka_unit_test_teardown(test_reply_ttl, guard_free),
		cmocka_unit_test_teardown(test_reply_aliases, guard_free),
		cmocka_unit_test_teardown(test_reply_strangers_are_passed_over, guard_free),
		cmocka_unit_test_teardown(test_reply_many, guard_free),
		cmocka_unit_test_teardown(test_reply_names, guard_free),
		cmocka_unit_test_teardown(test_reply_cut_anywhere, guard_free),
		WITH(test_known_without_asking), WITH(test_bad_names), WITH(test_two_families),
		WITH(test_one_family_silent), WITH(test_forged_replies), WITH(test_flood_of_strangers_is_bounded),
		WITH(test_silent_servers), WITH(test_a_dead_server_is_passed_over),
		WITH(test_broken_server_is_passed_over), WITH(test_no_such_name_is_remembered),
		WITH(test_no_address_at_all), WITH(test_search_list), WITH(test_cut_goes_over_tcp),
		WITH(test_tcp_too_long), WITH(test_joined), WITH(test_joined_takes_over), WITH(test_no_servers),
		WITH(test_servers_vanish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
