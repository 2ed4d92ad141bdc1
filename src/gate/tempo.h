/* tempo: so many calls in a time, and how many of them at once: "600/m", "10/s burst 50". */
#ifndef GATE_TEMPO_H
#define GATE_TEMPO_H

#include "base/buf.h"

/* What is counted together. */
enum rate_of { RATE_PRINCIPAL, RATE_KEY, RATE_CLIENT, RATE_TEAM, RATE_API, RATE_TOOL, RATES };

struct tempo {
	u32 calls;    /* 0: no limit */
	u32 burst;
	u64 step_us;  /* one call each */
	char unit;    /* s, m, h, d */
};

/* Reads one; empty is no limit. Without burst: what one second brings, at least 5. ERR_BAD. */
int tempo_read(struct str text, struct tempo *r);

/* Appends "600 calls per minute". */
void tempo_print(struct buf *b, const struct tempo *r);

#endif
