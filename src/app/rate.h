/* rate: how often nobody in particular may do what costs us something: registering, guessing. Kept in memory, in a
 * fixed table that all workers share: a flood fills nothing. This machine itself (address 0) may be a proxy and gets
 * ten times as much. */
#ifndef APP_RATE_H
#define APP_RATE_H

#include "base/base.h"

#define RATE_PLACES 256
#define RATE_WORKERS 64

struct rate {
	struct {
		u64 who;
		msec since;
		u32 n;
	} place[RATE_PLACES];
	u32 hashing[RATE_WORKERS]; /* passwords under way, worker by worker: app/hashing.h */
	u32 runner;                /* worker whose turn it is, + 1; 0: nobody's */
};

/* Counts one act of a kind by an address. 0; or the seconds to wait, when `most` of them were done within window_ms. */
u32 rate_take(struct rate *r, u32 kind, u64 from, u32 most, u32 window_ms, msec now);

/* The same without counting: the seconds to wait, or 0. */
u32 rate_full(const struct rate *r, u32 kind, u64 from, u32 most, u32 window_ms, msec now);

#endif
