/* verify: signatures of others over bytes: RSASSA-PKCS1-v1_5 with SHA-256 (RS256), ECDSA on P-256 with SHA-256 (ES256).
 * Source: RFC 7518 sections 3.3 and 3.4. */
#ifndef CRYPT_VERIFY_H
#define CRYPT_VERIFY_H

#include "base/str.h"

enum verify_kind { VERIFY_RS256 = 1, VERIFY_ES256 };

#define VERIFY_RSA_MIN 256 /* bytes of a modulus */
#define VERIFY_RSA_MAX 512
#define VERIFY_POINT_N 65  /* 4, x, y */

/* A public key; a key has one algorithm, whatever a message says. */
struct verify_key {
	u8 kind;             /* enum verify_kind */
	u16 n;               /* bytes of it */
	u32 e;               /* RSA: the exponent */
	u8 at[VERIFY_RSA_MAX]; /* RSA: the modulus, big-endian without zeros in front; EC: the point */
};

/* Whether a key is one to rely on: 2048 to 4096 bits and an odd exponent of at least 65537, or a point on the curve. */
bool verify_key_ok(const struct verify_key *k);

/* Whether sig is the key's over data. ES256: r and s, 32 bytes each. */
bool verify_sig(const struct verify_key *k, struct str data, struct str sig);

#endif
