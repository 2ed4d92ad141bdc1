/* person: who sits in front of a page. What every page and form asks first.
 *
 *      switch (person_need(j, now)) {            once per run of the handler; j->person is there from then on
 *      case STEP_WAIT: return STEP_WAIT;
 *      case STEP_FAIL: return STEP_DONE;         the reply is set: the login form, or an error page
 *      case STEP_DONE: break;                    j->person->who.user is who it is
 *      }
 *
 * The cookie is __Host-mcpgated (Secure, HttpOnly, SameSite=Lax) wherever the client speaks https to us or to the proxy
 * in front (public_url); plain http has a name of its own and works from this machine and from login_network only. */
#ifndef APP_PERSON_H
#define APP_PERSON_H

#include "app/job.h"
#include "auth/browser.h"

#define PERSON_CSRF_MAX 40

struct person {
	struct browser who;
	struct browser_check check;
	bool known;  /* who is filled in */
	u8 csrf_n;
	char csrf[PERSON_CSRF_MAX];
};

/* Finds out who sits there: nobody is an answer, too (who.level). STEP_FAIL: the store cannot be read, the reply is
 * set. */
enum step person_know(struct job *j, msec now);

/* The same for what only people who are logged in may see: others get the login form, which leads back here. */
enum step person_need(struct job *j, msec now);

/* The same for a POST: besides, its field csrf must be that of the session; else a page says so. */
enum step person_need_form(struct job *j, msec now);

/* The second half of that: judges the field csrf of a session that is known, half ones included. DONE or FAIL. */
enum step person_form(struct job *j);

/* What a form of this session carries in its field csrf. j->person is known and not nobody. */
struct str person_csrf(struct job *j);

/* Whether the client's way to us is encrypted, as far as the configuration says; whether people may log in over it. */
bool person_secure(const struct job *j);
bool person_may(const struct job *j);

/* Whether this is somebody who runs the box: an admin of its first team. Admins of another see that team. */
bool person_runs_box(const struct user *u);

/* Whether a form came from a page of ours, as far as the browser says (Sec-Fetch-Site; serve has judged Origin). */
bool person_same_site(const struct job *j);

/* Sets the session's cookie (secret empty: deletes it). */
void person_cookie(struct job *j, struct str secret);

/* The cookie of somebody who logs in at an API (app/arriving.h), and setting it for ten minutes (empty: deletes it). */
struct str person_arriving(const struct job *j);
void person_arriving_set(struct job *j, struct str value);

/* Lets go of what is waited for; for job_cancel. */
void person_cancel(struct job *j);

#endif
