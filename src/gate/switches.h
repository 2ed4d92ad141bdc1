/* switches: what an administrator has turned off, seen by all workers at once.
 *
 *      store  "w:<target>#<switch>"  >  struct switches in pages shared since before the fork  >  one look per request
 *
 * target: server, team:NAME, api:NAME with the switches enabled, production and write, all on by default;
 * tool:API/NAME, client:ID, key:ID, user:NAME with enabled alone; "stop" stops everything until it is resumed. A switch
 * only narrows.
 * The worker that keeps the store writes, whoever asked for the change, even one who has died over it; the others read
 * between two looks at epoch. While nothing is off a look costs one branch. Until the store was read everything is
 * off. */
#ifndef GATE_SWITCHES_H
#define GATE_SWITCHES_H

#include "auth/principal.h"
#include "gate/api.h"
#include "store/store.h"

#define SWITCHES_MAX 256        /* targets with something off, at once */
#define SWITCHES_TARGET_MAX 160 /* characters of a target */
#define SWITCHES_FILE "stop"    /* in the data directory: while it is there, everything is stopped */

#define SWITCH_ENABLED 1u /* bits of what is off */
#define SWITCH_PRODUCTION 2u
#define SWITCH_WRITE 4u
#define SWITCH_ALL 7u

#define SWITCHES_LIST_N 4096
#define SWITCHES_ROOM_N (SWITCHES_LIST_N + sizeof(struct switches) + 64) /* what switches_load takes for a while */

enum switch_kind { SWITCH_SERVER, SWITCH_TEAM, SWITCH_API, SWITCH_TOOL, SWITCH_CLIENT, SWITCH_KEY, SWITCH_USER,
	SWITCH_KINDS };

struct switch_row {
	u64 id;
	u8 kind, off;
};

struct switches {
	u32 epoch;     /* odd while it is being changed */
	u32 n, tools;  /* rows; those of kind SWITCH_TOOL */
	u32 loaded;
	u32 follows;   /* the keeper's turn puts in force what the store has, before anybody is answered */
	u32 stopped;   /* by command */
	u32 file;      /* by the file in the data directory: set by the supervisor */
	wall voided;   /* approvals and handles made until then are void */
	struct switch_row row[SWITCHES_MAX];
};

/* Reads all of them from the store, by the worker that keeps it. 0, or a store error: then everything stays as it was:
 * off, unless a keeper before this one has read them. */
int switches_load(struct switches *s, struct store *st, struct arena *a);

/* The same, after a change in the store. What cannot be put in force (two workers may each have let in the last one
 * that there was room for) must not be allowed: everything is off then, until a change that can be. */
int switches_follow(struct switches *s, struct store *st, struct arena *a);

/* What is off for a principal at an api; user, team and client from the principal. */
u8 switches_off(const struct switches *s, const struct principal *who, const struct api *api);

/* Whether a tool may not be used. Ask only while s->tools is not 0. */
bool switches_tool_off(const struct switches *s, const struct api *api, struct str tool);

/* Whether everything is stopped. */
bool switches_stopped(const struct switches *s);

/* The number a target's name has in rows, and in the principal: the first 8 bytes of SHA-256; of keys, of their id. */
u64 switches_id(enum switch_kind kind, struct str name);

/* Takes a target apart. The kind, and its name in *name; ERR_BAD. */
int switches_target(struct str target, struct str *name);

/* The bits of words such as "write,production"; 0: none of these. */
u8 switches_bits(struct str words);

/* Appends the words of bits. */
void switches_print(struct buf *b, u8 bits);

/* One change: first the store, then the table (where nobody follows the store). */
struct switches_work {
	struct store_op op;
	u64 id;
	u8 kind, bits;
	bool on;
	char key[2 + SWITCHES_TARGET_MAX + 12], val[16];
};

/* Turns one switch of a target on or off, or stops (on false) and resumes (on true) everything, target "stop". The
 * target may be given up at once. DONE; WAIT: owner will be marked, then switches_step; FAIL: op.err is ERR_BAD (no
 * such target, or not one switch of its), ERR_FULL, or a store error. */
enum step switches_change(struct switches *s, struct store *st, struct switches_work *w, struct str target, u8 bit,
    bool on, struct ready *owner);
enum step switches_step(struct switches *s, struct store *st, struct switches_work *w);

/* Takes the store's entry apart for a list: the target and the bit that is off; 0: none (nothing is off by it). */
u8 switches_entry(const struct store_entry *e, struct str *target);

/* Stops everything by the file, which the supervisor sees; or not any more. */
void switches_file(struct switches *s, bool there, wall now);

#endif
