/* store: keys and values that outlive a request. Nothing else lives between two requests.
 *
 *   op: verb, key, val, ttl  --store_start-->  DONE at once, or WAIT and owner is marked later
 *
 * Eight verbs, each atomic on one key; there is no get-change-put. Reads are answered at once;
 * what was written waits until store_commit (once per turn) has put the records of the turn on
 * disk and a helper thread has synced them. Back ends: disk; far, which asks the process that keeps
 * it (far.h); and ram, which answers late at random so that waiting is tested.
 *
 * The caller owns the op, key, val and out; key and val are read in store_start or, when the op
 * had to queue, later: keep them until done. Results are copied into out, so they stay. An op
 * that waits must not move; store_cancel lets go of it. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/list.h"

struct loop;
struct ready;
struct store; /* private: lives in the arena given to store_open */

#define STORE_FOREVER UINT32_MAX /* ttl_s of what never dies */
#define STORE_MAC_N 32           /* bytes of the key that seals the disk format */

enum store_verb {
	STORE_GET,  /* val, version, dies.                          ERR_NONE: not there */
	STORE_PUT,  /* writes val with ttl_s; version is the new one */
	STORE_ADD,  /* writes only if absent.                       ERR_LATE: it is there */
	STORE_TAKE, /* get and delete in one.                       ERR_NONE */
	STORE_SWAP, /* writes only if version is still that one.    ERR_LATE changed, ERR_NONE gone */
	STORE_INCR, /* adds `by` to a decimal number, absent is 0; ttl_s counts when created; total */
	STORE_DROP, /* deletes.                                     ERR_NONE: was not there */
	STORE_LIST, /* entries whose key starts with key, from cursor on; see store_entry */
};

/* One operation. Further errors of all verbs: ERR_BAD key or value too long, incr of what is no
 * number; ERR_FULL no room (out too small: nothing was taken; keys, bytes or disk used up:
 * nothing was changed); ERR_DENY the store is read-only (after a failed sync);
 * ERR_IO the disk failed. */
struct store_op {
	struct link link;    /* the store's, while it waits */
	struct ready *owner; /* marked once, when an op that returned WAIT is done; may be NULL */
	u64 seq;             /* the store's: the record it waits for */
	u8 verb;
	bool done;
	bool lazy;     /* a write that nobody waits for: done at once, may be lost with the power */
	bool waits;    /* the store's: it stands in a list */
	bool again;    /* the store's: it was asked of two keepers */
	int err;       /* 0 or enum err, once done */
	u32 ttl_s;     /* seconds to live from now, or STORE_FOREVER; writing verbs must give one */
	u32 cursor;    /* list: 0 to begin; then where to go on; 0 again: that was all */
	wall dies;     /* out: when the entry dies, 0 never */
	u64 version;   /* out: of the entry; in: what swap expects */
	int64_t by;    /* incr */
	int64_t total; /* out: incr */
	struct str key, val; /* val: in for put add swap, out (a view into out) for get take */
	struct buf *out;     /* where results go: list must have one, get and take may */
};

/* Whether the store can be relied on, for health and for messages. */
enum store_health {
	STORE_WELL,
	STORE_REFUSING, /* the last write failed (disk full, mounted read-only); the next one may not */
	STORE_BROKEN,   /* a sync failed: read-only until the process starts anew */
};

struct store_conf {
	const char *dir;   /* its own directory, made (0700) when missing; this text must stay */
	const u8 *mac_key; /* STORE_MAC_N bytes, copied */
	u32 keys_max;      /* 0: STORE_KEYS_MAX */
	u32 compact_min;   /* dead bytes worth copying the rest for; 0: 128 KB */
	msec now;
	wall wall;
};

/* What `check` and metrics print. */
struct store_figures {
	u32 keys, keys_max;
	u64 live, bytes; /* bytes of live records; bytes of all segments on disk */
	u64 seq;         /* last record written */
	u32 segments, groups, compactions, refused;
	u8 health; /* enum store_health */
};

/* Bytes store_open takes from its arena, for the memory plan. Untouched ones stay untouched. */
size_t store_bytes(u32 keys_max);

/* Opens the disk store, or makes a new one where the directory is empty; takes its lock. 0 and
 * *st; or an error with one clear line in why: ERR_LATE another process holds it; ERR_DENY not a
 * safe place (symlink, wrong owner or mode); ERR_BAD damaged, under another key, or of a newer
 * version; ERR_FULL more than this build holds; ERR_IO. Nothing on disk is changed by a refusal.
 * Syncs are done in line until store_attach. */
int store_open(struct store **st, const struct store_conf *conf, struct arena *a, struct buf *why);

/* A store in memory for up to keys entries: for tests and `demo`. seed 0 answers at once; another
 * seed answers most operations some turns later, in order. NULL when a has no room. */
struct store *store_open_ram(struct arena *a, u32 keys, u64 seed, msec now, wall at);

/* Gives the store its loop and starts the helper thread that syncs. Before the jail, after every
 * fork. ERR_IO. */
int store_attach(struct store *st, struct loop *loop);

/* Starts op. STEP_DONE: it is done (owner is not marked). STEP_WAIT: owner will be marked. A lazy
 * write is done. */
enum step store_start(struct store *st, struct store_op *op, msec now);

/* Forgets op, in any state. A write that was already recorded still takes place. */
void store_cancel(struct store *st, struct store_op *op);

/* Once per turn, before the steps: the wall time that they are judged by. Without it, a request that ends a long wait
 * would be judged by the time of the turn before. */
void store_time(struct store *st, msec now, wall system);

/* Once per turn, after the steps: writes what was started, hands it to the helper, finishes what
 * the helper has synced, copies a slice when compacting, and judges the time. */
void store_commit(struct store *st, msec now, wall system);

/* Does one op to its end, blocking: for commands that have no loop. op->err. */
int store_do(struct store *st, struct store_op *op);

/* Writes what was started, waits for the disk, and lets go of the lock. Harmless for NULL. */
void store_close(struct store *st);

/* The wall time that lifetimes are judged by: never runs backwards, ignores a jump of more than a
 * day until it has been stable for ten minutes (DESIGN.md section 7, Time). */
wall store_wall(const struct store *st);

/* How often entries whose key starts with this letter have changed: a cache that saw the same
 * number is still right. */
u32 store_stamp(const struct store *st, u8 letter);

/* Fills in the figures. */
void store_figures(const struct store *st, struct store_figures *f);

/* One entry of what list put into out. Views into out. */
struct store_entry {
	struct str key, val;
	u64 version;
	wall dies;
};

/* Takes the next entry off *rest (begin with buf_str(op.out)). Whether there was one. List again
 * with the cursor it left while that is not 0; an entry that is there all the time comes exactly
 * once, in no particular order. */
bool store_entry(struct str *rest, struct store_entry *e);

#endif
