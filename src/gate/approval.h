/* approval: a one-time yes for exactly one call, as the store holds it, and how it is bound.
 *
 *      handle   128 random bits as 32 hex digits: what the caller brings back; never stored
 *      id       half of its SHA-256 as 32 hex digits: names the record "v:<id>", the page and the console
 *
 * Bound to principal, client and user, and by two hashes to the call (api, environment and its place, operation,
 * arguments in canonical form) and to the state of what it is about. Spent by STORE_TAKE before anything is done: of
 * several who bring it one gets it, also over restarts. A record that a person must approve is pending until
 * approval_decide. */
#ifndef GATE_APPROVAL_H
#define GATE_APPROVAL_H

#include "crypt/hash.h"
#include "gate/gate.h"
#include "json/json.h"

#define APPROVAL_HANDLE_N 32
#define APPROVAL_KEY_N 34      /* "v:" and the id */
#define APPROVAL_TEXT_MAX 1024 /* bytes kept of an URL, of a body, of a state */
#define APPROVAL_RECORD_MAX 4096
#define APPROVAL_PREFIX STR("v:")

enum approval_status { APPROVAL_PENDING, APPROVAL_APPROVED, APPROVAL_DENIED };

/* Texts are views: into a record, or the maker's. */
struct approval {
	u8 level, status; /* enum role_level, enum approval_status */
	u8 kind;          /* enum principal_kind of who asked */
	bool production;
	wall created, dies;
	u64 principal, user, client, team;
	u8 call[HASH_N], state[HASH_N];
	struct str who, api, environment, tool, method, url, body, shown; /* what people are shown */
	struct str etag;  /* strong; empty: none */
	struct str by;    /* who decided */
};

/* Appends the record. out->over when there is no room: APPROVAL_RECORD_MAX is enough. */
void approval_encode(struct buf *out, const struct approval *a);

/* Takes a record apart; ERR_BAD. Views into it. */
int approval_decode(struct str record, struct approval *a);

/* Writes the key of the record a handle stands for; ERR_BAD: no handle. */
int approval_key(struct str handle, char key[APPROVAL_KEY_N]);

/* The hash of a call: what is done, where, and the arguments without those named in skip. Order of members and blanks
 * do not count, everything else does. */
void approval_bind(const struct api *api, u32 environment, const struct catalog_op *op, struct jcur args,
    struct str skip, u8 out[HASH_N]);

/* The hash of a resource's state: its ETag; else id, name, version and the time of its last change, as far as body is
 * a JSON object with any of them; else all of body. status: of the answer it came with. */
void approval_state(u16 status, struct str etag, struct jcur body, struct str raw, u8 out[HASH_N]);

/* Whether the one who asks now is the one who asked then. */
bool approval_theirs(const struct approval *a, const struct principal *who);

/* A person's decision about the one record whose id begins with which (6 digits or more). */
struct approval_work {
	struct store_op op;
	struct buf out;
	struct str which;
	struct str by;
	u32 found;
	u8 at;
	bool yes;
	struct approval approval; /* as decided; views into room */
	char key[APPROVAL_KEY_N];
	u8 room[APPROVAL_RECORD_MAX + 512], next[APPROVAL_RECORD_MAX + 64];
};

/* which and by (who decides) stay until done. DONE; WAIT: owner will be marked, then approval_step; FAIL: op.err is
 * ERR_NONE nothing waits under this id; ERR_LATE several do, or somebody was faster; else a store error. */
enum step approval_decide(struct store *st, struct approval_work *w, struct str which, bool yes, struct ready *owner);
enum step approval_step(struct store *st, struct approval_work *w);

#endif
