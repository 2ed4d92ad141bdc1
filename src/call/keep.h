/* keep: the upstream connections of a worker: those that carry a call, and those kept for the next one.
 *
 *   origin (number) ── active calls
 *                   └─ idle peers, newest first          all idle peers, oldest first: closed after KEEP_AGE_MS
 *
 * Connections are only shared between calls of the same origin number, so a number must not be used for two
 * destinations as long as the worker lives. An idle peer is watched: it is closed as soon as the other
 * side ends it or says anything. */
#ifndef CALL_KEEP_H
#define CALL_KEEP_H

#include "base/limits.h"
#include "call/breaker.h"
#include "net/wire.h"

#define KEEP_AGE_MS 60000  /* an idle connection is closed after this */
#define KEEP_FRESH_MS 3000 /* how long ago a connection may have been used for a call that cannot be repeated */
#define KEEP_BUCKETS 64
#define KEEP_PEERS (CALLS_MAX + UPSTREAM_IDLE_MAX)

struct origin {
	struct link link; /* in its bucket */
	struct link idle; /* struct peer, newest first */
	u64 number;
	u32 active, kept;
	struct breaker breaker;
};

/* One upstream connection. */
struct peer {
	struct wire wire;
	struct link link; /* among the idle ones of its origin */
	struct link age;  /* among all idle ones */
	struct ready ready;
	struct timer timer; /* the call's deadlines, then the age */
	struct keep *keep;
	struct origin *origin;
	u32 served; /* exchanges done over it */
	msec since; /* idle since */
};

struct keep {
	struct net *net;
	struct pool peers, origins;
	struct link bucket[KEEP_BUCKETS];
	struct link oldest; /* all idle peers */
	u32 idle, idle_max;
};

/* Carves everything from a. ERR_FULL. */
int keep_init(struct keep *k, struct arena *a, struct net *net);

/* Bytes keep_init takes from its arena. */
size_t keep_bytes(void);

/* The record of an origin, made when there is none, with one more active call; given back by keep_leave. NULL when all
 * are in use. An origin is forgotten when it has neither calls nor connections and its breaker is as new. */
struct origin *keep_enter(struct keep *k, u64 number);
void keep_leave(struct keep *k, struct origin *o);

/* An idle connection of this origin, used at most `fresh_ms` ago, now owned by owner; NULL when there is none. */
struct peer *keep_take(struct keep *k, struct origin *o, struct ready *owner, u32 fresh_ms, msec now);

/* A new, unconnected peer: its wire has only net set. NULL when all are in use. */
struct peer *keep_new(struct keep *k, struct origin *o);

/* Gives a connection back after a clean exchange: it waits for the next call, or replaces the oldest idle one. */
void keep_give(struct keep *k, struct peer *p, msec now);

/* Closes a connection and gives the peer back. */
void keep_drop(struct keep *k, struct peer *p);

/* Closes all idle connections and forgets failures: before the worker ends, or when the configuration changed. */
void keep_clear(struct keep *k);

#endif
