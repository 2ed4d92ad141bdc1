/* route: which handler answers a path. One const table, all routes visible at once; a segment that
 * begins with ':' matches any one segment, "*" at the end any rest, an empty one too. First match wins; a known
 * path with another method is 405 with Allow, even where the last route takes every path.
 * Paths are compared as they were sent: an encoded or doubled slash, a dot segment, a trailing slash make another path,
 * so each route has exactly one spelling. */
#ifndef SERVE_ROUTE_H
#define SERVE_ROUTE_H

#include "base/str.h"

struct exchange;

#define ROUTE_GET 1
#define ROUTE_POST 2
#define ROUTE_DELETE 4
#define ROUTE_PUT 8
#define ROUTE_PATCH 16
#define ROUTE_OPTIONS 32
#define ROUTE_ANY 63
#define ROUTE_CALL 128 /* beside them: what is done there is calls of an API: serve_cut */
#define ROUTE_CROSS 64 /* beside them: pages of any Origin may ask; nothing there goes by cookies */

struct route {
	u8 methods;   /* ROUTE_x; GET includes HEAD */
	u8 guard;     /* the app's own: who may come in */
	u32 body_max; /* bytes: 413 beyond; 0: no body wanted, what comes is skipped */
	const char *path;
	enum step (*run)(struct exchange *x, msec now);
};

/* The route for a method (one ROUTE_x bit) and path, or NULL; *allow gets the methods other routes of this path would
 * take (0: no such path). */
const struct route *route_find(const struct route *table, u32 n, u8 method, struct str path, u8 *allow);

/* The last answer of route_find: most requests ask for the same path as the one before. All zero: none yet. */
struct route_memo {
	const struct route *route;
	u8 method, allow, path_n;
	u8 path[61];
};

/* The same as route_find, from what was found last where that is what is asked again. table is always the same. */
const struct route *route_recall(struct route_memo *m, const struct route *table, u32 n, u8 method, struct str path,
    u8 *allow);

/* The i-th ':' segment of path under a route's pattern, still percent-encoded. STR_NONE when there is none. */
struct str route_param(const struct route *r, struct str path, u32 i);

/* What the '*' at the end of a route's pattern matched. STR_NONE when the pattern has none. */
struct str route_rest(const struct route *r, struct str path);

#endif
