/* rand: random bytes from the kernel. crypt/rng is seeded from here and makes the rest. */
#ifndef SYS_RAND_H
#define SYS_RAND_H

#include "base/base.h"

/* Fills n bytes; waits at boot until the kernel's pool is ready. Cannot fail: the process ends if
 * the kernel has none. */
void rand_bytes(void *p, size_t n);

#endif
