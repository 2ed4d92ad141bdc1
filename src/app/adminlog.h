/* adminlog: the last lines of the audit as a page, newest first, for admins: those who run the box see all, those of
 * another team what was done in its name.
 *
 *   GET /admin/audit?who=&outcome=&what=   lines whose values are these (who: a part of it) */
#ifndef APP_ADMINLOG_H
#define APP_ADMINLOG_H

#include "app/job.h"

/* The handler of the route. */
enum step adminlog_page(struct exchange *x, msec now);

#endif
