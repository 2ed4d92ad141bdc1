/* rest_args: a plain HTTP request as arguments of its operation, so that it is judged, limited and sent just as a tool
 * call is.
 *
 *      PATCH /tasks/7?notify=true  {"title":"a"}      {"id":"7","notify":"true","title":"a"}
 *
 * Values of path, query and form are texts; catalog/args.h makes numbers and lists of them. A list is a name that comes
 * more than once or, where the document says so, values parted by commas; an object in a query is JSON text.
 *
 * A body of JSON or form fields is judged whole. A larger one of text, bytes or a form with files passes as it is
 * (raw): of a file the arguments know "upload:NAME" only, and of a form that is poured (op/op.h) what comes before the
 * first file that is not all there; behind that more files of the same name may follow, nothing else. */
#ifndef APP_REST_ARGS_H
#define APP_REST_ARGS_H

#include "catalog/locate.h"
#include "http/head.h"
#include "http/multipart.h"
#include "json/json.h"

struct rest_ask {
	const struct catalog *catalog;
	const struct catalog_op *op;
	const struct str *value; /* of the path, as locate leaves them */
	const struct req *req;
	struct str body;         /* or its beginning: */
	bool pours;              /* more than that will come */
	struct multipart_watch *watch; /* for a form that pours */
	struct jsmntok *tok;     /* RPC_TOKENS_MAX */
	struct arena scratch;    /* 2 KB */
	struct buf out;          /* room for the arguments */
	struct jdoc doc;         /* what is left there: an object */
	bool raw;                /* the body passes as it is */
	struct buf form;         /* its Content-Type, if it is multipart/form-data: over type */
	bool watched;            /* it has to be watched */
	struct multipart_part open; /* the part that is not all there; name.p NULL: none */
	u8 type[MULTIPART_TYPE_N];
};

/* Reads the request. 0, or an HTTP status (400, 413, 415) and a sentence in why. */
int rest_args(struct rest_ask *a, struct buf *why);

#endif
