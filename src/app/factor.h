/* factor: the second factor of a login: a code of an authenticator app, good once, or a recovery code, gone once used.
 * The app's secret lies sealed in the user's record; recovery codes as hashes. */
#ifndef APP_FACTOR_H
#define APP_FACTOR_H

#include "app/job.h"
#include "auth/user.h"

#define FACTOR_CODE_MAX 40    /* characters of either code, as typed */
#define FACTOR_RECOVERY_N 16  /* characters of a recovery code, without its hyphens: 80 bits */

/* POST /login/code: from half a session to a whole one. */
enum step factor_login(struct exchange *x, msec now);

/* Makes a new secret: appends it sealed, for a form that has it confirmed, and in base32 as people type it. */
int factor_offer(struct job *j, struct buf *sealed, struct buf *typed);

/* Puts an offered secret into the record if the code is of it: with new recovery codes, appended one a line,
 * FACTOR_LINE characters each with its line end. ERR_BAD: not our offer, or a wrong code. */
#define FACTOR_LINE (FACTOR_RECOVERY_N + 3 + 1)
int factor_take(struct job *j, struct user *u, struct str sealed, struct str code, struct buf *recovery);

/* Six digits, perhaps with blanks among them, as a number; ERR_BAD else. */
int factor_code(struct str typed, u32 *code);

/* The time step that a code of this user's app is of; 0: it is none. */
u64 factor_step(struct job *j, const struct user *u, struct str typed);

/* Uses a code up, as j->op: a time step is good once, for whoever says so first; ERR_LATE to all others. once stays
 * until it is done. */
#define FACTOR_ONCE_N 48
enum step factor_claim(struct job *j, const struct user *u, u64 step, char once[FACTOR_ONCE_N]);

#endif
