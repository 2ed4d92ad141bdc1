/* wire_priv: what wire.c asks of the TLS side. Same results as sock_recv and sock_send. */
#ifndef NET_WIRE_PRIV_H
#define NET_WIRE_PRIV_H

#include "net/wire.h"

/* Decrypted bytes into p: > 0; 0 ended cleanly; ERR_MORE; ERR_IO (also a stream that was cut). */
int wtls_recv(struct wire *w, u8 *p, u32 n);

/* Encrypts and sends: bytes of plain text taken (they are gone from out's view, though records may
 * still be pending); ERR_MORE; ERR_IO. */
int wtls_send(struct wire *w, const struct str *views, u32 n);

/* Whether records are pending that the kernel has not taken. */
bool wtls_pending(const struct wire *w);

/* Whether decrypted bytes wait inside the engine: poll does not know of them. */
bool wtls_buffered(const struct wire *w);

/* Begins the orderly end (close_notify), as far as it can go at once. */
void wtls_end(struct wire *w);

/* Gives the TLS context back to its pool. */
void wtls_free(struct wire *w);

#endif
