/* x509: what a certificate says, as views into its DER, and the fingerprint of a public key. Says
 * nothing about trust: that is BearSSL's part (tls_peer). */
#ifndef CRYPT_X509_PRIV_H
#define CRYPT_X509_PRIV_H

#include "crypt/der_priv.h"
#include "crypt/hash.h"

#include <bearssl.h>

struct x509 {
	struct str issuer, subject; /* encoded names, with their heads */
	wall from, until;           /* UINT32_MAX stands for all later times */
	struct str spki;            /* SubjectPublicKeyInfo, with its head */
	u8 kind;                    /* BR_KEYTYPE_RSA, BR_KEYTYPE_EC, or 0: a kind we do not use */
	u8 curve;                   /* EC: BR_EC_secp256r1, ... */
	struct str n, e;            /* RSA */
	struct str q;               /* EC: the point */
	bool ca;                    /* basicConstraints say so */
};

/* Reads a certificate. 0, or ERR_BAD. */
int x509_read(struct str der, struct x509 *x);

/* The curve an OID names (BR_EC_...), or 0. */
u8 x509_curve(struct str oid);

/* Whether an OID is id-ecPublicKey or rsaEncryption: BR_KEYTYPE_EC, BR_KEYTYPE_RSA, or 0. */
u8 x509_kind(struct str oid);

/* SHA-256 of the SubjectPublicKeyInfo that this key has in a certificate. 0, or ERR_BAD for a key
 * of another kind. */
int x509_pin(const br_x509_pkey *key, u8 pin[HASH_N]);

#endif
