#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/tls_priv.h"
#include "lib/fixture.h"
#include "lib/guard.h"

#include <stdlib.h>

#define DIR "tests/data/tls/"
#define NOW 1800000000 /* 2027: the certificates say 2000 to 2100 */

/* Both ends of one connection, and the two cables between them. */
static struct link {
	struct tls *server, *client;
	struct buf up, down; /* to the server, to the client */
	u32 step;            /* bytes moved at once: 0 all */
} l;

static _Alignas(16) u8 server_mem[TLS_SERVER_N], client_mem[TLS_CLIENT_N];
static u8 up_room[1 << 15], down_room[1 << 15], memory[1 << 17];
static struct arena arena;
static struct rng rng;
static struct cert_chain chain;
static struct cert_key key;
static struct cert_anchors anchors;
static struct tls_server server;
static struct tls_trust trust;
static struct tls_client client;

static int
setup(void **state)
{
	arena = arena_over(memory, sizeof memory);
	rng_init(&rng, STR("a seed that is long enough for this test"));
	memset(&l, 0, sizeof l);
	server = (struct tls_server){ &chain, &key, NULL };
	trust = (struct tls_trust){ STR("api.example"), &anchors, NULL };
	client = (struct tls_client){ .trust = &trust, .now = NOW };
	return 0;
}

static void
load(const char *cert, const char *key_file, const char *ca)
{
	const char *why = "";

	if (cert_chain_read(fixture(cert), &arena, &chain, &why) ||
	    cert_key_read(fixture(key_file), &arena, &key, &why) ||
	    cert_anchors_read(fixture(ca), &arena, &anchors, &why))
		fail_msg("%s: %s", cert, why);
}

static void
dial(void)
{
	l.up = buf_over(up_room, sizeof up_room);
	l.down = buf_over(down_room, sizeof down_room);
	l.server = tls_accept(server_mem, &server, &rng);
	l.client = tls_connect(client_mem, &client, &rng);
	assert_non_null(l.client);
}

/* Moves at most `step` bytes from one end to the other. Whether anything moved. */
static bool
move(struct tls *from, struct tls *to, struct buf *cable)
{
	u32 n, before = buf_len(cable);
	struct buf room = *cable;

	buf_compact(cable);
	room = *cable;
	if (l.step)
		room.cap = min_u32(room.w + l.step, room.cap);
	tls_write(from, NULL, 0, &room);
	cable->w = room.w;
	n = buf_len(cable);
	n = tls_feed(to, str_of(cable->p + cable->r, l.step ? min_u32(n, l.step) : n));
	buf_eat(cable, n);
	return n || buf_len(cable) != before;
}

/* Both directions, until nothing moves any more. */
static void
run(void)
{
	bool moved = true;

	while (moved) {
		moved = move(l.client, l.server, &l.up);
		moved |= move(l.server, l.client, &l.down);
	}
}

static void
shake(void)
{
	dial();
	run();
}

/* Sends n bytes through and compares them on the other side. */
static void
carry(struct tls *from, struct tls *to, struct buf *cable, u32 n)
{
	static u8 data[200000];
	u32 sent = 0, seen = 0;

	for (u32 i = 0; i < n; i++)
		data[i] = (u8)(i * 7 + n);
	while (seen < n) {
		struct str view[3] = { str_of(data + sent, (n - sent) / 3), STR_NONE, STR_NONE },
			   plain;

		view[2] = str_of(data + sent + view[0].n, n - sent - view[0].n);
		buf_compact(cable);
		sent += tls_write(from, view, 3, cable);
		buf_eat(cable, tls_feed(to, buf_str(cable)));
		plain = tls_plain(to);
		assert_true(plain.n > 0);
		plain.n = min_u32(plain.n, 5000);
		assert_memory_equal(plain.p, data + seen, plain.n);
		seen += plain.n;
		tls_eat(to, plain.n);
	}
	assert_int_equal(sent, n);
	assert_int_equal(tls_plain(to).n, 0);
	assert_false(tls_pending(from));
}

static void
talk(void)
{
	assert_true(tls_open(l.client));
	assert_true(tls_open(l.server));
	for (u32 n = 1; n <= 200000; n = n * 5 + 3) {
		carry(l.client, l.server, &l.up, n);
		carry(l.server, l.client, &l.down, n);
	}
}

