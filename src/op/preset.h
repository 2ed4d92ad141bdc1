/* preset: arguments before they are judged. What is ours is taken out; what an overlay pins or gives
 * as a default is put in. And the words an overlay has for a wrong argument.
 *
 *      operation.extra   {"pin":{"a":1},"default":{"b":2},"wrong":{"id":"{name} must be > 0"}} */
#ifndef OP_PRESET_H
#define OP_PRESET_H

#include "catalog/args.h"
#include "op/op.h"

#define PRESET_TOKENS 128 /* of an operation's extra */

/* Whether any argument is ours. */
bool preset_drops(const struct op_spec *spec);

/* Rewrites a->given into the front of a->canon, read into doc with tokens from tok on (*used of them;
 * at most half of RPC_TOKENS_MAX). ERR_FULL with a sentence in why. */
int preset_args(const struct op_spec *spec, struct args *a, struct jsmntok *tok, struct jdoc *doc, u32 *used,
    struct buf *why);

/* After args_check has refused: where the overlay has words for the argument at fault, they replace
 * what why says. */
void preset_wrong(const struct op_spec *spec, const struct args *a, struct buf *why);

/* The member of an operation's extra, read into tok (PRESET_TOKENS). A miss when there is none. */
struct jcur preset_get(const struct catalog_op *op, const char *key, struct jdoc *doc, struct jsmntok *tok);

#endif
