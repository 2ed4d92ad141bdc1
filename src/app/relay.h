/* relay: an API's answer as it is, streamed to a client that is no model: without secrets, and as something that
 * browsers save and run nothing of. What downloads and the REST façade share. */
#ifndef APP_RELAY_H
#define APP_RELAY_H

#include "app/job.h"
#include "filter/redact.h"
#include "filter/veil.h"

struct relay {
	struct pull pull;
	struct op *op;  /* given back by relay_end */
	struct redact redact;
	struct veil veil;
	bool ended;     /* the body is all there */
	char type[OP_TYPE_MAX + 1];
};

/* Replies with the answer of r->op, whose head is known, and this status. names: members of JSON that are secret. */
enum step relay_start(struct relay *r, struct exchange *x, u16 status, const struct veil_names *names);

/* Gives everything back. Harmless when nothing was begun. */
void relay_end(struct relay *r, msec now);

/* The fields that keep an answer what it is: no sniffing, no scripts, no cache, no other origin. */
void relay_fields(struct exchange *x);

#endif
