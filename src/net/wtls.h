/* wtls: TLS on wires. A wire that was given one of these is read and written like any other.
 *
 *   server   wire_init > wtls_accept > wire_fill ...       the handshake happens inside wire_fill
 *   client   wire_init > wtls_connect > wtls_shake ... 0 > wire_flush ...     net/dial does this
 *
 * Contexts, about 25 and 28 KB each, come from two pools; records on their way to the kernel lie in
 * one buffer per worker, and in a leased block when the kernel does not take them. At most one
 * connection does dear handshake work in a turn: the others are asked again in the next. */
#ifndef NET_WTLS_H
#define NET_WTLS_H

#include "crypt/tls.h"
#include "net/wire.h"

/* Carves n->tls from a: contexts, caches, buffers (base/limits.h). rng is the worker's and stays.
 * ERR_FULL when a has no room. */
int wtls_init(struct net *n, struct arena *a, struct rng *rng);

/* Bytes wtls_init takes, for the memory plan. */
size_t wtls_bytes(void);

/* Tells the time that certificates are judged by. Once per turn; before it all are expired. */
void wtls_wall(struct net *n, wall now);

/* What servers show from now on: a chain and its key as PEM texts, kept in memory of our own. 0;
 * ERR_BAD with *why: nothing changes. Handshakes begun under the identity before the last end. */
int wtls_identity(struct net *n, struct str chain, struct str key, const char **why);

/* Forgets the sessions with upstreams: call it when the structs tls_trust they were made with are
 * given up (a new configuration), for their addresses may come again. */
void wtls_forget(struct net *n);

/* Makes w the server's end. ERR_FULL: no context is free; ERR_NONE: there is no identity. */
int wtls_accept(struct wire *w);

/* Makes w the client's end; w's output waits. trust stays until the handshake is done. ERR_FULL: no
 * context is free; ERR_DENY: such a trust cannot be (tls_trust_wrong). */
int wtls_connect(struct wire *w, const struct tls_trust *trust);

/* Goes on with a client's handshake. 0 it is done; ERR_MORE: the owner will be marked; ERR_IO it
 * failed. Nothing may be written before it is done. */
int wtls_shake(struct wire *w);

/* Why the last of these calls failed, in words for a person. Never NULL. */
const char *wtls_why(const struct wire *w);

/* The pin of the key that the server showed, also when it was refused. */
bool wtls_peer_pin(const struct wire *w, u8 pin[CERT_PIN_N]);

/* Whether w speaks TLS and its handshake is done. */
bool wtls_open(const struct wire *w);

#endif
