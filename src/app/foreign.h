/* foreign: a token that is not ours, judged: by the keys of the other issuer when it is a JWT, else by asking that
 * issuer (RFC 7662), once, with a deadline; no answer is a no.
 *
 *   foreign_begin > (keys are fetched, or the issuer answers) > foreign_step > claims           foreign_end at any time
 *
 * In the arena of the job's exchange; job->foreign says that there is one under way. */
#ifndef APP_FOREIGN_H
#define APP_FOREIGN_H

#include "app/job.h"

/* Whether a bearer token may be the other issuer's at all. */
bool foreign_form(const struct gen *gen, struct str text);

/* Begins to judge; goes on. 0: *out is set (views into the arena), foreign_end is due; ERR_MORE: the job's ready is
 * marked when to call foreign_step; ERR_BAD: not to be believed; ERR_LATE: the issuer cannot be asked now; ERR_FULL:
 * wrong ones came too often, or there is no room. */
int foreign_begin(struct job *j, struct str text, struct external_claims *out, msec now);
int foreign_step(struct job *j, struct external_claims *out, msec now);

/* The token; and for how many seconds beyond this one a yes counts. */
struct str foreign_text(const struct job *j);
u32 foreign_keep_s(const struct job *j);

/* Lets go of it, at any state; harmless when there is none. */
void foreign_end(struct job *j, msec now);

#endif
