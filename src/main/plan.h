/* plan: what a worker's memory is carved into. The same rows size its arena and are printed by `check`. */
#ifndef MAIN_PLAN_H
#define MAIN_PLAN_H

#include "base/buf.h"

#define PLAN_ROWS 16

struct plan_row {
	const char *what;
	size_t bytes;
};

struct plan {
	struct plan_row row[PLAN_ROWS];
	u32 rows;
	size_t total;
	u32 files; /* descriptors a worker may hold at once */
};

/* Adds it all up from the sizes of base/limits.h, for one of so many workers. */
void plan_worker(struct plan *p, u32 workers);

/* Appends the rows as lines "  scratch buffers      512.0 KB", and the sum. */
void plan_print(struct buf *b, const struct plan *p);

#endif
