/* multipart: the parts of a multipart/form-data body.
 *
 *      --BOUNDARY CRLF  head  CRLF CRLF  data  CRLF --BOUNDARY ... CRLF --BOUNDARY--
 *
 * Source: RFC 7578, RFC 2046 section 5.1. Strict where readers differ: each part needs one name, heads are lines of
 * name: value, their parameters are tokens or quoted and nothing else, texts are UTF-8, nothing but the end is searched
 * for in data. All strings are views into the body. */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "base/buf.h"

#define MULTIPART_BOUNDARY_MAX 70

struct multipart {
	struct str rest;
	u8 n;                                    /* bytes of mark */
	u8 mark[4 + MULTIPART_BOUNDARY_MAX];     /* CRLF, two dashes, the boundary */
	bool begun;
	bool open;                               /* after ERR_BAD: only the end of the last part's data is missing, */
	u32 at;                                  /* which begins there in the body */
	const u8 *body;
};

/* What looks at a form as it passes by, behind the head of its last whole one: more files of that name may follow, and
 * the end. The boundary may stand nowhere else: readers differ in what they take for a line end. */
#define MULTIPART_NAME_MAX 128
#define MULTIPART_HEAD_MAX 1024
struct multipart_watch {
	u64 skip;                                /* bytes that were looked at before */
	u8 n, name_n;                            /* bytes of mark; of name */
	u8 seen, line;                           /* of the boundary, of the CRLF before it, that have just passed */
	bool inside, ended;                      /* a head is being gathered; the end has passed */
	u16 head_n;
	u8 mark[4 + MULTIPART_BOUNDARY_MAX], name[MULTIPART_NAME_MAX];
	u8 back[4 + MULTIPART_BOUNDARY_MAX];     /* of the boundary: where to go on looking after so many bytes of it */
	u8 head[MULTIPART_HEAD_MAX];
};

struct multipart_part {
	struct str name, file; /* as they stand between their quotes; file.p NULL: it is none */
	struct str type;       /* whole Content-Type, or empty */
	struct str data;
};

/* Begins with a body and the parameters of its Content-Type (what stands behind the first ';'). ERR_BAD: they do not
 * name one boundary. */
int multipart_begin(struct multipart *m, struct str body, struct str params);

/* Appends the Content-Type of this form with nothing in it but its boundary: who reads it finds no other one. */
#define MULTIPART_TYPE_N (32 + MULTIPART_BOUNDARY_MAX)
void multipart_type(const struct multipart *m, struct buf *b);

/* The next part: 1; 0 there are no more; ERR_BAD. */
int multipart_next(struct multipart *m, struct multipart_part *p);

/* How often the boundary stands in part of a body, at line ends or not. */
u32 multipart_marks(const struct multipart *m, struct str part);

/* Begins to watch behind what m has found open in part p. ERR_FULL: its name is too long. */
int multipart_watch_begin(struct multipart_watch *w, const struct multipart *m, const struct multipart_part *p);

/* The next bytes of the body, from its beginning on. 0, or ERR_BAD: another part, or none. */
int multipart_watch(struct multipart_watch *w, struct str part);

#endif
