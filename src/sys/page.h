/* page: memory from the system, taken once at start as arenas. Pages are zero and cost nothing until they are touched,
 * so an arena may be larger than what is used of it. */
#ifndef SYS_PAGE_H
#define SYS_PAGE_H

#include "base/arena.h"

/* n bytes for this process; a fork gets a copy. cap 0 when the system has none. */
struct arena page_arena(size_t n);

/* n bytes that processes forked later share, at the same address. */
struct arena page_shared(size_t n);

/* Makes the pages read-only for this process, for good once it is jailed. */
void page_freeze(const struct arena *a);

/* Keeps n bytes at p, which hold secrets, out of swap and of dumps, until page_clear. 0, or ERR_IO: the system
 * lets this process lock less (ulimit -l). */
int page_lock(const void *p, size_t n);

/* Gives the contents back to the system and starts anew: zero pages, nothing taken. */
void page_clear(struct arena *a);

/* Tells that a mapped file is not needed right now: its pages are read again when they are. */
void page_rest(struct str view);

/* Gives the arena back. */
void page_give(struct arena *a);

#endif
