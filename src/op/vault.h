/* vault: upstream secrets that the store holds sealed (credential_from 'store:NAME'), opened and
 * kept for the calls of one worker. Looked up again whenever a record of that kind changes, so a
 * new secret is used at the next call.
 *
 *      store key "u:<name>"                   value: seal of the secret, bound to its name
 *      store key "u:@<user>/<environment>"    the same, of one user (credential_from 'user'): both as numbers */
#ifndef OP_VAULT_H
#define OP_VAULT_H

#include "crypt/seal.h"
#include "store/store.h"
#include "sys/loop.h"

#define VAULT_ENTRIES 64     /* different names remembered */
#define VAULT_NAME_MAX 64    /* characters [A-Za-z0-9_./-] of a name */
#define VAULT_SECRET_MAX 1024
#define VAULT_PREFIX STR("u:")

/* Somebody who waits: for the store's answer, or for a login (login.h). Zeroed or with list_init(&link) at first. */
struct vault_wait {
	struct link link;
	struct ready *owner;
};

struct vault_entry {
	struct store_op op;
	struct buf out;
	u32 last;        /* when it was asked for */
	u32 stamp;       /* of the store's letter, when it was asked */
	bool asked;
	u8 name_n;
	u16 secret_n;
	int err;         /* ERR_NONE: not in the store; ERR_BAD: cannot be opened */
	char name[2 + VAULT_NAME_MAX]; /* with its prefix: the key of the record */
	u8 secret[VAULT_SECRET_MAX];
	u8 room[VAULT_SECRET_MAX + SEAL_EXTRA];
};

struct vault {
	struct store *store;
	const struct seal_keys *keys;
	struct vault_entry *entry; /* VAULT_ENTRIES */
	u32 n, clock;
	struct loop *loop;
	struct ready ready;        /* the store has answered */
	struct link waiting;
};

/* Carves the entries from a. ERR_FULL. loop: of those who wait. */
int vault_init(struct vault *v, struct arena *a, struct store *store, const struct seal_keys *keys, struct loop *loop);
size_t vault_bytes(void);

/* The secret of this name, a view good for this run. 0; ERR_NONE there is none; ERR_BAD it was
 * sealed with another master key; ERR_MORE the store has not answered yet: vault_wait; ERR_FULL too many names. */
int vault_get(struct vault *v, struct str name, struct str *secret, msec now);

/* After ERR_MORE: w->owner is marked once the store has answered something; then vault_get again. A place in the queue
 * is given up with vault_leave. */
void vault_wait(struct vault *v, struct vault_wait *w);
void vault_leave(struct vault_wait *w);

/* The name of a user's own secret for an environment, which nobody can give to another one. */
#define VAULT_USER_N 34
struct str vault_user(u64 born, u64 environment, u8 room[VAULT_USER_N]);

/* Whether a name may be used for a secret: 1 to VAULT_NAME_MAX characters [A-Za-z0-9_./-]. */
bool vault_name_ok(struct str name);

/* Seals a secret as the value of its record. 0; ERR_FULL; ERR_NONE when there is no key to seal with. */
int vault_seal(const struct seal_keys *keys, struct rng *rng, struct str name, struct str secret, struct buf *out);

#endif
