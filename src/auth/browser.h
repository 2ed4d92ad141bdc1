/* browser: a person's session in a browser. The cookie holds 256 random bits; the store knows their SHA-256, under
 * "s:" and the hex of its first half. A session is judged anew with each request: the user must still be there, not
 * disabled, and of the epoch it was made under, so a changed password or "log out everywhere" ends all of them at once.
 *
 *   nobody --password--> half (5 minutes, second factor missing) --code--> in        each step makes a new id
 *
 *   cookie > browser_start / browser_step > struct browser                  what every page asks
 *   browser_make > browser_wait                                             after a login
 *   browser_end                                                             logging out
 *
 * Idle sessions die by the store's clock; last use is written lazily, at most every eighth of the idle time. */
#ifndef AUTH_BROWSER_H
#define AUTH_BROWSER_H

#include "auth/user.h"
#include "store/store.h"

#define BROWSER_SECRET_N 43 /* characters of a cookie's value */
#define BROWSER_KEY_N 34    /* bytes of a key in the store: "s:" and 32 hex */
#define BROWSER_HALF_S 300  /* how long a login may wait for its second factor */
#define BROWSER_RECORD_MAX 160

enum browser_level { BROWSER_NOBODY, BROWSER_HALF, BROWSER_IN };

/* How long sessions live, from the configuration. */
struct browser_limits {
	u32 idle_s, max_s;
};

/* Who sits there. */
struct browser {
	u8 level; /* enum browser_level; NOBODY: nothing else is set */
	char key[BROWSER_KEY_N]; /* of the record: names the session, tells nothing */
	wall since, seen;        /* logged in; last written use */
	struct user user;        /* as the store has it now */
};

/* One judgement under way; then also the making of a session. */
struct browser_check {
	struct store_op op;
	struct buf out;
	struct store *st;
	struct browser_limits limits;
	u8 at, level;
	u64 epoch, version;
	u8 hash[32];
	u8 user_key[USER_KEY_MAX];
	u8 room[USER_RECORD_MAX];
};

/* The value of a cookie in a Cookie header, its name taken exactly; STR_NONE when it is not there, or twice. */
struct str browser_find(struct str header, struct str name);

/* Finds the value of our cookie in a Cookie header: name is taken exactly. STR_NONE when it is not there, twice, or has
 * not BROWSER_SECRET_N characters. */
struct str browser_cookie(struct str header, struct str name);

/* Judges a cookie's value (may be STR_NONE). STEP_DONE: *b is filled in, b->level says what it is worth. STEP_FAIL: the
 * store could not be read. STEP_WAIT: owner will be marked, then browser_step. c must not move meanwhile. */
enum step browser_start(struct browser_check *c, struct store *st, struct str secret, struct browser *b,
    struct ready *owner);
enum step browser_step(struct browser_check *c, struct browser *b);

/* Makes a session of a level for a user: the secret (BROWSER_SECRET_N characters) goes to out. DONE, FAIL (c->op.err),
 * or WAIT, then browser_made. c->st and c->limits are set by the caller. */
enum step browser_make(struct browser_check *c, const struct user *u, enum browser_level level, const u8 random[32],
    struct buf *out, struct ready *owner);
enum step browser_made(struct browser_check *c);

/* Ends a session. DONE (also when it was gone), FAIL, or WAIT, then browser_ended. */
enum step browser_end(struct browser_check *c, const struct browser *b, struct ready *owner);
enum step browser_ended(struct browser_check *c);

/* Lets go of whatever c waits for. */
void browser_cancel(struct browser_check *c);

#endif
