/* welcome: invites. Whoever has the link sets a password; looking at it spends nothing, so that a preview of the link
 * in a chat does no harm. The code travels in the form, and stands in no log. */
#ifndef APP_WELCOME_H
#define APP_WELCOME_H

#include "app/job.h"

/* The handlers of the routes. */
enum step welcome_page(struct exchange *x, msec now);   /* GET  /invite/:code */
enum step welcome_accept(struct exchange *x, msec now); /* POST /invite  code, new, again */

#endif
