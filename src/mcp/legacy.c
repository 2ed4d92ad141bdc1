#include "mcp/legacy.h"

#include "mcp/modern.h"
#include "mcp/session.h"

void
legacy_initialize(struct mcp *m, struct rpc *r)
{
	struct jcur asked = json_get(r->params, "protocolVersion");
	int version = mcp_version_of(json_str(asked, NULL));
	u32 n = 1500 + 6 * m->api->instructions.n + 6 * m->api->title.n;
	struct arena *a = exchange_arena_n(m->x, n + 512);
	struct buf b = arena_buf(a, n), id = arena_buf(a, 200);
	struct jout o = jout_into(&b);

	if (json_kind(asked) != JSON_STRING) {
		mcp_refuse(m, 200, RPC_PARAMS, "Invalid params: initialize needs a protocolVersion");
		return;
	}
	if (!b.p || !id.p) {
		mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
		return;
	}
	/* what we do not speak, or only without a handshake, is answered with the newest that has one */
	m->version = version < 0 || version > MCP_NEWEST_LEGACY ? MCP_NEWEST_LEGACY : (u8)version;
	m->opens_pages = json_kind(json_get(json_get(json_get(r->params, "capabilities"), "elicitation"), "url")) ==
	                 JSON_OBJECT;
	session_make(m, &id);
	reply_field(m->x, "Mcp-Session-Id", buf_str(&id));
	rpc_result_open(&b, m->id);
	jout_open(&o, '{');
	jout_str(&o, "protocolVersion", mcp_version_text(m->version));
	jout_raw(&o, "capabilities", STR("{\"tools\":{},\"prompts\":{},\"resources\":{},\"logging\":{}}"));
	jout_raw(&o, "serverInfo", m->text->server);
	if (m->api->instructions.n)
		jout_str(&o, "instructions", m->api->instructions);
	jout_close(&o, '}');
	buf_byte(&b, '}');
	m->answer.status = 200;
	m->answer.views = 1;
	m->answer.view[0] = buf_str(&b);
}

void
legacy_ping(struct mcp *m)
{
	struct buf b = arena_buf(exchange_arena(m->x), 400);

	if (!b.p) {
		mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
		return;
	}
	rpc_result_open(&b, m->id);
	BUF_LIT(&b, "{}}");
	m->answer.status = 200;
	m->answer.views = 1;
	m->answer.view[0] = buf_str(&b);
}
