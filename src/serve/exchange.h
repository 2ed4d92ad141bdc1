/* exchange: one request and its reply. A connection carries them one after another; a handler fills
 * the reply.
 *
 *   head > route > (body) > ops->begin > ops->step ... > reply > ops->end        peer left: ops->cancel > ops->end
 *
 * req, body and everything cut from them are views into the input buffer: they live as long as one
 * call of step, and in the next call lie elsewhere (serve moves them and adjusts req and body,
 * never a handler's own copies). What a handler keeps across STEP_WAIT it copies into the arena, or
 * parses again.
 *
 * serve knows no app type: an app embeds struct exchange first in its own struct and reaches that
 * by CONTAINER_OF. */
#ifndef SERVE_EXCHANGE_H
#define SERVE_EXCHANGE_H

#include "http/head.h"
#include "serve/reply.h"
#include "sys/loop.h"

struct conn;
struct route;

struct exchange {
	struct conn *conn;
	const struct route *route;
	struct req req;
	struct str body;    /* the whole request body, framing removed; of one that is poured its beginning */
	u64 pour;           /* bytes of a body too large to be gathered that are still to be taken, those in body among
	                     * them: exchange_pour. POUR_OPEN: nobody knows how many */
	struct reply reply;
	struct buf block;   /* leased memory behind arena */
	struct arena arena;
	msec begun;
	msec wake; /* when it goes on though nothing marks it: exchange_wake; 0: never */
	u8 at;   /* the handler's own place: 0 at the start */
	bool gone; /* the peer has left: nothing of the reply will be sent */
	int err;
};

/* What serve calls of the app, handed over once at boot. The only calls that go up. */
struct serve_ops {
	/* A fresh exchange for a request whose head is known, zeroed but for what the app keeps
	 * beside it; NULL: the pool is full (503 + Retry-After). */
	struct exchange *(*begin)(void *app, struct conn *c);
	/* Goes as far as it can: STEP_DONE the reply is set; STEP_WAIT someone holds
	 * exchange_ready(x); STEP_MORE run me again; STEP_FAIL: serve answers 500. */
	enum step (*step)(struct exchange *x, msec now);
	/* The peer has left before the reply was complete: let go of everything that is waited for. */
	void (*cancel)(struct exchange *x);
	/* The exchange is over, the reply sent or given up; comes after cancel as well. */
	void (*end)(struct exchange *x);
};

/* The ready to be marked for this exchange to go on (that of its connection). */
struct ready *exchange_ready(struct exchange *x);

/* Memory that lives as long as the exchange: 4 KB, leased at first use. Never NULL; when no block
 * is free its capacity is 0 and takes fail. */
struct arena *exchange_arena(struct exchange *x);

/* The same with room for n more bytes (up to 64 KB), if that can be had. What was taken before
 * stays where it is only if nothing was: ask for the large size first. */
struct arena *exchange_arena_n(struct exchange *x, u32 n);

/* The handler needs neither req nor body from now on: their bytes are given up, so that waiting for
 * an upstream holds no buffer and coming back costs no second parse. req and body are empty then. */
void exchange_forget(struct exchange *x);

/* Runs the handler again at this moment, or asks the pull of its reply; MSEC_NEVER: not by time. */
void exchange_wake(struct exchange *x, msec at);

/* Gives the block behind the arena to the caller, who gives it back to the lease, with all that was taken from it: it
 * outlives the exchange then. The next take leases another one. */
struct buf exchange_part(struct exchange *x);

/* The next bytes of a body that is poured (routes with body_max UPLOAD_MAX), after exchange_forget: their number in
 * *part, a view that dies like those of a wire; 0: none now, the ready is marked, or it was all (x->pour is 0); ERR_IO
 * the peer has left, ERR_LATE it is too slow, ERR_BAD its framing is broken, ERR_FULL it is too large.
 * exchange_poured: this part is done with. */
int exchange_pour(struct exchange *x, struct str *part, msec now);
void exchange_poured(struct exchange *x, struct str part);

/* Address of the peer, for limits and logs (valid until the next call), and whether it came over the
 * control socket. */
const struct addr *exchange_peer(const struct exchange *x);
bool exchange_control(const struct exchange *x);

/* Whether the connection itself speaks TLS (a proxy in front may do so where this does not). */
bool exchange_tls(const struct exchange *x);

/* A number equal in all requests of one address (a /64 of IPv6), to count by what nobody in
 * particular asks for; 0 for this machine itself, which may be a proxy. Behind a trusted proxy: the
 * nearest address it tells of that is none of a proxy. */
u64 exchange_from(const struct exchange *x);

#endif
