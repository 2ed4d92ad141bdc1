/* later: calls that take longer than a client may be made to wait (option answer_within). They go on without their
 * request, and what comes of it is kept for whoever asked.
 *
 *   later_take   op > result, written whole > "l:<handle>" in the store: what has become of it
 *                                             "l:<handle>1", 2 ...: the answer, sealed, in parts
 *   get_result   handle > later_fetch > still under way (after a short wait), lost, or the answer
 *
 * A handle is 128 random bits, good for ten minutes after the call has ended, for the same principal, client and api.
 * It is looked up in the store, so any worker and the next process can answer; the call itself belongs to the worker
 * that began it, whose life is told in shared pages (op/life.h): when that is over, so is the call, and the handle says
 * so. Nothing is ever carried out a second time. What is longer than RESULT_KEEP is cut like any answer. Stopping
 * everything makes all handles void. */
#ifndef MCP_LATER_H
#define MCP_LATER_H

#include "mcp/mcp.h"

/* Carves the calls from a; their bytes for the plan. ERR_FULL. */
int later_init(struct mcp_shared *sh, struct arena *a);
size_t later_bytes(void);

/* Takes over m's call, which is under way: 0, and m answers with a handle. ERR_FULL: too many, or the store cannot keep
 * it: nothing has changed. */
int later_take(struct mcp *m, msec now);

/* Everything is stopped: reads are cut, what was sent is awaited without anybody to tell. */
void later_stop(struct mcp_shared *sh, msec now);

/* The same for the calls that a switch forbids by now; their handles say that they are lost. */
void later_off(struct mcp_shared *sh, const struct switches *s, msec now);

/* Name of the tool get_result where it is offered (else empty), the tool, and its answer: STEP_WAIT call again from the
 * start. */
struct str later_fetcher(const struct mcp *m);
void later_tool(const struct mcp *m, struct buf *b);
enum step later_fetch(struct mcp *m, struct jcur args, msec now);

/* Goes on with an answer of several parts, run by m->runner. */
void later_more(struct mcp *m, msec now);

/* The one who fetches has gone, or has it all. Harmless when nobody fetches. */
void later_end(struct mcp *m);

#endif
