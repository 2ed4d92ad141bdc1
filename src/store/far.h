/* far: one store for several processes. One of them keeps it (disk), the others ask it.
 *
 *   worker 2, 3 ...   op > question --ask--> one queue > the keeper: op > store > answer --of each worker--> op done
 *
 * All questions go into one queue, so the keeper takes them up in the order in which they were asked, whoever asked:
 * what a worker has written without waiting is there when another one looks for it. The sockets are made before any
 * fork and held by the supervisor: when the keeper dies, what it had not taken up yet waits there for its successor;
 * what it had taken up, or just in its hand, is asked again, once, if it was a read, and fails otherwise (ERR_IO:
 * nobody knows whether it was done, as after any crash), and what it had acknowledged is on the disk. How far it had
 * come stands in the pages when its successor begins; a greeting wakes those who wait. A list that began with another
 * keeper cannot be gone on with (ERR_IO). Nobody waits longer than FAR_WAIT_S for one keeper, not counting time in
 * which he was stopped himself. Who asks for more than the socket to him holds waits with his question.
 *
 * Questions and answers are RESP arrays (resp.h), one in each packet:
 *   verb worker id lazy ttl version by cursor room key val   >   id err version dies total cursor val
 * In pages that all of them share stand how often keys of a letter have changed (store_stamp: so what was revoked is
 * revoked everywhere at once), the time, figures, and a bit for each hash of a key that was ever written: what was not
 * is absent without asking. */
#ifndef STORE_FAR_H
#define STORE_FAR_H

#include "store/store.h"
#include "sys/loop.h"

#define FAR_WORKERS 64
#define FAR_WAIT_S 5

struct far_page; /* shared, zero at first */

/* The sockets, made by the supervisor; -1: none, or not ours. */
struct far_lines {
	void *page;
	u32 workers;
	int ask[2];                 /* taken from 0, put into 1 */
	int answer[FAR_WORKERS][2]; /* of each worker: taken from 0, put into 1 */
};

struct keeper;

/* Bytes of the shared page. */
size_t far_page_bytes(void);

/* Makes the sockets; the page (far_page_bytes, zero) is the caller's. ERR_IO. */
int far_open(struct far_lines *l, void *page, u32 workers);

/* Closes what worker `index` has no use for: 0 keeps the store. A process that is none of them says UINT32_MAX. */
void far_take(struct far_lines *l, u32 index);

/* Makes a store (attached already) the one that the others ask, from now on. ERR_FULL when a has no room. */
int keeper_begin(struct store *st, const struct far_lines *l, struct arena *a);

/* Bytes that keeper_begin takes from its arena. */
size_t keeper_bytes(void);

/* A store that asks the keeper's, for worker `index`; see store_open. ERR_FULL. It is not for store_do. */
int store_open_far(struct store **st, const struct far_lines *l, u32 index, struct arena *a, msec now, wall at);

#endif
