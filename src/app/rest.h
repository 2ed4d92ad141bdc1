/* rest: /rest/<api>/<environment>/...: the API for clients without MCP, through the same gate: keys, roles, limits,
 * approvals, redaction and audit are those of tool calls.
 *
 *      request > guard > operation of its path > arguments > gate > (approval: 428) > op > answer as it is
 *
 * Approval: 428 carries a handle; the same request with X-Approval: HANDLE is done. X-Dry-Run: true shows what would be
 * sent. Cookies are not looked at, pages of other origins get no leave. */
#ifndef APP_REST_H
#define APP_REST_H

#include "app/job.h"

/* The handler. */
enum step rest_run(struct exchange *x, msec now);

/* The peer has left; the exchange is over. Harmless when it was none of these. */
void rest_cancel(struct job *j, msec now);
void rest_end(struct job *j, msec now);

#endif
