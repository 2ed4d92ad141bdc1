/* inputs: the parameters of an operation, from its path item and itself, and the pieces of its path template. */
#ifndef CATALOG_INPUTS_H
#define CATALOG_INPUTS_H

#include "catalog/compile.h"

#define INPUTS_PIECES_MAX 64

/* A piece of a path template: literal text, or the number of an input. */
struct inputs_piece {
	struct str literal;
	u32 input; /* CATALOG_NONE for a literal */
};

/* Fills op->input with path, query, header and cookie parameters, in this order. What may never be sent, or is broken,
 * is left out and noted. Sets op->why when there are too many. */
void inputs_collect(struct compile *c, struct operation *op);

/* Splits op->path. Parameters that nobody declared become strings; declared ones that the path lacks are dropped from
 * op->input. Returns the number of pieces (at most INPUTS_PIECES_MAX); sets op->why when the path is none. */
u32 inputs_path(struct compile *c, struct operation *op, struct inputs_piece *piece);

#endif
