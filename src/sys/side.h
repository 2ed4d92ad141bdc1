/* side: one helper thread that does one blocking thing at a time (sync a file, rename, ...), so
 * that the loop never waits for a disk. Without a thread (commands, tests) the same work is done
 * in line.
 *
 *   loop thread                      helper
 *   side_give(s, run, arg)  ----->   run(arg)
 *   ... serves ...                   busy = false, loop_wake
 *   side_busy(s) == false   <-----
 *
 * run and arg belong to the helper from side_give until side_busy says false; nothing else may
 * touch them meanwhile. */
#ifndef SYS_SIDE_H
#define SYS_SIDE_H

#include "base/base.h"

struct loop;

struct side {
	struct loop *loop; /* woken when a job is done */
	void (*run)(void *arg);
	void *arg;
	int jobs[2], done[2]; /* pipes */
	u32 busy, over; /* a job is under way; the thread has ended */
	bool threaded;
};

/* Starts as one without a thread. */
void side_init(struct side *s);

/* Starts the thread: before the jail, after the last fork of this process. All signals are
 * blocked in it. ERR_IO. */
int side_start(struct side *s, struct loop *loop);

/* Hands over one job; the side must not be busy (ASSERT). Without a thread it is done when this
 * returns. */
void side_give(struct side *s, void (*run)(void *arg), void *arg);

/* Whether a job is under way. */
bool side_busy(const struct side *s);

/* Waits until no job is under way. */
void side_wait(struct side *s);

/* Waits, and lets the thread end. */
void side_stop(struct side *s);

#endif
