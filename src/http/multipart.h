/* multipart: the parts of a multipart/form-data body.
 *
 *      --BOUNDARY CRLF  head  CRLF CRLF  data  CRLF --BOUNDARY ... CRLF --BOUNDARY--
 *
 * Source: RFC 7578, RFC 2046 section 5.1. Strict where it matters: each part needs a name, heads are lines of
 * name: value, nothing but the end is searched for in data. All strings are views into the body. */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "base/str.h"

#define MULTIPART_BOUNDARY_MAX 70

struct multipart {
	struct str rest;
	u8 n;                                    /* bytes of mark */
	u8 mark[4 + MULTIPART_BOUNDARY_MAX];     /* CRLF, two dashes, the boundary */
	bool begun;
};

struct multipart_part {
	struct str name, file; /* as they stand between their quotes; file.p NULL: it is none */
	struct str type;       /* whole Content-Type, or empty */
	struct str data;
};

/* Begins with a body and the parameters of its Content-Type (what stands behind the first ';'). ERR_BAD: they name no
 * boundary. */
int multipart_begin(struct multipart *m, struct str body, struct str params);

/* The next part: 1; 0 there are no more; ERR_BAD. */
int multipart_next(struct multipart *m, struct multipart_part *p);

#endif
