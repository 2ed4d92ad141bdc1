/* params_priv: what the files that build one request share. */
#ifndef CATALOG_PARAMS_PRIV_H
#define CATALOG_PARAMS_PRIV_H

#include "catalog/params.h"

/* Where each parameter's argument stands among the tokens; 0: none. */
struct given {
	u16 at[CATALOG_ARGS_MAX];
};

struct making {
	const struct catalog *c;
	const struct catalog_op *op;
	struct params *p;
	struct buf *why;
	struct given *given;
	u8 kind;       /* enum catalog_kind of the body */
	u8 uploads;    /* arguments that are "upload:NAME" */
};

/* Says what is wrong with an argument; ERR_BAD. */
int params_refuse(struct making *m, struct str arg, const char *what);

/* The value given for parameter i, or a miss; whether there is one that is sent: neither missing nor null. */
struct jcur params_value(const struct making *m, u32 i);
bool params_has(struct jcur value);

/* Whether a member of the arguments is an argument nobody declared: then it travels in the body. */
bool params_is_extra(const struct making *m, struct jcur member);

/* Appends the bytes of a file, given as base64, data: URL or upload:NAME, to the body. *type and *name: what is said of
 * it there, views into the arguments or the end of the body's room; else empty. 0 or ERR_BAD, told about arg. */
int parts_file(struct making *m, struct str arg, struct jcur value, struct str *type, struct str *name);

/* Writes a multipart body and its content type from members, and from the members of `whole` unless it is a miss. 0 or
 * ERR_BAD with a sentence. Lack of room is told by body.over. */
int parts_put(struct making *m, struct jcur whole);

#endif
