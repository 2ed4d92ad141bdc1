#include "app/rate.h"

#include "base/map.h"

#define LOCAL_TIMES 10

static u64
who_of(u32 kind, u64 from)
{
	u64 both[2] = { kind, from };

	return map_hash(str_of(both, sizeof both), 0);
}

u32
rate_full(const struct rate *r, u32 kind, u64 from, u32 most, u32 window_ms, msec now)
{
	u64 who = who_of(kind, from);
	u32 at = (u32)who % RATE_PLACES;

	if (!from)
		most *= LOCAL_TIMES;
	if (r->place[at].who != who || now - r->place[at].since >= window_ms ||
	    __atomic_load_n(&r->place[at].n, __ATOMIC_RELAXED) < most)
		return 0;
	return (u32)((r->place[at].since + window_ms - now) / 1000) + 1;
}

u32
rate_take(struct rate *r, u32 kind, u64 from, u32 most, u32 window_ms, msec now)
{
	u64 who = who_of(kind, from);
	u32 at = (u32)who % RATE_PLACES, wait = rate_full(r, kind, from, most, window_ms, now);

	if (wait)
		return wait;
	if (r->place[at].who != who || now - r->place[at].since >= window_ms) {
		/* Whoever shares a place starts it anew: in doubt for those who ask. */
		r->place[at].who = who;
		r->place[at].since = now;
		r->place[at].n = 0;
	}
	if (!from)
		most *= LOCAL_TIMES;
	if (__atomic_fetch_add(&r->place[at].n, 1, __ATOMIC_RELAXED) < most)
		return 0;
	return (u32)((r->place[at].since + window_ms - now) / 1000) + 1;
}
