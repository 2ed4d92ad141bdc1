/* empty: the parts of the protocol that this server has nothing for, answered as an empty shelf
 * rather than as an error: prompts, resources, log levels. Clients that ask for them at start go on
 * in peace. Source: MCP 2026-07-28 server/prompts, server/resources (Error Handling); 2025-11-25
 * server/utilities/logging. */
#ifndef MCP_EMPTY_H
#define MCP_EMPTY_H

#include "mcp/mcp.h"

/* prompts/list, resources/list, resources/templates/list: nothing, with caching hints. */
enum step empty_prompts(struct mcp *m, struct rpc *r, msec now);
enum step empty_resources(struct mcp *m, struct rpc *r, msec now);
enum step empty_templates(struct mcp *m, struct rpc *r, msec now);

/* prompts/get, resources/read: there is no such thing. */
enum step empty_prompt(struct mcp *m, struct rpc *r, msec now);
enum step empty_resource(struct mcp *m, struct rpc *r, msec now);

/* logging/setLevel (legacy): accepted; nothing is ever logged to clients. */
enum step empty_level(struct mcp *m, struct rpc *r, msec now);

#endif
