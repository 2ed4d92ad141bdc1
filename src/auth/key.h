/* key: API keys. A secret is "sk-" and 43 characters of base64url, 256 random bits; only its
 * SHA-256 is stored, under "k:" and the hex of the first 16 bytes. A revoked key's record is
 * dropped.
 *
 *   header value > key_start / key_step > principal          the hot path: a mark and a RAM cache
 *   key_add, key_list, key_revoke                            the control plane, over store ops
 *
 * The cache is dropped whenever a "k:" entry changes (store_stamp) and asks the store again after
 * a second. */
#ifndef AUTH_KEY_H
#define AUTH_KEY_H

#include "auth/user.h"
#include "crypt/mark.h"
#include "store/store.h"

#define KEY_SECRET_MIN 16
#define KEY_SECRET_MAX 256
#define KEY_SECRET_N 46    /* characters of a secret made here */
#define KEY_RECORD_MAX 576 /* bytes of a stored record */
#define KEY_ID_N 32        /* hex characters of an id */
#define KEY_HINT_MAX 8     /* "sk-AbCdE": what people recognise a key by */

struct keys; /* private: the cache; lives in the arena given to keys_init */

/* A key as the store holds it, and as lists show it. */
struct key {
	struct principal who;
	u8 hash[32];
	wall created;
	u64 born;        /* of the user who owns it: a later one of the same name does not inherit it */
	u8 owner_n;      /* 0: a key of the box, nobody's in particular */
	char owner[USER_NAME_MAX];
	u8 hint_n;
	char hint[KEY_HINT_MAX]; /* first characters of a secret made here; empty for an imported one */
};

/* Room for the cache (limits KEY_CACHE). rng NULL: every key is asked of the store. NULL when a has no room. */
struct keys *keys_init(struct arena *a, struct store *st, struct rng *rng);

/* Bytes keys_init takes from its arena, for the memory plan. */
size_t keys_bytes(void);

/* One verification under way. */
struct key_check {
	struct store_op op;
	struct buf out;
	u8 hash[32], mark[MARK_N];
	u32 stamp;               /* of the store's keys and users when it was asked */
	bool owned;              /* the record of its owner is asked for */
	bool absent;             /* after STEP_FAIL: no record has it, nobody's key it is */
	struct principal found;
	u64 born;
	u8 owner[USER_KEY_MAX];
	char name[2 + KEY_ID_N]; /* of the record in the store; right after every key_start */
	u8 room[USER_RECORD_MAX];
};

/* Verifies a presented secret. A key that somebody owns is good while they are there and not disabled, and acts in
 * their role as it is now unless it has one of its own. STEP_DONE: *who is filled in, from the cache or the store.
 * STEP_FAIL: no such key, or expired (ERR_DENY in c->op.err), or the store failed (ERR_IO).
 * STEP_WAIT: owner will be marked, then key_step. */
enum step key_start(struct keys *ks, struct key_check *c, struct str secret, struct principal *who,
                    struct ready *owner);
enum step key_step(struct keys *ks, struct key_check *c, struct principal *who);

/* Lets go of a verification that waits. */
void key_cancel(struct keys *ks, struct key_check *c);

/* The id of a principal's key or any 16 first bytes of a hash as KEY_ID_N hex characters. */
void key_id_print(struct buf *b, const struct key *k);

enum key_form {
	KEY_OURS = 0,    /* "sk-" and at least 32 characters [A-Za-z0-9_-] */
	KEY_FOREIGN = 1, /* 16 to 256 visible ASCII characters of another form: may be imported, with a warning */
};

/* Judges a secret given from outside: enum key_form, or ERR_BAD: too short, too long, or other
 * characters. */
int key_form(struct str secret);

/* Makes a secret from 32 random bytes: KEY_SECRET_N characters into out. */
void key_secret(struct buf *out, const u8 random[32]);

/* The control plane. Fill in who and created (and leave the rest 0), then start; when the op is
 * done, see op.err. */
struct key_work {
	struct store_op op;
	struct buf out;
	struct key key; /* add: in and out; revoke: the key that was dropped */
	struct str which; /* revoke */
	u32 found;      /* revoke: how many matched */
	u8 at;
	char name[2 + KEY_ID_N];
	u8 room[4 * KEY_RECORD_MAX];
};

/* Stores k->key under the hash of secret, to live until key.who.dies. DONE, WAIT, or FAIL with
 * op.err: ERR_LATE this secret is already a key; ERR_BAD not an acceptable secret; store errors.
 * */
enum step key_add(struct keys *ks, struct key_work *w, struct str secret, struct ready *owner);

/* Goes on after WAIT, for key_add and key_revoke. */
enum step key_work_step(struct keys *ks, struct key_work *w);

/* Drops the one key whose id starts with which (at least 6 hex characters), whose hint is which,
 * or whose name is which. `which` is kept as a view until done. FAIL: ERR_NONE nothing matches;
 * ERR_LATE several do (w->found): nothing was dropped. */
enum step key_revoke(struct keys *ks, struct key_work *w, struct str which, struct ready *owner);

/* Listing: run STORE_LIST over KEY_PREFIX yourself and decode each entry. ERR_BAD: not a key
 * record. */
#define KEY_PREFIX STR("k:")
int key_decode(struct str record, struct key *k);

/* Encodes k. For backup and tests; key_add does it itself. */
void key_encode(struct buf *b, const struct key *k);

#endif
