/* naming: tool and argument names. A name depends on its own operation or parameter alone as far as that can be, never
 * on order or chance, so names stay what they are when a document grows. */
#ifndef CATALOG_NAMING_H
#define CATALOG_NAMING_H

#include "base/arena.h"
#include "base/limits.h"
#include "catalog/catalog.h"

#define NAMING_WORDS 48 /* words of a name that are looked at */

/* One operation that wants a name. */
struct naming_wish {
	struct str id;     /* operationId as written, or empty */
	struct str method; /* "GET" */
	struct str path;   /* template */
	struct str given;  /* by an overlay, or kept from the import before; or empty */
	struct str name;   /* answer: in the arena; empty when nothing tells it from others */
};

/* Gives each of n wishes its name: the given one, which the first that has it keeps; else the operationId with every
 * character outside [A-Za-z0-9_-] made '_'; else the method and the path. What is too long is cut and ends in a hash of
 * method and path. Where several wish for the same name, the one whose operationId is exactly that keeps it, all others
 * end in the hash. ERR_FULL when a has no room. */
int naming_tools(struct naming_wish *wish, u32 n, struct arena *a);

/* One parameter that wants an argument name. */
struct naming_arg {
	struct str wire;
	u32 in;         /* enum catalog_in */
	struct str arg; /* answer: in the arena or wire itself */
};

/* Gives each of n arguments a name of [A-Za-z0-9_.-]{1,64}, unique among them. The wire name where it can be; where a
 * path, query, header, cookie and body name are the same the first in this order keeps it and the others become
 * "query_id", "body_id". ERR_FULL when a has no room. */
int naming_args(struct naming_arg *arg, u32 n, struct arena *a);

/* The words of a name, split at everything that is no letter or digit and at changes from small to capital letters:
 * "bulkDelete-HTTPUsers" is bulk, Delete, HTTP, Users. At most max; returns how many. */
u32 naming_words(struct str name, struct str *word, u32 max);

#endif
