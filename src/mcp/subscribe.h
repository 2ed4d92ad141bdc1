/* subscribe: subscriptions/listen, the one long-lived stream of the modern era. A stream hands its
 * job back and keeps its connection and one small record. At most half the connections are streams,
 * 8 per principal, then 429. Source: MCP 2026-07-28 basic/patterns/subscriptions. */
#ifndef MCP_SUBSCRIBE_H
#define MCP_SUBSCRIBE_H

#include "mcp/mcp.h"

#define SUBSCRIBE_PER_PRINCIPAL 8
#define SUBSCRIBE_ID_MAX 64 /* bytes of a request id that a stream can carry */
#define SUBSCRIBE_ALIVE_MS 25000 /* a comment line this often keeps middle boxes from closing it */

struct stream {
	struct pull pull;
	struct link link;      /* mcp_shared.listening */
	struct mcp_shared *shared;
	struct ready *ready;   /* of its connection */
	struct principal who;
	u64 of;                /* whose it is: one key, or one address where no key is asked for; 0: not counted */
	msec alive_at;
	u32 api;
	u8 id_n;
	bool tools;            /* wants notifications/tools/list_changed */
	bool alive;            /* a comment line is due */
	bool acknowledged, changed, ended;
	bool judging;          /* op is under way */
	struct store_op op;
	char key[50];          /* name of the key's or grant's record in the store */
	u8 key_n;
	u8 id[SUBSCRIBE_ID_MAX];
};

/* Opens a stream. */
enum step subscribe_listen(struct mcp *m, struct rpc *r, msec now);

/* Whether the request's Accept allows text/event-stream; without the header anything is allowed. */
bool subscribe_takes_events(const struct mcp *m);

/* Tells all streams that their tool list may have changed: a new configuration, catalog or right. */
void subscribe_changed(struct mcp_shared *s, struct loop *loop);

/* Ends all streams with their result (graceful closure): the worker drains. */
void subscribe_end_all(struct mcp_shared *s, struct loop *loop);

/* Ends the streams of principals that may not listen any more: expired, and with `changed` (keys were
 * added or revoked) also those whose record is gone from the store. */
void subscribe_judge(struct mcp_shared *s, struct loop *loop, bool changed, msec now);

/* Once per turn: wakes streams whose keep-alive is due. Returns the next moment it must be called. */
msec subscribe_turn(struct mcp_shared *s, struct loop *loop, msec now);

#endif
