/* secrets: what must not come back from an environment: the secret of its credential, made ready
 * to be found in its answers (filter/needles.h). One set for each environment that a worker calls,
 * made at the first call and again when the secret has changed; while an op uses a set it stays as
 * it is. Sets hold secrets in clear, as the request that they are sent in does, and are wiped when
 * another one takes their place. Beside it stand all other credentials of the configuration, as
 * keyed hashes (filter/windows.h): no answer of any API shows one. There are two sets of those, the
 * newest and the one that answers under way may still use. Those of a caller's own credential go when
 * nobody uses them any more.
 *
 *      credential_value 'token {secret}'      the secret, not the word before it
 *      basic, 'USER:{secret}'                 the same
 *      basic, USER:PASSWORD as one secret     the password; the user when that is too short
 *      header, 'SCHEME SECRET' as one         what stands behind the last blank */
#ifndef OP_SECRETS_H
#define OP_SECRETS_H

#include "crypt/hash.h"
#include "crypt/rng.h"
#include "filter/windows.h"
#include "gate/api.h"
#include "op/login.h"
#include "op/vault.h"

#define SECRETS_MAX 64 /* environments, and callers' own credentials, in use at once */

/* What a set was made for. */
struct secrets_key {
	bool brief;                            /* it goes when its last user goes */
	const struct environment *environment; /* NULL: nothing yet */
	u64 mark;                              /* of the secret */
	u32 users, last;                       /* ops that use it; when one began to */
};

struct secrets {
	struct secrets_key *key; /* SECRETS_MAX */
	struct needles *set;     /* as many */
	u32 clock;
	struct windows *others; /* 2 */
	const struct gen *gen;  /* whose credentials they hold; the caller's to set, with rng: NULL: none */
	struct rng *rng;
	struct hash_key mac_key;
	u32 number, stamp, changes; /* of gen, of the store, of the logins, when they were made */
	u32 version, live;      /* how often; which of the two */
	bool partial;           /* a secret was not known yet */
	const struct logins *logins; /* what they have given is secret too; NULL: there are none */
};

/* Carves the sets from a; bytes of it for the plan. ERR_FULL. */
int secrets_init(struct secrets *s, struct arena *a);
size_t secrets_bytes(void);

struct secrets_ask {
	const struct environment *environment;
	struct vault *vault;
	struct str own; /* what is secret of the caller's own credential; empty: none was sent */
	bool brief;     /* nothing of it may stay */
};

/* The set of an environment whose credential could just be sent, NULL in *set when it has none.
 * Give it back with secrets_give. 0; ERR_FULL too many are in use. */
int secrets_take(struct secrets *s, const struct secrets_ask *ask, msec now, const struct needles **set);

/* What is secret of a credential that was sent a moment ago. */
struct str secrets_of(const struct credential *c, struct vault *vault, msec now);

/* The part that is secret of a text that was given as one. */
struct str secrets_part(u8 in, struct str whole);

/* Gives a set back. Harmless with NULL. */
void secrets_give(struct secrets *s, const struct needles *set);

#endif
