/* jscan_priv: the states of a scan, shared by jscan.c, which moves through them, and jscan_cut.c,
 * which ends a text in any of them. */
#ifndef JSON_JSCAN_PRIV_H
#define JSON_JSCAN_PRIV_H

#include "base/base.h"

/* What may come next. The structural ones stand first: they are the rows of act. */
enum state {
	VALUE,     /* a value, after a comma or colon or at the start */
	FIRST,     /* after '[': a value or ']' */
	KEY,       /* after a comma in an object */
	FIRST_KEY, /* after '{': a key or '}' */
	COLON,
	AFTER,     /* after a value */
	STRUCTURAL,
	STRING = STRUCTURAL,
	ESCAPE,    /* after '\\' */
	HEX,       /* digits of \u */
	LOW_SLASH, /* the low half of a pair must follow */
	LOW_U,
	LOW_HEX,
	CHARACTER, /* inside a UTF-8 sequence */
	MINUS,     /* these need more digits */
	DOT,
	EXP,
	EXP_SIGN,
	ZERO,      /* these may end */
	INT,
	FRACTION,
	EXP_DIGITS,
	WORD,
};

/* Whether a number can end here. */
static inline bool
number_may_end(u8 state)
{
	return state >= ZERO && state <= EXP_DIGITS;
}

#endif
