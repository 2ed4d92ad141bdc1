/* serve: the HTTP/1.1 server of one worker: listeners, connections, deadlines, draining.
 *
 * Before any route is looked at, every request passes the Host and Origin checks (DNS rebinding): a
 * Host that is neither an IP literal of a listener nor in `hosts` is answered 403 and logged with
 * the option that would allow it. */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "base/limits.h"
#include "base/pool.h"
#include "net/wire.h"
#include "serve/exchange.h"
#include "serve/route.h"
#include "sys/sock.h"

#define SERVE_LISTENERS 8

/* What config decides; may be exchanged at a reload (serve_conf). Strings outlive the server or the
 * next reload. */
struct serve_conf {
	const struct str *hosts; /* allowed Host values, lower case, without port unless the port matters ("box.lan") */
	u32 hosts_n;
	const struct str *origins; /* allowed Origin values, exact ("https://box.lan") */
	u32 origins_n;
	const struct addr_net *proxies; /* networks whose X-Forwarded-For is believed */
	u32 proxies_n;
	u32 idle_ms, head_ms, body_ms, write_ms;
	u32 answer_ms; /* what a peer may take for one answer, however steadily; 0: no limit */
	const struct route *routes;
	u32 routes_n;
};

struct listener {
	struct watch watch;
	struct ready ready;
	struct timer timer; /* while accepting pauses */
	struct serve *serve;
	struct addr addr;
	u32 burst; /* connections taken at once: follows what comes */
	u32 uid;   /* control: who opened it, and root, may come in */
	bool tls, control;
};

#define SERVE_HEAD_MAX 4096 /* bytes of a response head, where its body is pulled */

struct serve {
	struct net *net;
	const struct serve_ops *ops;
	void *app;
	const struct serve_conf *conf;
	struct pool conns;
	struct link live; /* struct conn */
	struct link idle; /* those of them that wait for a request, oldest first */
	struct listener listener[SERVE_LISTENERS];
	u32 listeners;
	u32 control_conns;
	bool draining;
	u32 streams, streams_max;
	u64 requests, refused; /* counters for /metrics */
	msec log_at;           /* lines about peers in the log: since when, how many */
	u32 log_n;
	u8 host[64]; /* the Host that was allowed last: nearly every request names the same */
	struct route_memo memo; /* of the last request */
	u8 host_n;
	/* scratch of whoever runs */
	struct addr peer;
	struct field field[FIELDS_MAX];
	u8 head[SERVE_HEAD_MAX];
};

/* Carves the connection pool from a. ERR_FULL when a has no room. */
int serve_init(struct serve *s, struct arena *a, struct net *net, const struct serve_ops *ops, void *app);

/* Bytes serve_init takes, for the memory plan. */
size_t serve_bytes(void);

/* Sets or exchanges what config decides, between requests. */
void serve_conf(struct serve *s, const struct serve_conf *conf);

/* Begins accepting on a listening descriptor, which the server owns from now on; after serve_conf. ERR_FULL when
 * SERVE_LISTENERS are there. A control listener (a unix socket) takes only its owner and root, and skips the Host and
 * Origin checks. */
int serve_listen(struct serve *s, int fd, const struct addr *addr, bool tls, bool control);

/* The net part of a listener's watches and timers, and those of all connections: what loop_init must have room for. */
u32 serve_watches(void);
u32 serve_timers(void);

/* Stops accepting; idle connections are closed, answers from now on say Connection: close. Streams are filled once more
 * and then closed: tell their owners before. */
void serve_drain(struct serve *s, msec now);

/* Whether a line about a peer may be logged: a few in ten seconds, so that a flood of peers is no flood of lines. */
bool serve_tells(struct serve *s, msec now);

/* Ends what calls an API at once (routes with ROUTE_CALL): 503 with this text where nothing of the answer is written
 * yet, else the connection is cut. which: says whether a request under way is meant; NULL: all are, and streams. */
void serve_cut(struct serve *s, bool (*which)(struct exchange *x), const char *text, msec now);

/* Connections that are still there: draining is over at 0. */
u32 serve_live(const struct serve *s);

#endif
