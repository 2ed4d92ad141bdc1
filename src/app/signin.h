/* signin: logging in and out.
 *
 *      POST /login  name, password > throttle > hash > session   IN, or HALF where a second factor is set
 *      POST /login/code  code > once per time step, or a recovery code, once > session IN
 *
 * Wrong names and wrong passwords look alike and cost alike. Failures are counted by account and by address, each for
 * a quarter of an hour (tally.h); the console is never counted, and a new password begins without failures. */
#ifndef APP_SIGNIN_H
#define APP_SIGNIN_H

#include "app/job.h"
#include "auth/browser.h"

/* The handlers of the routes. */
enum step signin_page(struct exchange *x, msec now);   /* GET  /login */
enum step signin_login(struct exchange *x, msec now);  /* POST /login */
enum step signin_code(struct exchange *x, msec now);   /* POST /login/code */
enum step signin_logout(struct exchange *x, msec now); /* POST /logout */

/* Answers with the login form, which leads to next (if html_next_ok); why: key of a text above it, or NULL. */
enum step signin_show(struct job *j, struct str next, const char *why);

/* The same with the form for a second factor. */
enum step signin_show_code(struct job *j, struct str next, const char *why);

/* A session of a level for u, whoever has shown enough: begins it and sets its cookie. STEP_DONE: it is there;
 * STEP_FAIL: the reply is set; STEP_WAIT, then signin_began. m lies in the exchange's arena. */
struct signin_session {
	struct browser_check made;
	struct buf cookie;
	u8 secret[BROWSER_SECRET_N];
};
enum step signin_begin(struct job *j, struct signin_session *m, const struct user *u, enum browser_level level);
enum step signin_began(struct job *j, struct signin_session *m);

#endif
