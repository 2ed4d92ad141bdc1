/* challenge: what a client that is refused is told in WWW-Authenticate, so that it can go on by itself: where the
 * metadata of the resource is, and which scopes to ask for. The well-known name goes between host and path (RFC 9728
 * section 3.1), whatever path public_url has.
 * Source: RFC 6750 section 3, RFC 9728 section 5.1, MCP authorization. */
#ifndef AUTH_CHALLENGE_H
#define AUTH_CHALLENGE_H

#include "base/buf.h"

#define CHALLENGE_WELL_KNOWN "/.well-known/oauth-protected-resource"
#define CHALLENGE_N 1800

/* "https://host:port" of a public URL, which has no slash at its end. */
struct str challenge_origin(struct str public_url);

/* Appends the parameters resource_metadata and scope for the endpoint at path, as the gate itself knows it. */
void challenge_put(struct buf *b, struct str public_url, struct str path, u8 scopes);

/* Appends the whole value for a token that is good and not enough: "Bearer error=\"insufficient_scope\", ...". */
void challenge_step_up(struct buf *b, struct str public_url, struct str path, u8 scopes);

#endif
