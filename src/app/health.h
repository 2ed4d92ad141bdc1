/* health: what monitors and people ask first. No secrets, no names of apis. */
#ifndef APP_HEALTH_H
#define APP_HEALTH_H

#include "app/job.h"

/* GET /healthz: the process answers. */
enum step health_live(struct exchange *x, msec now);

/* GET /readyz: 200 when a configuration is loaded, the store can be relied on, tokens of another issuer can be judged,
 * and we are not draining; else 503. */
enum step health_ready(struct exchange *x, msec now);

/* GET /: a plain page for a person who opens the address in a browser. */
enum step health_root(struct exchange *x, msec now);

#endif
