/* rest_args: a plain HTTP request as arguments of its operation, so that it is judged, limited and sent just as a tool
 * call is.
 *
 *      PATCH /tasks/7?notify=true  {"title":"a"}      {"id":"7","notify":"true","title":"a"}
 *
 * Values of path, query and form are texts; catalog/args.h makes numbers and lists of them. A list is a name that comes
 * more than once or, where the document says so, values parted by commas; an object in a query is JSON text. */
#ifndef APP_REST_ARGS_H
#define APP_REST_ARGS_H

#include "catalog/locate.h"
#include "http/head.h"
#include "json/json.h"

struct rest_ask {
	const struct catalog *catalog;
	const struct catalog_op *op;
	const struct str *value; /* of the path, as locate leaves them */
	const struct req *req;
	struct str body;
	struct jsmntok *tok;     /* RPC_TOKENS_MAX */
	struct arena scratch;    /* 2 KB */
	struct buf out;          /* room for the arguments */
	struct jdoc doc;         /* what is left there: an object */
};

/* Reads the request. 0, or an HTTP status (400, 413, 415) and a sentence in why. */
int rest_args(struct rest_ask *a, struct buf *why);

#endif
