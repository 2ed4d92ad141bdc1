#include "app/health.h"

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
	return reply_bytes(x, 200, TEXT, STR("ready\n"));
}

enum step
health_root(struct exchange *x, msec now)
{
	return reply_bytes(x, 200, TEXT,
	    STR("This is mcpgated, an MCP server. Point an MCP client at /mcp and send a key\n"
	        "as Authorization: Bearer.\n"));
}