static void
test_good(void **state)
{
	static const char *const sets[][3] = {
		{ DIR "ec.pem", DIR "ec.key", DIR "ca.pem" },
		{ DIR "rsa.pem", DIR "rsa.pkcs1.key",
		  DIR "ca.pem" }, /* through a middle certificate, RSA under EC */
		{ DIR "p384.pem", DIR "p384.sec1.key", DIR "other.pem" },
		{ DIR "self.pem", DIR "ec.sec1.key",
		  DIR "self.pem" }, /* trusted itself, not as an authority */
	};

	for (size_t i = 0; i < ARRAY_N(sets); i++) {
		u8 pin[CERT_PIN_N];

		setup(NULL);
		load(sets[i][0], sets[i][1], sets[i][2]);
		shake();
		talk();
		assert_true(tls_peer_pin(l.client, pin));
		assert_memory_equal(pin, chain.pin, CERT_PIN_N);
		assert_false(tls_resumed(l.client));
	}
}

/* However the bytes are cut, the same happens. */
static void
test_small_steps(void **state)
{
	load(DIR "rsa.pem", DIR "rsa.key", DIR "ca.pem");
	for (l.step = 1; l.step < 40; l.step = l.step * 2 + 1) {
		shake();
		talk();
	}
}

/* AES-GCM, where the processor does it, sends eight bytes of its nonce along; ChaCha20 none. */
static u32
nonce_n(void)
{
	return br_aes_x86ni_ctr_get_vtable() || br_aes_pwr8_ctr_get_vtable() ? 8 : 0;
}

static void
test_records_are_joined(void **state)
{
	u8 room[300];
	struct buf out = buf_over(room, sizeof room);
	struct str parts[3] = { STR("HTTP/1.1 200 OK\r\n"), STR("\r\n"), STR("body") };

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	assert_int_equal(tls_write(l.server, parts, 3, &out), 23);
	assert_int_equal(out.w, 5 + nonce_n() + 23 + 16); /* one record: head, nonce, text, tag */
	assert_int_equal(tls_write(l.server, NULL, 0, &out), 0);
	assert_int_equal(out.w, 5 + nonce_n() + 23 + 16);
}

/* Text can be taken while its record does not fit out: it is then pending. */
static void
test_no_room(void **state)
{
	u8 room[100], text[50];
	struct str view = str_of(text, sizeof text);
	struct buf out = buf_over(room, 10);

	memset(text, 'x', sizeof text);
	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	assert_int_equal(tls_write(l.server, &view, 1, &out), 50);
	assert_int_equal(out.w, 10);
	assert_true(tls_pending(l.server));
	assert_int_equal(tls_write(l.server, &view, 1, &out), 0);
	out = buf_over(room + 10, sizeof room - 10);
	assert_int_equal(tls_write(l.server, NULL, 0, &out), 0);
	assert_false(tls_pending(l.server));
	assert_int_equal(tls_feed(l.client, str_of(room, 10 + out.w)), 10 + out.w);
	assert_true(str_same(tls_plain(l.client), view));
}

/* The same without a second buffer: one record at a time from inside. */
static void
test_no_copy(void **state)
{
	struct str text = STR("word"), out;

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	dial();
	assert_int_equal(tls_put(l.server, text), 0);
	run();
	assert_int_equal(tls_put(l.server, text), 4);
	assert_int_equal(tls_put(l.server, text), 0);
	while ((out = tls_out(l.server)).n) {
		assert_int_equal(tls_feed(l.client, str_of(out.p, 1)), 1);
		tls_sent(l.server, 1);
	}
	assert_true(str_same(tls_plain(l.client), text));
	assert_int_equal(tls_put(l.server, text), 4);
}

static void
refused(const char *words)
{
	dial();
	run();
	assert_false(tls_open(l.client));
	assert_true(tls_over(l.client));
	assert_string_equal(tls_error_text(tls_error(l.client)), words);
	tls_end(l.client);
	tls_end(l.server);
}

static void
test_names(void **state)
{
	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	trust.name = STR("API.Example.");
	shake();
	talk();
	trust.name = STR("x.wild.example");
	shake();
	talk();
	trust.name = STR("wild.example");
	refused("hostname does not match the certificate");
	trust.name = STR("x.y.wild.example");
	refused("hostname does not match the certificate");
	trust.name = STR("api.example.com");
	refused("hostname does not match the certificate");
	load(DIR "self.pem", DIR "ec.key", DIR "self.pem");
	refused("hostname does not match the certificate");
}

static void
test_times(void **state)
{
	load(DIR "old.pem", DIR "ec.key", DIR "ca.pem");
	refused("certificate expired or not yet valid (or the clock is wrong)");
	client.now = 1577836799; /* the last second of 2019 */
	shake();
	talk();
	client.now++;
	client.now++;
	refused("certificate expired or not yet valid (or the clock is wrong)");
	client.now = 946684799;
	refused("certificate expired or not yet valid (or the clock is wrong)");
}

