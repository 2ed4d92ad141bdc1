/* modern: what revision 2026-07-28 asks of a request before its method is looked at: _meta, headers
 * that equal the body. Source: MCP 2026-07-28 basic/index (_meta), basic/transports/streamable-http
 * (Request Metadata, Server Validation). */
#ifndef MCP_MODERN_H
#define MCP_MODERN_H

#include "mcp/mcp.h"

/* Which era a request belongs to and whether it may go on. */
enum era { ERA_MODERN, ERA_LEGACY, ERA_REFUSED };

/* Judges version, headers and _meta. ERA_REFUSED: the answer is set. */
enum era modern_judge(struct mcp *m, struct rpc *r);

/* Whether a message says in its _meta which version it speaks, as only those of this era do. */
bool modern_names(struct jcur message);

/* Writes the texts of an api into a, and what its answers hide. ERR_FULL when they do not fit. */
int modern_prepare(struct mcp_text *t, const struct api *api, const struct catalog *c, struct str version,
    struct arena *a);

/* Answers server/discover. */
void modern_discover(struct mcp *m);

/* Appends the end of a result: ,"resultType":"complete","_meta":{...}} and for the cacheable ones
 * ttlMs and cacheScope before it. Only the bracket in the legacy era. */
void modern_result_close(const struct mcp *m, struct buf *b, bool cacheable);

/* Appends ["2026-07-28",...]. */
void modern_versions(struct buf *b);

#endif
