/* life: which worker is at work still. Each has a number in pages that all share, made anew when it begins; what it has
 * under way and notes in the store (a call that goes on without its request, a lease) bears that number, and ends with
 * it: nobody waits for one who has died. */
#ifndef OP_LIFE_H
#define OP_LIFE_H

#include "base/base.h"

struct lives {
	u32 *of;         /* of each worker, 0: it has died; shared pages; NULL: one process alone */
	u32 n;
	u32 worker, own; /* our own */
};

/* Bytes of the pages for so many workers. */
size_t lives_bytes(u32 workers);

/* Begins the life of worker `index` in these pages, zero at first; random: anything. */
void lives_begin(struct lives *l, void *pages, u32 workers, u32 index, u32 random);

/* Worker `index` is over: whoever saw it die. */
void lives_over(void *pages, u32 index);

/* Whether that life of that worker goes on. */
bool lives_on(const struct lives *l, u32 worker, u32 life);

#endif
