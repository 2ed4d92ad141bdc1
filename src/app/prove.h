/* prove: the password of whoever is logged in, once more, or a code of their second factor where they have one, before
 * what a stolen session alone must not be able to do. Wrong ones are counted as at login; a code is good once. Lies in
 * the exchange's arena. */
#ifndef APP_PROVE_H
#define APP_PROVE_H

#include "app/factor.h"
#include "app/hashing.h"
#include "app/tally.h"

struct prove {
	struct hashing hashing;
	struct str password;
	u8 at;
	bool good; /* it was right */
	char count[TALLY_KEY_N];
	char once[FACTOR_ONCE_N];
};

/* Begins; the password stays until the end. Then prove_step. */
void prove_begin(struct job *j, struct prove *p, struct str password, msec now);

/* The same, where a code of the second factor does as well: no password has six digits. */
void prove_either(struct job *j, struct prove *p, struct str secret, msec now);

/* Goes on. DONE: good tells; FAIL: the reply is set; else WAIT or MORE. */
enum step prove_step(struct job *j, struct prove *p);

#endif
