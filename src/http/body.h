/* body: takes a message body out of its framing. It holds no bytes: payload is handed out as views into the input.
 *
 *      while (!b.done) {
 *              used = body_take(&b, in, &part);      payload in part, if any
 *              if (used == ERR_MORE) get more input behind what is left of in
 *              if (used < 0) refuse with b.status
 *              eat used bytes of in (part dies with them)
 *      }
 *
 * A chunk-size line or a trailer line is judged when it is whole (at most CHUNK_LINE_MAX or TRAILER_MAX bytes), so the
 * verdict does not depend on how the bytes arrived. Chunk extensions are checked and dropped; trailers too, and a
 * trailer that would change framing, routing or identity is refused. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/head.h"

struct body {
	u64 left;       /* payload bytes still to come: of the body, or of this chunk */
	u64 total;      /* payload bytes handed out so far, and those of this chunk */
	u64 max;        /* payload beyond this is refused with 413 */
	u32 chunks;     /* seen so far */
	u32 chunks_max; /* more are refused with 413; 0: no limit */
	u16 trailer_n;  /* bytes of trailers so far */
	u8 framing, state;
	bool done;
	u16 status;      /* after ERR_BAD: 400, 413, 431 */
	const char *why; /* after ERR_BAD: for the log */
};

/* Begins a body: framing and n as the head said them, at most max payload bytes (UINT64_MAX: any). A length above max
 * makes the first body_take fail. An empty body is done at once. Requests set chunks_max = CHUNKS_MAX afterwards. */
void body_init(struct body *b, enum framing framing, u64 n, u64 max);

/* Takes what it can from the start of in: framing, and at most one piece of payload, which *part then views (else
 * part->n is 0). Returns bytes used (0 only when the body is done), ERR_MORE, or ERR_BAD. */
int body_take(struct body *b, struct str in, struct str *part);

/* The peer has closed. 0 when the body is complete by that (FRAMING_CLOSE) or was done before; else ERR_BAD. */
int body_eof(struct body *b);

/* Takes all it can from p[0..n) and moves the payload together at the start of p. *payload_n is what lies there now,
 * and the return value how many bytes of p were used: what follows p + used is untouched. ERR_BAD as above; payload_n
 * then counts what came before. Never ERR_MORE: see b->done. */
int body_pack(struct body *b, u8 *p, u32 n, u32 *payload_n);

#endif
