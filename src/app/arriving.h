/* arriving: a person logs in with their account at an API, by its own OAuth (option sign_in). What it gives is kept,
 * sealed, as that user's connection there.
 *
 *   POST /login/with            form: api > state, verifier and where to go next, sealed, in a cookie > to the API
 *   GET /connections/callback   cookie opens? same state? in time? > once (store) > iss > code for tokens
 *                               > who is it (sign_in) > user: there, or made > connection > session > 303
 *
 * Nothing is stored before somebody comes back; the cookie opens in every worker, and after a restart. A user is called
 * SUBJECT@API: by what the API says is the account's id, never by a name or address that people can change there; and
 * only a user who was made for that can be logged in so: here, where sign_in_role is set, or by `user add --upstream`.
 *
 * Whoever logs in consents to nothing else: what a client may do is asked on a page of ours after that (app/consent.h);
 * and before anybody goes to the API, the page says which client waits (app/signin.h).
 *
 * Source: as app/codeflow.h; OpenID Connect Core section 5.7 (subjects). */
#ifndef APP_ARRIVING_H
#define APP_ARRIVING_H

#include "app/html.h"

#define ARRIVING_FROM 20 /* from here on x->at is of arriving_back */
#define ARRIVING_MAX 16  /* under way in a worker, of CALLS_MAX */

/* The environment that people of an api log in at; NULL: none. */
const struct environment *arriving_at(const struct api *api);

/* POST /login/with */
enum step arriving_start(struct exchange *x, msec now);

/* Whether what came to the callback was begun there, by this browser; then its handler. */
bool arriving_is(struct job *j);
enum step arriving_back(struct exchange *x, msec now);

/* It is over, whatever became of it. For job_end. */
void arriving_end(struct job *j);

#endif
