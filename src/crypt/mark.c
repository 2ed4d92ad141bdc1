#include "crypt/mark.h"

#include <bearssl.h>

void
mark_init(struct mark_key *k, struct rng *rng)
{
	u8 any = 0;

	k->run = br_ghash_pclmul_get();
	if (!k->run)
		k->run = sizeof(void *) == 8 ? br_ghash_ctmul64 : br_ghash_ctmul;
	rng_bytes(rng, k->key, sizeof k->key);
	for (u32 i = 0; i < MARK_N; i++)
		any |= k->key[i];
	ASSERT(any); /* all texts would be alike: the source of randomness is broken */
}

void
mark_make(const struct mark_key *k, struct str text, u8 out[MARK_N])
{
	u8 length[MARK_N] = { (u8)text.n, (u8)(text.n >> 8), (u8)(text.n >> 16), (u8)(text.n >> 24),
		[MARK_N - 1] = 1 }; /* an empty text has a mark, too */

	memset(out, 0, MARK_N);
	k->run(out, k->key, text.p, text.n);
	k->run(out, k->key, length, sizeof length);
}
