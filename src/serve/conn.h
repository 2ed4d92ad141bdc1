/* conn: one client connection, which carries exchanges one after another.
 *
 *   HEAD > BODY > RUN > SEND > HEAD ...            any > LINGER > DEAD
 *                        SEND > STREAM             (the exchange is over, its stream is not)
 *
 *   wire.in:  | head | payload of the body | next requests |      head_n, body_n; whole_n: where the next one begins
 *
 * The request stays in wire.in until its exchange is over: between runs in a leased block, so that views are made anew
 * in each run (the head is parsed again: 0.3 us). An idle connection owns no buffer. Only serve/ looks in here. */
#ifndef SERVE_CONN_H
#define SERVE_CONN_H

#include "http/body.h"
#include "net/wire.h"
#include "serve/serve.h"

enum conn_state {
	CONN_HEAD,   /* between requests, or a head is arriving */
	CONN_BODY,   /* the head is known, the body is arriving */
	CONN_SKIP,   /* the same, but the request is refused: its body is read and dropped, then conn.refuse is sent */
	CONN_RUN,    /* an exchange is worked on; input is not read */
	CONN_SEND,   /* a reply is going out; x may be over already */
	CONN_STREAM, /* a stream is open; x is over */
	CONN_LINGER, /* all is said; what the peer still sends is read and dropped, so that it gets our answer */
	CONN_DEAD,
};

#define LINGER_MAX (64 * 1024) /* bytes read and dropped after the last answer */
#define POUR_LINGER_MAX (16U << 20) /* the same where a large body was under way: few who send one look up before */
#define LINGER_MS 1000         /* and for how long */

/* A refusal, const: what is sent without an exchange. */
struct refusal {
	u16 status;
	const char *fields; /* lines ending in CRLF, or "" */
	const char *text;   /* for {"error": ...}; NULL: the reason phrase */
};

/* How fast a peer is: bytes since the window of time began in which it must move enough. */
struct pace {
	msec since; /* 0: nothing is waited for */
	u64 moved;
};

struct conn {
	struct link live, idle; /* serve.live; serve.idle while nothing of a request is here */
	struct ready ready;
	struct timer timer;
	struct reap reap;
	struct serve *serve;
	struct wire wire;
	struct exchange *x;
	struct pull *pull; /* of a stream */
	const struct refusal *refuse;
	const struct route *route;
	struct body body;
	u32 head_n, body_n, whole_n;
	u32 front_n, tail_n; /* of a chunked body that is poured: payload in front of wire.in; framing behind a part */
	msec fed;            /* when x was last given, or wanted, bytes of a body that is poured */
	struct pace in, out; /* of the body that arrives, of output the peer has not taken */
	msec waited, waits;  /* how long this answer has waited for its peer; since when it does, 0: it does not */
	u32 lingered;
	u16 port;
	u8 family, ip[16]; /* of the peer */
	u8 state;          /* enum conn_state */
	u8 allow;          /* methods for Allow, with refuse */
	u8 minor;          /* HTTP/1.minor of the request */
	bool tls, control;
	bool keep;      /* another request may follow */
	bool head_only; /* the request is HEAD */
	bool starved;   /* what is in wire.in is not a whole head */
	bool begun;     /* the clock of this head runs */
	bool fresh;     /* not a byte has come yet */
	bool head_sent, chunked, last; /* of a reply that is pulled: its head is out; its framing; its end is out */
	bool stale;     /* x's views point to where the request lay before */
	bool forgot;    /* the handler needs the request no more: it is eaten */
	bool pieces;    /* the request came in more than one read: what else the peer sends may be under way */
	bool unread;    /* the peer may be sending what we shall not read */
	bool pours;     /* the body is too large to be gathered: the handler takes it as it comes */
	bool thirsty;   /* x waits for more of it */
};

/* Begins a connection over an accepted descriptor; NULL: the pool is full, fd is still the caller's. */
struct conn *conn_open(struct serve *s, int fd, const struct addr *peer, msec now);

/* Ends it at once, whatever it does; its memory is given back at the end of the turn. */
void conn_drop(struct conn *c);

/* The deadline of what c does now. */
void conn_deadline(struct conn *c, msec at);

/* Whether the peer has moved less than a kilobyte a second in a window of window_ms that is over; else sets the
 * deadline to the end of this window, or of the next one. */
bool conn_slow(struct conn *c, struct pace *p, u32 window_ms, msec now);

/* Leased blocks are short: drops the connection that has held a large one longest while its peer keeps us waiting. */
void conn_relieve(struct serve *s, msec now);

/* Whether the peer has gone, as far as poll has said. */
bool conn_left(const struct conn *c);

/* The steps of the states; conn.c calls them. STEP_MORE: go on at once, STEP_WAIT: rest. */
enum step conn_head(struct conn *c, msec now);
enum step conn_body(struct conn *c, msec now);
enum step conn_skip(struct conn *c, msec now);
enum step conn_run(struct conn *c, msec now);
enum step conn_send(struct conn *c, msec now);
enum step conn_stream(struct conn *c, msec now);
enum step conn_linger(struct conn *c, msec now);

/* Lets the others go first: STEP_WAIT, with c marked ready. */
enum step conn_yield(struct conn *c);

/* Begins to send the reply that x has set. */
enum step conn_reply(struct conn *c, msec now);

/* Sends what is written. 0: all is out. ERR_MORE: c is in CONN_SEND or a state of its own, waiting for room. Else c was
 * dropped. */
int conn_flush(struct conn *c, msec now);

/* Settles whether another request may follow the answer: only if want, the peer and the server agree. */
void conn_keep(struct conn *c, bool want);

/* Answers with a refusal; keep false ends the connection after it. */
enum step conn_refuse(struct conn *c, const struct refusal *r, bool keep, msec now);

/* The same for a request that is being worked on, from outside of its run: that is let go. */
void conn_instead(struct conn *c, const struct refusal *r, msec now);

/* The request is answered: eats it, then waits for the next one, or ends. */
enum step conn_answered(struct conn *c, msec now);

/* The bytes of the request are not needed any more: what follows them in the input is the next one. */
void conn_eat(struct conn *c);

/* Ends the exchange, if there is one: its memory goes back. */
void conn_release(struct conn *c);

/* Closes the stream, if there is one. */
void conn_unstream(struct conn *c);

#endif
