/* args: judges the arguments of a call against the compiled schema, and mends what can only be
 * meant one way.
 *
 *   "5" for an integer -> 5        5 for a string -> "5"        "true" for a boolean -> true
 *   "[1,2]" for an array -> [1,2]  (and objects)                7 for an array of integers -> [7]
 *   null for something optional that cannot be null -> as if it were not there
 *
 * Everything else is an error in words a model can act on: which argument, what was expected, what
 * was given, an example. The document may lie, so alternatives are judged leniently, and patterns
 * and unknown formats not at all. */
#ifndef CATALOG_ARGS_H
#define CATALOG_ARGS_H

#include "catalog/catalog.h"
#include "json/json.h"

#define ARGS_DEPTH_MAX 24 /* nesting below which values are passed on without being judged */

struct args {
	/* in */
	struct jcur given;      /* an object, or a miss: no arguments */
	struct str skip;        /* name of an argument that is not the operation's; may be empty */
	struct buf canon;       /* room for the arguments written anew, when something had to be mended */
	struct jsmntok *tok;    /* and tokens for them: not those of given */
	u32 tok_max;
	/* out */
	struct jdoc doc;        /* of canon, when it was used */
	struct jcur use;        /* the arguments to go on with: given itself, or a cursor into doc */
};

/* Judges a->given. 0 and a->use; ERR_BAD with a sentence in why; ERR_FULL when mended arguments do
 * not fit (why says so). The fast path looks and writes nothing. */
int args_check(const struct catalog *c, const struct catalog_op *op, struct args *a, struct buf *why);

#endif
