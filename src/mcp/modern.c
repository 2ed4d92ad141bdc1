#include "mcp/modern.h"

#include "base/base64.h"
#include "base/log.h"

#define KEY_VERSION "io.modelcontextprotocol/protocolVersion"
#define KEY_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define LIST_TTL_MS 60000
#define NAME_TEXT_N 512 /* bytes of an Mcp-Name behind its Base64 */

static enum era
refuse(struct mcp *m, u16 status, int code, const char *fmt, struct str what)
{
	struct buf text = arena_buf(exchange_arena(m->x), 400), out;

	if (!text.p) {
		mcp_refuse(m, status, code, "Invalid request");
		return ERA_REFUSED;
	}
	buf_fmt(&text, fmt, str_cut(what, 0, 80));
	out = arena_buf(exchange_arena(m->x), 1024);
	if (!out.p) {
		mcp_refuse(m, status, code, "Invalid request");
		return ERA_REFUSED;
	}
	rpc_error(&out, m->id, true, code, buf_str(&text), STR_NONE);
	m->answer.status = status;
	m->answer.views = 1;
	m->answer.view[0] = buf_str(&out);
	return ERA_REFUSED;
}

void
modern_versions(struct buf *b)
{
	buf_byte(b, '[');
	for (u32 i = MCP_VERSIONS; i-- > 0;)
		buf_fmt(b, "\"%S\"%s", mcp_version_text((u8)i), i ? "," : "");
	buf_byte(b, ']');
}

static enum era
unsupported(struct mcp *m, struct str version)
{
	struct buf data = arena_buf(exchange_arena(m->x), 400);
	struct buf out = arena_buf(exchange_arena(m->x), 1024);
	struct jout o = jout_into(&data);

	if (!data.p || !out.p) {
		mcp_refuse(m, 400, RPC_VERSION, "Unsupported protocol version");
		return ERA_REFUSED;
	}
	jout_open(&o, '{');
	jout_key(&o, STR("supported"));
	modern_versions(&data);
	o.more = true;
	jout_str(&o, "requested", str_cut(version, 0, 64));
	jout_close(&o, '}');
	rpc_error(&out, m->id, true, RPC_VERSION, STR("Unsupported protocol version"), buf_str(&data));
	m->answer.status = 400;
	m->answer.views = 1;
	m->answer.view[0] = buf_str(&out);
	return ERA_REFUSED;
}

/* The value of a header that must be there exactly once; the =?base64?...?= form is decoded into text. */
static int
header_value(const struct fields *f, enum field_id id, bool sentinel, struct buf *text, struct str *value)
{
	u32 i = 0;
	const struct field *first = field_next(f, id, &i);
	struct str v;
	int n;

	if (!first)
		return ERR_NONE;
	if (field_next(f, id, &i))
		return ERR_LATE;
	v = first->value;
	*value = v;
	if (!sentinel || v.n < 11 || !str_starts(v, STR("=?base64?")) || !str_ends(v, STR("?=")))
		return 0;
	n = base64_read(str_cut(v, 9, v.n - 2), text->p, text->cap);
	if (n < 0)
		return ERR_BAD;
	*value = str_of(text->p, (u32)n);
	return 0;
}

static struct str
named(struct mcp *m, const struct rpc *r)
{
	return mcp_text(m, json_get(r->params, str_is(r->method, "resources/read") ? "uri" : "name"));
}

/* Mcp-Method always, Mcp-Name where the method has a name: both must say what the body says. */
static enum era
check_headers(struct mcp *m, struct rpc *r)
{
	const struct fields *f = &m->x->req.fields;
	u8 room[NAME_TEXT_N];
	struct buf text = buf_over(room, sizeof room);
	struct str value, body;
	int err = header_value(f, FIELD_MCP_METHOD, false, &text, &value);

	if (err == ERR_NONE)
		return refuse(m, 400, RPC_HEADER, "Header mismatch: the Mcp-Method header is missing", STR_NONE);
	if (err)
		return refuse(m, 400, RPC_HEADER, "Header mismatch: the Mcp-Method header stands twice", STR_NONE);
	if (!str_same(value, r->method))
		return refuse(m, 400, RPC_HEADER,
		    "Header mismatch: Mcp-Method '%S' is not the method of the body", value);
	if (!str_is(r->method, "tools/call") && !str_is(r->method, "resources/read") &&
	    !str_is(r->method, "prompts/get"))
		return ERA_MODERN;
	err = header_value(f, FIELD_MCP_NAME, true, &text, &value);
	if (err == ERR_NONE)
		return refuse(m, 400, RPC_HEADER, "Header mismatch: the Mcp-Name header is missing", STR_NONE);
	if (err)
		return refuse(m, 400, RPC_HEADER,
		    "Header mismatch: the Mcp-Name header is malformed or stands twice", STR_NONE);
	body = named(m, r);
	if (body.p && !str_same(value, body))
		return refuse(m, 400, RPC_HEADER, "Header mismatch: Mcp-Name '%S' is not the name in the body", value);
	return ERA_MODERN;
}