static void
test_issuers(void **state)
{
	load(DIR "ec.pem", DIR "ec.key", DIR "other.pem");
	refused("unknown issuer: the chain ends at no trust anchor");
	load(DIR "self.pem", DIR "ec.key", DIR "ca.pem");
	refused("unknown issuer: the chain ends at no trust anchor");
	load(DIR "ec.pem", DIR "ec.key",
	     DIR "rsa.pem"); /* its middle is an authority, but not ours */
	refused("unknown issuer: the chain ends at no trust anchor");
	load(DIR "rsa.pem", DIR "rsa.key", DIR "ca.pem");
	chain.n = 1; /* the middle certificate is missing */
	refused("unknown issuer: the chain ends at no trust anchor");
	load(DIR "ec.pem", DIR "p384.key", DIR "ca.pem");
	refused("the server's handshake signature is wrong");
}

static void
test_pins(void **state)
{
	u8 right[CERT_PIN_N], wrong[CERT_PIN_N], shown[CERT_PIN_N];

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	memcpy(right, chain.pin, CERT_PIN_N);
	memcpy(wrong, right, CERT_PIN_N);
	wrong[31] ^= 1;
	trust.pin = right;
	shake(); /* chain and pin */
	talk();
	trust.pin = wrong;
	dial();
	run();
	assert_string_equal(tls_error_text(tls_error(l.client)),
	                    "the server's key is not the pinned one");
	assert_true(tls_peer_pin(l.client, shown));
	assert_memory_equal(shown, right, CERT_PIN_N);
	trust.pin = right;
	trust.name =
	    STR("other.example"); /* a pin does not replace the name when there are anchors */
	refused("hostname does not match the certificate");
	trust.anchors = NULL; /* a pin alone looks at nothing else */
	trust.name = STR("192.0.2.1");
	client.now = 0;
	load(DIR "old.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	talk();
	trust.pin = wrong;
	refused("the server's key is not the pinned one");
	trust.name = STR_NONE;
	load(DIR "rsa.pem", DIR "rsa.key", DIR "ca.pem");
	trust.pin = right;
	refused("the server's key is not the pinned one");
	trust.pin = chain.pin;
	shake();
	talk();
	load(DIR "p384.pem", DIR "p384.key", DIR "ca.pem");
	shake();
	talk();
}

static void
test_bad_orders(void **state)
{
	static const char *const names[] = { "",    ".",     "192.0.2.1", "2001:db8::1",
		                             "a b", "a\x80", "a\n" };
	u8 long_name[TLS_NAME_MAX + 1];

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	for (size_t i = 0; i < ARRAY_N(names); i++) {
		trust.name = str_c(names[i]);
		assert_null(tls_connect(client_mem, &client, &rng));
	}
	memset(long_name, 'a', sizeof long_name);
	assert_string_equal(tls_trust_wrong(&trust), "not a host name");
	trust.name = STR("192.0.2.1");
	assert_string_equal(tls_trust_wrong(&trust), "an address instead of a name needs a pin");
	trust.name = str_of(long_name, sizeof long_name);
	assert_null(tls_connect(client_mem, &client, &rng));
	trust.name.n--;
	assert_non_null(tls_connect(client_mem, &client, &rng));
	trust.anchors = NULL;
	assert_null(tls_connect(client_mem, &client, &rng));
}

static void
test_resumed(void **state)
{
	static u8 store[2 * TLS_CACHED_N];
	struct tls_session first, second;
	struct tls_cache cache;

	tls_cache_init(&cache, store, sizeof store);
	server.cache = &cache;
	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	assert_false(tls_resumed(l.client));
	assert_false(tls_resumed(l.server));
	tls_keep(l.client, &first);
	assert_true(first.there);
	client.session = &first;
	shake();
	assert_true(tls_resumed(l.client));
	assert_true(tls_resumed(l.server));
	talk();
	client.session = NULL;
	shake();
	tls_keep(l.client, &second);
	shake(); /* a third session pushes the first out */
	client.session = &first;
	shake();
	assert_false(tls_resumed(l.client));
	assert_false(tls_resumed(l.server));
	talk();
	client.session = &second;
	l.step = 1; /* a hello in pieces cannot be looked through: a full handshake, no mistake */
	shake();
	assert_false(tls_resumed(l.client));
	talk();
}

/* Makes the client's first message anew after its settings were changed. */
static void
hello_again(void)
{
	br_ssl_client_reset((br_ssl_client_context *)(void *)l.client->eng, "api.example",
	                    client.session != NULL);
}

static void
offer(const char **names, size_t n)
{
	dial();
	br_ssl_engine_set_protocol_names(l.client->eng, names, n);
	hello_again();
	run();
}

static void
test_alpn(void **state)
{
	static const char *both[] = { "h2", "http/1.1" }, *others[] = { "h2", "http/1.0" };

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	assert_string_equal(br_ssl_engine_get_selected_protocol(l.client->eng), "http/1.1");
	offer(both, 2);
	assert_string_equal(br_ssl_engine_get_selected_protocol(l.client->eng), "http/1.1");
	talk();
	offer(NULL, 0);
	assert_null(br_ssl_engine_get_selected_protocol(l.server->eng));
	talk();
	offer(others, 2);
	assert_string_equal(tls_error_text(tls_error(l.client)),
	                    "the peer refused: no application protocol in common (ALPN)");
	assert_string_equal(tls_error_text(tls_error(l.server)),
	                    "refused: no application protocol in common (ALPN)");
}

/* A client that resumes while it offers only protocols we do not speak. BearSSL alone reads out of
 * bounds here. */
static void
test_alpn_of_resumed(void **state)
{
	static const char *both[] = { "h2", "http/1.1" }, *others[] = { "h2", "http/1.0" };
	static u8 store[10 * TLS_CACHED_N];
	struct tls_session session;
	struct tls_cache cache;

	tls_cache_init(&cache, store, sizeof store);
	server.cache = &cache;
	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	tls_keep(l.client, &session);
	client.session = &session;
	offer(both, 2);
	assert_true(tls_resumed(l.server));
	offer(NULL, 0);
	assert_true(tls_resumed(l.server));
	offer(others, 2);
	assert_false(tls_open(l.server));
	assert_string_equal(tls_error_text(tls_error(l.server)),
	                    "refused: no application protocol in common (ALPN)");
	shake();
	assert_true(tls_resumed(l.server));
	talk();
}

/* The same with the client's first message cut at every byte: what is not here yet must not be
 * taken for not there. */
static void
test_alpn_of_resumed_cut(void **state)
{
	static const char *others[] = { "h2", "http/1.0" };
	static u8 store[10 * TLS_CACHED_N];
	struct tls_session session;
	struct tls_cache cache;
	u32 n = 1;

	tls_cache_init(&cache, store, sizeof store);
	server.cache = &cache;
	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	tls_keep(l.client, &session);
	client.session = &session;
	for (u32 at = 0; at < n; at++) {
		dial();
		br_ssl_engine_set_protocol_names(l.client->eng, others, 2);
		hello_again();
		tls_write(l.client, NULL, 0, &l.up);
		n = buf_len(&l.up);
		assert_int_equal(tls_feed(l.server, str_of(l.up.p, at)), at);
		buf_eat(&l.up, at);
		run();
		assert_string_equal(tls_error_text(tls_error(l.server)),
		                    "refused: no application protocol in common (ALPN)");
	}
	assert_true(n > 150);
}

static void
test_old_and_weak_clients(void **state)
{
	static const u16 cbc[] = { BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
		                   BR_TLS_RSA_WITH_AES_128_GCM_SHA256 };

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	dial();
	br_ssl_engine_set_versions(l.client->eng, BR_TLS10, BR_TLS11);
	hello_again();
	run();
	assert_string_equal(tls_error_text(tls_error(l.server)),
	                    "refused: protocol version: TLS 1.2 is not offered");
	dial();
	br_ssl_engine_set_suites(l.client->eng, cbc, 2);
	hello_again();
	run();
	assert_string_equal(tls_error_text(tls_error(l.client)),
	                    "the peer refused: handshake failure: no cipher suite in common");
}

static void
test_not_tls(void **state)
{
	static const char *const texts[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		                             "SSH-2.0-OpenSSH_9.2\r\n",
		                             "HTTP/1.1 400 Bad Request\r\n\r\n" };

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	for (size_t i = 0; i < ARRAY_N(texts); i++) {
		dial();
		tls_feed(l.server, guard_str(texts[i]));
		tls_write(l.client, NULL, 0, &l.up);
		tls_feed(l.client, guard_str(texts[i]));
		assert_true(tls_over(l.server));
		assert_string_equal(tls_error_text(tls_error(l.server)),
		                    "the peer does not speak TLS 1.2 (is it TLS at all?)");
		assert_string_equal(tls_error_text(tls_error(l.client)),
		                    "the peer does not speak TLS 1.2 (is it TLS at all?)");
	}
}

static void
test_tampered_record(void **state)
{
	struct str text = STR("a hundred euros");

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	for (u32 at = 5; at < 5 + nonce_n() + 15 + 16; at++) {
		shake();
		tls_write(l.client, &text, 1, &l.up);
		assert_int_equal(buf_len(&l.up), 5 + nonce_n() + 15 + 16);
		l.up.p[l.up.r + at] ^= 0x20;
		tls_feed(l.server, buf_str(&l.up));
		assert_true(tls_over(l.server));
		assert_int_equal(tls_plain(l.server).n, 0);
		assert_string_equal(tls_error_text(tls_error(l.server)), "a record is damaged");
	}
}

static void
test_end_in_order(void **state)
{
	struct str text = STR("last words"), late = STR("too late");

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	tls_write(l.server, &text, 1, &l.down);
	tls_close(l.server);
	assert_true(tls_pending(l.server));
	tls_write(l.server, &late, 1, &l.down);
	assert_false(tls_pending(l.server));
	assert_false(tls_over(l.server)); /* the other side has not said so yet */
	buf_eat(&l.down, tls_feed(l.client, buf_str(&l.down)));
	assert_true(str_same(tls_plain(l.client), text));
	assert_false(tls_over(l.client));
	tls_eat(l.client, text.n);
	run();
	assert_true(tls_over(l.client));
	assert_int_equal(tls_error(l.client), 0);
	assert_true(tls_over(l.server));
	assert_int_equal(tls_error(l.server), 0);
}

/* Unread text must not keep a connection from ending. */
static void
test_end_with_unread_text(void **state)
{
	struct str text = STR("nobody reads this");

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	tls_write(l.client, &text, 1, &l.up);
	buf_eat(&l.up, tls_feed(l.server, buf_str(&l.up)));
	tls_close(l.server);
	run();
	assert_true(tls_over(l.client));
	assert_int_equal(tls_error(l.client), 0);
}

/* Between flights nothing is taken in: what a client sends too early waits in the socket. */
static void
test_no_input_while_shaking_out(void **state)
{
	u32 n;

	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	dial();
	tls_write(l.client, NULL, 0, &l.up);
	buf_eat(&l.up, tls_feed(l.server, buf_str(&l.up)));
	assert_true(tls_pending(l.server));
	assert_null(tls_room(l.server, &n));
	assert_int_equal(n, 0);
	assert_int_equal(tls_feed(l.server, STR("x")), 0);
	run();
	talk();
}

/* A client that wants to negotiate anew is told no, and nothing else happens. */
static void
test_no_renegotiation(void **state)
{
	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	br_ssl_engine_remove_flags(l.client->eng, BR_OPT_NO_RENEGOTIATION);
	assert_true(br_ssl_engine_renegotiate(l.client->eng));
	run();
	assert_true(tls_open(l.server));
	assert_int_equal(tls_error(l.server), 0);
}

static void
test_wiped(void **state)
{
	load(DIR "ec.pem", DIR "ec.key", DIR "ca.pem");
	shake();
	tls_end(l.server);
	tls_end(l.client);
	for (u32 i = 0; i < TLS_SERVER_N; i++)
		assert_int_equal(server_mem[i], 0);
	for (u32 i = 0; i < TLS_CLIENT_N; i++)
		assert_int_equal(client_mem[i], 0);
}

static void
test_every_error_has_words(void **state)
{
	for (int code = -1; code < 800; code++)
		assert_true(strlen(tls_error_text(code)) > 5);
	assert_string_equal(tls_error_text(BR_ERR_X509_BAD_DN), "a certificate is damaged");
	assert_string_equal(tls_error_text(256 + 48), "the peer refused: unknown issuer");
	assert_string_equal(tls_error_text(512 + 200), "refused");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, guard_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),
		TEST(test_small_steps),
		TEST(test_records_are_joined),
		TEST(test_no_room),
		TEST(test_no_copy),
		TEST(test_names),
		TEST(test_times),
		TEST(test_issuers),
		TEST(test_pins),
		TEST(test_bad_orders),
		TEST(test_resumed),
		TEST(test_alpn),
		TEST(test_alpn_of_resumed),
		TEST(test_alpn_of_resumed_cut),
		TEST(test_old_and_weak_clients),
		TEST(test_not_tls),
		TEST(test_tampered_record),
		TEST(test_end_in_order),
		TEST(test_end_with_unread_text),
		TEST(test_no_input_while_shaking_out),
		TEST(test_no_renegotiation),
		TEST(test_wiped),
		TEST(test_every_error_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
