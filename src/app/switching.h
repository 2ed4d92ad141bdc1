/* switching: the switches over the control socket.
 *
 *   GET  /control/switches  > 200 {"stopped": false, "off": [{"target", "switch"}]}
 *   POST /control/switches  {"target": "api:demo", "switch": "write", "on": false}; target "stop" stops everything
 *                           ("on" true resumes, and takes "user" and "password" of an administrator)
 *                           > 200 as GET; 400 no such target; 403 not that password */
#ifndef APP_SWITCHING_H
#define APP_SWITCHING_H

#include "app/job.h"
#include "auth/user.h"

/* The handlers of the routes above. */
enum step switching_list(struct exchange *x, msec now);
enum step switching_set(struct exchange *x, msec now);

/* Appends the list as JSON from the entries of a store, by blocking: for commands that open it themselves, and where
 * the store answers at once. 0, or a store error. room takes entries. */
int switching_print(struct store *st, struct buf *room, struct buf *out);

/* Who may let a stopped box serve again: whether u is somebody who runs the box and has a password, as *rec; else
 * what is wrong. */
const char *switching_resumer(const struct user *u, struct pass_record *rec);

/* Said where the password is wrong. */
#define SWITCHING_WRONG "this is not the password: nothing was changed"
#define SWITCHING_NOBODY \
	"resuming takes the password of an administrator (`mcpgated user list`), and there is none of this name"

/* What is wrong with a change, from its error. */
const char *switching_why(int err);

#endif
