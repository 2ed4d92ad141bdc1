/* demo: the API that `mcpgated demo` stands in front of: a small project management, kept in memory
 * in fixed tables. It runs in a process of its own behind a unix socket, on the same floors as the
 * gate itself.
 *
 *   /sandbox/v1/...  and  /production/v1/...     people, projects, tasks, time entries: two sets that never meet
 *
 * Its document is fs/demo/openapi.json. Every request needs the token of its set in the header
 * X-Demo-Token. */
#ifndef APP_DEMO_H
#define APP_DEMO_H

#include "net/net.h"
#include "sys/sock.h"

#define DEMO_TOKEN_N 32 /* characters of a token */

struct demo; /* private: lives in the arena given to demo_init */

/* Carves the tables and the server from a, and fills in example data. token: for sandbox and
 * production. NULL when a has no room. */
struct demo *demo_init(struct arena *a, struct net *net, const char token[2][DEMO_TOKEN_N], wall now_s);

/* Bytes demo_init takes; descriptors and timers it may use. */
size_t demo_bytes(void);
u32 demo_watches(void);
u32 demo_timers(void);

/* Begins to serve on a listening descriptor. */
int demo_listen(struct demo *d, int fd, const struct addr *addr);

/* Once per turn: the wall time that records carry. */
void demo_turn(struct demo *d, wall now_s);

#endif
