/* args_priv: between the walk over arguments (args.c), the repairs (args_fix.c) and the sentences (args_text.c). */
#ifndef CATALOG_ARGS_PRIV_H
#define CATALOG_ARGS_PRIV_H

#include "catalog/args.h"

#define ARGS_PATH_MAX 8 /* steps of a path that are told; deeper ones are left out */

/* One step down from an argument: a member's name as written, or an index when key.p is NULL. */
struct args_step {
	struct str key;
	u32 index;
};

/* The state of one round. out: NULL while judging, where values are written while repairing. */
struct args_walk {
	const struct catalog *c;
	struct buf *out;
	struct buf room;     /* free rest of canon while judging: see args_room */
	struct buf *why;
	u32 quiet;           /* > 0: an alternative is being tried, say nothing */
	u32 work, problems;
	u32 depth;
	struct args_step step[ARGS_PATH_MAX];
};

/* What would make a value fit a node it does not fit. */
enum args_fix {
	FIX_NONE, FIX_UNQUOTE, FIX_QUOTE, FIX_WORD, FIX_WHOLE, FIX_PARSE, FIX_WRAP
};

/* Free room for a look at decoded text, until the next write. */
struct buf args_room(const struct args_walk *w);

/* The repair for cur, which has none of the node's types. */
enum args_fix args_fix(struct args_walk *w, const struct catalog_node *node, struct jcur cur);

/* Appends cur repaired that way. */
void args_fix_put(struct buf *out, struct jcur cur, enum args_fix fix);

/* The types (CATALOG_T_*) cur is of: a whole number is INTEGER and NUMBER. */
u32 args_types(struct jcur cur);

/* A number of JSON as double; false when it is none. Good to about 15 digits. */
bool args_number(struct str text, double *value);

/* Whether the node's enum holds cur (true when it has none). */
bool args_enum_has(struct args_walk *w, const struct catalog_node *node, struct jcur cur);

/* The next element of a JSON array text; *at begins at 0. STR_NONE at the end. */
struct str args_enum_next(struct str enums, u32 *at);

/* Sentences; each counts as a problem, and none is written while quiet. ERR_BAD, always. */
int args_say_wrong(struct args_walk *w, const struct catalog_node *node, u32 types, struct jcur cur);
int args_say_lacks(struct args_walk *w, struct str name, u32 node);
int args_say_missing(struct args_walk *w, const struct catalog_param *param);
int args_say_unknown_member(struct args_walk *w, const struct catalog_node *node, struct str name);
int args_say_unknown(struct args_walk *w, const struct catalog_op *op, struct str name);

#endif
