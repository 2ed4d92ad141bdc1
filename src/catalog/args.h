/* args: judges the arguments of a tool call against the schema nodes of its operation, and repairs what can only mean
 * one thing: "5" for 5, 5 for "5", "true" for true, 5.0 for 5, an array or object written as text, one value for a list
 * of one, null for an optional argument that cannot be null (then it is left out).
 *
 *      given --fits--> use = given                      the usual case: nothing is copied
 *      given --repairs--> canon --parsed into tok--> use
 *
 * A refusal is a text for a model: it names the argument ("filter.tags[2]"), what is expected, what was given, and an
 * example. Lenient where upstream knows better: alternatives (oneOf, anyOf), patterns, formats, uniqueItems. */
#ifndef CATALOG_ARGS_H
#define CATALOG_ARGS_H

#include "catalog/catalog.h"
#include "json/json.h"

#define ARGS_ROUNDS 4    /* repairs inside repairs: JSON in a string in a string ... */
#define ARGS_WORK 20000  /* values looked at in one round; what lies beyond is taken as it is */
#define ARGS_PROBLEMS 4  /* problems told at once */

struct args {
	/* set by the caller */
	struct jcur given;   /* an object, or a miss: no arguments. Valid UTF-8, as json_parse leaves it */
	struct str skip;     /* names of arguments that are not the operation's own, "a,b"; empty: none */
	struct buf canon;    /* empty; room for repaired arguments */
	struct jsmntok *tok; /* tokens of repaired arguments */
	u32 tok_max;
	/* set by args_check */
	struct jcur use;     /* what is to be used: given, or a view into canon; lives as long as this struct */
	struct jdoc doc;
	bool repaired;
	struct str wrong[ARGS_PROBLEMS]; /* arguments at fault, after ERR_BAD: their names */
	u32 wrong_n;
};

/* Whether a member's name is one of a list of names to be skipped. */
bool args_skips(struct str skip, struct jcur member);

/* Checks a->given. 0 with a->use; ERR_BAD with sentences appended to why (which may be cut when why is full); ERR_FULL,
 * with a sentence as well, when repaired arguments do not fit canon or tok. */
int args_check(const struct catalog *c, const struct catalog_op *op, struct args *a, struct buf *why);

#endif
