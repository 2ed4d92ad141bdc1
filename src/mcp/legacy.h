/* legacy: initialize and what else only revisions before 2026-07-28 have.
 * Source: MCP 2025-11-25 basic/lifecycle; 2024-11-05 for the oldest. */
#ifndef MCP_LEGACY_H
#define MCP_LEGACY_H

#include "mcp/mcp.h"

/* Answers initialize: agrees on a version, and hands out a session id in the Mcp-Session-Id field. */
void legacy_initialize(struct mcp *m, struct rpc *r);

/* Answers with an empty result: ping, and whatever else has nothing to say. */
void legacy_ping(struct mcp *m);

#endif
