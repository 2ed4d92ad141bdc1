/* share: how many calls each origin and each caller has under way, over all workers.
 *
 *   shared pages:  | cells of worker 0 | cells of worker 1 | ...      a cell: key, how many
 *
 * A worker writes only its own cells and adds up everybody's, so that nothing can be lost between them, and a worker
 * that died takes its counts along: its cells are cleared when its death is seen, and when it is started anew. Counting
 * up comes before looking: two who come at once may both be sent away, but never both be let in beyond the limit. */
#ifndef CALL_SHARE_H
#define CALL_SHARE_H

#include "base/arena.h"
#include "base/limits.h"

#define SHARE_SET 8

struct share_cell {
	u64 key; /* stays when used is 0: the next one may take the cell */
	u32 used, pad;
};

struct share {
	struct share_cell *all, *mine;
	u32 workers;
};

/* Bytes of the cells of so many workers. */
size_t share_bytes(u32 workers);

/* Takes over the cells at p (zero at first, shared by all workers), and clears those of worker `index`. */
void share_init(struct share *s, void *p, u32 workers, u32 index);

/* Clears the cells of worker `index`, which is gone or was just begun. */
void share_forget(void *p, u32 index);

/* Counts one up and says how many that makes, over all workers; 0: there is no cell for this key (all are in use). */
u32 share_enter(struct share *s, u64 key);

/* Counts one down. */
void share_leave(struct share *s, u64 key);

/* How many this worker has. */
u32 share_own(const struct share *s, u64 key);

/* How many there are, over all workers. */
u32 share_count(const struct share *s, u64 key);

/* Whether one who has `mine` of what `limit` allows may have one more while all together have `all`: never more than
 * SHARE_PART times what would be left. So one alone gets most of it, two less each, and there is always room for one
 * who comes new (where the limit is not too small to be divided). */
#define SHARE_PART 4
bool share_fair(u32 mine, u32 all, u32 limit);

#endif
