#include "crypt/rng.h"

#include <bearssl.h>

static_assert(sizeof(((struct rng *)0)->state) >= sizeof(br_hmac_drbg_context),
              "room for HMAC_DRBG");
static_assert(_Alignof(struct rng) >= _Alignof(br_hmac_drbg_context), "aligned");

#define ONCE 65536 /* most bytes of one request (SP 800-90A) */

static br_hmac_drbg_context *
drbg(struct rng *r)
{
	return (br_hmac_drbg_context *)(void *)r->state;
}

void
rng_init(struct rng *r, struct str seed)
{
	ASSERT(seed.n >= 32);
	br_hmac_drbg_init(drbg(r), &br_sha256_vtable, seed.p, seed.n);
	r->seeded = true;
}

void
rng_reseed(struct rng *r, struct str more)
{
	ASSERT(r->seeded);
	br_hmac_drbg_update(drbg(r), more.p, more.n);
}

void
rng_bytes(struct rng *r, void *out, size_t n)
{
	u8 *p = out;

	ASSERT(r->seeded);
	for (; n > ONCE; n -= ONCE, p += ONCE)
		br_hmac_drbg_generate(drbg(r), p, ONCE);
	br_hmac_drbg_generate(drbg(r), p, n);
}
