/* quota: how much a caller may do: rates, a budget for each day, what an API itself has said about its limits, and
 * writes of which nobody knows whether they were carried out.
 *
 * All of it is counted in pages that the workers share: sets of cells, a cell for whatever has something to remember.
 *
 *   rate     until: when the bucket is full again (generic cell rate algorithm: one number does it)
 *   budget   until: the end of the day          value: calls
 *   pause    until: when the API may be asked again
 *   doubt    until: how long a repetition is refused   value: of the first try, see quota_doubt
 *
 * A cell whose time is over is free. In a full set the one that ends first gives way. Times are monotonic us. */
#ifndef GATE_QUOTA_H
#define GATE_QUOTA_H

#include "auth/principal.h"
#include "base/buf.h"
#include "base/limits.h"
#include "gate/tempo.h"

#define QUOTA_SET 8

struct quota_cell {
	u64 key, until, value, saved;
};

struct quota {
	struct quota_cell *cell; /* shared; one more behind the sets: until when anything lasts that is no rate */
	u64 day_ends;            /* us; set by quota_time */
};

/* What is asked for. */
struct quota_ask {
	const struct principal *who;
	u64 caller;               /* who of all callers it is: see quota_caller */
	const struct tempo *rates; /* RATES */
	const struct tempo *host;
	u64 api, environment, tool, origin; /* what is counted together */
	u32 budget, team_budget;  /* calls in a day; 0: any number */
};

/* What is said to one who is refused. */
struct quota_no {
	u32 retry_after_s;
	u32 left;       /* calls left today, or of this rate */
};

/* Bytes of the cells, zero at first, shared by all workers. */
size_t quota_bytes(void);

/* Once per turn: the wall time, for days. */
void quota_time(struct quota *q, u64 now_us, wall now_s);

/* A number for the caller of a request: its user, else its key, else where it comes from. */
u64 quota_caller(const struct principal *who, u64 from);

/* Takes one call from everything that limits it, or nothing. 0; ERR_DENY with a sentence in why. */
int quota_take(struct quota *q, const struct quota_ask *ask, u64 now_us, struct quota_no *no, struct buf *why);

/* Whether any API wants a pause, or any write is in doubt: if not, the questions below need not be asked. */
bool quota_busy(const struct quota *q, u64 now_us);

/* The API wants to be left alone for so many seconds. */
void quota_pause(struct quota *q, u64 environment, u32 seconds, u64 now_us);

/* How many seconds of it are left: 0, it may be asked. */
u32 quota_paused(const struct quota *q, u64 environment, u64 now_us);

/* Remembers for so many ms that nobody knows whether a write was carried out; value is for the caller. And looks for
 * it: the seconds left, 0: nothing is known of it. */
void quota_doubt(struct quota *q, u64 write, u64 value, u32 ms, u64 now_us);
u32 quota_doubted(const struct quota *q, u64 write, u64 *value, u64 now_us);

/* Budgets across a restart. Walks the cells of budgets that have changed since they were saved: begin with *at 0;
 * false at the end. And puts one back, after quota_time. */
bool quota_unsaved(struct quota *q, u32 *at, u64 *key, u64 *value, u64 now_us);
void quota_restore(struct quota *q, u64 key, u64 value);

#endif
