#include "mcp/empty.h"

#include "base/utf8.h"
#include "mcp/legacy.h"
#include "mcp/modern.h"

#define RESOURCE_NOT_FOUND (-32002) /* before 2026-07-28 */

static enum step
answer_list(struct mcp *m, const char *name)
{
	struct buf b = arena_buf(exchange_arena(m->x), 1600);

	if (!b.p)
		return mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
	rpc_result_open(&b, m->id);
	buf_fmt(&b, "{\"%s\":[]", name);
	modern_result_close(m, &b, true);
	buf_byte(&b, '}');
	m->answer.status = 200;
	m->answer.views = 1;
	m->answer.view[0] = buf_str(&b);
	return STEP_DONE;
}

enum step
empty_prompts(struct mcp *m, struct rpc *r, msec now)
{
	return answer_list(m, "prompts");
}

enum step
empty_resources(struct mcp *m, struct rpc *r, msec now)
{
	return answer_list(m, "resources");
}

enum step
empty_templates(struct mcp *m, struct rpc *r, msec now)
{
	return answer_list(m, "resourceTemplates");
}

enum step
empty_prompt(struct mcp *m, struct rpc *r, msec now)
{
	return mcp_refuse(m, 200, RPC_PARAMS, "Unknown prompt: this server has none");
}

enum step
empty_resource(struct mcp *m, struct rpc *r, msec now)
{
	struct str uri = mcp_text(m, json_get(r->params, "uri"));
	struct buf data = arena_buf(exchange_arena(m->x), 700);
	struct buf b = arena_buf(exchange_arena(m->x), 1400);
	struct jout o = jout_into(&data);

	if (!uri.p)
		return mcp_refuse(m, 200, RPC_PARAMS, "Invalid params: resources/read needs a uri");
	if (!data.p || !b.p)
		return mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
	jout_open(&o, '{');
	jout_str(&o, "uri", utf8_prefix(uri, 100));
	jout_close(&o, '}');
	rpc_error(&b, m->id, m->modern, m->modern ? RPC_PARAMS : RESOURCE_NOT_FOUND, STR("Resource not found"),
	    buf_str(&data));
	m->answer.status = 200;
	m->answer.views = 1;
	m->answer.view[0] = buf_str(&b);
	return STEP_DONE;
}

enum step
empty_level(struct mcp *m, struct rpc *r, msec now)
{
	static const char *const levels[] = { "debug", "info", "notice", "warning", "error", "critical", "alert",
		"emergency" };
	struct jcur level = json_get(r->params, "level");

	for (u32 i = 0; i < ARRAY_N(levels); i++)
		if (json_is(level, levels[i])) {
			legacy_ping(m);
			return STEP_DONE;
		}
	return mcp_refuse(m, 200, RPC_PARAMS, "Invalid params: level must be debug, info, notice, warning, error, "
	                                      "critical, alert or emergency");
}
