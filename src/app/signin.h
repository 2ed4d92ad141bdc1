/* signin: logging in and out.
 *
 *      POST /login  name, password > throttle > hash > session   IN, or HALF where a second factor is set
 *      POST /login/code  code > once per time step, or a recovery code, once > session IN
 *
 * Wrong names and wrong passwords look alike and cost alike. Failures are counted by account and by address, each for
 * SIGNIN_WINDOW_S; the console is never counted, and `user passwd` there clears the account's count. */
#ifndef APP_SIGNIN_H
#define APP_SIGNIN_H

#include "app/job.h"
#include "auth/user.h"

#define SIGNIN_WINDOW_S 900 /* failures are counted this long */
#define SIGNIN_ACCOUNT_MAX 10
#define SIGNIN_ADDRESS_MAX 40
#define SIGNIN_CODE_MAX 6   /* wrong codes of one account */

/* The handlers of the routes. */
enum step signin_page(struct exchange *x, msec now);   /* GET  /login */
enum step signin_login(struct exchange *x, msec now);  /* POST /login */
enum step signin_code(struct exchange *x, msec now);   /* POST /login/code */
enum step signin_logout(struct exchange *x, msec now); /* POST /logout */

/* Answers with the login form, which leads to next (if html_next_ok); why: key of a text above it, or NULL. */
enum step signin_show(struct job *j, struct str next, const char *why);

/* Where failures of an account and of an address are counted: keys of the store, the same for names nobody has. */
#define SIGNIN_COUNT_N 8
struct str signin_count_key(const u8 *handle_key, char kind, struct str of, char room[SIGNIN_COUNT_N]);

#endif
