/* user: a person with a login, as the store holds them under "p:<name>"; and the names of people and teams.
 *
 *   invited (no password yet)  --accept-->  active  <-->  disabled          each change is one swap of the record
 *
 * `epoch` changes with the password, the second factor, and when the user logs out everywhere: what was made under
 * another one (browser sessions) is void. `born` never changes: what a person holds for longer (keys, grants) carries
 * it, so that it does not revive for somebody who is later given the same name. */
#ifndef AUTH_USER_H
#define AUTH_USER_H

#include "auth/principal.h"
#include "crypt/pass.h"
#include "crypt/seal.h"
#include "store/store.h"

#define USER_NAME_MAX PRINCIPAL_NAME_MAX
#define USER_DISPLAY_MAX 80 /* bytes */
#define TEAM_NAME_MAX PRINCIPAL_ROLE_MAX
#define USER_PASS_MAX PASS_RECORD_MAX
#define USER_TOTP_N 20     /* bytes of a second factor's secret */
#define USER_RECORD_MAX 720
#define USER_PREFIX STR("p:")
#define USER_KEY_MAX (2 + USER_NAME_MAX)
#define USER_INVITE_N 16   /* bytes of an invite's hash that the record names */
#define USER_RECOVERY 8    /* recovery codes made with a second factor */
#define USER_RECOVERY_N 8  /* bytes of the hash of one */
#define USER_PASSWORD_MIN 10
#define USER_PASSWORD_MAX 256

/* Everything about a person. Holds no plain secret; small enough for an arena, too large for the stack of a step. */
struct user {
	u8 name_n, display_n, team_n, role_n, pass_n, totp_n;
	bool disabled;
	bool upstream;       /* logs in with an account at an API: name is user_upstream's */
	bool admin;          /* role is "admin" */
	char name[USER_NAME_MAX];
	char display[USER_DISPLAY_MAX];
	char team[TEAM_NAME_MAX], role[PRINCIPAL_ROLE_MAX];
	char pass[USER_PASS_MAX];              /* pass_print; empty: no password yet */
	u8 totp[USER_TOTP_N + SEAL_EXTRA];     /* sealed; empty: no second factor */
	u8 invite[USER_INVITE_N];              /* hash of the open invite */
	wall invited_till;                     /* 0: none is open */
	u8 recovery_n;                         /* recovery codes that are left */
	u8 recovery[USER_RECOVERY][USER_RECOVERY_N];
	wall created;
	u64 born, epoch;     /* random, never 0 */
	u64 id, team_id;     /* principal_tag of name and team: what principals carry */
	u64 version;         /* of the record, for swap; set by whoever read it */
};

/* Appends a login name folded to lower case. ERR_BAD unless it is 1 to USER_NAME_MAX characters [a-z0-9._@+-] that
 * begin with a letter or digit. */
int user_fold(struct buf *b, struct str name);

/* Appends the name of whoever an API knows by this id: "<id>@<api>" where the id is a name and short enough, else
 * "x.<hash of it>@<api>"; the two cannot meet. ERR_BAD: not such an id, or api is longer than USER_API_MAX. */
#define USER_API_MAX 15
int user_upstream(struct buf *b, struct str id, struct str api);

/* Whether a name may name a team: [a-z0-9][a-z0-9_.-]*, up to TEAM_NAME_MAX characters. */
bool team_name_ok(struct str name);

/* Sets texts; ERR_BAD for what may not be one (display: no control characters, UTF-8). */
int user_set_name(struct user *u, struct str name);
int user_set_display(struct user *u, struct str text);
int user_set_team(struct user *u, struct str name);
int user_set_role(struct user *u, struct str name);

/* Whether a password may be taken: long enough, not the user's own name, and not made of very few characters. */
enum user_password { USER_PASSWORD_OK, USER_PASSWORD_SHORT, USER_PASSWORD_LONG, USER_PASSWORD_WEAK };
enum user_password user_password(struct str password, struct str name);

/* The key of a folded name in the store, written into room. */
struct str user_key(struct str name, u8 room[USER_KEY_MAX]);

/* Encodes and decodes a record. ERR_BAD: not a record of a user. */
void user_encode(struct buf *b, const struct user *u);
int user_decode(struct str record, struct user *u);

static inline struct str
user_name(const struct user *u)
{
	return str_of(u->name, u->name_n);
}

static inline struct str
user_team(const struct user *u)
{
	return str_of(u->team, u->team_n);
}

static inline struct str
user_role(const struct user *u)
{
	return str_of(u->role, u->role_n);
}

/* What a person is called: the display name, else the login name. */
static inline struct str
user_called(const struct user *u)
{
	return u->display_n ? str_of(u->display, u->display_n) : user_name(u);
}

/* Fills a principal with who the user is (name, role, user, team); kind, scopes and the rest are the caller's. */
void user_principal(const struct user *u, struct principal *p);

#endif
