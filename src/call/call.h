/* call: one upstream request, from a kept or a new connection to the last byte of its answer.
 *
 *   call_start > call_out, call_send > call_step ... DONE: head known > call_body, call_eat ... 0 > call_end
 *                                (QUEUE >) DIAL > SEND > HEAD > BODY > OVER
 *
 * The owner drives it: call_step and call_body go as far as they can without blocking and mark the owner when there is
 * more to do. Reading is pulled: bytes come straight from the socket into the worker's scratch buffer when the owner
 * asks, so a large body flows through without copies, and an owner that does not ask stops the upstream.
 *
 * Views (resp, the parts of the body) die at the next call_step, call_body, call_settle, and whenever another wire
 * reads. Whenever the owner stops running it calls call_settle. No redirect is followed. A call that may be repeated
 * (spec.idempotent) and dies on a kept connection before the first byte of its answer is sent once more on a new one;
 * nothing else ever is. After a failure why says what happened in one sentence, with the host and the deadline. */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include "call/keep.h"
#include "call/queue.h"
#include "http/body.h"
#include "http/head.h"
#include "net/dial.h"

#define CALL_WHY_MAX 224
#define CALL_TYPE_MAX 128
#define CALL_NEXT_MAX 255
#define CALL_ETAG_MAX 128
#define CALL_FIELDS_MAX 128    /* header fields of an answer; more are refused */
#define CALL_RETRY_AFTER_MAX 60 /* seconds: a longer wish is cut to this */

enum call_state {
	CALL_QUEUE, /* the origin has as many calls as it takes, or this caller his share of them */
	CALL_DIAL, /* no connection yet */
	CALL_SEND, /* the kernel has not taken all of the request */
	CALL_HEAD, /* waiting for the answer */
	CALL_BODY, /* head known */
	CALL_OVER, /* the whole answer was read */
	CALL_FAILED,
};

/* What a call is. Copied; the strings in `to` must live until call_end. The four deadlines are required (> 0). */
struct call_spec {
	struct dial_to to;
	u64 origin;       /* connections are shared between calls of the same number: see keep.h */
	u8 method;        /* enum method, as it will be written */
	bool idempotent;  /* may be sent twice */
	u32 connect_ms;   /* resolve, connect, TLS */
	u32 first_ms;     /* from having sent to the end of the head, and between two pieces of sending */
	u32 idle_ms;      /* between two pieces of the body */
	u32 total_ms;     /* all of it */
	u64 who;          /* whose call it is: places are shared out by callers; 0: nobody in particular */
	u32 concurrency;  /* calls of this origin under way, of all workers; 0: no limit */
	u32 concurrency_each; /* of them, of one caller; 0: a fair share */
	u32 queue;        /* calls of this origin that may wait for a place; 0: refused at once */
	u32 queue_ms;     /* how long one waits */
	u64 body_max;     /* payload bytes; a longer answer fails. 0: no limit */
};

struct call {
	struct calls *calls;
	struct ready *owner;
	struct place place;
	struct origin *origin;
	struct peer *peer;      /* the connection */
	struct dial *dial;      /* while there is none */
	struct buf copy;        /* the request, leased, while it may have to be sent again */
	struct body body;
	u32 pending, tail;      /* payload handed out and not eaten; framing behind it */
	u64 got;                /* payload bytes eaten */
	u64 sent_n;             /* bytes of the request */
	u64 more;               /* of them those that the owner has yet to give: call_put. Set before call_send */
	msec begun, total_at;
	u32 armed_ms, armed;    /* the deadline that runs, and in which turn of the loop it was set */
	u32 overdue;            /* the turn in which the total one was seen to be over; 0: it was not */
	u8 state;               /* enum call_state */
	u8 interims;
	bool reused, answered, retried, paused;
	bool trying;            /* connecting: the origin's breaker waits for how it ends */
	bool cut;               /* the request was not sent in full */
	bool keep;              /* the connection may carry another call when this one is over */

	/* known when call_step has answered DONE, until call_end */
	u16 status;             /* 200 to 599 */
	u8 framing;             /* enum framing */
	u64 length;             /* FRAMING_LENGTH: payload bytes */
	u32 retry_after_s;      /* 0: none asked for */
	u8 type_n, etag_n;
	u8 next_n;

	/* after a failure */
	int err; /* ERR_LATE, ERR_IO, ERR_BAD (not HTTP), ERR_DENY, ERR_NONE (no such host), ERR_FULL */
	bool doubt; /* whether the request was carried out is not known */
	u8 why_n;

