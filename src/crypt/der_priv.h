/* der: a cursor over DER (X.690), as far as keys and certificates need it: one-byte tags, definite
 * minimal lengths below 64 KB. Views only. The first miss sets bad, and every later call answers
 * empty: check once. */
#ifndef CRYPT_DER_PRIV_H
#define CRYPT_DER_PRIV_H

#include "base/str.h"

enum der_tag {
	DER_BOOL = 0x01,
	DER_INT = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18,
	DER_SEQ = 0x30,
	DER_CTX = 0xa0, /* DER_CTX + n: [n], constructed */
};

struct der {
	struct str rest;
	bool bad;
};

/* A cursor over s. */
static inline struct der
der_over(struct str s)
{
	return (struct der){ s, false };
}

/* Whether the next element has this tag. */
bool der_is(const struct der *d, u8 tag);

/* Takes the next element: its contents, or with its head. A different tag makes d bad. */
struct str der_take(struct der *d, u8 tag);
struct str der_whole(struct der *d, u8 tag);

/* Takes whatever comes next, with its head. */
struct str der_any(struct der *d);

/* A cursor over the contents of the next element; bad if d is. */
struct der der_in(struct der *d, u8 tag);

/* Takes an INTEGER that is not negative: its bytes without leading zeros (zero is empty). */
struct str der_uint(struct der *d);

/* Takes a BIT STRING of whole bytes. */
struct str der_bits(struct der *d);

/* Whether nothing went wrong and nothing is left. */
bool der_done(const struct der *d);

#endif
