/* loop: poll(2), timers and the list of what is ready to run. No parsing, no bytes: only who may go
 * on.
 *
 *   wait (poll) > clock > io (got, owner ready) > timers > steps (ready list, in batches) > ... > reap
 *
 * main/turn.c calls the pieces in this order. All registered structs are embedded in their owners.
 * A listed descriptor costs 0.18 us per wake-up, so idle connections are parked behind one epoll
 * descriptor that is itself polled; where there is no epoll they simply stay listed. */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include "base/list.h"
#include "sys/timer.h"

struct pollfd;

/* Who runs. Marking twice is harmless; cancel takes the link out of the list. */
struct ready {
	struct link link;
	void (*run)(struct ready *, msec now);
};

/* One descriptor. want and got are POLLIN, POLLOUT, POLLRDHUP, POLLERR, POLLHUP. got collects
 * what fired since the owner last cleared it; want 0 means: not looked at at all, not even for errors. */
struct watch {
	int fd; /* -1: not watched */
	u16 want, got;
	struct ready *owner;
	u32 slot;      /* place in the poll set + 1; 0: in none; WATCH_PARKED */
	u32 idle_turn; /* sweep number when it became idle; 0: not idle */
};

/* Things to be given back to their pools when the turn is over: pointers taken in a turn stay valid in it. */
struct reap {
	struct link link;
	void (*run)(struct reap *);
};

struct loop {
	struct pollfd *fds;
	struct watch **watch;
	u32 n, max;
	u32 fired;         /* what poll answered */
	u32 turn;          /* how often it was asked */
	struct link ready; /* struct ready */
	struct link reap;  /* struct reap */
	struct timers timers;
	int epoll;   /* -1: none */
	int wake[2]; /* pipe: helper threads and signals end a wait */
	u32 parked;
	u32 sweep, idle; /* number of the current sweep; listed watches that are idle */
	msec sweep_at;
	msec now;
};

#define LOOP_BATCHES 8 /* batches of ready steps in one turn before descriptors are looked at again */

/* Carves room for max watches and max timers from a, opens the wake pipe and epoll. ERR_FULL, ERR_IO. */
int loop_init(struct loop *l, struct arena *a, u32 watches, u32 timers);

/* Closes what loop_init opened. */
void loop_done(struct loop *l);

/* Starts a ready: run is called with it whenever it was marked. */
void ready_init(struct ready *r, void (*run)(struct ready *, msec now));

/* Marks r to be run in the next batch. */
static inline void
loop_ready(struct loop *l, struct ready *r)
{
	if (!list_linked(&r->link))
		list_last(&l->ready, &r->link);
}

/* Takes r out of the ready list, when its owner dies or is cancelled. */
static inline void
ready_cancel(struct ready *r)
{
	list_out(&r->link);
}

/* Lists r to be run at the end of this turn. */
void loop_reap(struct loop *l, struct reap *r, void (*run)(struct reap *));

/* Begins watching fd; owner is marked when something of want (or an error) fires. The poll set must
 * have room: its size is planned from the pools (ASSERT). */
void watch_add(struct loop *l, struct watch *w, int fd, u16 want, struct ready *owner);

/* Changes what is waited for. Unparks. */
void watch_want(struct loop *l, struct watch *w, u16 want);

/* Stops watching; harmless when not watched. The descriptor stays open. */
void watch_end(struct loop *l, struct watch *w);

/* Tells that w now waits for a next request or is kept for reuse: it is parked when it stays quiet for a while.
 * Any watch_want or event ends that. */
void watch_idle(struct loop *l, struct watch *w);

/* Waits until something fires, a deadline passes, or loop_wake; at most until `latest`. Does not
 * wait when something is ready. Returns the number of descriptors that fired. */
int loop_wait(struct loop *l, msec now, msec latest);

/* Marks the owners of the descriptors that fired. */
void loop_io(struct loop *l, msec now);

/* Marks the owners of the timers that passed. */
void loop_timers(struct loop *l, msec now);

/* Runs what is ready, up to LOOP_BATCHES batches. */
void loop_steps(struct loop *l, msec now);

/* Runs the reaps of this turn. */
void loop_reaps(struct loop *l);

/* Ends a wait from another thread or a signal handler (write to a pipe: async-signal-safe). */
void loop_wake(struct loop *l);

#endif
