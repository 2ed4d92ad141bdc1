/* lease: blocks of five sizes (1, 4, 16, 64, 256 KB) for what cannot stay in the scratch buffers: half a request,
 * output the peer has not taken, a request arena. LIFO, so few pages are ever touched; returned when empty.
 *
 * A caller that must be able to keep n bytes later asks lease_room first and reads no more than that. */
#ifndef BASE_LEASE_H
#define BASE_LEASE_H

#include "base/buf.h"
#include "base/pool.h"

#define LEASE_CLASSES 6

struct lease {
	struct pool pool[LEASE_CLASSES];
};

/* Carves all classes (sizes and numbers of base/limits.h) from a. ERR_FULL when a has no room. */
int lease_init(struct lease *l, struct arena *a);

/* Bytes lease_init takes from its arena, for the memory plan. */
size_t lease_bytes(void);

/* A block of at least n bytes, as an empty buf whose cap is the block's size: the smallest class that fits and has one
 * free. buf.p is NULL when there is none. Contents are not zeroed. */
struct buf lease_take(struct lease *l, u32 n);

/* Gives the block of b back and makes b empty with p NULL. A b with p NULL is left alone. */
void lease_give(struct lease *l, struct buf *b);

/* Size of the largest block that could be taken now; 0 when all are in use. */
u32 lease_room(const struct lease *l);

/* The same for what may have to wait: as if `spare` of the blocks above 16 KB were in use. */
u32 lease_room_beside(const struct lease *l, u32 spare);

/* Makes room for n more bytes behind b->w: compacts, or moves to a larger block. ERR_FULL when it cannot; b is then
 * unchanged. b is a leased block or has p NULL. */
int lease_grow(struct lease *l, struct buf *b, u32 n);

#endif
