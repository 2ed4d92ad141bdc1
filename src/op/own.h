/* own: the credential that a caller brings along (credential_from 'passthrough'): put into the request in the header
 * field that it came in, and kept for a session that wants it (session_credential 'capture').
 *
 *      store key "e:<session>"   value: seal of "FIELD\nVALUE", bound to the key and to where it is for
 *
 * What is sealed dies with the session. Nothing else keeps one: a struct own is a view into the request, or into memory
 * that is wiped with it. */
#ifndef OP_OWN_H
#define OP_OWN_H

#include "catalog/params.h"
#include "gate/api.h"
#include "op/vault.h"

#define OWN_MIN 8    /* bytes of its secret part: what is shorter could not be found in answers */
#define OWN_MAX 3000 /* bytes of the whole value */
#define OWN_PREFIX "e:"

struct op;
struct ops;

struct own {
	struct str field, value; /* field: as the configuration spells it */
};

/* Adds it to the request. 0; ERR_NONE there is none; ERR_DENY an argument stands in its place: why says so. */
int own_put(const struct environment *e, const struct own *own, struct params *p, struct buf *why);

/* Of the user whose the op's credential i is; 0: it is the gate's. */
u64 own_born(const struct op *op, u32 i);

/* Whether the user has given the op's credential i, or it is no user's. */
bool own_has(struct op *op, u32 i, msec now);

/* Whether a credential of the op is being read: op->wait stands in the vault's queue then. */
bool own_waits(struct op *op, msec now);

/* Says that he has to: OP_FAULT_CONNECT. */
int own_ask(struct buf *why);

/* Puts the credentials of an op into its request, and prepares what must not come back of them. own: what the caller
 * brought along, or NULL. 0, or an enum op_fault. */
int own_credentials(struct op *op, const struct own *own, struct params *p, msec now, struct buf *why);

/* Its part that is secret: behind the scheme; of Basic what is encoded there, in room (OWN_MAX bytes). */
struct str own_secret(const struct own *own, u8 *room);

/* Whose it is: a session at an environment. */
struct own_session {
	struct str key; /* of its record in the store */
	const struct api *api;
	const struct environment *environment;
};

/* Seals it for a session that lives ttl_s. Nobody waits for that; what cannot be kept is not. */
void own_keep(struct ops *o, const struct own *own, const struct own_session *s, u32 ttl_s);

/* Opens such a record where it lies: own's views point into record. ERR_BAD; ERR_NONE: in no field that is taken. */
int own_open(struct ops *o, const struct own_session *s, struct buf *record, struct own *own);

#endif
