/* tls_priv: what the two ends have in common inside. */
#ifndef CRYPT_TLS_PRIV_H
#define CRYPT_TLS_PRIV_H

#include "crypt/tls.h"

#include <bearssl.h>

#define TLS_IN_N BR_SSL_BUFSIZE_INPUT /* a whole record: a peer may send 16 KB */
#define TLS_OUT_N (4096 + 85)         /* our records are 4 KB */

/* Our own errors, beside BearSSL's. */
enum tls_own { TLS_ERR_PIN = 100, TLS_ERR_CHAIN };

/* First member of both ends. */
struct tls {
	br_ssl_engine_context *eng;
	u32 size; /* of the whole end, for wiping */
	u8 pin[CERT_PIN_N];
	bool has_pin;
	bool full; /* a full handshake: certificates were sent or a session was stored */
};

/* The implementations and options both ends use: TLS 1.2, six suites, best hardware code, no
 * renegotiation. */
void tls_engine(br_ssl_engine_context *eng, struct rng *rng);

/* The client's judge of certificates: BearSSL's, a pin, or both. */
struct tls_peer {
	const br_x509_class *vtable;
	struct tls *tls;
	bool chain, pinned;
	u32 certs, bytes; /* begun so far */
	br_name_element dns; /* filled when the certificate has a DNS name beside its common name */
	char dns_room[2];
	u8 want[CERT_PIN_N];
	union {
		br_x509_minimal_context minimal;
		br_x509_decoder_context decoder;
	} x;
};

/* Begins the judge for one connection; eng is set up already. */
void tls_peer_init(struct tls_peer *p, struct tls *t, const struct tls_client *c);

#endif
