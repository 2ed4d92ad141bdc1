/* rng: random bytes from HMAC_DRBG with SHA-256. The seed is the caller's (sys/rand); nothing is
 * read from the system here. One per worker, seeded after fork, seeded again on a timer: two
 * workers that share a state share their keys. */
#ifndef CRYPT_RNG_H
#define CRYPT_RNG_H

#include "base/str.h"

#define RNG_SEED_N 48 /* bytes of seed that make it as strong as it gets */

struct rng {
	_Alignas(8) u8 state[152];
	bool seeded;
};

/* Begins with a seed of at least 32 bytes (ASSERT). */
void rng_init(struct rng *r, struct str seed);

/* Mixes more bytes in. What was made before cannot be told from the state after. */
void rng_reseed(struct rng *r, struct str more);

/* Fills n bytes. A generator without a seed is a caller's mistake (ASSERT). */
void rng_bytes(struct rng *r, void *out, size_t n);

#endif
