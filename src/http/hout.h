/* hout: writes heads and chunk framing into a buf. What does not fit, or would be a forged head (a value with CR, LF,
 * NUL or another control), sets buf.over and nothing more is written: check once, then send 500 instead.
 *
 *      hout_status(b, 200); hout_field(b, "Content-Type", STR("text/html")); hout_length(b, 12); hout_end(b);
 */
#ifndef HTTP_HOUT_H
#define HTTP_HOUT_H

#include "base/buf.h"
#include "http/head.h"

#define HOUT_CHUNK_N 8 /* bytes of the chunk-size line that hout_chunk_open reserves */

/* "HTTP/1.1 200 OK" and CRLF. A status without a known reason gets none. */
void hout_status(struct buf *b, u16 status);

/* "POST /path?query HTTP/1.1" and CRLF. method is a token; target has no blank, control or non-ASCII byte. */
void hout_request(struct buf *b, struct str method, struct str target);

/* One field. name is a token, value as field_value_ok has it. */
void hout_field(struct buf *b, const char *name, struct str value);

/* One field whose name comes from outside too (a header parameter). */
void hout_pair(struct buf *b, struct str name, struct str value);

/* One field with a number. */
void hout_num(struct buf *b, const char *name, u64 value);

/* Framing: Content-Length, or Transfer-Encoding: chunked; Connection: close. */
void hout_length(struct buf *b, u64 n);
void hout_chunked(struct buf *b);
void hout_close(struct buf *b);

/* The blank line. */
void hout_end(struct buf *b);

/* A whole head in one go: "200 OK, application/json, Content-Length: n" and the blank line, or for any status the
 * same with that type. keep false adds Connection: close. */
void hout_json(struct buf *b, u64 n, bool keep);
void hout_head(struct buf *b, u16 status, struct str type, u64 n, bool keep);

/* Reserves a chunk-size line at b->w and returns its place; write the payload behind it, then hout_chunk_close writes
 * the size (in a fixed width) and the CRLF behind the payload. With no payload the reserve is taken back and nothing is
 * sent, because an empty chunk would end the body. */
u32 hout_chunk_open(struct buf *b);
void hout_chunk_close(struct buf *b, u32 at);

/* Room that hout_chunk_open and _close need beside the payload. */
#define HOUT_CHUNK_COST (HOUT_CHUNK_N + 2)

/* The last chunk, and the end of the message. */
void hout_chunk_last(struct buf *b);

/* The reason phrase of a status ("Not Found"); empty for unknown ones. */
struct str hout_reason(u16 status);

#endif