	/* not zeroed */
	struct call_spec spec;
	char type[CALL_TYPE_MAX]; /* Content-Type, whole; empty when missing or longer */
	char etag[CALL_ETAG_MAX];
	char next[CALL_NEXT_MAX]; /* the query of Link: <...>; rel="next"; empty when there is none, or longer */
	char why[CALL_WHY_MAX];
};

struct calls {
	struct net *net;
	struct dialer dialer;
	struct pool pool, dials;
	struct keep keep;
	struct queue queue;
	struct field *field;     /* CALL_FIELDS_MAX; of the head parsed last */
	struct resp resp;        /* the head parsed last: valid in the run in which call_step answered DONE */
	const char *why;         /* after call_start gave NULL: a text that lives until the next call_start */
	u32 wait_s;              /* beside why: when to try again */
	char text[CALL_WHY_MAX];
	u64 started, reused, retried, failed; /* counters */
};

/* Descriptors and timers all calls may hold at once: for planning the loop. */
#define CALLS_WATCHES (KEEP_PEERS + CALLS_MAX * DIAL_WATCHES)
#define CALLS_TIMERS (KEEP_PEERS + CALLS_MAX * DIAL_TIMERS + 1)

/* Carves calls, dials and connections from a. Our listeners, never called, are set in cs->dialer later. ERR_FULL. */
int calls_init(struct calls *cs, struct arena *a, struct net *net, struct dns *dns);

/* Counts calls together with other workers from now on, before the first call: pages is zeroed memory of
 * share_bytes(workers) that all of them share. */
void calls_share(struct calls *cs, void *pages, u32 workers, u32 index);

/* Bytes calls_init takes from its arena. */
size_t calls_bytes(void);

/* Closes all kept connections: when the configuration changed or the worker ends. */
void calls_clear(struct calls *cs);

/* Begins a call: takes a kept connection or a new one, or stands in the queue for one. NULL with cs->why when there is
 * no room for one more, or the origin could not be connected to several times in a row: ordinary answers, 503. Then
 * write the request (call_out), call_send, call_step. */
struct call *call_start(struct calls *cs, const struct call_spec *spec, struct ready *owner, msec now);

/* The buffer the whole request goes into, with room for n bytes (SCRATCH_N at most): request line, fields, body. NULL:
 * no room. It is the worker's scratch buffer: write all of it in one run, before anything else is written. Send
 * "Accept-Encoding: identity"; a coded answer is refused. */
struct buf *call_out(struct call *c, u32 n);

/* The request is complete. 0; ERR_FULL when it did not fit or cannot be kept until there is a connection (c->why). */
int call_send(struct call *c);

/* Whether the call waits for more of its request; and the next bytes of it, at most 64 KB, after which call_step goes
 * on. ERR_FULL: no room, the call has failed. */
bool call_hungry(const struct call *c);
int call_put(struct call *c, struct str part, msec now);

/* Goes on until the head of the answer is known. DONE: status and so on are set, call_body may be asked; WAIT; FAIL:
 * c->err and c->why. */
enum step call_step(struct call *c, msec now);

/* The next piece of the answer's body, framing removed: > 0 bytes are in *part (until eaten, the same again); 0 it is
 * complete; ERR_MORE nothing now, the owner is marked when there is; else the call has failed (c->why): what was
 * handed out is only a beginning. */
int call_body(struct call *c, struct str *part, msec now);

/* For short answers: goes on until all of it is in b, from call_send on; settles, and marks the owner, by itself. 0: it
 * is complete; ERR_MORE; ERR_FULL: b is too small; else the call has failed (c->why). */
int call_whole(struct call *c, struct buf *b, msec now);

/* n bytes of the last part are done with. */
void call_eat(struct call *c, u32 n);

/* The owner stops running: buffers go back. Harmless at any state. */
void call_settle(struct call *c);

/* Marks another ready from now on: a call whose request is gone, or that finds its way back. */
void call_owner(struct call *c, struct ready *owner);

/* Gives the call back, at any state. The connection is kept if the exchange was clean and complete and both sides keep
 * it open, else closed: so this also cancels. */
void call_end(struct call *c, msec now);

/* The answer's Content-Type without parameters, a view into the call: "application/json". */
struct str call_type(const struct call *c);

/* The query of the next page's address, as the header Link names it; may be empty. */
struct str call_next(const struct call *c);

/* The sentence about a failure, a view into the call. */
static inline struct str
call_why(const struct call *c)
{
	return str_of(c->why, c->why_n);
}

#endif
