/* url: URLs as text: absolute ones into parts, percent-encoding, and the checks a path must pass before it is used.
 *
 *      https://[2001:db8::1]:8443/api/v1?x=1       http, https: host without brackets, port, path, query
 *      unix:/run/api.sock:/api/v1                  a unix socket: host is the socket's path; path behind the second ':'
 *
 * Parts are views into the input. Userinfo and fragments are refused. */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "base/buf.h"

enum url_scheme { URL_HTTP, URL_HTTPS, URL_UNIX };

/* What stays as it is when text is percent-encoded; the letters, digits and - . _ ~ always do. */
enum url_set {
	URL_COMPONENT, /* nothing else: a path value, a query name or value (RFC 6570 simple expansion) */
	URL_SEGMENT,   /* what a path segment may hold: ! $ & ' ( ) * + , ; = : @ */
	URL_RESERVED,  /* also / ? # [ ], and triples that are already encoded (allowReserved) */
};

struct url {
	u8 scheme;       /* enum url_scheme */
	bool v6;         /* host is an IPv6 literal */
	u16 port;        /* as written, else 80 or 443; 0 for unix */
	struct str host, authority; /* authority: host and port as written, for the Host field; "localhost" for unix */
	struct str path; /* empty, or begins with '/' */
	struct str query; /* behind '?'; p NULL when there is none */
};

/* Parses all of in. 0, or ERR_BAD. */
int url_parse(struct str in, struct url *u);

/* Splits "host", "host:port", "[v6]" or "[v6]:port"; host comes without brackets, port is 0 when not given and may
 * exceed 65535. 0, or ERR_BAD for what a Host field must not hold. */
int url_authority(struct str in, struct str *host, u32 *port);

/* Whether two URLs have the same scheme, host (without case) and port. */
bool url_same_origin(const struct url *a, const struct url *b);

/* Appends s percent-encoded, upper-case hex. */
void url_encode(struct buf *b, struct str s, enum url_set set);

/* Appends s percent-decoded. 0, or ERR_BAD for a broken triple or one that decodes to NUL; b->over when full. */
int url_decode(struct buf *b, struct str s);

/* Whether the path has a segment "." or "..", also as %2e, also behind an encoded slash or any backslash. */
bool url_dots(struct str path);

/* Whether path may be routed or sent: begins with '/', only printable ASCII without blank, '#', '?' or backslash, whole
 * percent triples, none of them a control, and no dot segments. */
bool url_path_ok(struct str path);

#endif
