/* linking: a user connects to an API by its own OAuth: authorization code with PKCE, this gate being the client. What
 * it gives is stored as the user's own credential for that environment (op/login.h has its refreshing).
 *
 *   POST /connections/start     form: place > a state, kept for ten minutes and this browser session > to the API
 *   GET /connections/callback   person > state: taken, once; ours? > code for tokens > sealed > 303 /connections
 *
 * Whoever logs in that way (app/arriving.h) comes back to the same address.
 *
 * Source: RFC 6749 section 4.1, RFC 9700 section 2.1 and 4.7; app/codeflow.h. */
#ifndef APP_LINKING_H
#define APP_LINKING_H

#include "app/html.h"

/* POST /connections/start, GET /connections/callback */
enum step linking_start(struct exchange *x, msec now);
/* As above. */
enum step linking_back(struct exchange *x, msec now);

#endif
