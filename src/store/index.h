/* index: where the newest record of each key lies. Knows hashes and places, not keys: the caller
 * reads the record and compares. Memory comes from an arena once, is not touched before it is
 * needed, and grows with the number of keys.
 *
 * A slot keeps its number as long as its key is there, however often it is written: lists walk by
 * slot. */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "base/arena.h"

#define INDEX_NONE UINT32_MAX

enum entry_state {
	ENTRY_FREE,
	ENTRY_LIVE,
	ENTRY_GONE, /* dropped by a record that is not synced yet */
};

struct entry {
	u64 version;
	u32 hash, next; /* chain of its bucket, or of the free list */
	u32 at, size;   /* where the record starts, and its bytes */
	wall dies;
	u16 tag; /* first two bytes of the key */
	u8 segment;
	u8 state : 7;
	u8 lazy : 1; /* written by a record that nobody waits for */
};

struct index {
	u32 *head; /* buckets; a power of two, `buckets` of them in use */
	struct entry *entry;
	u32 *moved; /* per slot: the new place while compacting */
	u32 max, buckets, used;
	u32 high; /* slots that were ever in use */
	u32 free;
};

/* Room for max entries. ERR_FULL when a has none. */
int index_init(struct index *ix, struct arena *a, u32 max);

/* Bytes that index_init takes. */
size_t index_bytes(u32 max);

/* Forgets all entries. */
void index_clear(struct index *ix);

/* First slot whose entry has this hash (live or gone), and the next one after slot. INDEX_NONE:
 * no further. */
u32 index_first(const struct index *ix, u32 hash);
u32 index_next(const struct index *ix, u32 slot);

/* A new live entry; the caller fills in the rest. INDEX_NONE when all are in use. */
u32 index_add(struct index *ix, u32 hash);

/* Takes an entry out. */
void index_drop(struct index *ix, u32 slot);

/* The entry of a slot below high; its state may be ENTRY_FREE. */
static inline struct entry *
index_at(const struct index *ix, u32 slot)
{
	ASSERT(slot < ix->high);
	return &ix->entry[slot];
}

#endif
