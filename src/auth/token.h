/* token: OAuth access tokens: opaque, sealed, short-lived. What they say (family, sequence number, audience, scopes,
 * until when) is inside, under the seal; whether they still hold is the family's record in the store, so that dropping
 * it ends them within the second.
 *
 *   header value > token_start / token_step > principal        the hot path: a mark and a RAM cache, as for keys
 *
 * The cache asks the store again after a second, and whenever a grant or a user changes.
 * Source: RFC 6750; RFC 8707 section 2 (audience); RFC 9068 is not used: nobody but us reads them. */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "auth/grant.h"
#include "auth/user.h"
#include "crypt/mark.h"
#include "crypt/seal.h"
#include "store/store.h"

#define TOKEN_PREFIX_MAX 16
#define TOKEN_MAX 160 /* characters, prefix included */
#define TOKEN_LIFE_S 900

struct tokens; /* private: the cache */

/* What an access token says. */
struct token {
	u8 family[GRANT_FAMILY_N];
	u8 scopes;
	u32 seq;
	wall dies;
	u64 audience; /* token_audience of grant.audience */
};

/* Room for the cache (limits TOKEN_CACHE). seal stays the caller's; rng as for keys_init. NULL when a has no room. */
struct tokens *tokens_init(struct arena *a, struct store *st, const struct seal_keys *seal, struct rng *rng);

/* Bytes tokens_init takes, for the memory plan. */
size_t tokens_bytes(void);

/* The number an audience text is known by in tokens. */
u64 token_audience(struct str audience);

/* Appends a token behind its prefix. ERR_FULL when out has no room. */
int token_put(struct buf *out, const struct seal_keys *seal, struct rng *rng, struct str prefix, const struct token *t);

/* Opens a token that was presented (without asking whether it still holds). 0 or ERR_BAD. */
int token_open(const struct seal_keys *seal, struct str prefix, struct str text, struct token *t);

/* One verification under way. */
struct token_check {
	struct store_op op;
	struct buf out;
	u8 mark[MARK_N];
	u32 stamp;               /* of grants and users when the store was asked */
	struct token token;
	bool asked_user;
	u64 version, epoch;      /* of the grant's record; of its user when it was given */
	char name[GRANT_KEY_N];  /* of the record in the store; right after every token_start */
	u8 user_key[USER_KEY_MAX];
	u8 room[USER_RECORD_MAX];
};

static_assert(GRANT_RECORD_MAX <= USER_RECORD_MAX, "either fits the room");

/* Verifies a presented token for an audience, or a wider one (equal when there is none). Answers as key_start does;
 * *who is not valid before STEP_DONE. */
struct token_ask {
	struct str prefix, text;
	u64 audience, wider;
};
enum step token_start(struct tokens *ts, struct token_check *c, const struct token_ask *ask, struct principal *who,
    struct ready *owner);
enum step token_step(struct tokens *ts, struct token_check *c, const struct token_ask *ask, struct principal *who);

/* The same cache for tokens of another issuer, under a configuration's number: whether this one was judged good a
 * moment ago, for what is asked (then *who); and keeping one that was, for so many seconds beyond this one. */
bool token_recall(struct tokens *ts, u32 number, const struct token_ask *ask, struct principal *who);
void token_keep(struct tokens *ts, u32 number, const struct token_ask *ask, const struct principal *who, u32 seconds);

/* Lets go of a verification that waits. */
void token_cancel(struct tokens *ts, struct token_check *c);

#endif
