/* veil: takes the values of secret members out of JSON on its way to a model, by the members' names. It stands behind
 * redact and before project and limit, and hands out views of the caller's input:
 *
 *      body     {"name":"a","client_secret":"s3cret","next_page_token":"x"}
 *      passed   {"name":"a","client_secret":"[redacted]","next_page_token":"x"}
 *
 * Only strings are taken out: numbers, lists and objects stay. Names are compared whole, without case, "_" and "-";
 * escapes in them are read; JSON that is the text of a string is looked into, too, one level deep. Looks for colons
 * behind a quote and the last two characters of a name, so that it needs no state of the text: what is no JSON
 * passes. A find leaves the text valid. */
#ifndef FILTER_VEIL_H
#define FILTER_VEIL_H

#include "base/buf.h"

#define VEIL_NAMES 112 /* of one api */
#define VEIL_KEY_N 64  /* bytes of a key as written that are looked at */

/* The names that are secret. */
struct veil_names {
	u32 n;
	u32 ends[32]; /* by the last character: what may stand before it; both by their lowest five bits */
	u8 last[32], before[32]; /* nearly the same: the two characters have a kind in common, or are no end */
	u64 hash[VEIL_NAMES];
};

struct veil {
	const struct veil_names *names; /* NULL: everything passes */
	u32 clear;   /* bytes at the front of the input to pass */
	u32 count;   /* values taken out */
	u32 slashes; /* backslashes just before, in a value */
	u8 state, tail_n;
	bool nested; /* the member stands in JSON that is the text of a string */
	struct str mark;        /* being handed out */
	u8 tail[VEIL_KEY_N + 8]; /* the last bytes that passed */
};

/* Begins with the names that are secret anywhere. */
void veil_names_init(struct veil_names *s);

/* Adds names, "a,b"; "!a" takes one out. ERR_FULL: the rest was not taken. */
int veil_names_add(struct veil_names *s, struct str list);

/* Begins a body. names must stay; NULL: everything passes. */
void veil_init(struct veil *v, const struct veil_names *names);

/* What may be passed on next: a view into *in or into v, good until the next call. May use up the front of *in for
 * itself. Empty when more input is wanted. */
struct str veil_look(struct veil *v, struct str *in);

/* Says that n bytes of the view were passed on; those of *in are used up. */
void veil_took(struct veil *v, struct str *in, u32 n);

/* Appends a whole short text without the values, as much of it as out has room for. */
void veil_put(const struct veil_names *names, struct str text, struct buf *out);

#endif
