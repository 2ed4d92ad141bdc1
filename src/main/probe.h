/* probe: what a command needs to call servers as a worker does: a loop, names, TLS and calls, in memory of its own; and
 * one request at a time, waiting for the answer. */
#ifndef MAIN_PROBE_H
#define MAIN_PROBE_H

#include "call/call.h"
#include "main/conf.h"
#include "main/turn.h"

#define PROBE_TEXT_N 512 /* bytes kept of a header field */

struct probe {
	struct turn turn; /* each is the owner's, or probe_ask's */
	struct loop loop;
	struct net net;
	struct dns dns;
	struct rng rng;
	struct calls calls;
	struct asking *asking; /* NULL: nothing is under way */
};

struct probe_ask {
	const struct environment *at;
	const char *method;
	struct str target;
	struct str fields; /* further header lines, each with CRLF */
	struct str body;   /* JSON; empty: none */
	const char *host;  /* instead of the right one; NULL */
	bool head;         /* the body of the answer is not waited for */
	u32 wait_ms;
};

/* Views live until the next question. */
struct probe_answer {
	u16 status; /* 0: none came, why tells */
	int err;
	struct str why, body;
	struct buf challenge, session, location, type; /* header fields, cut at PROBE_TEXT_N */
	u8 room[4][PROBE_TEXT_N];
	char words[CALL_WHY_MAX];
};

/* Carves it from *a, which it makes: give that back with page_give. c tells how names are found. ERR_FULL. */
int probe_open(struct probe *p, const struct conf *c, struct arena *a);

/* Asks and waits. Whatever came is in *a, its body in b. */
void probe_ask(struct probe *p, const struct probe_ask *q, struct buf *b, struct probe_answer *a);

#endif
