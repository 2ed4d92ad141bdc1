#include "app/health.h"

#include "app/html.h"
#include "app/person.h"

#define TEXT "text/plain; charset=utf-8"

enum step
health_live(struct exchange *x, msec now)
{
	return reply_bytes(x, 200, TEXT, STR("ok\n"));
}

enum step
health_ready(struct exchange *x, msec now)
{
	struct app *app = job_of(x)->app;
	struct store_figures f;

	store_figures(app->store, &f);
	if (app->mcp.draining)
		return reply_bytes(x, 503, TEXT, STR("draining\n"));
	if (!app->gen[app->live].gen)
		return reply_bytes(x, 503, TEXT, STR("no configuration yet\n"));
	if (f.health == STORE_BROKEN)
		return reply_bytes(x, 503, TEXT,
		    STR("the store is read-only after a failed sync: restart when the disk is well\n"));
	if (!issuer_ready(&app->issuer, now))
		return reply_bytes(x, 503, TEXT, STR("the issuer's keys cannot be had: its tokens cannot be judged\n"));
	return reply_bytes(x, 200, TEXT, STR("ready\n"));
}

enum step
health_root(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s = person_know(j, now);
	struct html h;

	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	html_begin(&h, x, "home");
	if (j->gen->gen) {
		html_put(&h, "url", j->gen->gen->public_url);
		html_flag(&h, "ca", j->gen->gen->ca.n != 0);
	}
	return html_reply(&h, 200);
}
