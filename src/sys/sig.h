/* sig: signals as a descriptor, so that they are one more thing the loop waits for and no handler ever runs.
 * SIGHUP, SIGINT, SIGTERM and SIGCHLD are blocked and read from it; SIGPIPE and SIGXFSZ are ignored: the call that
 * would have raised them fails instead. Children inherit all of this; they read from a descriptor of their own. */
#ifndef SYS_SIG_H
#define SYS_SIG_H

#include "base/base.h"

#include <signal.h>

/* Blocks and opens; the descriptor does not block. ERR_IO. */
int sig_open(void);

/* The next signal that came: its number; 0 when none waits. Equal ones may come as one. */
int sig_next(int fd);

/* One child that has ended: its process id and *status as of waitpid; 0 when there is none. */
int sig_child(int *status);

/* Sends a signal to a process that we started. */
void sig_send(int pid, int number);

/* A status of sig_child in words for a log line: "exit 1", "signal 9"; at most 15 characters and NUL into out. */
void sig_words(int status, char out[16]);

/* Undoes the blocking and ignoring, for a child that shall end by signals like any program. */
void sig_default(void);

#endif
