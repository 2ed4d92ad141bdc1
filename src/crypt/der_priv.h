/* der: a cursor over DER (X.690), as far as keys and certificates need it: one-byte tags, definite
 * minimal lengths below 64 KB. Views only. The first miss sets bad, and every later call answers
 * empty: check once. */
#ifndef CRYPT_DER_PRIV_H
#define CRYPT_DER_PRIV_H

#include "base/buf.h"

enum der_tag {
	DER_BOOL = 0x01,
	DER_INT = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_TEXT = 0x0c, /* UTF8String */
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18,
	DER_SEQ = 0x30,
	DER_SET = 0x31,
	DER_TAG = 0x80,  /* DER_TAG + n: [n], primitive */
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

/* Writing goes from the end to the beginning, so that lengths are known: what comes last is put first.
 *
 *      u32 end = w->at;                       SEQUENCE { OID, OCTETS } is written
 *      der_put(w, DER_OCTETS, bytes);
 *      der_put(w, DER_OID, oid);
 *      der_wrap(w, DER_SEQ, end);
 *
 * at 0 is full: over says so, and nothing more is written. */
struct derw {
	u8 *p;
	u32 at; /* what is written begins here */
	u32 cap;
	bool over;
};

/* A writer over n bytes. */
static inline struct derw
derw_over(u8 *p, u32 n)
{
	return (struct derw){ p, n, n, false };
}

/* What was written, or from at up to a place before. */
struct str derw_str(const struct derw *w, u32 end);

/* Puts bytes as they are; an element; or makes what was written up to end the contents of one. */
void der_raw(struct derw *w, struct str bytes);
void der_put(struct derw *w, u8 tag, struct str bytes);
void der_wrap(struct derw *w, u8 tag, u32 end);

#endif
