/* app: the worker's root struct. Everything a worker knows hangs on it; there are no other globals.
 *
 *   loop - net - serve (connections) ... jobs (requests being answered) ... ops - calls (upstream) ... store, keys
 *
 * Generations: gen[live] is the configuration new requests begin under; the other one is kept while
 * requests that began under it are still being answered. */
#ifndef APP_APP_H
#define APP_APP_H

#include "auth/key.h"
#include "call/call.h"
#include "gate/api.h"
#include "op/op.h"
#include "serve/serve.h"
#include "store/store.h"

#define APP_GENS 2

/* One generation as a worker sees it: the shared configuration and this worker's own mappings. */
struct app_gen {
	const struct gen *gen;              /* NULL: free */
	struct catalog catalog[APIS_MAX];   /* by api index */
	u32 users;                          /* jobs that began under it */
	struct serve_conf serve;
};

struct app {
	struct loop *loop;
	struct net *net;
	struct serve serve;
	struct calls calls;
	struct ops ops;
	struct store *store;
	struct keys keys;
	struct pool jobs;
	struct pool streams;
	struct app_gen gen[APP_GENS];
	u32 live;             /* index of the newest generation */
	u8 session_key[32];   /* seals legacy session ids; from the master key, equal in all workers */
	struct rng *rng;
	bool ready;           /* store open, generation loaded: /readyz */
	bool draining;
	wall now_s;           /* wall time of this turn */
	msec now;
};

/* Carves jobs, calls, ops, streams and the server from a; store and rng are set by the caller
 * before. ERR_FULL. */
int app_init(struct app *app, struct arena *a, struct net *net);

/* Bytes app_init takes, for the memory plan. */
size_t app_bytes(void);

/* Puts a new generation into force: catalogs[i] is the mapped file of api i. ERR_FULL while two
 * older ones are still in use (try again next turn), ERR_BAD with the api's index in *bad when a
 * catalog is refused (nothing changes). Subscribed clients are told that tools have changed. */
int app_load(struct app *app, const struct gen *gen, const struct serve_conf *serve, const struct str *catalogs,
    u32 *bad);

/* What conf needs for serve_conf: the route table of the whole program. */
const struct route *app_routes(u32 *n);

/* Once per turn, after the steps: ends what is due and frees generations nobody uses. */
void app_turn(struct app *app, msec now, wall now_s);

#endif
