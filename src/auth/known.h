/* known: secrets that were verified a moment ago, by their SHA-256: what keys and tokens share. An entry is good while
 * the store's stamp is the one it was asked under, and within the same second. */
#ifndef AUTH_KNOWN_H
#define AUTH_KNOWN_H

#include "auth/principal.h"
#include "base/arena.h"

struct known_entry {
	u8 hash[32];
	struct principal who;
	u64 audience;  /* tokens: what it is for */
	char name[50]; /* tokens: the record in the store */
	u32 stamp;
	wall asked;
};

struct known {
	struct known_entry *entry;
	u64 *first; /* first bytes of the hash in that place; 0: free */
	u32 n;      /* places, a power of two */
};

/* Carves n places from a; the memory of an entry is not touched before it is used. ERR_FULL. known_bytes: what it
 * takes. */
int known_init(struct known *k, struct arena *a, u32 n);
size_t known_bytes(u32 n);

/* The entry of a hash that is still good, or NULL. */
struct known_entry *known_find(const struct known *k, const u8 hash[32], u32 stamp, wall now);

/* A place for a hash: its own, a free one, or that of the one asked for longest ago. Fill it in; hash, stamp and asked
 * are set. */
struct known_entry *known_place(struct known *k, const u8 hash[32], u32 stamp, wall now);

#endif
