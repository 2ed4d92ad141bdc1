/* wtls_priv: TLS of a worker and of one wire, inside. */
#ifndef NET_WTLS_PRIV_H
#define NET_WTLS_PRIV_H

#include "net/wire_priv.h"
#include "net/wtls.h"

#define WTLS_CIPHER_N (64 * 1024) /* bytes of records made for one send */

/* A chain and its key, where they lie, and whether they can be shown. */
struct wtls_identity {
	struct arena arena;
	struct cert_chain chain;
	struct cert_key key;
	bool good;
};

/* The session of one upstream. */
struct wtls_known {
	const struct tls_trust *trust;
	struct tls_session session;
	u32 used; /* when, in handshakes */
};

struct wtls_shared {
	struct pool servers, clients;
	struct rng *rng;
	u8 *cipher;
	struct tls_cache cache;
	struct wtls_identity identity[2];
	u32 live; /* index of the one to show */
	struct wtls_known *known;
	u32 shakes;
	wall now;
	u32 turn; /* in which the last handshake work was done, and for whom */
	const struct wtls *shaker;
};

struct wtls {
	struct tls *tls;
	struct buf rest; /* records the kernel did not take: leased */
	const struct tls_trust *trust; /* client */
	const struct wtls_identity *identity; /* server */
	bool cut;  /* the socket ended before TLS did */
	bool dead; /* what its handshake needs is gone */
	_Alignas(16) u8 mem[];
};

/* Sends what waits in rest and in the engine: 0 nothing waits any more, ERR_MORE, ERR_IO. */
int wtls_push(struct wire *w);

/* A client's handshake is done: keeps its session; or it failed: forgets the one it began with. */
void wtls_keep(struct wire *w, bool good);

#endif
