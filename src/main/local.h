/* local: the store of a data directory, opened by a command while no server runs on it. */
#ifndef MAIN_LOCAL_H
#define MAIN_LOCAL_H

#include "auth/key.h"
#include "main/boot.h"
#include "store/store.h"

struct local {
	struct boot boot;
	struct arena arena;
	struct store *store;
	struct keys *keys;
	const char *base; /* public_url, for links in answers; NULL: not known */
};

/* Opens it, making it where there is none; root becomes the user the store belongs to. 0, or an error with a line in
 * why. */
int local_open(struct local *l, const char *data, struct buf *why);

/* Writes what was begun, and lets go. */
void local_close(struct local *l);

/* Goes on with an activity of the store until it is done: step is called after each commit. Its last answer. */
enum step local_wait(struct local *l, enum step s, enum step (*step)(struct local *l, void *arg), void *arg);

/* The JSON answers of the server's control routes (app/admin.h), made here: 0 and out; else an error and why. */
int local_key_add(struct local *l, struct str json, struct buf *out, struct buf *why);
int local_key_list(struct local *l, struct buf *out, struct buf *why);
int local_key_revoke(struct local *l, struct str which, struct buf *out, struct buf *why);
int local_people(struct local *l, struct str json, struct buf *out, struct buf *why);
int local_clients(struct local *l, struct str json, struct buf *out, struct buf *why);
int local_credential_add(struct local *l, struct str name, struct str secret, struct buf *why);
int local_credential_list(struct local *l, struct buf *out, struct buf *why);
int local_credential_remove(struct local *l, struct str name, struct buf *why);


/* Changes a switch as the body of POST /control/switches says (empty: none); then the list. */
int local_switch(struct local *l, struct str json, struct buf *out, struct buf *why);

/* What a new password costs on this box, in rounds: measured once, then kept in the store. A store that only reads
 * along, or cannot be written, has the least there is. measure false: the least there is, for what need not last. */
u32 local_rounds(struct store *st, bool measure);

/* Turns a password into a record (PASS_RECORD_MAX characters), at once: about a second. */
void local_password(struct str password, u32 rounds, struct buf *record);

/* What waits for a yes, and a decision about it: as app/approving.h. */
int local_pending(struct local *l, struct str unused, struct buf *out, struct buf *why);
/* As above. */
int local_approve(struct local *l, struct str which, struct buf *out, struct buf *why);
/* As above. */
int local_deny(struct local *l, struct str which, struct buf *out, struct buf *why);

#endif
