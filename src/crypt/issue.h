/* issue: an authority of our own, for a box that has none: its certificate, and those it signs for our listeners.
 *
 *   names > issue_key > issue_ca, once > issue_leaf, each year again      DER by hand, signed by BearSSL
 *
 * P-256 and SHA-256 throughout. The authority may sign for the names and addresses it was made for and for nothing else
 * (critical nameConstraints), and for no further authority (pathlen 0): who trusts it trusts it with this box alone.
 * Source: RFC 5280 sections 4.1 and 4.2; RFC 5915 (keys); RFC 5480 (EC keys in certificates). */
#ifndef CRYPT_ISSUE_H
#define CRYPT_ISSUE_H

#include "base/buf.h"
#include "crypt/cert.h"
#include "crypt/rng.h"

#define ISSUE_NAMES 16
#define ISSUE_NAME_MAX 253
#define ISSUE_CERT_MAX 4096 /* bytes of a certificate, DER */
#define ISSUE_KEY_N 64      /* bytes of a key, DER */
#define ISSUE_CA_S (3650u * 86400)
#define ISSUE_LEAF_S (397u * 86400)
#define ISSUE_EARLY_S 86400 /* certificates begin so long ago: clocks of clients go wrong */

/* What a certificate is for: DNS names, and addresses as 4 or 16 bytes. */
struct issue_names {
	u32 n;
	struct issue_name {
		struct str text;
		bool address;
	} of[ISSUE_NAMES];
};

/* Makes a private key (SEC1 DER, appended to out). */
int issue_key(struct rng *rng, struct buf *out);

/* Appends the certificate of an authority for names, signed by its own key. 0; ERR_BAD: the key is none of ours;
 * ERR_FULL. */
int issue_ca(const struct cert_key *key, const struct issue_names *names, wall now, struct rng *rng, struct buf *out);

/* Appends a server's certificate for names and the public part of key, signed by the authority. */
struct issue {
	const struct cert_key *ca_key;
	struct str ca; /* its certificate, DER */
	const struct cert_key *key;
};
int issue_leaf(const struct issue *i, const struct issue_names *names, wall now, struct rng *rng, struct buf *out);

/* Whether an authority's certificate may sign for all of names; whether a server's is for exactly these. */
bool issue_covers(struct str ca, const struct issue_names *names);
bool issue_fits(struct str leaf, const struct issue_names *names);

/* Appends what people compare: SHA-256 of a certificate as "AB:CD:...". */
void issue_fingerprint(struct buf *out, struct str cert);
#define ISSUE_FINGERPRINT_N 95

/* Appends a PEM block. */
void issue_pem(struct buf *out, const char *label, struct str der);

#endif
