/* net: what all byte streams of one worker share: the loop, the two scratch buffers, the leased
 * blocks.
 *
 * Connections own no buffers. Whoever runs reads and writes through the scratch pair; what is left
 * over when it stops goes to leased blocks. One wire owns each scratch at a time: `in_by` and
 * `out_by` say which. */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/lease.h"
#include "sys/loop.h"

struct wire;
struct wtls_shared; /* TLS contexts of this worker: net/wtls.h; NULL without TLS */

struct net {
	struct loop *loop;
	struct lease lease;
	u8 *in, *out; /* SCRATCH_N each */
	struct wire *in_by, *out_by;
	struct wtls_shared *tls;
};

/* Carves scratch buffers and leases from a. ERR_FULL when a has no room. */
int net_init(struct net *n, struct arena *a, struct loop *loop);

/* Bytes net_init takes from its arena, for the memory plan. */
size_t net_bytes(void);

#endif
