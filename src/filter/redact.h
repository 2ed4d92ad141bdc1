/* redact: takes given values out of bytes on their way to a model. It stands before limit and
 * escape (or b64), and hands out views of the caller's input as long as nothing is found:
 *
 *      upstream   {"token":"s3cret/key","a":1}
 *      passed     {"token":"[redacted]","a":1}
 *
 * What only might begin a value at the end of a piece is held in a leased block until more comes:
 * at most NEEDLES_SPAN bytes, most often none. What is held is given back when it has been handed
 * out, or by redact_done. JSON stays JSON. What is found, and in which forms: filter/needles.h.
 *
 *      for (;;) {
 *              struct str v = redact_look(&r, &in);
 *              if (v.n == 0)
 *                      break;                          (r.err, or input is wanted, or all is done)
 *              redact_took(&r, &in, next_stage(v));
 *      } */
#ifndef FILTER_REDACT_H
#define FILTER_REDACT_H

#include "base/lease.h"
#include "filter/needles.h"

#define REDACT_MARK "[redacted]"         /* stands in place of a value */
#define REDACT_UNKNOWN UINT64_MAX        /* a length that upstream did not tell */

enum redact_kind { REDACT_TEXT, REDACT_JSON };

struct redact {
	const struct needles *set; /* NULL: everything passes */
	u64 left;                  /* bytes of input still to come */
	u32 clear;                 /* bytes at the front, of what is held or else of input, to pass */
	u32 count;                 /* values taken out */
	int err;                   /* ERR_FULL: no block to hold bytes in */
	bool json, quoted, ended;
	struct str mark;           /* being handed out */
	struct lease *lease;
	struct buf hold;
};

/* Begins a body of kind with a length of length bytes or REDACT_UNKNOWN. set must stay as it is
 * until redact_done; NULL: nothing is to be found. */
void redact_init(struct redact *r, const struct needles *set, enum redact_kind kind, u64 length,
    struct lease *lease);

/* What may be passed on next: a view into *in or into r, good until the next call. May use up the
 * front of *in for itself (bytes held or taken out). Empty when more input is wanted, all is done,
 * or r->err. */
struct str redact_look(struct redact *r, struct str *in);

/* Says that n bytes of the view were passed on; those of *in are used up. */
void redact_took(struct redact *r, struct str *in, u32 n);

/* Says that no more input comes; what is held comes out of the next redact_look. Call it once all
 * input is used. */
void redact_end(struct redact *r);

/* Gives back what is held, at any time. */
void redact_done(struct redact *r);

/* Appends a whole short text without the values, as much of it as out has room for. How many were
 * taken out. */
u32 redact_put(const struct needles *set, struct str text, struct buf *out);

#endif
