/* guard: who is asking. Finds the key of a request and has it verified; keys are taken from headers only.
 * Source: RFC 6750 section 2.1 and 3 (challenge); DESIGN.md section 2 for X-API-Key and apikey. */
#ifndef APP_GUARD_H
#define APP_GUARD_H

#include "app/endpoint.h"
#include "app/job.h"

/* Sets j->who for a request to this endpoint. STEP_DONE: known (an api with auth 'none' admits nobody in
 * particular); STEP_WAIT: the store is asked; STEP_FAIL: refused, and the reply is set (400, 401,
 * 403). */
enum step guard_api(struct job *j, const struct endpoint *e, msec now);

/* Whether the request came over the control socket; else the reply is set (404: outsiders need not know). */
bool guard_control(struct job *j);

#endif
