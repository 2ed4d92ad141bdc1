/* head: the heads of HTTP/1.1 messages, as text: requests on our listener, responses of upstreams. Strict: lines end
 * with CRLF, nothing is folded or repaired, whatever two parsers could read in two ways is refused (bare CR or LF,
 * NUL, blank before the colon, Content-Length beside Transfer-Encoding, repeated or signed lengths).
 *
 * A parse begins at the start of in each time; after ERR_MORE call again with more. Only a whole line is judged, so
 * the verdict does not depend on how the bytes arrived; a line that is too long is refused without waiting for its end.
 * Views point into in and die when those bytes are consumed. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "http/field.h"

enum method {
	METHOD_OTHER, /* a valid token that is none of these: see req.method_name */
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_TRACE,
	METHOD_QUERY, /* RFC 9110 section 9.2: safe, with a body (OpenAPI 3.2); never answered by us */
	METHODS
};

enum framing {
	FRAMING_NONE,    /* no body */
	FRAMING_LENGTH,  /* body_n bytes (0 too, when the message said so) */
	FRAMING_CHUNKED,
	FRAMING_CLOSE,   /* until the peer closes; responses only */
};

struct req {
	/* set by the caller before each call */
	struct fields fields; /* at and max */
	u64 body_max;         /* a larger Content-Length is refused with 413; 0: no limit here */
	/* set by head_parse */
	struct str method_name, target;
	struct str path;      /* begins with '/', not decoded; "*" for the asterisk form */
	struct str query;     /* behind the '?', p NULL when there is none */
	struct str authority; /* whom the request is for: of an absolute target, else Host; may be empty in HTTP/1.0 */
	u64 body_n;           /* FRAMING_LENGTH only */
	u8 method, minor, framing;
	bool keep_alive, expect_continue;
	u16 status;           /* after ERR_BAD: the answer, 400 413 414 417 431 501 505; then close */
	const char *why;      /* after ERR_BAD: for the log */
};

struct resp {
	/* set by the caller before each call */
	struct fields fields; /* at and max */
	u8 method;            /* of the request: the answer to HEAD has no body */
	/* set by resp_parse */
	u8 minor, framing;
	u16 status;           /* 100 to 999 */
	struct str reason;    /* may be empty */
	u64 body_n;           /* FRAMING_LENGTH only */
	bool interim;         /* 1xx: another head follows; 101 is refused */
	bool keep_alive;
	const char *why;      /* after ERR_BAD: for the log */
};

/* Parses one request head (and at most one empty line before it) from the start of in. Returns bytes used (> 0);
 * ERR_MORE when the blank line is not there yet; ERR_BAD with req->status when it can never be valid. */
int head_parse(struct str in, struct req *req);

/* Parses one response head from the start of in. Returns bytes used (> 0), ERR_MORE, or ERR_BAD with resp->why. A
 * Content-Length beside chunked, or a second one, even an equal one, is refused. */
int resp_parse(struct str in, struct resp *resp);

/* The method of a name, exactly (upper case); METHOD_OTHER for unknown ones. */
enum method head_method(struct str name);

/* The name of a method; "OTHER" for METHOD_OTHER. */
struct str head_method_name(enum method method);

#endif
