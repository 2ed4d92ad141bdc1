/* json_priv: what the files of json share. */
#ifndef JSON_JSON_PRIV_H
#define JSON_JSON_PRIV_H

#include "json/json.h"

#define JSON_MEMBER 8 /* or-ed to a kind: the token before is this value's key */

/* The tokens of a request (JSCAN_REQUEST), of which tok takes max; sets n and escapes of d. Requests come by the
 * thousand: this judges and links in one pass, by the blocks of jblock. True: the text is valid, and these are the
 * tokens that jsmn and link() make of it (tests and fuzzing compare both). False: jscan has to look, because of a
 * fault or of something seldom (fractions, \u). What jscan has found valid is handed in as checked and has tokens
 * for sure. */
bool json_tokens(struct jdoc *d, struct jsmntok *tok, u32 max, bool checked);

/* The next bytes of a string as written, decoded, taken off s: up to 4 in tmp. s is not empty. */
struct str json_piece(struct str *s, u8 tmp[4]);

/* A cursor at another token of the document. */
static inline struct jcur
json_moved(struct jcur c, int at)
{
	return (struct jcur){ .doc = c.doc, .at = at };
}

#endif
