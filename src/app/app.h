/* app: the worker's root struct. Everything a worker knows hangs on it; there are no other globals.
 *
 *   loop - net - serve (connections) ... jobs (requests being answered) ... ops - calls (upstream) ... store, keys
 *
 * Generations: gen[live] is the configuration new requests begin under; the other one is kept while
 * requests that began under it are still being answered. */
#ifndef APP_APP_H
#define APP_APP_H

#include "auth/handle.h"
#include "app/issuer.h"
#include "app/passed.h"
#include "app/rate.h"
#include "auth/key.h"
#include "auth/token.h"
#include "call/call.h"
#include "crypt/rng.h"
#include "gate/audit.h"
#include "gate/switches.h"
#include "mcp/mcp.h"
#include "op/op.h"
#include "serve/serve.h"
#include "store/store.h"

#define APP_GENS 2
#define APP_HASHING 5 /* passwords under way: one is worked on, four wait */

struct job;

/* One generation as a worker sees it: the shared configuration and this worker's own mappings. */
struct app_gen {
	const struct gen *gen;            /* NULL: free */
	struct catalog catalog[APIS_MAX]; /* by api index */
	struct mcp_text text[APIS_MAX];
	u8 *text_bytes;                   /* MCP_TEXT_N: where text lies */
	struct listings listings;
	u32 users;                        /* jobs and ops that began under it */
	struct serve_conf serve;
};

struct app {
	/* set by main before app_init */
	struct loop *loop;
	struct net *net;
	struct store *store;
	struct dns *dns;
	struct rng *rng;
	struct str version;            /* of the program */
	u32 pass_rounds;               /* of new passwords: about a second here */
	u8 handle_key[HANDLE_KEY_N];   /* from the master key, equal in all workers */
	struct switches *switches;     /* in shared pages */
	struct audit audit;            /* opened by main */
	struct seal_keys seal;         /* from the master key: opens stored credentials */
	u8 token_key[SEAL_KEY_N];      /* from the master key: what each month's token keys are made of */
	/* set by app_init */
	struct serve serve;
	struct calls calls;
	struct ops ops;
	struct addr own[SERVE_LISTENERS]; /* our listeners: never called as an upstream */
	struct keys *keys;
	struct tokens *tokens;
	struct seal_keys token_seal;   /* this month's, and the last one's */
	u32 token_month;
	struct rate *rate;             /* in shared pages */
	u32 index;                     /* of this worker */
	struct passed passed;
	u32 fetching;                  /* documents of clients, right now */
	u32 arriving;                  /* people who log in at an API, right now */
	u32 asking;                    /* the other issuer about tokens, right now */
	struct issuer issuer;          /* its keys, where they are fetched */
	u32 issuer_of;                 /* number of the configuration it was begun under */
	struct pool jobs;
	u8 *rest;                      /* RPC_BODY_MAX bytes: scratch of whoever runs, app/rest.c */
	struct str pages, texts;       /* fs/pages, fs/text: rows of base/pack.h */
	struct job *hashing[APP_HASHING]; /* who has a password worked on, first come first */
	u32 hashing_n;
	struct mcp_shared mcp;
	struct app_gen gen[APP_GENS];
	u32 live;                      /* index of the newest generation */
	u32 epoch;                     /* of the switches, when streams were last told */
	u32 stamp;                     /* of the keys, when streams were last judged */
	msec judged_at;
	struct timer timer;            /* for streams */
	struct ready ready;
	msec now;
};

/* Carves jobs, calls, ops, streams and the server from a. ERR_FULL when a has no room. */
int app_init(struct app *app, struct arena *a);

/* Bytes app_init takes, for the memory plan; descriptors and timers it may use, for planning the loop. */
size_t app_bytes(void);
u32 app_watches(void);
u32 app_timers(void);

/* Learns where the box listens, in whatever process (at most SERVE_LISTENERS): no call may lead back to ourselves. */
void app_own(struct app *app, const struct addr *at);

/* Puts a new generation into force: catalogs[i] is the mapped file of api i. ERR_FULL while
 * requests of the one before the last are still being answered (try again next turn), ERR_BAD with
 * the api's index in *bad when a catalog is refused (nothing changes). On success the mappings of a
 * generation that ended are given up: *freed is its number, or 0. Subscribed clients are told that
 * tools have changed. */
int app_load(struct app *app, const struct gen *gen, const struct serve_conf *serve, const struct str *catalogs,
    u32 *bad);

/* Number of the generation that some request still uses beside the live one, or 0: its pages and
 * mappings must stay. */
u32 app_old_gen(const struct app *app);

/* What conf needs for serve_conf: the route table of the whole program. */
const struct route *app_routes(u32 *n);

/* Before anything else in a turn: what another worker has switched off is off, and who comes after that is not cut. */
void app_turn_begins(struct app *app, msec now);

/* Once per turn, after the steps and before store_commit: now_s is the wall time that lifetimes go by. */
void app_turn(struct app *app, msec now, wall now_s);

/* Begins the end: streams get their result, answers say Connection: close. Done when
 * serve_live(&app->serve) is 0 and app_busy is 0 (ops that outlive their requests). */
void app_drain(struct app *app, msec now);
u32 app_busy(const struct app *app);

#endif
