/* disk_priv: the disk back end's insides.
 *
 *   op > verb > record > out (filling batch) > one write > flight batch > helper syncs > ops done
 *
 * disk.c one key at a time · batch.c groups · chore.c what the helper does · load.c opening ·
 * compact.c copying live records. */
#ifndef STORE_DISK_PRIV_H
#define STORE_DISK_PRIV_H

#include "store/index.h"
#include "store/seg.h"
#include "store/store_priv.h"
#include "sys/side.h"

#define SEGS_MAX 16
#define SEG_PENDING 0xff     /* entry.segment of a record still in out; at: its place there */
#define SLOT_DELAY_MS 200    /* then a group's slot is written, if no next group took it along */
#define MARK_S 3600          /* the time is written down at least this often, */
#define MARK_EXPIRED_S 600   /* and this often when something has expired */
#define COMPACT_MIN (128 * 1024) /* dead bytes that are not worth the flash */
#define COMPACT_RETRY_MS (60 * 1000)
#define MERGE_N (2 * REC_MAX)    /* bytes of one group while copying */

/* How an entry was before a record of the batch. */
struct undo {
	struct entry old;
	u32 slot;
	u8 kind; /* enum undo_kind */
};

enum undo_kind { UNDO_ADD, UNDO_CHANGE, UNDO_DROP };

/* The records of one group, from the first op until they are synced or taken back. */
struct batch {
	struct undo undo[STORE_GROUP_OPS];
	u32 n;
	u64 last; /* seq of its newest record */
	struct link ops;
};

enum chore_kind { CHORE_NONE, CHORE_SYNC, CHORE_SLOT, CHORE_ROTATE, CHORE_MERGE };

/* One blocking piece of work; belongs to the helper while the side is busy. */
struct chore {
	u8 kind;
	int dir, fd;    /* fd: the segment that is written, sealed, or synced */
	int fresh;      /* rotate: out, the new segment */
	u32 number;     /* rotate, merge: of the segment made */
	u32 slot_at;
	u32 end;        /* rotate: where the old segment ends */
	u32 old[SEGS_MAX], olds; /* merge: numbers of files that are no longer needed */
	u8 page[SEG_DATA];
	u8 slot[SEG_SLOT_N];
	int err;        /* 0, or the first failure */
	bool sync_failed; /* nobody knows what is on disk now */
	bool named;     /* rotate, merge: the new name is there */
	bool slotted;   /* the slot was written and synced */
	char text[64];  /* the system's words for err */
};

enum compact_state { COMPACT_IDLE, COMPACT_ROTATE, COMPACT_COPY, COMPACT_WAIT, COMPACT_MERGE };

struct compact {
	u8 state;
	u8 into;        /* place of the merged segment in disk.seg */
	u32 upto;       /* number of the last segment that is merged */
	u32 cursor;     /* next slot of the index */
	u32 count;      /* records in out */
	u64 need;       /* this must be synced before the old segments may go */
	msec not_before;
	struct buf out;
};

struct disk {
	struct store st; /* first: a store is a disk */
	const char *path;
	int dir;
	bool broken, refusing;
	struct hash_key key;
	u8 id[SEG_ID_N];
	struct index index;
	struct seg seg[SEGS_MAX]; /* places are stable while open; fd -1: free */
	u8 active;
	u64 seq, synced; /* newest record; newest one that is on disk for good */
	u64 live;        /* bytes of live records */
	u8 *room;        /* REC_MAX bytes: the record find looked at */
	struct buf out;  /* records of the filling batch */
	struct batch batch[2];
	u8 filling;      /* which one; the other is in flight or empty */
	struct link queue; /* ops that found no room */
	struct side side;
	struct chore chore;
	u32 compact_min;
	bool slot_due, expired;
	msec slot_at, look_at;
	struct compact compact;
	u32 sweep;       /* next slot to look at for expired entries */
	u32 groups, compactions, refused;
	u8 *window;      /* STORE_GROUP_N bytes for scanning; out's memory */
};

static inline struct disk *
disk_of(struct store *st)
{
	return CONTAINER_OF(st, struct disk, st);
}

/* Reads the record of an entry into d->room (or finds it in out). 0, or ERR_IO. */
int disk_read(struct disk *d, const struct entry *e, struct rec *r);

/* The slot whose live entry has this key; INDEX_NONE without; ERR_IO. r is its record. */
int disk_find(struct disk *d, struct str key, u32 *slot, struct rec *r);
u32 disk_hash(const struct disk *d, struct str key);

/* An entry changed in a way that caches must notice. */
void disk_changed(struct disk *d, const struct entry *e);

/* Whether an entry has outlived its time. */
static inline bool
disk_expired(const struct disk *d, const struct entry *e)
{
	return e->dies && e->dies <= d->st.age.wall;
}

/* Hands the prepared chore over; what the helper runs. */
void chore_give(struct disk *d, u8 kind);
void chore_run(void *chore);

/* The three of struct store_kind that make groups. */
enum step batch_start(struct store *st, struct store_op *op);
void batch_commit(struct store *st);
void batch_close(struct store *st);

/* After a sync failed: read-only from now on, what was not synced is taken back. */
void batch_break(struct disk *d, const char *what);

/* A place for one more segment, or NULL; bytes of all segments. */
struct seg *disk_seg(struct disk *d);
u64 disk_bytes(const struct disk *d);

/* Reads the directory's segments into the index. 0, or an error with why. */
int load_all(struct disk *d, struct buf *why);

/* Closes all segments. */
void load_close(struct disk *d);

/* Decides whether to begin, and prepares the chore that is due next. Whether one was given. */
bool compact_chore(struct disk *d);

/* Copies one slice. Whether there is more to copy. */
bool compact_slice(struct disk *d);

/* Takes the result of a CHORE_ROTATE or CHORE_MERGE. */
void compact_done(struct disk *d);

/* Gives up: a group was taken back, the disk is full, or the store closes. Nothing that counts is
 * lost. */
void compact_abort(struct disk *d);

#endif
