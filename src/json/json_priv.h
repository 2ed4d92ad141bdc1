/* json_priv: what json.c and json_find.c share. */
#ifndef JSON_JSON_PRIV_H
#define JSON_JSON_PRIV_H

#include "json/json.h"

/* The next bytes of a string as written, decoded, taken off s: up to 4 in tmp. s is not empty. */
struct str json_piece(struct str *s, u8 tmp[4]);

/* A cursor at another token of the document. */
static inline struct jcur
json_moved(struct jcur c, int at)
{
	return (struct jcur){ .doc = c.doc, .at = at };
}

#endif
