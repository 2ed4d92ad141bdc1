/* held: an operation that may have to be confirmed or approved before it is carried out.
 *
 *      no handle    judge > read the resource's state > remember what is asked > TEXT: what would be done, a handle
 *      a handle     look it up (whose, for which call, decided?) > take it > read the state again > ACT
 *      dry run      judge > TEXT: the request that would be sent
 *
 * What needs neither is ACT at once. The handle is spent before the state is read again and before anything is done;
 * whatever goes wrong afterwards, it has to be asked for anew. Lies in memory of its owner until held_end. Reading the
 * state may move the caller's request: nothing of it is used after that in one step, and ACT comes one step later. */
#ifndef OP_HELD_H
#define OP_HELD_H

#include "filter/veil.h"
#include "gate/approval.h"
#include "op/op.h"

#define HELD_BODY_N 4096 /* bytes of a resource's state that are looked into; all of it is hashed */
#define HELD_TEXT_N 4352
#define HELD_SENT_N 640  /* bytes of a request's body that are shown */

enum held_outcome { HELD_NOTHING, HELD_ACT, HELD_TEXT };

/* What the caller wants. */
struct held_ask {
	const struct op_spec *spec;
	struct str handle;     /* p NULL: none */
	const struct veil_names *veil; /* members that are not shown; NULL: all are */
	struct str argument;   /* under which name a handle comes back */
	struct str public_url;
	u32 ttl_s;
	wall voided;           /* what was asked for until then is void */
	bool dry_run;
	bool in_client;        /* a person has said yes to a form in the client: counts where the role says so */
};

struct held {
	struct store_op op;
	struct store *store;
	struct ops *ops;
	struct op *reader;
	struct ready *owner;
	void (*random)(void *of, u8 *p, u32 n);
	void *random_of;
	u8 at, outcome, level;
	bool error;             /* the text tells of a refusal */
	bool waits;             /* the text tells that a person must approve: page is the address */
	bool verifying, read;   /* the handle is spent; the state is known */
	u16 status;             /* of the state's answer; 0: it could not be read */
	u8 etag_n;
	wall dies;
	u8 call[HASH_N], state[HASH_N], wanted[HASH_N];
	struct hash hash;       /* of the state's body */
	char key[APPROVAL_KEY_N];
	char handle[APPROVAL_HANDLE_N];
	char etag[CALL_ETAG_MAX];
	struct buf body, text, url, sent;
	u8 url_room[APPROVAL_TEXT_MAX];
	u8 sent_room[HELD_SENT_N];
	u8 text_room[HELD_TEXT_N];
	u8 body_room[HELD_BODY_N]; /* with record: free for the owner once there is a TEXT */
	u8 record[APPROVAL_RECORD_MAX];
};

static_assert(sizeof(struct held) <= 16384, "fits a leased block of 16 KB");

/* Goes on; the first time h is zeroed but for store, ops, owner and random. STEP_WAIT: owner will be marked. STEP_MORE:
 * run me again, with the request parsed anew. STEP_DONE:
 * outcome is ACT (then op_start with approved, and if_match when etag_n) or TEXT. */
enum step held_step(struct held *h, const struct held_ask *ask, msec now);

/* Lets go of what it waits for, at any state. */
void held_end(struct held *h, msec now);

#endif
