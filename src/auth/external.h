/* external: access tokens of another issuer: signed JWTs, or opaque ones that the issuer itself is asked about. Keys
 * come as a JWK set; a key has one algorithm (RS256 or ES256), and no token chooses another. What a token says is
 * believed only when its signature, issuer, times and type are right; whom it is for is the caller's to judge.
 *
 *   jwks text > external_jwks > keys           token > external_read > principal, audiences
 *                                              answer of the issuer > external_said > the same
 *
 * Source: RFC 7515, 7517, 7519, 7662 (introspection), 8725, 9068 (JWT access tokens), 8693 section 4.1 (act). */
#ifndef AUTH_EXTERNAL_H
#define AUTH_EXTERNAL_H

#include "auth/principal.h"
#include "crypt/verify.h"
#include "json/json.h"

#define EXTERNAL_KEYS_MAX 8
#define EXTERNAL_SET_MAX 32    /* keys of a set, those of other kinds too */
#define EXTERNAL_KID_MAX 128
#define EXTERNAL_TOKEN_MAX 12000
#define EXTERNAL_AUDIENCES_MAX 8
#define EXTERNAL_SKEW_S 60
#define EXTERNAL_SAID_S 300

struct external_key {
	struct verify_key key;
	u8 kid_n;
	u8 kid[EXTERNAL_KID_MAX];
};

struct external_keys {
	u32 n;
	struct external_key key[EXTERNAL_KEYS_MAX];
};

/* What the configuration says of the issuer. */
struct external {
	struct str issuer;          /* empty: none */
	struct str audience;        /* what a token may be for besides an endpoint's own address; empty: nothing */
	struct str user, role, team; /* names of the claims; empty: none */
	struct str default_role;    /* without such a claim */
	bool any_type;              /* the header's typ may be anything, not only at+jwt */
	const struct external_keys *keys; /* NULL: none */
};

/* Reads a JWK set. NULL; else why it is refused. Keys of other kinds and uses are passed over. */
const char *external_jwks(struct str text, struct jsmntok *tok, u32 toks, struct arena *a, struct external_keys *out);

/* What a token says once it is believed. */
struct external_claims {
	struct principal who;
	struct str audience[EXTERNAL_AUDIENCES_MAX]; /* views into the arena */
	u32 audiences;
};

/* Whether a text has the form of a JWT: three parts. */
bool external_form(struct str text);

/* Judges a token; a takes its parts, decoded. 0; ERR_NONE: the key it names is not in the set, so that a newer set may
 * help; ERR_BAD. */
int external_read(const struct external *x, struct str text, struct jsmntok *tok, u32 toks, struct arena *a, wall now,
    struct external_claims *out);

/* Judges what the issuer's introspection endpoint said of a token: 0; ERR_DENY: it is not active, or is no access token
 * for a bearer; ERR_BAD: that is no such answer. What it says is believed for EXTERNAL_SAID_S at most. */
int external_said(const struct external *x, struct str answer, struct jsmntok *tok, u32 toks, struct arena *a, wall now,
    struct external_claims *out);

#endif
