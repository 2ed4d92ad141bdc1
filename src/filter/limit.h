/* limit: keeps a body within a budget of bytes on its way to a model, so that cut JSON is still
 * JSON. It stands before escape and hands out views, of the caller's input as long as nothing is
 * near, and of what it held back at the end:
 *
 *      bytes   0 ............................ budget - LIMIT_HOLD ............ budget
 *              passed on as they come         held in a leased block     cut, or all of it
 *
 * The cut lies before a comma of the outermost array that has one among the held bytes, else
 * inside a longer string at a character, marked, else at the last comma. What was opened is
 * closed. Text, and what claims to be JSON and is not, is cut between characters. When the
 * length is known and within budget nothing is looked at.
 *
 *      for (;;) {
 *              struct str v = limit_look(&l, &in);
 *              if (v.n == 0)
 *                      break;                          (l.err, or input is wanted, or all is done)
 *              limit_took(&l, &in, escape_run(&e, v, out));
 *      } */
#ifndef FILTER_LIMIT_H
#define FILTER_LIMIT_H

#include "base/lease.h"
#include "json/jscan.h"

#define LIMIT_HOLD 3584 /* bytes held at most: a 4 KB block less what closes the deepest text */
#define LIMIT_UNKNOWN UINT64_MAX /* a length that upstream did not tell */
#define LIMIT_MARK "[cut]"       /* stands at the end of a string or text that was cut */

enum limit_kind { LIMIT_TEXT, LIMIT_JSON };

/* Where JSON was cut. Levels count from the outside, 1 first; 0: no array is open there. */
struct limit_where {
	u32 level, index;         /* the array that was cut; how many elements of it passed */
	u32 top_level, top_index; /* the outermost open array; how many of it passed in full */
};

struct limit {
	u64 budget;
	u64 seen;    /* bytes of input used: passed, held or dropped */
	u64 passed;  /* bytes of input passed on */
	u32 looked;  /* bytes at the front of the input that the scan has seen already */
	int err;     /* ERR_FULL: no block to hold the end in */
	u8 state, next;
	bool cut;    /* something was dropped */
	bool broken; /* it said JSON and was not, or ended too early */
	struct limit_where where;
	struct str rest; /* being handed out from hold, or a mark */
	struct lease *lease;
	struct buf hold;
	u32 comma_at, comma_level; /* the last comma in hold; level 0: none */
	u16 mark[JSCAN_LEVELS];    /* the last comma of each open array in hold, plus one */
	struct jscan scan;         /* only set up when it is needed */
};

/* Begins a body of kind with a length of length bytes or LIMIT_UNKNOWN. Costs a few stores. A
 * block is taken from lease only when the end comes near, and given back when it has been handed
 * out, or by limit_done. */
void limit_init(struct limit *l, enum limit_kind kind, u64 budget, u64 length, struct lease *lease);

/* Tells the length of the whole body when it becomes known later, as when the last chunk is there
 * already: within budget nothing is looked at from then on. */
void limit_know(struct limit *l, u64 length);

/* What may be passed on next: a view into *in or into l, good until the next call. May use up
 * the front of *in for itself (bytes held or dropped). Empty when more input is wanted, all is
 * done, or l->err. */
struct str limit_look(struct limit *l, struct str *in);

/* Says that n bytes of the view were passed on; those of *in are used up. */
void limit_took(struct limit *l, struct str *in, u32 n);

/* Says that no more input comes; what is held comes out of the next limit_look. Call it once all
 * input is used. */
void limit_end(struct limit *l);

/* Whether everything has been handed out: after limit_end, or after the cut, when upstream need
 * not be read further. */
bool limit_over(const struct limit *l);

/* Appends the way to the array of level (limit_where) as dotted names and indexes: "data.items";
 * nothing for level 1. */
void limit_path(const struct limit *l, u32 level, struct buf *out);

/* Gives back what is held, at any time. */
void limit_done(struct limit *l);

#endif
