/* credential: puts the secret of an environment into a request that goes to it, and nowhere else.
 * Source: RFC 7617 (basic), RFC 6750 (bearer), OpenAPI apiKey in header, query, cookie. */
#ifndef OP_CREDENTIAL_H
#define OP_CREDENTIAL_H

#include "catalog/catalog.h"
#include "catalog/params.h"
#include "gate/api.h"
#include "op/vault.h"

/* The credentials of an environment that an operation is sent with: those for all schemes of the first alternative of
 * the operation's `security` that the configuration can satisfy, else the environment's own. Their number; ERR_NONE
 * when the operation asks for schemes that nothing is configured for: why then names them. */
int credential_choose(const struct environment *e, const struct catalog *c, const struct catalog_op *op,
    const struct credential *chosen[CREDENTIALS_MAX], struct buf *why);

/* Adds the credential to target or fields of p. 0, or a fault that a person must mend (ERR_NONE
 * there is none, ERR_BAD it cannot be sent) or that passes (ERR_MORE): why then says so. The secret
 * never appears in why. */
int credential_put(const struct credential *c, struct vault *vault, struct params *p, msec now, struct buf *why);

/* The secret of a credential, a view good for this run; faults as credential_put. */
int credential_secret(const struct credential *c, struct vault *vault, struct str *secret, msec now, struct buf *why);

/* Adds the credential's value with this secret in it, put together in room. 0 or a fault as credential_put. */
int credential_put_text(const struct credential *c, struct str secret, struct buf *room, struct params *p,
    struct buf *why);

#endif
