/* connect: a call for which the user must give a credential of his own first (credential_from 'user'): he is led to a
 * page. The address is good for an hour, for this user and environment; it opens nothing by itself: the page wants the
 * user to be logged in.
 *
 *   2026-07-28   input_required with an elicitation of mode url, where the client can
 *   2025-11-25   error -32042, where the client said so at initialize
 *   else         the address, in an error for the model to pass on
 *
 * Source: MCP 2025-11-25 client/elicitation (URL Elicitation Required Error, Phishing), 2026-07-28
 * basic/patterns/mrtr. */
#ifndef MCP_CONNECT_H
#define MCP_CONNECT_H

#include "mcp/mcp.h"

#define CONNECT_TTL_S 3600
#define CONNECT_N 20 /* bytes of a link's payload: user, environment, until when */
#define CONNECT_PURPOSE "connect"

/* Whether the user has given one for the environment: DONE he has, FAIL not; WAIT: m->owner will be marked. */
enum step connect_has(struct mcp *m, u32 environment, msec now);

/* Answers with the way to the page. */
void connect_ask(struct mcp *m, struct rpc *r, u32 environment);

/* What a link says: 0; ERR_BAD it is none of ours; ERR_LATE its time is over. */
int connect_read(const u8 *handle_key, struct str text, wall now, u64 *born, u64 *environment);

#endif
