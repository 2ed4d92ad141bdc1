/* op: one operation of an api being carried out for a principal: arguments judged, request built,
 * upstream called. Only ops call the API, and each ends in exactly one line of the log (later: of
 * the audit).
 *
 *   op_start > (arguments, gate) > call > op_step ... head known > op_body / op_eat ... > op_end
 *
 * Pooled. An op may outlive the request that began it: a write that was sent is never cut, its
 * answer is awaited. */
#ifndef OP_OP_H
#define OP_OP_H

#include "call/call.h"
#include "gate/audit.h"
#include "catalog/args.h"
#include "catalog/params.h"
#include "gate/gate.h"
#include "gate/quota.h"
#include "json/json.h"
#include "op/life.h"
#include "op/login.h"
#include "op/own.h"
#include "op/secrets.h"
#include "op/vault.h"

#define OPS_FIELDS_N 8192 /* bytes of header fields that parameters and credentials may need */

/* Shared by all ops of a worker. */
struct ops {
	struct loop *loop;
	struct calls *calls;
	struct pool pool;
	struct vault vault;       /* secrets kept in the store: vault_init is the caller's */
	struct secrets secrets;   /* what must not come back */
	struct lives lives;       /* who is at work beside us: the caller's to begin */
	struct logins logins;     /* what is sent where the credential itself is not */
	u8 *canon;                /* RPC_BODY_MAX bytes: arguments as they were understood */
	u8 *body;                 /* RPC_BODY_MAX bytes: request body being built */
	u8 *target;               /* UPSTREAM_URL_MAX bytes: request target being built */
	u8 *fields;               /* OPS_FIELDS_N bytes: header fields being built */
	struct jsmntok *tok;      /* RPC_TOKENS_MAX tokens for rewritten arguments */
	struct rng *rng;          /* for handles; the caller's to set */
	u64 started, failed, detached;
	struct quota quota;       /* cell NULL: nothing is counted */
	struct quota_no no;       /* beside OP_FAULT_LIMIT of op_start */
	u64 keys;                 /* idempotency keys made */
	struct audit *audit;      /* NULL: none */
	struct hash_key args_key; /* arguments appear in audit lines under it only */
};

/* What is to be done. Views need to live only during op_start. */
struct op_spec {
	const struct gate_ask *ask;       /* whoever asks: the gate is asked again here, for every op */
	const struct principal *who;
	const struct api *api;
	u32 environment;                  /* index, chosen by the gate */
	const struct catalog *catalog;
	const struct catalog_op *operation;
	struct jcur args;                 /* an object, or a miss: no arguments */
	u32 *hold;                        /* counted up while the op lives: its api must stay as long */
	struct str idempotency;           /* the caller's own: the same write is another one with another text */
	struct str drop[4];               /* names of arguments that are ours and taken out before; may be empty */
	struct str skip;                  /* names of arguments that are ours ("environment,approval"); may be empty */
	bool approved;                    /* what the gate asks for before it may be done has happened: op/held.h */
	u64 pour;                         /* bytes that come later: op_pour. upload is empty then. POUR_OPEN: many */
	struct str upload, upload_type;   /* the bytes of an argument "upload:NAME"; p NULL: they are not there */
	bool raw;                         /* upload, or what is poured, is the whole body as it is */
	struct str front;                 /* of what is poured, the beginning: tells one write from another */
	const struct own *own;            /* the credential that the caller brings along; NULL: none */
	struct str if_match;              /* ETag of what was approved; empty: none */
	u64 peer;                         /* where it comes from: tells callers apart who are nobody */
};

enum op_fault {
	OP_FAULT_NONE,
	OP_FAULT_ARGUMENT,    /* the model can mend it */
	OP_FAULT_BUSY,        /* try again: retry_after_s */
	OP_FAULT_UPSTREAM,    /* unreachable, late, broken answer */
	OP_FAULT_CONFIG,      /* credential missing and the like: a person must act */
	OP_FAULT_LIMIT,       /* what the caller may do is used up: retry_after_s */
	OP_FAULT_DENIED,      /* the gate says no */
	OP_FAULT_APPROVAL,    /* it must be confirmed or approved first */
	OP_FAULT_CONNECT,     /* the user must give his own credential first */
	OP_FAULT_UPLOAD,      /* a file is to be sent first: arguments and gate are in order */
};

#define OP_TYPE_MAX 96
#define OP_WHY_MAX 240

