/* slow: a tools/call that does not answer at once: its client is told that it goes on, and handed a handle in time.
 *
 *      op under way --token, every few s--> event stream: notifications/progress ... --answer--> its last event
 *              \------answer_within------> later_take: the answer is a handle (later.h)
 *
 * Source: MCP 2026-07-28 basic/patterns/progress, basic/transports/streamable-http; 2025-11-25 the same under
 * basic/utilities. Once the stream has begun, steps are run by m->runner and not from within the reply: a call that
 * goes on writes through the scratch that the reply is being written to. */
#ifndef MCP_SLOW_H
#define MCP_SLOW_H

#include "mcp/mcp.h"

/* The call waits for the first time: sets when it is looked at again. Before the request is forgotten. */
void slow_begin(struct mcp *m, struct rpc *r, msec now);

/* It still waits. STEP_WAIT: go on waiting; STEP_DONE: m->answer is set; STEP_MORE: the reply is: an event stream. */
enum step slow_step(struct mcp *m, msec now);

/* Appends what is left of m->answer: 0 when that is all of it, else as pull->fill. */
int slow_put(struct mcp *m, struct buf *out, msec now);

/* The run function of m->runner, where there is no batch. */
void slow_run(struct ready *r, msec now);

#endif
