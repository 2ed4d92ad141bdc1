/* jail_priv: what the kernel's own headers would say; not every libc's include path has them. */
#ifndef SYS_JAIL_PRIV_H
#define SYS_JAIL_PRIV_H

#include "sys/jail.h"

/* Tells that a part of the jail is not in force, and that errno says why. Returns 1. */
int jail_lacks(struct buf *why, const char *part);

#endif
