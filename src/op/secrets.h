/* secrets: what must not come back from an environment: the secret of its credential, made ready
 * to be found in its answers (filter/needles.h). One set for each environment that a worker calls,
 * made at the first call and again when the secret has changed; while an op uses a set it stays as
 * it is. Sets hold secrets in clear, as the configuration and the vault do, and are wiped when
 * another one takes their place.
 *
 *      credential_value 'token {secret}'      the secret, not the word before it
 *      basic, 'USER:{secret}'                 the same
 *      basic, USER:PASSWORD as one secret     the password; the user when that is too short
 *      header, 'SCHEME SECRET' as one         what stands behind the last blank */
#ifndef OP_SECRETS_H
#define OP_SECRETS_H

#include "filter/needles.h"
#include "gate/api.h"
#include "op/login.h"
#include "op/vault.h"

#define SECRETS_MAX 32 /* environments in use at once */

/* What a set was made for. */
struct secrets_key {
	const struct environment *environment; /* NULL: nothing yet */
	u64 mark;                              /* of the secret */
	u32 users, last;                       /* ops that use it; when one began to */
};

struct secrets {
	struct secrets_key *key; /* SECRETS_MAX */
	struct needles *set;     /* as many */
	u32 clock;
	const struct logins *logins; /* what they have given is secret too; NULL: there are none */
};

/* Carves the sets from a; bytes of it for the plan. ERR_FULL. */
int secrets_init(struct secrets *s, struct arena *a);
size_t secrets_bytes(void);

/* The set of an environment whose credential could just be sent, NULL in *set when it has none.
 * Give it back with secrets_give. 0; ERR_FULL too many are in use. */
int secrets_take(struct secrets *s, const struct environment *e, struct vault *vault, msec now,
    const struct needles **set);

/* Gives a set back. Harmless with NULL. */
void secrets_give(struct secrets *s, const struct needles *set);

#endif
