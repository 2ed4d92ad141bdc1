/* gatepage: the gate for people with a browser: what waits for a yes, and the switches.
 *
 *   GET  /approvals      what waits that this person may decide: what their own clients and keys asked for; an admin,
 *                        what anybody of the team did
 *   GET  /approve/<id>   the request itself, as it would be sent, and what it is about
 *   POST /approve/<id>   answer yes|no, password (or a code): each time, a session alone decides nothing
 *   GET  /admin          what is off; only for admins
 *   POST /admin          target, switch, way on|off; target "stop" stops everything, resuming takes the password
 *
 * Admins of the first team run the box; those of another may turn their own team's switches only. */
#ifndef APP_GATEPAGE_H
#define APP_GATEPAGE_H

#include "app/job.h"

/* The handlers of the routes above. */
enum step gatepage_approvals(struct exchange *x, msec now);
enum step gatepage_approve(struct exchange *x, msec now);
enum step gatepage_several(struct exchange *x, msec now);
enum step gatepage_admin(struct exchange *x, msec now);
enum step gatepage_switch(struct exchange *x, msec now);

#endif
