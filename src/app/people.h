/* people: users, teams and invites as the console manages them, over the control socket of a running server or in a
 * store that nobody holds. One engine for both: a question in JSON, some store operations, an answer in JSON.
 *
 *   POST /control/people
 *   {"verb": "user add", "name", ["display", "team", "role", "pass"]}     > user; without pass an invite comes along
 *   {"verb": "user set", "name", ["display", "team", "role", "pass", "disabled", "second_factor": false,
 *                        "sessions": false]}                            > user
 *   {"verb": "user remove", "name"}                                       > {"name"}
 *   {"verb": "user list", ["cursor"]}                                     > {"users": [...], "cursor"}
 *   {"verb": "invite", "name", ["team", "role"]}                          > user with "invite": a link, 15 minutes
 *   {"verb": "team add", "name", ["title"]}                               > team
 *   {"verb": "team list", ["cursor"]}                                     > {"teams": [...], "cursor"}
 *   {"verb": "rounds"}                                                    > {"rounds"}: what new passwords cost
 *
 * pass is a record of crypt/pass.h: whoever asks has derived it, so the console waits for nobody's login.
 *
 * An invite is a code whose hash the user's record names: taking it is one swap, so it works once, whatever happens
 * between. "i:<hash>" only leads from the code to the user, and dies with the invite. */
#ifndef APP_PEOPLE_H
#define APP_PEOPLE_H

#include "app/job.h"
#include "auth/team.h"
#include "auth/user.h"
#include "crypt/pass.h"

#define PEOPLE_RANDOM_N 48
#define PEOPLE_INVITE_S 900
#define PEOPLE_INVITE_N 32      /* characters of a code: 192 bits */
#define PEOPLE_OUT_N 24000      /* bytes an answer may take */
#define PEOPLE_KEY_N (2 + 2 * USER_INVITE_N)

struct people {
	/* set by the caller */
	struct store *st;
	struct ready *owner;
	struct str base;            /* public_url, for links; may be empty */
	u32 rounds;                 /* of new passwords */
	u8 random[PEOPLE_RANDOM_N]; /* fresh */
	u8 handle_key[HANDLE_KEY_N];
	u64 only;                   /* id of a team: nobody else is there; 0: all */
	/* its own */
	struct store_op op;
	struct buf out;
	u8 verb, at, tries;
	bool invites, no_factor, no_sessions;
	int disabled; /* 1, 0; -1: as it is */
	struct user want, user;
	struct team team;
	u8 invite[PEOPLE_INVITE_N];
	char key[USER_KEY_MAX];
	char invite_key[PEOPLE_KEY_N];
	u8 room[4096];
	const char *why; /* after STEP_FAIL: a sentence */
	u16 status;      /* and the HTTP status for it */
};

/* Begins with a question. STEP_WAIT: owner will be marked, then people_step. STEP_DONE: people_print.
 * STEP_FAIL: why. */
enum step people_start(struct people *p, struct jcur question);
enum step people_step(struct people *p);

/* Appends the answer. */
void people_print(const struct people *p, struct buf *b);

/* Sets what the caller sets, but only, for the job that asks. */
void people_ready(struct people *p, struct job *j);

/* Appends the link of an invite that was made. */
void people_invite_link(const struct people *p, struct buf *b);

/* The hash of an invite's code, and the key of the entry that leads to its user. */
void people_invite_hash(struct str code, u8 hash[USER_INVITE_N]);
struct str people_invite_key(const u8 hash[USER_INVITE_N], char room[PEOPLE_KEY_N]);

/* The handler of the route. */
enum step people_control(struct exchange *x, msec now);

#endif
