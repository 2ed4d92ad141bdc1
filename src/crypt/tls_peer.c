/* A class for BearSSL's engine, wrapped around its own certificate validation: it adds the pin and
 * bounds, wants the name where names belong, and remembers the key that was shown, so that a
 * refused pin can be told. */
#include "crypt/tls_priv.h"

#include "crypt/ct.h"
#include "crypt/x509_priv.h"

#define EPOCH_DAYS 719528 /* days from year 0 to 1970 */
#define RSA_MIN 256       /* bytes of modulus */
#define CHAIN_N_MAX 65536 /* bytes of all certificates */

static const unsigned char dns_name[] = { 0, 2 }; /* subjectAltName.dNSName, in BearSSL's way */

static struct tls_peer *
peer_of(const br_x509_class **ctx)
{
	return CONTAINER_OF(ctx, struct tls_peer, vtable);
}

static void
start_chain(const br_x509_class **ctx, const char *server_name)
{
	struct tls_peer *p = peer_of(ctx);

	p->certs = p->bytes = 0;
	p->tls->full = true;
	if (p->chain)
		p->x.minimal.vtable->start_chain(&p->x.minimal.vtable, server_name);
}

/* Whether there is more than anybody needs: each certificate costs us the check of a signature. */
static bool
too_long(const struct tls_peer *p)
{
	return p->certs > CERT_CHAIN_MAX || p->bytes > CHAIN_N_MAX;
}

static void
start_cert(const br_x509_class **ctx, uint32_t length)
{
	struct tls_peer *p = peer_of(ctx);

	p->certs++;
	p->bytes += min_u32(length, CHAIN_N_MAX + 1);
	if (too_long(p))
		return;
	if (p->chain)
		p->x.minimal.vtable->start_cert(&p->x.minimal.vtable, length);
	else if (p->certs == 1)
		br_x509_decoder_init(&p->x.decoder, NULL, NULL);
}

static void
append(const br_x509_class **ctx, const unsigned char *buf, size_t n)
{
	struct tls_peer *p = peer_of(ctx);

	if (too_long(p))
		return;
	if (p->chain)
		p->x.minimal.vtable->append(&p->x.minimal.vtable, buf, n);
	else if (p->certs == 1)
		br_x509_decoder_push(&p->x.decoder, buf, n);
}

static void
end_cert(const br_x509_class **ctx)
{
	struct tls_peer *p = peer_of(ctx);

	if (p->chain && !too_long(p))
		p->x.minimal.vtable->end_cert(&p->x.minimal.vtable);
}

/* The key of the first certificate, judged or not. */
static const br_x509_pkey *
shown_key(struct tls_peer *p)
{
	if (p->certs == 0)
		return NULL;
	if (p->chain)
		return &p->x.minimal.pkey;
	return br_x509_decoder_get_pkey(&p->x.decoder);
}

/* What the chain is worth. A common name that is like the host's name does not count (RFC 9525). */
static unsigned
judge_chain(struct tls_peer *p)
{
	unsigned err = p->x.minimal.vtable->end_chain(&p->x.minimal.vtable);

	return err == 0 && p->dns.status == 0 ? BR_ERR_X509_BAD_SERVER_NAME : err;
}

static unsigned
end_chain(const br_x509_class **ctx)
{
	struct tls_peer *p = peer_of(ctx);
	const br_x509_pkey *key = shown_key(p);
	unsigned err = 0;

	if (too_long(p))
		return TLS_ERR_CHAIN;
	if (p->chain)
		err = judge_chain(p);
	if (key)
		p->tls->has_pin = x509_pin(key, p->tls->pin) == 0;
	if (p->certs == 0)
		return BR_ERR_X509_EMPTY_CHAIN;
	if (!p->chain && !key)
		return (unsigned)br_x509_decoder_last_error(&p->x.decoder);
	if (err || !p->pinned)
		return err;
	return p->tls->has_pin && ct_same(p->tls->pin, p->want, CERT_PIN_N) ? 0 : TLS_ERR_PIN;
}

static const br_x509_pkey *
get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	struct tls_peer *p = peer_of((const br_x509_class **)ctx);

	if (p->chain)
		return p->x.minimal.vtable->get_pkey(
		    (const br_x509_class *const *)&p->x.minimal.vtable, usages);
	if (usages)
		*usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
	return br_x509_decoder_get_pkey(&p->x.decoder);
}

static const br_x509_class peer_class = {
	sizeof(struct tls_peer), start_chain, start_cert, append, end_cert, end_chain, get_pkey,
};

/* BearSSL's validation with our choices: SHA-2 only, RSA from 2048 bits, the time that was
 * given. */
static void
init_minimal(struct tls_peer *p, const struct tls_client *c)
{
	br_ssl_engine_context *eng = p->tls->eng;
	br_x509_minimal_context *x = &p->x.minimal;

	const struct cert_anchors *anchors = c->trust->anchors;

	br_x509_minimal_init(x, &br_sha256_vtable, anchors->list, anchors->n);
	br_x509_minimal_set_rsa(x, br_ssl_engine_get_rsavrfy(eng));
	br_x509_minimal_set_ecdsa(x, br_ssl_engine_get_ec(eng), br_ssl_engine_get_ecdsa(eng));
	br_x509_minimal_set_hash(x, br_sha256_ID, &br_sha256_vtable);
	br_x509_minimal_set_hash(x, br_sha384_ID, &br_sha384_vtable);
	br_x509_minimal_set_hash(x, br_sha512_ID, &br_sha512_vtable);
	br_x509_minimal_set_minrsa(x, RSA_MIN);
	p->dns = (br_name_element){ .oid = dns_name, .buf = p->dns_room, .len = sizeof p->dns_room };
	br_x509_minimal_set_name_elements(x, &p->dns, 1);
	br_x509_minimal_set_time(x, EPOCH_DAYS + c->now / 86400, c->now % 86400);
}

void
tls_peer_init(struct tls_peer *p, struct tls *t, const struct tls_client *c)
{
	memset(p, 0, sizeof *p);
	p->vtable = &peer_class;
	p->tls = t;
	p->chain = c->trust->anchors != NULL;
	p->pinned = c->trust->pin != NULL;
	if (p->pinned)
		memcpy(p->want, c->trust->pin, CERT_PIN_N);
	if (p->chain)
		init_minimal(p, c);
	br_ssl_engine_set_x509(t->eng, &p->vtable);
}
