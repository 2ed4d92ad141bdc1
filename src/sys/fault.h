/* fault: makes system calls fail on purpose, in test builds only; release binaries hold nothing
 * of it.
 *
 * A plan is a list "call:what:when,...": call as in strace (write pwrite fsync fdatasync
 * ftruncate rename unlink open pread read ...; * for all), what an errno name (EIO ENOSPC ...),
 * SHORT<n> (only n bytes are written) or DELAY<ms>, when "3", "5-9" or "5-" counted from 1 per
 * rule. The environment variable MCPGATED_TEST_FAULT holds the first plan. */
#ifndef SYS_FAULT_H
#define SYS_FAULT_H

#include "base/str.h"

#define FAULT_SKIP -1

#ifdef TEST_BUILD

/* What was done to a file, for tests that rebuild the disk states a power cut may leave. */
struct fault_event {
	const char *call;
	int fd;
	u64 at;
	struct str bytes;        /* pwrite, write */
	const char *name, *name2; /* open with create, rename, unlink */
};

/* Asked by sys/file before each call: 0 go on, FAULT_SKIP do nothing and succeed, or the errno to
 * fail with. *n is made smaller for a short write. */
int fault_hit(const char *call, u32 *n);

/* Sets a plan and starts counting anew; NULL: nothing fails. A wrong plan is a caller's mistake
 * (ASSERT). */
void fault_plan(const char *plan);

/* How often a call was made since the plan was set. */
u32 fault_count(const char *call);

/* Has seen called, with arg, after every call that changed a file and succeeded; NULL: nobody. */
void fault_watch(void (*seen)(void *arg, const struct fault_event *e), void *arg);

/* Told by sys/file. */
void fault_done(const struct fault_event *e);

#else

static inline int
fault_hit(const char *call, u32 *n)
{
	return 0;
}

#endif

#endif
