#include "net/net.h"

#include "base/limits.h"

int
net_init(struct net *n, struct arena *a, struct loop *loop)
{
	memset(n, 0, sizeof *n);
	n->loop = loop;
	n->in = arena_bytes(a, SCRATCH_N);
	n->out = arena_bytes(a, SCRATCH_N);
	if (!n->in || !n->out)
		return ERR_FULL;
	return lease_init(&n->lease, a);
}

size_t
net_bytes(void)
{
	return 2 * (size_t)SCRATCH_N + lease_bytes();
}
