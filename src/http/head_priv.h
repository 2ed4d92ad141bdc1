/* head_priv: what request heads, response heads and trailers share: taking a line, and taking it apart. */
#ifndef HTTP_HEAD_PRIV_H
#define HTTP_HEAD_PRIV_H

#include "base/limits.h"
#include "http/field.h"

/* What a name of the table means for parsing. */
#define MARK_SINGLE 1     /* a request that repeats it is refused */
#define MARK_ASCII 2      /* bytes from 0x80 are refused in its value */
#define MARK_NO_TRAILER 4 /* refused behind a chunked body */
#define MARK_FRAMING 8    /* a response that repeats it is refused */

struct line {
	struct str s; /* without its CRLF */
	bool odd;     /* may hold a control or DEL */
	bool high;    /* may hold a byte from 0x80 */
	u8 marks;     /* of the field in it, set by line_field */
};

/* Takes one line off the start of *rest: 0; ERR_MORE; ERR_FULL longer than limit; ERR_BAD bare CR, bare LF or NUL,
 * and *why says which. */
int line_take(struct str *rest, u32 limit, struct line *l, const char **why);

/* Takes a non-empty line apart into a field, with its id. NULL, or why it is refused. */
const char *line_field(struct line *l, struct field *f);

/* Whether the field's value is ASCII, where its marks ask for that. */
bool line_ascii(const struct line *l, const struct field *f);

/* Notes the field that was put at f->at[f->n]. */
void fields_note(struct fields *f);

#endif
