/* job: an exchange plus everything it may be waiting for. serve runs exchanges without knowing what
 * a job is; here CONTAINER_OF leads back. */
#ifndef APP_JOB_H
#define APP_JOB_H

#include "app/app.h"

struct foreign;
struct person;

struct approval_work; /* gate/approval.h */

#define JOB_KEY_NAME_N 52

static_assert(JOB_KEY_NAME_N >= sizeof(((struct key_check *)0)->name) &&
    JOB_KEY_NAME_N >= sizeof(((struct token_check *)0)->name), "has room for either name");

struct job {
	struct exchange x;
	struct app *app;
	struct app_gen *gen; /* held until the end */
	struct principal who;
	struct approval_work *approving; /* control routes: in the exchange's arena */
	struct switches_work *switching; /* control routes: in the exchange's arena */
	struct key_work *work; /* control routes: in the exchange's arena */
	struct store_op op;    /* control routes */
	struct buf out;
	struct person *person; /* pages: who sits there, in the exchange's arena; NULL: not asked yet */
	void *own;             /* pages: what a handler keeps between runs, in the exchange's arena */
	struct files *files;   /* a download: in the exchange's arena */
	struct rest *rest;     /* a call of the REST facade: the same */
	struct store_op *own_op; /* and what it may wait for there */
	struct call *call;     /* pages: a call of their own, ended with them */
	struct buf passing;    /* leased: the caller's own credential, struct passing; wiped at the end */
	bool arriving;         /* counts in app->arriving */
	bool checking;         /* check or token is under way */
	bool by_token;         /* who was, or is being, found by an access token */
	struct foreign *foreign; /* a token of the other issuer that is being judged: the same */
	struct oauth *oauth;   /* the authorization server's: in the exchange's arena */
	u8 at;
	char key_name[JOB_KEY_NAME_N]; /* for mcp.key_name */
	/* not zeroed from within mcp on: written before it is read. Who asks is settled before mcp begins, where its
	 * result will lie: what a request holds while it waits for the API is what a worker needs under load. */
	union {
		struct mcp mcp;
		struct {
			u8 before[offsetof(struct mcp, result)];
			union {
				struct key_check check;
				struct token_check token; /* by_token */
			};
		};
	};
};

#define JOB_ZEROED offsetof(struct job, mcp.result.redact)

/* The job of an exchange. */
static inline struct job *
job_of(struct exchange *x)
{
	return CONTAINER_OF(x, struct job, x);
}

/* What serve is given at boot. */
extern const struct serve_ops job_ops;

#endif
