/* needles: values that must not pass (credentials), made ready to be found in bytes, and finding
 * them. A value is found
 *
 *      as it is            s3cret/key        each character also as \/ \" \u0073 %2F, in any mix
 *      in base64           czNjcmV0L2tleQ    at all three alignments, both alphabets, written as
 *                                            above; partial characters at its ends included
 *
 * Backslashes of a value do not count, neither there nor here, so text nested in JSON in JSON is
 * covered.
 *
 * One struct is filled once per credential (about 50 us), read by many streams, and wiped by its
 * owner (it holds the values in clear, as the request that carries them does): no more than a
 * short-lived copy beside the original. Looking costs a look at 16 or 64 bytes at a time for two
 * rare neighbours of each form and for \ and % before something that could be meant; only there is
 * anything compared. */
#ifndef FILTER_NEEDLES_H
#define FILTER_NEEDLES_H

#include "base/str.h"

#define NEEDLE_MIN 8       /* bytes: what is shorter is not looked for */
#define NEEDLE_MAX 2048    /* bytes: of a longer value only its first so many */
#define NEEDLES_VALUES 12  /* values of one set */
#define NEEDLES_TEXT 12288 /* bytes for all forms of all values */
#define NEEDLES_FORMS 4    /* of a value: as it is, base64 at three alignments */
#define NEEDLES_PAIRS 4096 /* bits of a filter */

/* The longest that one character may be written: seven backslashes, u, four digits. */
#define NEEDLES_WRITTEN 12
#define NEEDLES_SPAN (NEEDLES_WRITTEN * (NEEDLE_MAX * 4 / 3 + 2)) /* bytes of the longest find */

/* One form of one value. */
struct needle {
	u16 at, n;     /* its characters in needles.text */
	u16 mark;      /* which two of them are looked for */
	bool base64;   /* text holds six-bit numbers */
	bool slashed;  /* the value holds backslashes */
	u8 head, tail; /* the value's own bits of the first and last of them; 63: all */
	bool outside;  /* could stand outside of a JSON string, like a number */
};

struct windows; /* filter/windows.h */

struct needles {
	u32 n, reach, text_n;  /* forms; characters of the longest one; bytes of text used */
	bool slow;             /* nothing rare about one of them: every byte is looked at */
	bool slashed, outside; /* of one of the forms */
	bool wide;             /* a value is not ASCII */
	const struct windows *others; /* values beside these that must not pass either; NULL: none */
	u8 low[2][16], high[2][16]; /* by half byte: what two neighbours may be, one bit per kind */
	u8 first[256];         /* bytes that a form may begin with */
	u8 pair[NEEDLES_PAIRS / 8]; /* characters that stand side by side in a form */
	struct needle form[NEEDLES_FORMS * NEEDLES_VALUES];
	u8 text[NEEDLES_TEXT];
};

/* Bytes to be looked at. They begin at the start of a character or escape. */
struct needles_in {
	struct str in;
	bool json;   /* what is found can be replaced and JSON stays JSON; numbers are left alone */
	bool quoted; /* with json: the first byte stands inside a string */
	bool more;   /* bytes may follow these */
};

/* Begins a set that finds nothing. */
void needles_init(struct needles *set);

/* Adds a value. 0; ERR_BAD too short: it is not looked for; ERR_FULL. */
int needles_add(struct needles *set, struct str value);

/* Where the first find begins, and its length in *n. *n is 0 when it is only the beginning of one,
 * or of an escape, up to the end of in (with in->more): the answer to the rest is known when more
 * bytes follow what begins there. in.n when there is nothing. Of finds that overlap the first and
 * longest counts. */
u32 needles_find(const struct needles *set, const struct needles_in *in, u32 *n);

/* With json: whether the byte at `at` stands inside a string. */
bool needles_quoted(const struct needles_in *in, u32 at);

#endif
