/* known: secrets that were verified a moment ago, by their mark (crypt/mark.h): what keys and tokens share. An entry is
 * good while the store's stamp is the one it was asked under, and until its second is over. Secrets are not kept. */
#ifndef AUTH_KNOWN_H
#define AUTH_KNOWN_H

#include "auth/principal.h"
#include "base/arena.h"
#include "crypt/mark.h"

struct known_entry {
	u8 mark[MARK_N];
	struct principal who;
	u64 audience;  /* tokens: what it is for */
	char name[50]; /* the record in the store */
	u32 stamp;
	wall until; /* the last second it is good in */
};

struct known {
	struct known_entry *entry;
	u64 *first; /* first bytes of the mark in that place; 0: free */
	u32 n;      /* places, a power of two */
	struct mark_key key;
	bool on;    /* there was an rng to draw the key */
};

/* Carves n places from a; the memory of an entry is not touched before it is used. Without rng nothing is ever known.
 * ERR_FULL. known_bytes: what it takes. */
int known_init(struct known *k, struct arena *a, u32 n, struct rng *rng);
size_t known_bytes(u32 n);

/* The mark of a secret: what the others go by. */
void known_mark(const struct known *k, struct str secret, u8 mark[MARK_N]);

/* The entry of a mark that is still good, or NULL. */
struct known_entry *known_find(const struct known *k, const u8 mark[MARK_N], u32 stamp, wall now);

/* A place for a mark, good until a second (usually: now): its own, a free one, or that of the one whose time was over
 * first. Fill it in; mark, stamp and until are set. */
struct known_entry *known_place(struct known *k, const u8 mark[MARK_N], u32 stamp, wall until);

#endif
