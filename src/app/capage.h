/* capage: the certificate of our own authority, for people to look at, compare and take along. Public. */
#ifndef APP_CAPAGE_H
#define APP_CAPAGE_H

#include "app/job.h"

/* The handlers of the routes. */
enum step capage_page(struct exchange *x, msec now); /* GET /ca */
enum step capage_pem(struct exchange *x, msec now);  /* GET /ca.pem */
enum step capage_der(struct exchange *x, msec now);  /* GET /ca.crt */

#endif
