/* json_priv: what the files of json share. */
#ifndef JSON_JSON_PRIV_H
#define JSON_JSON_PRIV_H

#include "json/json.h"

#define JSON_MEMBER 8 /* or-ed to a kind: the token before is this value's key */

/* The tokens of a text that jscan has found valid and no deeper than JSON_DEPTH_MAX; tok has room for as many as it
 * counted. Their number. Requests come by the thousand, and a third of what it took to read one went into looking at
 * each byte of it once more: this goes by the blocks of jblock, and links as it goes. It makes what jsmn and link()
 * make of the same text: tests and fuzzing compare both. */
int json_tokens(struct str text, struct jsmntok *tok);

/* The next bytes of a string as written, decoded, taken off s: up to 4 in tmp. s is not empty. */
struct str json_piece(struct str *s, u8 tmp[4]);

/* A cursor at another token of the document. */
static inline struct jcur
json_moved(struct jcur c, int at)
{
	return (struct jcur){ .doc = c.doc, .at = at };
}

#endif
