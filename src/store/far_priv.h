/* far_priv: what both ends of a far store share. */
#ifndef STORE_FAR_PRIV_H
#define STORE_FAR_PRIV_H

#include "store/far.h"
#include "store/store_priv.h"

#define FAR_HEAD_N 400 /* of a packet beside key and value */
#define FAR_OUT_N (STORE_KEY_MAX + STORE_VAL_MAX + 64) /* what is answered: the largest entry of a list fits */
#define FAR_PACKET_N (FAR_HEAD_N + FAR_OUT_N)
#define FAR_SEEN_BITS (1U << 20)
#define FAR_OWED_N (64u << 10) /* answers that may be on their way to one worker: its socket takes twice as much, and
                                * with those that its predecessor has left it is not full */
#define FAR_HELLO 0 /* an answer to this question: `before` has changed */
#define FAR_CURSOR_N (1u << 24) /* cursors of lists are below it: above it stands whose they are */

struct far_page {
	u32 stamp[256];
	wall wall;              /* the keeper's */
	u64 seed;               /* of the hashes */
	struct store_figures figures;
	u32 keepers;            /* how many there were */
	u64 taken[FAR_WORKERS]; /* the newest question of each worker that a keeper has taken up */
	u64 before[FAR_WORKERS]; /* of those, the newest that this keeper will not answer: those before it had it */
	u32 changes[FAR_WORKERS]; /* of before */
	u32 seen[FAR_SEEN_BITS / 32];
};

enum far_question { ASK_VERB, ASK_WORKER, ASK_ID, ASK_LAZY, ASK_TTL, ASK_VERSION, ASK_BY, ASK_CURSOR, ASK_ROOM, ASK_N };
enum far_answer { TELL_ID, TELL_ERR, TELL_VERSION, TELL_DIES, TELL_TOTAL, TELL_CURSOR, TELL_N };

/* Sends one packet: n numbers and two strings. Bytes sent, ERR_MORE, ERR_IO. */
int far_say(int fd, const int64_t *number, u32 n, struct str key, struct str val);

/* Reads one. ERR_BAD. */
int far_hear(struct str packet, int64_t *number, u32 n, struct str *key, struct str *val);

/* Notes that a key with this hash (store_hash) is written; whether one ever was. */
void far_note(struct far_page *p, u32 hash);
bool far_noted(const struct far_page *p, u32 hash);

#endif
