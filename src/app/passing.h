/* passing: callers who bring a credential of the API itself along (credential_from 'passthrough'), which is outside of
 * what MCP calls authorization: whoever the API takes for somebody may come in, with the role that is configured.
 *
 *      header field | session that kept one > keyed hash > known? > passthrough_check at the API > principal
 *
 * What begins like a token or key of ours is never passed on, and a key that was brought in from elsewhere is one of
 * ours, too. The API's yes counts for a minute, its no for five seconds, in this worker. */
#ifndef APP_PASSING_H
#define APP_PASSING_H

#include "app/endpoint.h"
#include "app/job.h"
#include "op/own.h"

/* The environment of an endpoint if it takes callers' own credentials, else NULL. */
const struct environment *passing_at(const struct endpoint *e);

/* Finds the credential in the header. The number of fields that hold one: only 1 will do. */
u32 passing_find(const struct fields *f, const struct environment *at, struct own *own);

/* Whether a value is, or holds, a key or token of ours. */
bool passing_ours(const struct job *j, struct str value);

/* Judges the one that the request carries, or that its session has kept, and sets j->who. Begins, and is called again
 * after a WAIT. STEP_FAIL: it is not good, or there is none; where it could not be judged there is a reply already. */
enum step passing_step(struct job *j, const struct endpoint *e, msec now);

/* The credential that came, NULL if none: good until the end of the job. */
const struct own *passing_own(const struct job *j);

/* The environment whose sessions keep it, if they do and the way here is safe; else NULL. */
const struct environment *passing_captures(const struct job *j, const struct endpoint *e);

/* Lets go of what is waited for; wipes. Harmless when there is nothing. */
void passing_cancel(struct job *j, msec now);
void passing_end(struct job *j, msec now);

#endif
