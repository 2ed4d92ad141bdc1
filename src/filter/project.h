/* project: what of a JSON body is wanted, on its way to a model. Dotted names lead through objects,
 * lists are passed through on the way: "items.owner.login" is that of every item. It stands between
 * redact and limit, and hands out views of the caller's input or of its own 160 bytes:
 *
 *      wanted   id, owner.login
 *      body     {"total":2,"data":[...],"id":7,"owner":{"id":1,"login":"a"}}
 *      passed   {"id":7,"owner":{"login":"a"}}
 *
 * Beside that it leaves out the first elements of one list (to go on where an answer was cut),
 * counts them, and keeps a value or two that lies on the way (the cursor of the next page).
 * Constant memory, no recursion. What is no JSON passes as it is from where it went wrong. */
#ifndef FILTER_PROJECT_H
#define FILTER_PROJECT_H

#include "base/buf.h"

#define PROJECT_PATHS 24   /* paths at once */
#define PROJECT_LEVELS 16  /* containers in one another in which something is looked for */
#define PROJECT_KEY_N 120  /* bytes of a key that can be named */
#define PROJECT_KEEP_N 200 /* bytes of a value that is kept */
#define PROJECT_KEEPS 2

struct project_level {
	u32 alive;   /* paths that lead further in, by bit */
	u8 named;    /* names of them used up so far */
	bool object; /* else a list */
	bool wanted; /* all of it */
	bool mute;   /* nothing of it */
	bool any;    /* something of it has passed */
	bool list;   /* the list whose elements count */
};

struct project {
	struct str path[PROJECT_PATHS];
	u32 paths;
	u32 select;      /* paths that are wanted; none: everything is */
	u32 list;        /* the bit of the list that counts, or 0 */
	u32 keeps;       /* bits of the paths whose values are kept */
	u64 from, index; /* elements of the list to leave out; elements seen */
	struct str keep[PROJECT_KEEPS]; /* values as written, without quotes; p NULL: not there */
	u8 keep_path[PROJECT_KEEPS];    /* the path of each, + 1 */
	u8 state, depth; /* depth: levels open */
	bool string, escape, scalar; /* where in a value we are that goes as a whole */
	bool copy;       /* it passes */
	u8 keeping;      /* which value is being kept, + 1 */
	u32 inner;       /* brackets open in a value that is copied or left out whole */
	u32 clear;       /* bytes at the front of the input that may pass */
	u32 full, next;  /* of the member being read */
	u8 key_n, hold_n, hold_at;
	bool key_long;   /* too long to be named: it passes, or not, as it is read */
	u8 hold[PROJECT_KEY_N + 24];
	u8 kept_n[PROJECT_KEEPS];
	u8 kept[PROJECT_KEEPS][PROJECT_KEEP_N];
	struct project_level level[PROJECT_LEVELS + 1];
};

/* Begins: nothing chosen, so everything passes. */
void project_init(struct project *p);

/* Adds what is wanted: dotted paths, parted by commas or spaces. The text must stay. ERR_FULL: too
 * many. */
int project_want(struct project *p, struct str paths);

/* Names the list that counts ("" is the body itself) and how many of its elements are left out; and
 * a value to keep, as keep[i]. ERR_FULL. */
int project_list(struct project *p, struct str path, u64 from);
int project_keep(struct project *p, u32 i, struct str path);

/* What may be passed on next: a view into *in or into p, good until the next call. May use up the
 * front of *in for itself. Empty when more input is wanted. */
struct str project_look(struct project *p, struct str *in);

/* Says that n bytes of the view were passed on; those of *in are used up. */
void project_took(struct project *p, struct str *in, u32 n);

#endif
