#include "sys/rand.h"

#include <errno.h>
#include <sys/random.h>

void
rand_bytes(void *p, size_t n)
{
	u8 *at = p;

	while (n) {
		ssize_t got = getrandom(at, n < 256 ? n : 256, 0);

		/* Nothing may go on with predictable secrets. */
		ASSERT(got > 0 || errno == EINTR);
		if (got <= 0)
			continue;
		at += got;
		n -= (size_t)got;
	}
}
