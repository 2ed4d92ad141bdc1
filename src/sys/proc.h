/* proc: processes. Only the supervisor and commands start some; workers may not. */
#ifndef SYS_PROC_H
#define SYS_PROC_H

#include "base/base.h"

/* Forks: the child's id in the parent, 0 in the child, ERR_IO. Nothing is shared but what sys/page says is. */
int proc_fork(void);

/* Our own id, and that of who started us. */
int proc_self(void);
int proc_parent(void);

/* Ends at once, without running anything of libc. */
void proc_exit(int code) __attribute__((noreturn));

/* Waits for one child to end: its exit code, or 128 + signal. */
int proc_wait(int pid);

/* Names this process for ps and top; at most 15 characters show. */
void proc_name(const char *name);

/* Our effective user id. */
u32 proc_user(void);

/* Overwrites the environment in memory: secrets in it are not needed any more. */
void proc_forget_environment(void);

#endif
