/* pool: a fixed number of equal objects. Memory is taken once from an arena; nothing is freed to the system.
 *
 * A struct ref (slot and generation) outlives its object safely: pool_ref_get answers NULL once the object was given
 * back. Use it wherever a thing may die while someone waits for it. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/arena.h"

struct ref {
	u32 slot, gen;
};

struct pool {
	u8 *p;
	u32 *next, *gen; /* next free slot; generation, odd while taken */
	u32 size, count, used, peak, free;
};

/* Carves count objects of size bytes from a. ERR_FULL when a has no room. */
int pool_init(struct pool *p, struct arena *a, u32 size, u32 count);

/* Bytes pool_init takes from its arena, for the memory plan. */
size_t pool_bytes(u32 size, u32 count);

/* Takes one object, zeroed. NULL if all are in use: an ordinary answer, reply 503. Give it back with pool_give. */
void *pool_take(struct pool *p);

/* The same with only its first n bytes zeroed: what is large and written before it is read stands behind them. */
void *pool_take_part(struct pool *p, u32 n);

/* The same without zeroing, for large blocks. */
void *pool_take_raw(struct pool *p);

/* Gives an object back. Giving twice, or what is not of this pool, is a caller's mistake (ASSERT). */
void pool_give(struct pool *p, void *object);

/* A handle for an object that is in use, and the object of a handle, or NULL when it is gone. */
struct ref pool_ref(const struct pool *p, const void *object);
void *pool_ref_get(const struct pool *p, struct ref ref);

/* Slot number of an object in use: 0 .. count - 1. */
u32 pool_slot(const struct pool *p, const void *object);

/* The object in a slot, or NULL when that slot is free: for walking all objects in use. */
void *pool_at(const struct pool *p, u32 slot);

#endif