struct op {
	struct ready ready;   /* runs a detached op to its end */
	struct reap reap;
	struct ops *ops;
	struct call *call;
	const struct api *api;
	const struct environment *environment;
	const struct environment *at;  /* where it is called: environment, or another server of the document */
	const struct needles *secrets; /* what must not get out of its answer; NULL: nothing */
	u32 *hold;
	const struct catalog *catalog;
	struct ready *owner;
	struct vault_wait wait;
	struct buf kept;      /* the request without credentials, where they may have to be obtained: leased */
	struct buf tail;      /* what stands behind a file that is poured: leased */
	struct buf sum;       /* of a write that is poured: leased struct hash_mac over all that was sent */
	u64 pour;             /* bytes of that file which are still to come */
	u32 kept_n[3];        /* bytes of its target, fields, body; then comes its type */
	const struct credential *chosen[CREDENTIALS_MAX];
	u32 number[CREDENTIALS_MAX]; /* which one of its login was sent */
	u8 chosen_n;
	bool body;
	u8 repeats;           /* with another login: one that another worker had left, then a new one */
	struct str name;      /* of the tool: in the catalog */
	u64 args;             /* keyed hash of the arguments; of reads 0 */
	u64 began_us, caller, nonce;
	u32 limit_left, limit_reset_s; /* of the API's own limit, as it says; left UINT32_MAX: it does not */
	u32 operation;        /* place in the catalog */
	u8 effect, method;
	u8 fault;             /* enum op_fault, after STEP_FAIL */
	bool head, detached;
	bool open;            /* nobody knows how long the request will be: it goes in chunks */
	bool poured;          /* it cannot be sent once more */
	bool offers_key;      /* the API knows Idempotency-Key here */
	bool unclear;         /* it may have been carried out, and nobody knows */
	u16 status;           /* of the upstream's answer, once head */
	u32 retry_after_s;    /* what the upstream asked for; 0: nothing */
	u64 length;           /* of its body, UINT64_MAX when not said */
	u8 type_n, why_n;
	msec began;
	struct principal who;   /* whose it is; from here on nothing is zeroed */
	char type[OP_TYPE_MAX]; /* media type without parameters, lower case, without secrets */
	char why[OP_WHY_MAX];   /* without secrets */
};

/* Carves the pool and the scratch of ops from a; bytes of it for the plan. ERR_FULL when a has no room. */
int ops_init(struct ops *o, struct arena *a, struct loop *loop, struct calls *calls);
size_t ops_bytes(void);

/* Counts what one has open for long, over all workers, one up or one down. How many there are then; 0: it cannot be
 * told. */
u32 ops_open(struct ops *o, u64 who, bool more);

/* A call that was judged, and its request without its credential: what would be sent. Good until another op begins. */
struct op_judged {
	struct gate_call call; /* call.level: what has to happen first */
	const struct environment *at; /* where it goes */
	struct args args;      /* args.use: the arguments as they will be sent */
	struct params params;
	struct jdoc preset;
	bool later;            /* its credentials are not there yet */
};

/* Judges a call and builds its request in the worker's scratch. 0, or an enum op_fault and a sentence in why. */
int op_judge(struct ops *o, const struct op_spec *spec, struct op_judged *j, struct buf *why);

/* What every call to an environment has in common, whoever makes it: place, trust, deadlines. The method
 * is the caller's. */
struct call_spec op_call_spec(const struct environment *e);

/* Judges arguments, builds the request and starts the call. 0 and *op; else an enum op_fault
 * (positive) and a sentence for the model in why: nothing was started then. */
int op_start(struct ops *o, const struct op_spec *spec, struct ready *owner, msec now, struct op **op, struct buf *why);

/* Goes on. STEP_DONE: status, type and length are known, the body can be taken. STEP_FAIL: fault
 * and why say what happened. STEP_WAIT: owner will be marked. */
enum step op_step(struct op *op, msec now);

/* Whether the op waits for more of a file that is poured, after op_step has said STEP_WAIT; and the next bytes of it,
 * at most 48 KB. Then op_step again. op_poured: those were the last, where nobody knew how many would come. */
bool op_hungry(const struct op *op);
void op_pour(struct op *op, struct str part, msec now);
void op_poured(struct op *op, msec now);

/* Puts the body as it came, or nothing where it will come, in place of one that is made of the arguments. ERR_FULL. */
int op_pour_whole(const struct op_spec *spec, struct params *p);

/* The op's call gets a file later: what stands behind it is kept. ERR_FULL. */
int op_pour_expect(struct op *op, const struct params *p);

/* Begins with what was written before it, at the end of the request's head: of chunks the first one. */
void op_pour_first(const struct op *op, struct buf *out, struct str body);

/* The next piece of the answer's body: its length (> 0) in *part; 0 the body is complete; ERR_MORE
 * not yet; ERR_IO it broke off (why says how). The view dies at the next call of anything that
 * reads. Then op_eat what was used. */
int op_body(struct op *op, struct str *part, msec now);
void op_eat(struct op *op, u32 n);

/* Marks another ready from now on: of whoever takes the op over. */
void op_owner(struct op *op, struct ready *owner);

/* Gives a finished or failed op back. */
void op_end(struct op *op, msec now);

/* Whether it is a write that the API may have heard of: it waits for no place, connection or credential any more. */
bool op_sent(const struct op *op);

/* Whether a switch that was turned off meanwhile forbids it. */
bool op_off(const struct op *op, const struct switches *s);

/* The op that marks this owner, or NULL. */
const struct op *ops_of(const struct ops *o, const struct ready *owner);

/* Cuts what goes on without its request and a switch forbids by now, but for what was sent. */
void ops_off(struct ops *o, const struct switches *s, msec now);

/* The one who asked has gone: cancels the call, unless `keep` or it is a write that may have been
 * sent: then the op runs to its end by itself. The pointer is gone for the caller in any case. */
void op_leave(struct op *op, bool keep, msec now);

#endif
