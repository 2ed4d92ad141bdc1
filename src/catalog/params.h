/* params: from an operation and its arguments to the parts of an HTTP request.
 *
 *      target   base path, path with its values, query         "/api/v1/pets/7?limit=10"
 *      fields   header and cookie parameters, each line with CRLF; at most one "Cookie: " line
 *      body     JSON put together from members (their JSON text exactly as given), form, multipart, text, a file, or
 *               the whole body
 *
 * Values cannot leave their place: path values are percent-encoded, "." and ".." and what decodes to them is refused, a
 * header value with a control character too, and the path stays below the base path. */
#ifndef CATALOG_PARAMS_H
#define CATALOG_PARAMS_H

#include "catalog/catalog.h"
#include "json/json.h"

struct params {
	/* set by the caller */
	struct jcur args;        /* as args_check leaves them: an object, or a miss; at most 65,535 tokens */
	struct str skip;         /* names of arguments that are not the operation's, as in args.h; may be empty */
	struct str base;         /* base path without a slash at its end: "" or "/api/v1" */
	struct str upload;       /* bytes of the argument "upload:NAME"; p NULL: they are not there */
	struct str upload_type;  /* its content type, or empty */
	u64 pour;                /* bytes of it that are put in later, at `split` of the body; 0: upload is all of it */
	bool raw;                /* the body is not made of the arguments: "upload:NAME" stands for what comes anyway */
	u64 salt;                /* makes a boundary that nobody can guess: these bytes cannot be looked at */
	struct buf target, fields, body; /* empty, over the caller's memory; body's end is used for decoding, too */
	/* set by params_build */
	bool has_body;
	bool awaits;             /* "upload:NAME" is given and its bytes are not there: the body is not whole */
	u32 split;
	struct str body_type;    /* Content-Type of the body: a view into the catalog, the arguments, or type_room */
	u8 type_room[128];
};

/* Builds all parts. 0; ERR_BAD with a sentence for a model in why, naming the argument; ERR_FULL, with a sentence, when
 * a part does not fit its buffer. */
int params_build(const struct catalog *c, const struct catalog_op *op, struct params *p, struct buf *why);

#endif
