#include "call/breaker.h"

bool
breaker_try(struct breaker *b, msec now, u32 *wait_ms)
{
	if (b->failures < BREAKER_LIMIT)
		return true;
	if (now < b->until || b->probing) {
		*wait_ms = now < b->until ? (u32)(b->until - now) : BREAKER_FIRST_MS;
		return false;
	}
	b->probing = true;
	return true;
}

void
breaker_good(struct breaker *b)
{
	*b = (struct breaker){ .failures = 0 };
}

/* Up to a quarter less, so that many gates do not come back in step. */
static u32
shaken(u32 ms, u64 seed)
{
	return ms - (u32)(((seed * 0x9e3779b97f4a7c15ULL) >> 32) % (ms / 4));
}

void
breaker_bad(struct breaker *b, msec now, u64 seed)
{
	bool probe = b->probing;

	b->probing = false;
	if (b->failures < BREAKER_LIMIT)
		b->failures++;
	else if (!probe)
		return; /* began before it opened */
	if (b->failures < BREAKER_LIMIT)
		return;
	b->wait_ms = b->wait_ms ? min_u32(2 * b->wait_ms, BREAKER_MAX_MS) : BREAKER_FIRST_MS;
	b->until = now + shaken(b->wait_ms, seed ^ (u64)now);
}

void
breaker_none(struct breaker *b)
{
	b->probing = false;
}
