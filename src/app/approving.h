/* approving: what waits for a person's yes, over the control socket.
 *
 *   GET  /control/approvals       > 200 [{"id", "tool", "method", "url", "environment", "who", "body", "state", ...}]
 *   POST /control/approvals/<id>  {"approve": true|false}  > 200 the call that was decided; 404; 409 decided already */
#ifndef APP_APPROVING_H
#define APP_APPROVING_H

#include "app/job.h"
#include "gate/approval.h"

/* The handlers of the routes above. */
enum step approving_list(struct exchange *x, msec now);
enum step approving_decide(struct exchange *x, msec now);

/* Appends what waits as a JSON array, by blocking, as switching_print does. voided: what is older is left out. */
int approving_print(struct store *st, wall voided, struct buf *room, struct buf *out);

/* Appends one as a JSON object; id: the 32 digits of its key. */
void approving_put(struct jout *o, struct str id, const struct approval *a);

/* What is wrong, from an error of approval_decide. */
const char *approving_why(int err);

#endif
