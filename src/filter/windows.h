/* windows: many values that must not pass (all credentials of a gate beside the one that a call was made with), kept as
 * keyed hashes and not in clear, and finding them in bytes. A value is found as in filter/needles.h: as it is or in
 * base64 at all alignments, of either alphabet, each character also as a JSON or percent escape.
 *
 *      value > 4 forms: of each the hash of its first 8 characters, what three neighbours in those may be,
 *                       its length and a MAC of all of it (from above: no cryptography on this floor)
 *      bytes > every sixth place: may these three neighbours be of a form? > hash of the 8 > MAC of all
 *
 * Constant memory, filled once when a configuration is loaded. Nothing of a value lies here but bits of its first 8
 * characters, under random numbers. The partial characters at the ends of base64 are not compared and pass. */
#ifndef FILTER_WINDOWS_H
#define FILTER_WINDOWS_H

#include "filter/needles.h"

#define WINDOWS_VALUES 256  /* values of one set */
#define WINDOWS_CHARS 1024  /* characters of a form that are compared; of a longer one the rest goes unseen */
#define WINDOWS_MAC_N 16
#define WINDOWS_N 8         /* characters of a window: values are at least as long */
#define WINDOWS_HEADS 1024
#define WINDOWS_TRIPLES (256 * 1024) /* bits */

struct windows_form {
	u64 hash;
	u16 n, all;    /* characters that are compared, and that there are */
	u16 next;      /* form + 1 of the same head */
	bool outside;  /* could stand outside of a JSON string, like a number */
	u8 mac[WINDOWS_MAC_N];
};

struct windows {
	u64 key[256]; /* random, the owner's to fill; what means the same in base64 becomes equal */
	u32 n;        /* forms */
	bool outside; /* of one of them */
	void (*mac)(const void *of, struct str chars, u8 out[WINDOWS_MAC_N]);
	const void *of;
	u8 first[32];  /* characters that a form may begin with */
	u16 head[WINDOWS_HEADS];
	u8 triple[WINDOWS_TRIPLES / 8];
	struct windows_form form[NEEDLES_FORMS * WINDOWS_VALUES];
};

/* Begins a set that finds nothing; w->key holds numbers that nobody else knows. mac hashes characters, keyed. */
void windows_init(struct windows *w, void (*mac)(const void *of, struct str chars, u8 out[WINDOWS_MAC_N]),
    const void *of);

/* Adds a value. 0; ERR_BAD too short: it is not looked for; ERR_FULL. */
int windows_add(struct windows *w, struct str value);

/* As needles_find; but what begins at the end of in is told as it may begin, *n 0, where only its first character may
 * fit. What begins behind `to` need not be found. */
u32 windows_find(const struct windows *w, const struct needles_in *in, u32 to, u32 *n);

#endif
