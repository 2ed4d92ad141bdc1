/* mark: 16 bytes that a text is known by in a cache of this process, made with a key that nobody sees: a tenth of what
 * SHA-256 costs. Whoever does not know the key finds two texts of the same mark no better than by chance (at most one
 * try in 2^120 for texts up to 2 KB), because a universal hash tells nothing as long as no mark is shown. A mark is
 * for comparing here and now: it is never stored, sent, logged, or taken for a MAC.
 * Source: GHASH as in NIST SP 800-38D section 6.4, the length in the last block; Carter and Wegman 1981. */
#ifndef CRYPT_MARK_H
#define CRYPT_MARK_H

#include "base/str.h"
#include "crypt/rng.h"

#define MARK_N 16

/* A key made ready. A secret. */
struct mark_key {
	u8 key[MARK_N];
	void (*run)(void *y, const void *key, const void *data, size_t n);
};

/* Draws a key. */
void mark_init(struct mark_key *k, struct rng *rng);

/* The mark of a text. */
void mark_make(const struct mark_key *k, struct str text, u8 out[MARK_N]);

#endif
