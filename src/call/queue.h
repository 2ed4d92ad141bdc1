/* queue: who may call now. Each origin takes so many calls at once, over all workers (share.h); those beyond wait here.
 *
 *   queue_enter --a place is free--> held ----------------------------> queue_leave: the next one may
 *              \--none--> waits --its turn: owner is marked--> held --/
 *
 * Fair: whose turn it is goes by callers, not by calls. The caller with the fewest calls under way is next, among its
 * calls the oldest; nobody may hold (or fill the queue with) so much that nothing is left for one who comes new. */
#ifndef CALL_QUEUE_H
#define CALL_QUEUE_H

#include "base/list.h"
#include "call/share.h"
#include "sys/loop.h"

enum place_state { PLACE_NONE, PLACE_WAITS, PLACE_HELD };

/* One call's place. The caller sets the first part. */
struct place {
	u64 origin, who;      /* who 0: judged by the origin alone */
	u32 limit;            /* calls of the origin at once; 0: any number */
	u32 most;             /* calls of one caller to it; 0: a fair share */
	u32 waiting_max;      /* who may wait for this origin */
	struct ready *owner;  /* marked when it is its turn */
	u8 state;             /* enum place_state */
	struct link link;
};

struct queue {
	struct loop *loop;
	struct share share;
	struct link waiting; /* oldest first */
	u32 n;
	struct timer timer;  /* with several workers: places come free elsewhere */
	struct ready ready;
};

/* Begins with cells of its own for one worker, at `cells` (share_bytes(1)). */
void queue_init(struct queue *q, struct loop *loop, void *cells);

/* Asks for a place. state says what came of it: HELD; WAITS; NONE: as many as may wait here, or of this caller. */
void queue_enter(struct queue *q, struct place *p, msec now);

/* Gives a place back, or stops waiting for one. Harmless with PLACE_NONE. */
void queue_leave(struct queue *q, struct place *p);

#endif
