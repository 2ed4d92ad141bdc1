#include "mcp/rpc.h"

/* An id goes back as it came; it must be a string or a whole number (MCP: never null, JSON-RPC: no fractions). */
static int
take_id(struct rpc *r, struct jcur id, const char **why)
{
	struct str raw = json_raw(id);

	if (json_kind(id) == JSON_MISSING)
		return 0;
	if (raw.n > RPC_ID_MAX) {
		*why = "id is longer than 256 bytes";
		return ERR_BAD;
	}
	if (json_kind(id) == JSON_NUMBER) {
		if (str_find(raw, '.', 0) >= 0 || str_find(raw, 'e', 0) >= 0 || str_find(raw, 'E', 0) >= 0) {
			*why = "id must be a string or a whole number";
			return ERR_BAD;
		}
	} else if (json_kind(id) != JSON_STRING) {
		*why = "id must be a string or a whole number";
		return ERR_BAD;
	}
	r->id = raw;
	return 0;
}

static int
take_method(struct rpc *r, struct jcur method, const char **why)
{
	struct buf text = buf_over(r->method_text, sizeof r->method_text);

	r->method = json_str(method, NULL);
	if (r->method.p && r->method.n && r->method.n <= RPC_METHOD_MAX)
		return 0;
	if (json_kind(method) == JSON_STRING && json_str_put(method, &text) == 0 && !text.over && buf_len(&text)) {
		r->method = buf_str(&text);
		return 0;
	}
	*why = json_kind(method) == JSON_STRING ? "method is empty or longer than 128 bytes"
	                                        : "method must be a string";
	return ERR_BAD;
}

int
rpc_take(struct rpc *r, struct jcur message, const char **why)
{
	r->id = r->method = STR_NONE;
	r->params = r->meta = json_none(ERR_NONE);
	if (json_kind(message) != JSON_OBJECT) {
		*why = "a JSON-RPC message is an object";
		return ERR_BAD;
	}
	if (take_id(r, json_get(message, "id"), why))
		return ERR_BAD;
	if (!json_is(json_get(message, "jsonrpc"), "2.0")) {
		*why = "jsonrpc must be \"2.0\"";
		return ERR_BAD;
	}
	if (json_kind(json_get(message, "method")) == JSON_MISSING) {
		*why = json_kind(json_get(message, "result")) != JSON_MISSING ||
		               json_kind(json_get(message, "error")) != JSON_MISSING
		           ? "this server sends no requests and takes no responses"
		           : "method is missing";
		return ERR_BAD;
	}
	if (take_method(r, json_get(message, "method"), why))
		return ERR_BAD;
	r->params = json_get(message, "params");
	if (json_kind(r->params) != JSON_MISSING && json_kind(r->params) != JSON_OBJECT) {
		*why = "params must be an object";
		return ERR_BAD;
	}
	r->meta = json_get(r->params, "_meta");
	return 0;
}

void
rpc_result_open(struct buf *b, struct str id)
{
	BUF_LIT(b, "{\"jsonrpc\":\"2.0\",\"id\":");
	buf_put(b, id);
	BUF_LIT(b, ",\"result\":");
}

void
rpc_error(struct buf *b, struct str id, bool modern, int code, struct str message, struct str data)
{
	struct jout o = jout_into(b);

	jout_open(&o, '{');
	jout_c(&o, "jsonrpc", "2.0");
	if (id.n)
		jout_raw(&o, "id", id);
	else if (!modern)
		jout_null(&o, "id");
	jout_key_open(&o, "error", '{');
	jout_num(&o, "code", code);
	jout_str(&o, "message", message);
	if (data.n)
		jout_raw(&o, "data", data);
	jout_close(&o, '}');
	jout_close(&o, '}');
}
