/* routes: every handler of the program, to be seen at once in routes.c. */
#ifndef APP_ROUTES_H
#define APP_ROUTES_H

#include "app/job.h"

/* The MCP endpoints: every path that no other route takes. */
enum step routes_mcp(struct exchange *x, msec now);

#endif
