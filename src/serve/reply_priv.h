/* reply_priv: what reply.c and the refusals of conn_send.c share. */
#ifndef SERVE_REPLY_PRIV_H
#define SERVE_REPLY_PRIV_H

#include "base/buf.h"

/* Appends {"error":"..."}; message NULL: the reason phrase of the status. */
void reply_error_text(struct buf *b, u16 status, const char *message);

#endif
