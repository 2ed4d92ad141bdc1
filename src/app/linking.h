/* linking: a user connects to an API by its own OAuth: authorization code with PKCE, this gate being the client. What
 * it gives is stored as the user's own credential for that environment (op/login.h has its refreshing).
 *
 *   POST /connections/start     form: place > a state, kept for ten minutes and this browser session > 303 to the API
 *   GET /connections/callback   person > state: taken, once; ours? > code for tokens > sealed > 303 /connections
 *
 * Source: RFC 6749 section 4.1, RFC 7636 (S256), RFC 9700 section 2.1 and 4.7. */
#ifndef APP_LINKING_H
#define APP_LINKING_H

#include "app/html.h"

/* Appends the origin of where users of an environment connect: what a form's answer may lead to. */
void linking_form_to(struct buf *b, const struct environment *e);

/* POST /connections/start, GET /connections/callback */
enum step linking_start(struct exchange *x, msec now);
/* As above. */
enum step linking_back(struct exchange *x, msec now);

#endif
