/* issuer: the keys of the other issuer, where they are fetched: one fetch at a time in a worker, whoever waits for it.
 *
 *   issuer_begin (a new configuration) > FETCH > keys         issuer_need > 0, or wait for the fetch > issuer_need
 *
 * Keys are fetched anew after ten minutes, beside the requests; and when a token names one that is not known, but once
 * a minute at most, so that nobody who makes up key ids makes us ask; where there are none, every five seconds. A
 * fetch that fails, and a set that is none, change nothing: the last good set counts for a day. Only the configured
 * address is asked; no redirect is followed.
 *
 * The document it is about is leased while it comes; the keys lie here. */
#ifndef APP_ISSUER_H
#define APP_ISSUER_H

#include "auth/external.h"
#include "call/call.h"
#include "gate/api.h"

#define ISSUER_DOCUMENT_MAX (32 * 1024)
#define ISSUER_FRESH_MS (10 * 60 * 1000)
#define ISSUER_AGAIN_MS (60 * 1000)
#define ISSUER_RETRY_MS (5 * 1000)
#define ISSUER_KEEP_MS (24 * 3600 * 1000)

struct issuer {
	struct calls *calls;
	struct jsmntok *tok;         /* RPC_TOKENS_MAX of them: scratch of whoever runs */
	struct ready ready;
	struct link waiting;         /* struct issuer_wait */
	struct call *call;           /* under way; NULL: none */
	struct buf document;
	u64 id;                      /* of the place the keys are from, or will be; 0: none */
	const struct environment *at; /* the same, while a fetch is under way */
	u32 *hold;                   /* what at lives in */
	msec got, tried;             /* when they came; when that was tried last; 0: never */
	u32 turn;                    /* index of the good set */
	struct external_keys set[2]; /* n 0: none */
};

/* Somebody who waits. On no list: list_init. */
struct issuer_wait {
	struct link link;
	struct ready *owner;
};

/* Whether tokens can be judged: there are keys and they are not too old, or none are needed. Tries to get some. */
bool issuer_ready(struct issuer *i, msec now);

/* Nothing is fetched yet. */
void issuer_init(struct issuer *i, struct calls *calls, struct jsmntok *tok);

/* Keys from this place (NULL: none) are needed from now on: begins to fetch them unless those there are young. hold
 * counts who uses what at lies in. */
void issuer_begin(struct issuer *i, const struct environment *at, u32 *hold, msec now);

/* The keys of at. Waits for better ones only where there are none, or unknown says that they were not enough: ERR_MORE:
 * w->owner is marked when to ask again (with unknown false). 0; ERR_LATE: there were none so far; ERR_BAD: those there
 * were are too old. */
int issuer_need(struct issuer *i, const struct environment *at, struct issuer_wait *w, bool unknown,
    const struct external_keys **keys, msec now);

#endif
