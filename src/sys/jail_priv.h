/* jail_priv: what the kernel's own headers would say; not every libc's include path has them. */
#ifndef SYS_JAIL_PRIV_H
#define SYS_JAIL_PRIV_H

#include "sys/jail.h"

/* Tells j->did of a step that is in force, words as buf_fmt takes them. */
#define jail_did(j, ...) \
	do { \
		if ((j)->did) \
			buf_fmt((j)->did, __VA_ARGS__); \
	} while (0)

/* Tells that a part of the jail is not in force, and that errno says why. Returns 1. */
int jail_lacks(struct buf *why, const char *part);

#endif
