/* grant: what a user allowed a client: scopes, team, environments, one audience. One record is the whole family: the
 * code, every refresh token and every access token of one consent; dropping it ends them all.
 *
 *   consent > add(CODE, 60 s) > redeem: swap(LIVE) > refresh: swap(seq + 1) ... > revoke: drop
 *
 * "g:" user tag (16 hex) family (32 hex): a user's grants are one prefix. Because the code lives in the same record as
 * what it becomes, 50 requests with one code are one swap that wins and 49 that see a used code; a code that comes
 * again ends the family. Codes and refresh tokens are MACs over the family (and its sequence number): the successor
 * of a refresh token is the same however often, and after whatever restart, it is asked for.
 *
 * Grace: an answer may get lost. Within 60 s the same client gets the same successor again, as long as nothing of the
 * successor was used; later, the old token means that two hold it, and the family ends.
 * Source: OAuth 2.1 sections 4.1 and 4.3.1; RFC 9700 sections 2.1.1, 4.5 and 4.14. */
#ifndef AUTH_GRANT_H
#define AUTH_GRANT_H

#include "auth/handle.h"
#include "auth/principal.h"

#define GRANT_FAMILY_N 24  /* bytes: user tag, then 16 random ones */
#define GRANT_KEY_N 50     /* "g:" and 48 hex characters */
#define GRANT_RECORD_MAX 640
#define GRANT_HOST_MAX 100
#define GRANT_AUDIENCE_MAX 80
#define GRANT_CODE_S 60
#define GRANT_GRACE_S 60
#define GRANT_LIFE_S (90 * 86400) /* a connected app is asked again after this long, however active */
#define GRANT_PREFIX STR("g:")

enum grant_state { GRANT_CODE = 1, GRANT_LIVE = 2 };

struct grant {
	u8 state, scopes;
	bool dynamic;         /* the client registered itself: `client reset` ends it */
	bool seen;            /* a token of the present sequence number was used */
	u8 client[32];        /* SHA-256 of the client's id */
	u8 redirect[32];      /* CODE: SHA-256 of the redirect URI */
	u32 seq;              /* of the present refresh token */
	u64 epoch;            /* of the user when consent was given: a new password ends it */
	wall made, rotated, dies;
	struct str user;
	struct str audience;  /* "api", "api/environment", each perhaps with ":view" */
	struct str environments; /* "a,b" */
	struct str name, host;   /* of the client, and where it was sent back to */
	struct str challenge;    /* CODE: S256 */
};

/* The store key of a family; and the family of a store key, ERR_BAD when it is none. */
void grant_key(char out[GRANT_KEY_N], const u8 family[GRANT_FAMILY_N]);
int grant_family(struct str key, u8 family[GRANT_FAMILY_N]);

/* The prefix of all grants of a user: 18 bytes. */
void grant_user_key(char out[18], u64 user);

/* Records. Views of a decoded grant point into the record. ERR_BAD: none of ours. */
void grant_encode(struct buf *b, const struct grant *g);
int grant_decode(struct str record, struct grant *g);

/* Append the code, or the refresh token of a sequence number; judge one that was presented: 0 or ERR_BAD. */
void grant_code_put(struct buf *b, const u8 key[HANDLE_KEY_N], const u8 family[GRANT_FAMILY_N]);
void grant_refresh_put(struct buf *b, const u8 key[HANDLE_KEY_N], const u8 family[GRANT_FAMILY_N], u32 seq);
int grant_code_open(const u8 key[HANDLE_KEY_N], struct str text, u8 family[GRANT_FAMILY_N]);
int grant_refresh_open(const u8 key[HANDLE_KEY_N], struct str text, u8 family[GRANT_FAMILY_N], u32 *seq);

enum grant_verdict {
	GRANT_ROTATE, /* the present one: swap in the next */
	GRANT_AGAIN,  /* the one before, in its grace: the same successor */
	GRANT_STALE,  /* the one before, soon after, when its successor is in use: refuse this one only */
	GRANT_THEFT,  /* an old one: end the family */
};

/* What a refresh token of this sequence number is worth now. */
enum grant_verdict grant_judge(const struct grant *g, u32 seq, wall now);

/* PKCE (RFC 7636): whether a challenge has the form of one; whether verifier is what was challenged with. */
bool grant_challenge_ok(struct str challenge);
bool grant_verifier_ok(struct str verifier, struct str challenge);

/* Scopes as OAuth writes them, separated by blanks; and read: known ones as bits, *unknown whether there were others.
 * ERR_BAD when the text is no list of scopes, or longer than 1000 bytes. offline_access and openid count as known and
 * mean nothing. */
void grant_scopes_put(struct buf *b, u8 scopes);
int grant_scopes_read(struct str text, bool *unknown);

/* The scopes a role may have at all. */
u8 grant_role_scopes(struct str role);

#endif
