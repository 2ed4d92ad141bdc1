/* switching: the switches over the control socket.
 *
 *   GET  /control/switches  > 200 {"stopped": false, "off": [{"target", "switch"}]}
 *   POST /control/switches  {"target": "api:demo", "switch": "write", "on": false}; target "stop" stops everything
 *                           ("on" true resumes)  > 200 as GET; 400 no such target */
#ifndef APP_SWITCHING_H
#define APP_SWITCHING_H

#include "app/job.h"

/* The handlers of the routes above. */
enum step switching_list(struct exchange *x, msec now);
enum step switching_set(struct exchange *x, msec now);

/* Appends the list as JSON from the entries of a store, by blocking: for commands that open it themselves, and where
 * the store answers at once. 0, or a store error. room takes entries. */
int switching_print(struct store *st, struct buf *room, struct buf *out);

/* What is wrong with a change, from its error. */
const char *switching_why(int err);

#endif
