/* loop: poll(2) or epoll, timers and the list of what is ready to run. No parsing, no bytes: only who may go
 * on.
 *
 *   wait (poll) > clock > io (got, owner ready) > timers > steps (ready list, in batches) > ... > reap
 *
 * main/turn.c calls the pieces in this order. All registered structs are embedded in their owners.
 *
 * A polled descriptor costs 0.18 us per wake-up, whether it fires or not. So descriptors stand behind one epoll
 * descriptor, the only one that is waited for; where epoll does not take one, that and epoll are polled. Epoll is told
 * of a change once a turn, and only when it must know: a connection that reads, is busy and reads again costs no system
 * call. */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include "base/list.h"
#include "sys/timer.h"

struct pollfd;
struct epoll_event;

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
	bool on;     /* between watch_add and watch_end */
	bool fewer;  /* epoll looks for more than is wanted, and that fired */
	u16 armed;   /* what epoll was told to look for; 0: not known to epoll */
	u32 slot;    /* place in the poll set + 1; 0: not polled itself */
	u32 changed; /* place in the list of changes + 1; 0: nothing to tell */
};

/* Things to be given back to their pools when the turn is over: pointers taken in a turn stay valid in it. */
struct reap {
	struct link link;
	void (*run)(struct reap *);
};

struct loop {
	struct pollfd *fds;        /* the wake pipe, epoll, what epoll does not take */
	struct watch **watch;      /* whose they are */
	struct watch **change;     /* whose want epoll has to learn before the next wait */
	struct epoll_event *event;
	u32 n, changes, max;
	u32 events;        /* taken from epoll in this turn */
	bool alone;        /* epoll knows the wake pipe, too */
	bool polled;       /* this turn asked poll, epoll did not know everything */
	u32 watched;       /* watches there are */
	u32 fired;         /* what was answered */
	u32 turn;          /* how often it was asked */
	u32 held_ms;       /* how long the turn before was held up, stopped or by a slow disk; 0: it was not */
	msec until;        /* how long it was meant to wait at most */
	struct link ready; /* struct ready */
	struct link reap;  /* struct reap */
	struct timers timers;
	int epoll;   /* -1: none */
	int wake[2]; /* pipe: helper threads and signals end a wait */
	u64 now_us;  /* monotonic, for measuring; the turn sets it */
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

/* Begins watching fd; owner is marked when something of want (or an error) fires. There must be room: it is planned
 * from the pools (ASSERT). */
void watch_add(struct loop *l, struct watch *w, int fd, u16 want, struct ready *owner);

/* Changes what is waited for. */
void watch_want(struct loop *l, struct watch *w, u16 want);

/* Stops watching, before the descriptor is closed; harmless when not watched. */
void watch_end(struct loop *l, struct watch *w);

/* Waits until something fires, a deadline passes, or loop_wake; at most until `latest`. Does not
 * wait when something is ready. Returns 0 if nothing fired. */
int loop_wait(struct loop *l, msec now, msec latest);

/* Marks the owners of the descriptors that fired. When something may be late by now, looks at them once more before
 * anybody judges that: a process that was stopped comes out of its wait with nothing but a signal, and what came
 * meanwhile came in time. */
void loop_io(struct loop *l, msec now);

/* Marks the owners of the timers that passed. */
void loop_timers(struct loop *l, msec now);

/* Runs what is ready, up to LOOP_BATCHES batches. */
void loop_steps(struct loop *l, msec now);

/* Runs the reaps of this turn. */
void loop_reaps(struct loop *l);

/* The turn is over, at that moment of now_us: notes whether it took unusually long. What it set for later was reckoned
 * from its beginning. */
void loop_over(struct loop *l, u64 now_us);

/* Ends a wait from another thread or a signal handler (write to a pipe: async-signal-safe). */
void loop_wake(struct loop *l);

#endif
