/* tools: tools/list and tools/call.
 * Source: MCP 2026-07-28 server/tools, server/utilities/pagination. */
#ifndef MCP_TOOLS_H
#define MCP_TOOLS_H

#include "mcp/mcp.h"

/* Answers tools/list: what the principal may use, in the catalog's order, from its ready-made bytes. */
void tools_list(struct mcp *m, struct rpc *r, msec now);

/* Begins tools/call: an answer, or an op under way (STEP_WAIT). tools_call_step goes on with it. */
enum step tools_call(struct mcp *m, struct rpc *r, msec now);
enum step tools_call_step(struct mcp *m, msec now);

/* Writes, or answers with, a result of one text. tools_answer cuts what does not fit the exchange's arena. */
void tools_put(const struct mcp *m, struct str text, bool error, u32 retry_after_s, struct buf *b);
/* As above. */
void tools_answer(struct mcp *m, struct str text, bool error, u32 retry_after_s);

#endif
