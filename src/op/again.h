/* again: a call that can be carried out once more, from a note in the store: a read, to go on where an answer was cut
 * (gate_continue) or to give out a file by a link (/files/<handle>); or a call that awaits its file, sent there.
 *
 *      store key "l:<handle>", "x:f<handle>", "x:u<handle>"   value: seal of who, where, what, from which element on
 *
 * The handle is 128 random bits in hex. Nothing of an answer or a file is kept: the call passes the gate and the API
 * again. Lives for ten minutes; lost, at worst, with the power. */
#ifndef OP_AGAIN_H
#define OP_AGAIN_H

#include "op/op.h"

#define AGAIN_TTL_S 600
#define AGAIN_HANDLE_N 32      /* characters of a handle */
#define AGAIN_ARGS_MAX 800     /* bytes of arguments that are kept */
#define AGAIN_RECORD_MAX 1500  /* bytes of a record */
#define AGAIN_KEY_N (3 + AGAIN_HANDLE_N)

struct again {
	struct principal who;
	struct gate_view view;
	u64 from;             /* elements to leave out */
	wall made;            /* when it was kept: set by again_keep; up to switches->voided it is void */
	struct str api, environment, operation;
	struct str key;       /* record of whoever asks, see mcp.key_name; may be empty */
	struct str path;      /* of the list */
	struct str args;      /* JSON text of an object, or empty */
};

/* Keeps a, under a new handle that is written to handle. prefix: "l:", "x:f" or "x:u". ERR_FULL: the store
 * is too full, or the record too large; other errors of the store: it cannot be kept now. */
int again_keep(struct ops *o, const char *prefix, const struct again *a, msec now, char handle[AGAIN_HANDLE_N + 1]);

/* The store key of a handle given by somebody, in room. ERR_BAD: it is none. */
int again_key(const char *prefix, struct str handle, u8 room[AGAIN_KEY_N], struct str *key);

/* Seals an answer that is kept under this key, and opens it again in room (SEAL_EXTRA bytes more than the text). Errors
 * of crypt/seal.h. */
int again_seal(struct ops *o, struct str key, struct str plain, struct buf *out);
/* As above. */
int again_unseal(struct ops *o, struct str key, struct str record, struct buf *room);

/* Opens a record into a, whose views point into room (AGAIN_RECORD_MAX bytes). ERR_BAD. */
int again_open(struct ops *o, struct str key, struct str record, struct buf *room, struct again *a);

#endif
