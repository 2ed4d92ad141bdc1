/* login_priv: what login.c (asking and answering), login_answer.c (reading the answer) and login_store.c (what is kept
 * for other workers) share. */
#ifndef OP_LOGIN_PRIV_H
#define OP_LOGIN_PRIV_H

#include "op/login.h"

enum login_state { NONE, LOOK, LEASE, WHOSE, PAUSE, VAULT, CALL, BODY, SAVE, HAVE };

/* A hash of all its texts. */
u64 login_texts_hash(const struct login_live *l);

/* Keeps what was obtained, for other workers and the next start; where that cannot be, it is obtained again. */
void login_keep(struct login_live *l, u32 ttl_s, msec now);

/* Asks the store for it: LOOK. */
void login_look(struct login_live *l, msec now);

/* Takes the values of the record that came. Whether there are some. */
bool login_open_record(struct login_live *l, msec now);

/* Workers log in one at a time: many a device knows only the session that came last. Asks for the lease: LEASE. */
void login_lease(struct login_live *l, msec now);

/* Somebody has it: asks who: WHOSE. */
void login_lease_look(struct login_live *l, msec now);

/* Takes it over if that was one who has died: LEASE. Whether it was. */
bool login_lease_inherit(struct login_live *l, msec now);

/* Gives it back, if we have it. */
void login_lease_end(struct login_live *l, msec now);

/* What stands in the head, while it can be seen; n[] of what stands in the body stays 0. */
void login_take_head(struct login_live *l);

/* All of the answer is there: what it gives, in the order in which it is sent. Whether all was found. */
bool login_take_values(struct login_live *l, u32 *lifetime_s);

#endif
