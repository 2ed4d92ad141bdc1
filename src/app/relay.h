/* relay: an API's answer as it is, streamed to a client that is no model: without secrets, and as something that
 * browsers save and run nothing of. What downloads and the REST façade share. */
#ifndef APP_RELAY_H
#define APP_RELAY_H

#include "app/job.h"
#include "filter/redact.h"
#include "filter/veil.h"
#include "http/multipart.h"

struct relay {
	struct pull pull;
	struct op *op;  /* given back by relay_end */
	struct redact redact;
	struct veil veil;
	bool ended;     /* the body is all there */
	char type[OP_TYPE_MAX + 1];
	struct multipart_watch *watch; /* what looks at a body as it is poured; NULL: nothing */
	int err;                       /* why a body was not poured to its end: ERR_LATE, ERR_BAD, ERR_FULL, ERR_IO */
};

/* As op_step of r->op, which is given the body of the request as it comes where it waits for one. STEP_FAIL with err:
 * what came was no good; what was sent of it is no whole request. */
enum step relay_step(struct relay *r, struct exchange *x, msec now);

/* Replies with the answer of r->op, whose head is known, and this status. names: members of JSON that are secret. */
enum step relay_start(struct relay *r, struct exchange *x, u16 status, const struct veil_names *names);

/* Replies why the body was no good, where relay_step has failed because of that; else false. */
bool relay_refuse(const struct relay *r, struct exchange *x);

/* Gives everything back. Harmless when nothing was begun. */
void relay_end(struct relay *r, msec now);

/* The fields that keep an answer what it is: no sniffing, no scripts, no cache, no other origin. */
void relay_fields(struct exchange *x);

#endif
