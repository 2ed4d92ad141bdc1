/* cert: certificates and keys from PEM files, kept in arena memory for as long as the arena.
 *
 *   a server's chain, leaf first          cert_chain_read   "CERTIFICATE" blocks
 *   a server's private key                cert_key_read     RSA (PKCS#1), EC (SEC1), both (PKCS#8)
 *   whom a client trusts                  cert_anchors_read "CERTIFICATE" blocks, a whole bundle
 *   one key a client trusts               cert_pin_read     base64 of SHA-256 over the public key
 *
 * Errors come with *why: words for a person, always a literal. Blocks of other kinds in the same
 * file are passed over. */
#ifndef CRYPT_CERT_H
#define CRYPT_CERT_H

#include "base/arena.h"

#define CERT_CHAIN_MAX 10 /* certificates of a server's chain */
#define CERT_PIN_N 32     /* bytes of a pin: SHA-256 of the SubjectPublicKeyInfo, as in RFC 7469 */

/* A chain to show, leaf first. */
struct cert_chain {
	const void *list; /* private to crypt/ */
	u32 n;
	wall from, until;    /* of the leaf */
	u8 pin[CERT_PIN_N]; /* of the leaf's key */
	struct str leaf;     /* DER */
};

/* A private key; stays in the arena. */
struct cert_key {
	const void *key; /* private to crypt/ */
	u8 kind;
	struct str modulus; /* RSA */
};

/* Certificates whose signature counts. */
struct cert_anchors {
	const void *list; /* private to crypt/ */
	u32 n;
	u32 skipped; /* of a kind we cannot use, or damaged */
	u64 mark;    /* of the text they were read from: differs when that does */
};

/* Reads a chain. 0; ERR_BAD (*why); ERR_FULL: a has no room. */
int cert_chain_read(struct str pem, struct arena *a, struct cert_chain *c, const char **why);

/* Reads the first private key. The caller wipes pem. 0; ERR_BAD; ERR_FULL. */
int cert_key_read(struct str pem, struct arena *a, struct cert_key *k, const char **why);

/* Whether the chain's leaf and the key belong together: a server that starts with others can serve
 * nobody. */
bool cert_match(const struct cert_chain *c, const struct cert_key *k);

/* Reads a bundle; what cannot be used is skipped and counted. Takes about 400 bytes for each. 0;
 * ERR_BAD when none is left; ERR_FULL. */
int cert_anchors_read(struct str pem, struct arena *a, struct cert_anchors *t, const char **why);

/* Reads a pin as people write it: "sha256/" or "sha256//" or nothing, then 44 characters of base64.
 * 0 or ERR_BAD. */
int cert_pin_read(struct str text, u8 pin[CERT_PIN_N]);

#endif
