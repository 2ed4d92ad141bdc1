/* form: application/x-www-form-urlencoded, in bodies and query strings.
 *
 *      while (form_next(&rest, &name, &value)) ...       raw views
 *      form_decode(b, value)                             with '+' as blank
 */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include "base/buf.h"

/* Takes the next pair off *rest as raw views; empty pieces ("a=1&&b=2") are skipped. A name without '=' has a value
 * whose p is NULL. False at the end. */
bool form_next(struct str *rest, struct str *name, struct str *value);

/* Appends raw decoded. 0, or ERR_BAD for a broken triple or a NUL; b->over when full. */
int form_decode(struct buf *b, struct str raw);

/* Whether raw, decoded, is exactly the text. False for broken triples too. */
bool form_is(struct str raw, struct str text);

/* Finds the one pair with that name and appends its decoded value to b; *value views it there. 0; ERR_NONE; ERR_BAD
 * when it stands there twice or cannot be decoded; ERR_FULL when b has no room. */
int form_get(struct str form, struct str name, struct buf *b, struct str *value);

/* Appends "name=value" encoded, with '&' before it unless b is empty behind `from`, the place where the form begins. */
void form_put(struct buf *b, u32 from, struct str name, struct str value);

#endif
