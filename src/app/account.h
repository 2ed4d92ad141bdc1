/* account: what people change about themselves: password, second factor, all their sessions. Each change is one swap of
 * their record, which ends every session but the one that made it. */
#ifndef APP_ACCOUNT_H
#define APP_ACCOUNT_H

#include "app/job.h"

/* The handlers of the routes. */
enum step account_page(struct exchange *x, msec now);       /* GET  /account */
enum step account_password(struct exchange *x, msec now);   /* POST /account/password    old, new, again */
enum step account_offer(struct exchange *x, msec now);      /* POST /account/factor      the secret, to be confirmed */
enum step account_factor(struct exchange *x, msec now);     /* POST /account/factor/on   offer, code */
enum step account_no_factor(struct exchange *x, msec now);  /* POST /account/factor/off  old */
enum step account_everywhere(struct exchange *x, msec now); /* POST /account/everywhere  ends all sessions */

#endif
