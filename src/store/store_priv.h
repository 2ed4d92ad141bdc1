/* store_priv: what the back ends share. A kind answers whole operations; a local one (disk, ram)
 * answers find, put, drop and list on one key, and verb.c makes the eight verbs of them. */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include "base/map.h"
#include "store/age.h"
#include "store/store.h"
#include "sys/loop.h"

/* What is stored under a key, as far as the verbs must know. */
struct found {
	bool there;   /* alive: neither absent nor expired */
	u32 slot;     /* the back end's; also of an expired entry, INDEX_NONE without one */
	struct str val; /* valid until the next find */
	u64 version;
	wall dies;
	bool unsynced; /* written, but power may still take it back */
};

struct far_page;

struct store_kind {
	enum step (*start)(struct store *st, struct store_op *op);
	void (*commit)(struct store *st);
	int (*attach)(struct store *st);
	void (*figures)(const struct store *st, struct store_figures *f);
	void (*close)(struct store *st);
	void (*note)(struct store *st, struct far_page *page); /* which keys there are; may be NULL */

	/* Local kinds. find: 0 or ERR_IO. put and drop record a change for op: 0; ERR_MORE: later,
	 * when the group has been written; ERR_FULL. list: fills op->out. */
	int (*find)(struct store *st, struct str key, struct found *f);
	int (*put)(struct store *st, struct store_op *op, struct found *f, wall dies);
	int (*drop)(struct store *st, struct store_op *op, struct found *f);
	int (*list)(struct store *st, struct store_op *op);
};

struct store {
	const struct store_kind *kind;
	struct loop *loop; /* NULL: nobody to wake */
	struct ready ready; /* keeps the loop turning while there is work for store_commit */
	struct timer timer;
	struct age age;
	msec now;
	u32 *stamp;            /* 256, own or in the page */
	u32 own[256];
	struct far_page *page; /* of the store that others ask (keeper.c), else NULL */
	struct ready *first;   /* then: their questions, which come before an op that is younger */
};

/* Of a store that others ask: before an op of our own begins, and when time or figures are others. */
void keeper_before(struct store *st, const struct store_op *op, msec now);
void keeper_publish(struct store *st);

/* It is closed: nobody is answered any more. */
void keeper_end(struct store *st);

/* The hash of a key. */
static inline u32
store_hash(struct str key, u64 seed)
{
	u64 h = map_hash(key, seed);

	return (u32)(h ^ h >> 32);
}

/* Runs op on a local kind. True: it is done (op->err). False: it was recorded and waits for the
 * disk (op->seq), or, with *later set, must be run again once there is room. */
bool verb_run(struct store *st, struct store_op *op, bool *later);

/* Finishes an op that had to wait, marking its owner. */
void verb_done(struct store *st, struct store_op *op, int err);

/* Appends one entry to a list's results. False: it does not fit (nothing was appended). */
bool verb_entry(struct buf *out, const struct store_entry *e);

/* Whether the verb changes anything. */
static inline bool
verb_writes(const struct store_op *op)
{
	return op->verb != STORE_GET && op->verb != STORE_LIST;
}

/* The disk back end's share of store_open. */
int disk_open(struct store **st, const struct store_conf *conf, struct arena *a, struct buf *why);

#endif
