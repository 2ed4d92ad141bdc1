/* login: what is sent upstream where the configured credential itself is not: an OAuth token, a session cookie, a
 * ticket. It is obtained by one call (struct login in gate/api.h), kept, and used by all calls until it runs out or is
 * refused.
 *
 *      NEW > LOOK (the store may have one) > LEASE > CALL > BODY > HAVE ... > LOOK > ...
 *             \ PAUSE, while another worker logs in /  \ failed: NONE, and for a while nobody tries again
 *                            \ VAULT, while its credential is read /
 *
 * One call at a time: whoever needs it meanwhile waits. What a login gives is forgotten when it was refused (401) after
 * it had been good once, or is older than LOGIN_AGAIN_MS, so operations that are always refused do not make it log in
 * for each.
 *
 * Where users connect (login->authorize), each has a login of his own: what is exchanged is his refresh token, which
 * the vault holds; a new one takes its place before what was obtained is used. One that is refused is dropped: he has
 * to connect again.
 *
 *      store key "j:<id>"    value: seal of the texts that are sent, each behind its length; dies with them
 *                "J:<id>"    the lease of who is logging in: worker and life (op/life.h); of one who has died it is
 *                            taken over */
#ifndef OP_LOGIN_H
#define OP_LOGIN_H

#include "base/list.h"
#include "call/call.h"
#include "gate/api.h"
#include "op/vault.h"
#include "store/store.h"

#define LOGINS_MAX 32         /* logins in use at once */
#define LOGIN_TEXT_MAX 4096   /* bytes of all texts of one */
#define LOGIN_ANSWER_MAX 16384 /* bytes of the answer */
#define LOGIN_KEY_N 18
#define LOGIN_NO_REFRESH "-" /* in the place of a refresh token: there is none */
#define LOGIN_WHY_MAX 200
#define LOGIN_REFUSED_MS 30000 /* a login that was refused is not tried again for so long: accounts get locked */
#define LOGIN_FAILED_MS 2000
#define LOGIN_AGAIN_MS 300000 /* what was never accepted is not obtained anew before */

struct ops;
struct params;

struct login_ask {
	const struct credential *credential;
	u64 born, environment; /* of the user whose login it is, and id of where; 0: the gate's own */
	u32 *hold; /* counted up while a login is under way: the credential's gen must stay */
	struct vault_wait *wait;
};

struct login_live {
	struct ready ready;
	struct ops *ops;
	const struct credential *credential; /* while something is under way: hold keeps its gen */
	u32 *hold;
	struct link waiting;
	struct vault_wait secret; /* VAULT */
	struct call *call;
	struct buf answer; /* leased */
	struct store_op op;
	struct buf out;
	u64 id;            /* 0: free */
	u64 born, environment; /* whose: 0: the gate's own */
	u32 number, last;  /* how often there was one; when it was asked for */
	u8 state;
	bool good;         /* it was accepted once */
	bool leased;       /* nobody else logs in */
	bool fresh;        /* LOOK: ours is good, as far as we know */
	u32 stamp;         /* store_stamp when it was looked for last */
	u64 old;           /* hash of the texts we had then */
	struct timer timer;
	msec since;        /* HAVE: when it was obtained here */
	msec ends;         /* HAVE: when it is obtained anew; NONE: when it may be tried */
	int err;
	u16 n[LOGIN_SENDS_MAX];
	u8 why_n, key_n;
	char why[LOGIN_WHY_MAX];
	u8 key[LOGIN_KEY_N], lease[LOGIN_KEY_N], lease_by[8];
	u8 user_key[2 + VAULT_USER_N]; /* SAVE: of the refresh token */
	u8 text[LOGIN_TEXT_MAX]; /* the values, one behind the other */
	u8 room[LOGIN_TEXT_MAX + 256]; /* its record */
};

struct logins {
	struct login_live *live; /* LOGINS_MAX */
	u32 clock;
	u32 changes; /* how often a login has ended: what it gave may be new */
};

/* Carves room from a; bytes of it for the plan. ERR_FULL. */
int logins_init(struct ops *o, struct arena *a);
size_t logins_bytes(void);

/* Sees to it that what the credential's login gives is there. 0: it is, *number says which one. ERR_MORE: wait stands
 * in a queue and its owner will be marked. Else why says what is wrong; ERR_LATE: it may pass, ERR_DENY: a person must
 * act. */
int login_need(struct ops *o, const struct login_ask *ask, u32 *number, msec now, struct buf *why);

/* Adds what a login gives to a request; it must be there. born: as in login_ask. 0, or a fault as credential_put. */
int login_put(struct ops *o, const struct credential *c, u64 born, struct params *p, struct buf *why);

/* A request with this number was accepted; or refused: then whether it is worth asking again with a new one. */
void login_good(struct ops *o, const struct credential *c, u64 born, u32 number);
bool login_refused(struct ops *o, const struct credential *c, u64 born, u32 number, msec now);

/* Value i that a login has given, empty when there is none: it must not come back in answers. */
struct str login_value(const struct logins *l, const struct credential *c, u64 born, u32 i);

/* A user has connected: this is what the login would give, for so many seconds. */
void login_give(struct ops *o, const struct login_ask *ask, struct str access, u32 seconds, msec now);

/* Writes a call to where a login is: p's target, fields and body. */
void login_write(struct buf *out, const struct login *login, const struct params *p);

#endif
