#include "app/job.h"

#include "app/arriving.h"
#include "app/foreign.h"
#include "app/hashing.h"
#include "gate/approval.h"
#include "app/person.h"
#include "app/files.h"
#include "app/oauth.h"
#include "app/passing.h"
#include "app/rest.h"

static struct exchange *
job_begin(void *of, struct conn *c)
{
	struct app *app = (struct app *)of;
	struct job *j = (struct job *)pool_take_part(&app->jobs, JOB_ZEROED);

	if (!j)
		return NULL;
	j->app = app;
	j->gen = &app->gen[app->live];
	j->gen->users++;
	return &j->x;
}

static enum step
job_step(struct exchange *x, msec now)
{
	return x->route->run(x, now);
}

static void
end_call(struct job *j)
{
	if (j->call)
		call_end(j->call, j->app->now);
	j->call = NULL;
}

/* The peer has left: let go of what is waited for. Calls may go on without us. */
static void
job_cancel(struct exchange *x)
{
	struct job *j = job_of(x);

	if (j->checking && j->by_token)
		token_cancel(j->app->tokens, &j->token);
	else if (j->checking)
		key_cancel(j->app->keys, &j->check);
	j->checking = false;
	foreign_end(j, j->app->now);
	passing_cancel(j, j->app->now);
	end_call(j);
	person_cancel(j);
	if (j->own_op)
		store_cancel(j->app->store, j->own_op);
	if (j->work)
		store_cancel(j->app->store, &j->work->op);
	if (j->approving)
		store_cancel(j->app->store, &j->approving->op);
	if (j->switching)
		store_cancel(j->app->store, &j->switching->op);
	if (j->op.key.p && !j->op.done)
		store_cancel(j->app->store, &j->op);
	if (j->oauth)
		oauth_fetch_end(j->oauth, j->app->now);
	files_cancel(j, j->app->now);
	rest_cancel(j, j->app->now);
	if (j->mcp.x)
		mcp_cancel(&j->mcp, j->app->now);
}

static void
job_end(struct exchange *x)
{
	struct job *j = job_of(x);

	files_end(j, j->app->now);
	rest_end(j, j->app->now);
	if (j->mcp.x)
		mcp_end(&j->mcp, j->app->now);
	passing_end(j, j->app->now);
	end_call(j);
	arriving_end(j);
	hashing_leave(j);
	j->gen->users--;
	pool_give(&j->app->jobs, j);
}

const struct serve_ops job_ops = { job_begin, job_step, job_cancel, job_end };
