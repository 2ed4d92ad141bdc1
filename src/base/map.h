/* map: a fixed hash table from a 64-bit hash to a u32 (a slot, an offset). Open addressing, linear probing, at most
 * 7/8 full. The caller owns the keys and compares them: the map only narrows down. Memory comes from an arena once. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"

struct map_cell {
	u64 hash; /* 0: free */
	u32 value;
	u32 pad;
};

struct map {
	struct map_cell *cell;
	u32 mask, used;
};

/* Room for at least n entries, from a. ERR_FULL when a has no room. */
int map_init(struct map *m, struct arena *a, u32 n);

/* A good hash of bytes, never 0. seed keeps outsiders from choosing collisions; 0 where keys are our own. */
u64 map_hash(struct str key, u64 seed);

/* Adds an entry (also when the hash is there already: equal hashes are allowed). ERR_FULL when 7/8 are used. */
int map_add(struct map *m, u64 hash, u32 value);

/* Walks the entries of one hash: u32 it = 0; while (map_next(m, hash, &it, &value)) compare keys.
 * Returns false when there is no further one. */
bool map_next(const struct map *m, u64 hash, u32 *it, u32 *value);

/* Removes the entry with this hash and value. Whether it was there. */
bool map_drop(struct map *m, u64 hash, u32 value);

/* Changes the value of an entry. Whether it was there. */
bool map_change(struct map *m, u64 hash, u32 old, u32 value);

#endif
