#include "crypt/tls_priv.h"

#include "crypt/ct.h"

static const char *const protocols[] = { "http/1.1" };

/* Preferred first: AES where the processor does it, else ChaCha20. */
static const u16 suites_aes[] = {
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};
static const u16 suites_chacha[] = {
	BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};

static bool
has_aes(void)
{
	return br_aes_x86ni_ctr_get_vtable() || br_aes_pwr8_ctr_get_vtable();
}

/* The seed comes from our generator; BearSSL is told that the system's was asked already, so that
 * it never does. */
static void
seed(br_ssl_engine_context *eng, struct rng *rng)
{
	u8 bytes[RNG_SEED_N];

	rng_bytes(rng, bytes, sizeof bytes);
	br_ssl_engine_inject_entropy(eng, bytes, sizeof bytes);
	eng->rng_os_rand_done = 1;
	ct_wipe(bytes, sizeof bytes);
}

void
tls_engine(br_ssl_engine_context *eng, struct rng *rng)
{
	br_ssl_engine_set_versions(eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(eng, has_aes() ? suites_aes : suites_chacha, ARRAY_N(suites_aes));
	br_ssl_engine_set_default_ec(eng);
	br_ssl_engine_set_hash(eng, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(eng, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(eng, br_sha512_ID, &br_sha512_vtable);
	br_ssl_engine_set_prf_sha256(eng, br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(eng, br_tls12_sha384_prf);
	br_ssl_engine_set_default_aes_gcm(eng);
	br_ssl_engine_set_default_chapol(eng);
	br_ssl_engine_set_protocol_names(eng, (const char **)protocols, ARRAY_N(protocols));
	br_ssl_engine_add_flags(eng, BR_OPT_NO_RENEGOTIATION);
	seed(eng, rng);
}

void
tls_end(struct tls *t)
{
	ct_wipe(t, t->size);
}

/* Between flights nothing is taken in: a peer may send its first data before our last handshake
 * record is gone, and the engine would take it for a mistake. */
u8 *
tls_room(struct tls *t, u32 *n)
{
	size_t size = 0;
	u8 *p = NULL;

	if (tls_open(t) || !tls_pending(t))
		p = br_ssl_engine_recvrec_buf(t->eng, &size);
	*n = p ? (u32)size : 0;
	return p;
}

void
tls_fed(struct tls *t, u32 n)
{
	if (n)
		br_ssl_engine_recvrec_ack(t->eng, n);
}

u32
tls_feed(struct tls *t, struct str s)
{
	u32 done = 0;

	while (done < s.n) {
		u32 n;
		u8 *p = tls_room(t, &n);

		if (!p)
			break;
		n = min_u32(n, s.n - done);
		memcpy(p, s.p + done, n);
		tls_fed(t, n);
		done += n;
	}
	return done;
}

struct str
tls_plain(struct tls *t)
{
	size_t n;
	u8 *p = br_ssl_engine_recvapp_buf(t->eng, &n);

	return p ? str_of(p, n) : STR_NONE;
}

void
tls_eat(struct tls *t, u32 n)
{
	if (n)
		br_ssl_engine_recvapp_ack(t->eng, n);
}

/* Moves finished records to out. Whether none is left. */
static bool
drain(struct tls *t, struct buf *out)
{
	for (;;) {
		size_t n;
		u8 *p = br_ssl_engine_sendrec_buf(t->eng, &n);

		if (!p)
			return true;
		n = min_u32((u32)n, buf_room(out));
		if (n == 0)
			return false;
		buf_put(out, str_of(p, n));
		br_ssl_engine_sendrec_ack(t->eng, n);
	}
}

/* Puts one view into the engine, sealing and moving a record whenever one is full. Bytes taken. */
static u32
put(struct tls *t, struct str s, struct buf *out)
{
	u32 done = 0;

	while (done < s.n) {
		size_t n;
		u8 *p = br_ssl_engine_sendapp_buf(t->eng, &n);

		if (!p)
			break;
		n = min_u32((u32)n, s.n - done);
		memcpy(p, s.p + done, n);
		br_ssl_engine_sendapp_ack(t->eng, n);
		done += (u32)n;
		if (!drain(t, out))
			break;
	}
	return done;
}

struct str
tls_out(struct tls *t)
{
	size_t n;
	u8 *p = br_ssl_engine_sendrec_buf(t->eng, &n);

	return p ? str_of(p, n) : STR_NONE;
}

void
tls_sent(struct tls *t, u32 n)
{
	if (n)
		br_ssl_engine_sendrec_ack(t->eng, n);
}

u32
tls_put(struct tls *t, struct str text)
{
	size_t n;
	u8 *p = tls_open(t) ? br_ssl_engine_sendapp_buf(t->eng, &n) : NULL;

	if (!p || text.n == 0)
		return 0;
	n = min_u32((u32)n, text.n);
	memcpy(p, text.p, n);
	br_ssl_engine_sendapp_ack(t->eng, n);
	br_ssl_engine_flush(t->eng, 0);
	return (u32)n;
}

u32
tls_write(struct tls *t, const struct str *text, u32 n, struct buf *out)
{
	u32 done = 0;

	if (out->over || !drain(t, out) || !tls_open(t))
		return 0;
	for (u32 i = 0; i < n; i++) {
		u32 k = put(t, text[i], out);

		done += k;
		if (k < text[i].n)
			break;
	}
	br_ssl_engine_flush(t->eng, 0);
	drain(t, out);
	return done;
}

bool
tls_pending(struct tls *t)
{
	size_t n;

	return br_ssl_engine_sendrec_buf(t->eng, &n) != NULL;
}

bool
tls_open(struct tls *t)
{
	return (t->eng->application_data & 1) && !tls_over(t);
}

bool
tls_over(struct tls *t)
{
	return br_ssl_engine_current_state(t->eng) == BR_SSL_CLOSED;
}

/* BearSSL cannot end while text waits to be taken off. */
void
tls_close(struct tls *t)
{
	size_t n;

	while (br_ssl_engine_recvapp_buf(t->eng, &n))
		br_ssl_engine_recvapp_ack(t->eng, n);
	br_ssl_engine_close(t->eng);
}

int
tls_error(struct tls *t)
{
	return br_ssl_engine_last_error(t->eng);
}

bool
tls_resumed(struct tls *t)
{
	return tls_open(t) && !t->full;
}

bool
tls_peer_pin(struct tls *t, u8 pin[CERT_PIN_N])
{
	if (t->has_pin)
		memcpy(pin, t->pin, CERT_PIN_N);
	return t->has_pin;
}
