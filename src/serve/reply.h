/* reply: what an exchange answers. A handler sets it and returns what the function returned (STEP_DONE). */
#ifndef SERVE_REPLY_H
#define SERVE_REPLY_H

#include "base/buf.h"

struct exchange;

/* A body that is produced while it is sent. fill appends to out and answers
 *   > 0       that many bytes were added, more will follow
 *   0         all is written (bytes added by this call included)
 *   ERR_MORE  nothing can be added now: someone holds exchange_ready
 *   ERR_FULL  no room for the next piece: ask again when out is empty (out is at least 32 KB then)
 *   other     broken: the connection is cut, so that the peer sees an incomplete body
 * A pull that finishes in its first fill is sent with Content-Length, others chunked. */
struct pull {
	int (*fill)(struct pull *p, struct buf *out, msec now);
	void (*close)(struct pull *p); /* streams only, see reply_stream */
};

enum reply_kind { REPLY_NONE, REPLY_EMPTY, REPLY_VIEWS, REPLY_PULL, REPLY_STREAM };

#define REPLY_VIEWS_MAX 4

struct reply {
	u16 status;
	u8 kind, views;
	bool close;       /* end the connection after it */
	const char *type; /* Content-Type, a literal; NULL: none */
	struct str view[REPLY_VIEWS_MAX];
	struct pull *pull;
	struct str fields; /* further header lines, each ending in CRLF, made by reply_field */
};

/* A whole body. It must live until the exchange ends: in its arena, a literal, or mapped memory; it
 * is sent from where it is when it is large, copied beside the head when it is small. */
enum step reply_bytes(struct exchange *x, u16 status, const char *type, struct str body);

/* The same in up to REPLY_VIEWS_MAX pieces. */
enum step reply_views(struct exchange *x, u16 status, const char *type, const struct str *views, u32 n);

/* A body made while it is sent. It lives in the exchange's job until ops->end. */
enum step reply_pull(struct exchange *x, u16 status, const char *type, struct pull *p);

/* A stream (SSE) that outlives its exchange: status 200, chunked, with Cache-Control: no-store and
 * X-Accel-Buffering: no. ops->end is called for the exchange at once, so that its job is free; the
 * connection keeps only p, which must not lie in the job. fill may answer ERR_MORE for as long as it
 * likes (no idle deadline; the write deadline holds while bytes are unsent); who has news marks the
 * ready returned here. close is called exactly once: the peer left, fill answered 0 or failed, a
 * write came too late, or the server ends. NULL: no stream can be opened (reply 503). */
struct ready *reply_stream(struct exchange *x, const char *type, struct pull *p);

/* No body. */
enum step reply_empty(struct exchange *x, u16 status);

/* One line for people and programs: {"error": "..."} as application/json, with the usual text of the status. */
enum step reply_error(struct exchange *x, u16 status, const char *message);

/* Adds a header field; before the reply is set. Values with CR, LF or NUL are refused (ASSERT in
 * tests, dropped in release): nothing from outside may be put here unchecked. */
void reply_field(struct exchange *x, const char *name, struct str value);

#endif
