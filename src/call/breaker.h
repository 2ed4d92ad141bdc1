/* breaker: one origin that cannot be connected to is not tried by every call: after BREAKER_LIMIT failed connects in a
 * row calls are refused at once, and after a while one of them is let through to see.
 *
 *   closed --limit--> open (1 s) --time--> one probe --connected--> closed
 *                          ^------ failed: twice as long, at most BREAKER_MAX_MS, a little at random
 *
 * Only connecting counts: an upstream that answers slowly or with errors is not broken in this sense. */
#ifndef CALL_BREAKER_H
#define CALL_BREAKER_H

#include "base/base.h"

#define BREAKER_LIMIT 5
#define BREAKER_FIRST_MS 1000
#define BREAKER_MAX_MS 10000

/* Zeroed: closed. */
struct breaker {
	u32 failures; /* in a row */
	u32 wait_ms;
	msec until;   /* no call before */
	bool probing; /* one call has been let through */
};

/* Whether a call may try to connect. If it may while the breaker is open, it is the probe, and must end in one of the
 * three below. Else *wait_ms says how long. */
bool breaker_try(struct breaker *b, msec now, u32 *wait_ms);

/* What became of a try: connected; failed (seed: anything, for the random part); given up before either. */
void breaker_good(struct breaker *b);
void breaker_bad(struct breaker *b, msec now, u64 seed);
void breaker_none(struct breaker *b);

#endif
