/* hashing: passwords of people at pages, one derivation at a time, in whatever worker. Each costs about a second of its
 * process, so it runs in slices between other work; four may wait, the next one is told to come back (429). How many
 * there are, and whose turn it is, stands in shared pages (app/rate.h). Every derivation costs the
 * same, whoever it is for: an unknown name, or an older record, is made up for with rounds nobody needs. */
#ifndef APP_HASHING_H
#define APP_HASHING_H

#include "app/job.h"
#include "crypt/pass.h"

#define HASHING_SLICE 250 /* rounds of one step: 0.1 ms here, 5 ms on a slow router */

struct hashing {
	struct pass pass;
	struct pass_record rec; /* what it is compared with, or what it makes */
	u32 extra;              /* rounds to run after it, for nothing */
	u8 sum[HASH_N];         /* what came out */
	bool known, done;       /* rec is somebody's; sum is there */
};

/* Enters the queue. rec: what to compare with; NULL: nobody's. STEP_MORE, then hashing_step;
 * STEP_FAIL: the queue is full and the reply is set. */
enum step hashing_check(struct job *j, struct hashing *h, struct str password,
    const struct pass_record *rec);

/* The same to make a new record: h->rec with sum as its hash. */
enum step hashing_make(struct job *j, struct hashing *h, struct str password);

/* Goes on. STEP_MORE, or STEP_DONE: hashing_same tells, or h->sum is what to store. The place in
 * the queue is given back. */
enum step hashing_step(struct job *j, struct hashing *h);

/* Whether the password was that of the record. */
bool hashing_same(const struct hashing *h);

/* A worker begins: nothing of whoever was it before is under way. */
void hashing_begin(struct app *app);

/* Leaves the queue; harmless when it does not stand there. For job_end. */
void hashing_leave(struct job *j);

#endif
