/* endpoint: which api and which view of it a path means.
 *
 *   /mcp                      the first api            /<api>/mcp             that api       option path   that api
 *   .../mcp/readonly          only what reads          /<api>/<environment>/mcp[/readonly]   that environment only
 * / */
#ifndef APP_ENDPOINT_H
#define APP_ENDPOINT_H

#include "app/app.h"

struct endpoint {
	const struct api *api;
	struct gate_view view;
};

/* Finds the endpoint of a path. 0, or ERR_NONE. */
int endpoint_find(const struct gen *gen, struct str path, struct endpoint *e);

#endif
