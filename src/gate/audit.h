/* audit: one line for each decision, call, login and admin act, in the ring of this worker (store/ring.h).
 *
 *   {"time":"2026-11-21T08:00:00.123Z","what":"call","outcome":"done","who":"ci","id":"<hex>","user":"<hex>",
 *    "team":"<hex>","client":"<hex>","api":"gitea","environment":"production","production":true,
 *    "operation":"delete_repo","args":"<hex>","status":204,"bytes":0,"us":5120,"approval":"<id>","detail":"..."}
 *
 * What is empty is left out. No secrets: arguments come as a keyed hash, and whoever writes a detail answers for it.
 * Writing never waits. Where `option audit 'required'` holds, ask audit_ready before acting and refuse when it says
 * no. */
#ifndef GATE_AUDIT_H
#define GATE_AUDIT_H

#include "auth/principal.h"
#include "store/ring.h"

#define AUDIT_LINE_MAX 1024  /* bytes; what is longer loses its detail */
#define AUDIT_DETAIL_MAX 300 /* characters of it */
#define AUDIT_WORKERS 64     /* at most */

enum audit_mode { AUDIT_ON, AUDIT_REQUIRED, AUDIT_OFF };

struct audit {
	struct ring *ring; /* NULL: nothing is written */
	u8 mode;           /* enum audit_mode */
	u64 wall_ms;       /* of now; set once per turn, with `at`, the moment it was */
	msec at;
	u64 second;        /* of which stamp is the text */
	char stamp[20];
	u64 lines;
	u8 *down;          /* AUDIT_WORKERS, in pages that all share: whose disk does not take lines; or NULL */
	u32 index;         /* which of them this one is */
};

/* One line. Views only need to live during audit_line. */
struct audit_line {
	const char *what;    /* "call", "login", "admin", "approval", "switch", "gate" */
	const char *outcome; /* "done", "failed", "refused", "denied", "limited", "unclear" */
	const struct principal *who; /* NULL: nobody */
	struct str api, environment, operation;
	bool production;
	u64 args;            /* keyed hash of the arguments; 0: none */
	u16 status;          /* of the upstream; 0: it was not asked */
	u64 bytes, us;
	struct str approval; /* id */
	struct str detail;   /* a few words; control characters are shown as such */
	bool matters;        /* logins, admin acts, approvals, destructive calls: it goes to the disk at once */
};

/* Sets the time of lines: once per turn. */
void audit_time(struct audit *a, msec now, u64 wall_ms);

/* Whether the next line can be kept, or need not be. What one worker cannot write, no other one counts on. */
bool audit_ready(const struct audit *a);

/* Writes one line; a NULL audit writes nothing. What does not fit is counted and told later. */
void audit_line(struct audit *a, const struct audit_line *l, msec now);

/* Once per turn: tells what was lost, hands lines to the disk. When to come again at the latest. */
msec audit_turn(struct audit *a, msec now);

#endif
