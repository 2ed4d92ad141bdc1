/* ring: lines that are only ever appended: segments in a directory, chained so that nobody can change or remove one
 * unseen, the oldest given up when there are too many.
 *
 *   lines of some turns > buffer --ring_turn--> helper thread: hash, link, one write > other buffer meanwhile
 *
 *   w1-00000007.log   {"segment":7,"form":2,"link":4711,"prev":"<h of link 4710>"}   after a crash "torn", "missing"
 *                     lines
 *                     {"link":4711,"sum":"...","mac":"...","h":"..."}
 *                     lines, link, ...
 *   w1.state          where it ends, k and h: two slots, written in turn
 *   seeds             first keys of writers that have not begun yet; taken ones are zero
 *
 * bytes: all since the last link. tag = Poly1305(SHA-256(k | "lines"), bytes), used for them only;
 * mac = HMAC(k, h before | number | sum | tag); h = SHA-256(h before | number | sum | mac); then
 * k = SHA-256(k | "next").
 * sum (map_hash) shows accidents without the key. Hashing all bytes would cost as much as half of a call; so whoever
 * knows the first key, and nobody else, could make other lines for the same h.
 *
 * Each segment begins with a key of its own: K' = SHA-256(K | "segment"), k = SHA-256(K | "link"). The first K comes
 * from a seed that is shown once and kept nowhere (ring_seeds), so whoever breaks in can forge the future, not the
 * past; and a tail that was rolled back shows against a head that was noted elsewhere. Each worker is a writer with a
 * chain of its own. Nothing here waits for a disk but the helper; what does not fit any more is counted and told in a
 * line of its own later. */
#ifndef STORE_RING_H
#define STORE_RING_H

#include "base/arena.h"
#include "base/buf.h"
#include "crypt/hash.h"
#include "sys/side.h"
#include "sys/timer.h"

#define RING_SEGMENTS 8   /* kept of each writer; more than one of them may hold the last links */
#define RING_WRITERS 64
#define RING_NAME_N 32
#define RING_FORM 2      /* of links; segments of another one are named, not verified */
#define RING_LINK_N 192   /* bytes a link takes at most; and a segment's first line */

struct ring_conf {
	int dir;            /* stays open */
	u32 writer;         /* from 0 */
	u64 bytes_max;      /* of all segments of this writer */
	int syslog;         /* a connected datagram socket, or -1: each line goes there, too */
	const char *host;   /* how we call ourselves there; stays */
};

/* Where a chain ends: what stands in a state slot. */
struct ring_state {
	u64 link;      /* number of the next one */
	u64 size;      /* of the segment, up to and with its last link */
	u32 segment;   /* number; 0: none yet */
	u32 form;      /* of its links */
	u8 key[HASH_N], segment_key[HASH_N], h[HASH_N]; /* k of the next link; K of the next segment; h of the last */
};

/* What the helper works on: its own while it is busy. */
struct ring_chain {
	struct ring_state now;
	struct ring_conf conf;
	int fd, state; /* segment and state file; -1 */
	u8 *bytes;     /* being written */
	u32 n;
	u64 torn, missing; /* of the segment before the next one: bytes behind its last link; bytes that it lacks */
	bool sync;
	int err;
	char why[80];
};

struct ring {
	struct side side;
	struct ring_chain chain;
	struct buf fill;   /* what comes now */
	struct buf other;  /* being written, or free */
	msec given_at, synced_at, retry_at;
	u64 lost;          /* lines that did not fit, not told yet */
	bool pending;      /* other is not written yet */
	bool soon, unsynced, failing;
};

/* Bytes ring_open takes from its arena. */
size_t ring_bytes(void);

/* Makes the file of seeds when there is none: then *fresh is set and first, 32 bytes, is to be shown once. 0, or
 * ERR_IO. */
int ring_seeds(int dir, bool *fresh, u8 first[HASH_N]);

/* Opens the chain of a writer where it ended; what a crash left behind is linked or marked. 0; an error with why. */
int ring_open(struct ring *r, const struct ring_conf *conf, struct arena *a, struct buf *why);

/* Starts the helper thread. Before the jail, after every fork. ERR_IO. */
int ring_attach(struct ring *r, struct loop *loop);

/* Room for a line of up to n bytes, to be written and ended with ring_line; NULL: there is none, it is counted as
 * lost. soon: it is synced as soon as it can be. */
struct buf *ring_room(struct ring *r, u32 n);
void ring_line(struct ring *r, bool soon);

/* Whether lines can be kept now: there is room and the disk took the last ones. */
bool ring_well(const struct ring *r);

/* Once per turn: hands over what there is, now and then. When to come again at the latest. */
msec ring_turn(struct ring *r, msec now);

/* Writes what there is, and ends the thread. */
void ring_close(struct ring *r);

/* "w1-00000007.log" */
void ring_name(char name[RING_NAME_N], u32 writer, u32 segment);

/* --- looking back ------------------------------------------------------------------------------------ */

/* What a writer's chain is worth. */
struct ring_report {
	u32 first, last;   /* segments that are there */
	u64 lines, links;
	u64 link;          /* number of the last one */
	u8 h[HASH_N];      /* its hash: the head */
	u64 missing;       /* bytes that a crash of the machine took, or somebody while the server was down */
	u64 tail;          /* bytes behind it that no link covers: being written right now, or torn by a crash */
	u32 others;        /* segments of another form: they were not verified */
	bool found;        /* the head that was asked for stands in the chain */
	u32 bad_segment;   /* where the chain is broken, 0: nowhere */
	u64 bad_line;
	const char *why;
};

/* The segments of a writer, oldest first, in at: how many; at most max. */
u32 ring_list(int dir, u32 writer, u32 *at, u32 max);

/* Follows the whole chain of a writer, with the first key (or NULL: only that nothing was changed by accident). head,
 * 16 bytes of a head noted before, or NULL. 0; ERR_NONE there is none; ERR_BAD it is broken: report says where. */
int ring_verify(int dir, u32 writer, const u8 *first, const u8 *head, struct ring_report *report);

#endif
