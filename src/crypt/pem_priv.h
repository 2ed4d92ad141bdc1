/* pem: the "-----BEGIN X-----" blocks of a text file. */
#ifndef CRYPT_PEM_PRIV_H
#define CRYPT_PEM_PRIV_H

#include "base/arena.h"

struct pem {
	struct str label; /* "CERTIFICATE": a view into the text */
	struct str der;   /* in the arena */
	bool encrypted;   /* has a "Proc-Type: 4,ENCRYPTED" head; der is then empty */
};

/* Takes the next block of *text, which moves behind it, and decodes its body into a; text between
 * blocks is passed over. 1; 0 there is none; ERR_BAD a block without end or with a body that is not
 * base64; ERR_FULL. */
int pem_next(struct str *text, struct arena *a, struct pem *out);

/* How many blocks have this label. */
u32 pem_count(struct str text, struct str label);

#endif
