/* endpoint: which api and which view of it a path means.
 *
 *   /mcp                      the first api            /<api>/mcp             that api       option path   that api
 *   .../mcp/readonly          only what reads          /<api>/<environment>/mcp[/readonly]   that environment only
 *   /rest/<api>/<environment>/...   the same without MCP, which narrows nothing: a token for one is not good there
 * / */
#ifndef APP_ENDPOINT_H
#define APP_ENDPOINT_H

#include "app/app.h"

#define ENDPOINT_REST "rest"

struct endpoint {
	const struct api *api;
	struct gate_view view;
	const char *name; /* of a view that narrows: "readonly"; NULL: none */
};

/* Appends what tokens for the endpoint are bound to: "api" or "api/environment", with ":view" where there is one and
 * narrow is true. However a client spells an endpoint, this is the same. */
void endpoint_audience(const struct endpoint *e, bool narrow, struct buf *b);

/* Finds the endpoint of a path. 0, or ERR_NONE. */
int endpoint_find(const struct gen *gen, struct str path, struct endpoint *e);

#endif
