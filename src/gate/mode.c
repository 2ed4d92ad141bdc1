#include "gate/mode.h"

#include "base/limits.h"
#include "catalog/report.h"
#include "gate/role.h"

static bool
offered(const struct api *api, u32 role, u32 op)
{
	u8 v = 0;

	for (u32 e = 0; e < api->environments; e++)
		v |= api->verdict[((size_t)role * api->environments + e) * api->ops + op];
	return v & VERDICT_OFFERED;
}

/* Operations of c, only those that the role of api sees unless that is NULL. */
static struct mode
measure(const struct api *api, u32 role, const struct catalog *c)
{
	struct mode m = { 0 };
	u64 bytes = 0;

	for (u32 i = 0; i < c->op_n; i++) {
		struct catalog_op op;

		if (api && !offered(api, role, i))
			continue;
		catalog_op(c, i, &op);
		bytes += op.tool_n + (m.operations > 0);
		m.operations++;
	}
	m.tokens = report_tokens(bytes);
	return m;
}

struct mode
mode_of_role(const struct api *api, u32 role, const struct catalog *c)
{
	ASSERT(api->verdict && api->ops == c->op_n);
	return measure(api, role, c);
}

struct mode
mode_of_all(const struct catalog *c)
{
	return measure(NULL, 0, c);
}

u8
mode_decide(const struct mode *m)
{
	return m->operations > MODE_OPS || m->tokens > MODE_TOKENS ? API_MODE_CODE : API_MODE_TOOLS;
}

void
mode_say(const struct mode *m, struct buf *out)
{
	buf_fmt(out, "auto: %u operations, about %U tokens a list", m->operations, m->tokens);
	if (mode_decide(m) == API_MODE_TOOLS)
		buf_fmt(out, ": tools (up to %u operations and %u tokens)", MODE_OPS, MODE_TOKENS);
	else if (m->operations > MODE_OPS)
		buf_fmt(out, " (above %u operations)", MODE_OPS);
	else
		buf_fmt(out, " (above %u tokens)", MODE_TOKENS);
	if (mode_decide(m) == API_MODE_CODE)
		BUF_LIT(out, ": code mode would be chosen; this version has none and serves tools");
}
