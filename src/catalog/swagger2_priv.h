/* swagger2_priv: what the files that tell a Swagger 2.0 document anew share. */
#ifndef CATALOG_SWAGGER2_PRIV_H
#define CATALOG_SWAGGER2_PRIV_H

#include "catalog/swagger2.h"
#include "json/jout.h"

#define PARAMS_MAX 600 /* parameters of an operation, with those of its path */
#define POINTER_N 900 /* bytes of a pointer to a place in the document */

struct swagger2 {
	struct source *source;
	const struct refs *refs;
	const struct jdoc *doc;
	struct jcur root;
	struct buf out;
	struct jout o;
	struct origin origin;
	struct jcur *param;  /* of the operation being written */
	u32 param_n, own_n;  /* own_n: of the path, which come first */
	u32 first;           /* token behind the first file */
};

/* Says where what is written next comes from. */
void swagger2_mark(struct swagger2 *w, struct jcur c);

/* A member with its key as it stands. */
void swagger2_member(struct swagger2 *w, struct jcur c);

/* A value as it stands, under a key (NULL: jout_key wrote it, or it is an element); maybe: unless it is a miss. */
void swagger2_value(struct swagger2 *w, const char *key, struct jcur c);
void swagger2_maybe(struct swagger2 *w, const char *key, struct jcur c);

/* A schema under the key "schema": in another file it is referred to, so that its own references keep their meaning. */
void swagger2_schema(struct swagger2 *w, struct jcur c);

/* Appends a part of a pointer that stands in a URI. */
void swagger2_part(struct buf *out, struct str part);

/* The members `parameters` (from number `from` on, those that are not in the payload), `requestBody` of op and
 * `responses` of a list. where: the pointer to what is being written, left as it was. */
void swagger2_parameters(struct swagger2 *w, u32 from);
void swagger2_request(struct swagger2 *w, struct jcur op, struct buf *where);
void swagger2_responses(struct swagger2 *w, struct jcur list, struct jcur types, struct buf *where);

/* An operation's list of content types, else the document's. */
struct jcur swagger2_types(struct swagger2 *w, struct jcur op, const char *key);

#endif
