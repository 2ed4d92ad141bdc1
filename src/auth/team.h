/* team: the tenant, as the store holds it under "t:<name>". Users, keys, credentials and switches belong to one. */
#ifndef AUTH_TEAM_H
#define AUTH_TEAM_H

#include "auth/user.h"

#define TEAM_PREFIX STR("t:")
#define TEAM_TITLE_MAX USER_DISPLAY_MAX
#define TEAM_KEY_MAX (2 + TEAM_NAME_MAX)
#define TEAM_RECORD_MAX 160
#define TEAM_FIRST STR("main") /* the one a box begins with */

struct team {
	u8 name_n, title_n;
	char name[TEAM_NAME_MAX];
	char title[TEAM_TITLE_MAX]; /* for people; may be empty */
	wall created;
	u64 id; /* principal_tag of name */
};

/* Sets both texts. ERR_BAD for what may be neither. */
int team_set(struct team *t, struct str name, struct str title);

/* The key of a team in the store, written into room. */
struct str team_key(struct str name, u8 room[TEAM_KEY_MAX]);

/* Encodes and decodes a record. ERR_BAD: not a record of a team. */
void team_encode(struct buf *b, const struct team *t);
int team_decode(struct str record, struct team *t);

#endif