static enum era
check_modern(struct mcp *m, struct rpc *r, struct str header, struct jcur version)
{
	struct str claimed = mcp_text(m, version);

	if (json_kind(version) == JSON_MISSING)
		return refuse(m, 400, RPC_PARAMS, "Invalid params: _meta must carry " KEY_VERSION, STR_NONE);
	if (json_kind(version) != JSON_STRING)
		return refuse(m, 400, RPC_PARAMS, "Invalid params: " KEY_VERSION " must be a string", STR_NONE);
	if (!header.p)
		return refuse(m, 400, RPC_HEADER, "Header mismatch: the MCP-Protocol-Version header is missing",
		    STR_NONE);
	if (!str_same(header, claimed))
		return refuse(m, 400, RPC_HEADER,
		    "Header mismatch: MCP-Protocol-Version '%S' is not the version in _meta", header);
	if (mcp_version_of(claimed) != MCP_2026_07_28)
		return unsupported(m, claimed);
	if (json_kind(json_get(r->meta, KEY_CAPABILITIES)) != JSON_OBJECT)
		return refuse(m, 400, RPC_PARAMS, "Invalid params: _meta must carry the object " KEY_CAPABILITIES,
		    STR_NONE);
	return check_headers(m, r);
}

bool
modern_names(struct jcur message)
{
	struct jcur meta = json_get(json_get(message, "params"), "_meta");

	return json_kind(json_get(meta, KEY_VERSION)) != JSON_MISSING;
}

enum era
modern_judge(struct mcp *m, struct rpc *r)
{
	struct jcur version = json_get(r->meta, KEY_VERSION);
	struct str header = STR_NONE;
	struct buf none = buf_over(NULL, 0);
	int err = header_value(&m->x->req.fields, FIELD_MCP_PROTOCOL_VERSION, false, &none, &header);
	bool says_modern = str_same(header, mcp_version_text(MCP_2026_07_28));

	m->modern = json_kind(version) != JSON_MISSING || says_modern;
	m->version = MCP_2026_07_28;
	if (err == ERR_LATE)
		return refuse(m, 400, RPC_HEADER, "Header mismatch: MCP-Protocol-Version stands twice", STR_NONE);
	if (m->modern) {
		if (r->id.n == 0) /* this revision asks nothing of the headers of notifications */
			return ERA_MODERN;
		return check_modern(m, r, header, version);
	}
	m->version = MCP_2025_03_26; /* what a request without the header speaks, 2025-06-18 transports */
	if (str_is(r->method, "initialize"))
		return ERA_LEGACY;
	if (header.p) {
		int named_version = mcp_version_of(header);

		if (named_version < 0)
			return unsupported(m, header);
		m->version = (u8)named_version;
	}
	return ERA_LEGACY;
}

/* What was written since w, as a view that stays. */
static struct str
since(const struct buf *b, u32 w)
{
	return str_of(b->p + w, b->w - w);
}

static struct str
write_server(const struct api *api, struct str version, struct buf *b)
{
	u32 from = b->w;
	struct jout o = jout_into(b);

	jout_open(&o, '{');
	jout_c(&o, "name", "mcpgated");
	if (api->title.n)
		jout_str(&o, "title", api->title);
	jout_str(&o, "version", version);
	jout_close(&o, '}');
	return since(b, from);
}

static struct str
write_end(const struct api *api, struct str server, bool cacheable, struct buf *b)
{
	u32 from = b->w;

	if (cacheable)
		buf_fmt(b, ",\"ttlMs\":%u,\"cacheScope\":\"%s\"", (u32)LIST_TTL_MS,
		    api->auth == API_AUTH_NONE ? "public" : "private");
	buf_fmt(b, ",\"resultType\":\"complete\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":%S}}", server);
	return since(b, from);
}

static struct str
write_discover(const struct api *api, struct str end, struct buf *b)
{
	u32 from = b->w;
	struct jout o = jout_into(b);

	BUF_LIT(b, "{\"supportedVersions\":");
	modern_versions(b);
	BUF_LIT(b, ",\"capabilities\":{\"tools\":{\"listChanged\":true},\"prompts\":{},\"resources\":{}}");
	o.more = true;
	if (api->instructions.n)
		jout_str(&o, "instructions", api->instructions);
	buf_put(b, end);
	return since(b, from);
}

int
modern_prepare(struct mcp_text *t, const struct api *api, const struct catalog *c, struct str version, struct arena *a)
{
	struct catalog_info info;
	u32 n = 2000 + 6 * api->instructions.n + 24 * api->title.n;
	struct buf b = arena_buf(a, n);

	if (!b.p)
		return ERR_FULL;
	catalog_info(c, &info);
	veil_names_init(&t->secrets);
	if (veil_names_add(&t->secrets, info.secrets) | veil_names_add(&t->secrets, api->secrets))
		log_warn("mcp", "api=%S: too many names of secrets; the last ones are not hidden", api->name);
	t->server = write_server(api, version, &b);
	t->end = write_end(api, t->server, false, &b);
	t->end_list = write_end(api, t->server, true, &b);
	t->discover = write_discover(api, t->end_list, &b);
	return b.over ? ERR_FULL : 0;
}

void
modern_result_close(const struct mcp *m, struct buf *b, bool cacheable)
{
	if (!m->modern)
		buf_byte(b, '}');
	else
		buf_put(b, cacheable ? m->text->end_list : m->text->end);
}

void
modern_discover(struct mcp *m)
{
	struct buf b = arena_buf(exchange_arena(m->x), 400);

	if (!b.p) {
		mcp_refuse(m, 503, RPC_INTERNAL, "Busy: try again in a second");
		return;
	}
	rpc_result_open(&b, m->id);
	m->answer.status = 200;
	m->answer.views = 3;
	m->answer.view[0] = buf_str(&b);
	m->answer.view[1] = m->text->discover;
	m->answer.view[2] = STR("}");
}
