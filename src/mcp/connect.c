#include "mcp/connect.h"

#include "auth/handle.h"
#include "base/le.h"
#include "mcp/gated.h"
#include "mcp/tools.h"
#include "op/own.h"

#define INPUT "connect"

enum step
connect_has(struct mcp *m, u32 environment, msec now)
{
	struct ops *o = m->shared->ops;
	u8 name[VAULT_USER_N];
	struct str secret;

	int err = m->who->born ? vault_get(&o->vault,
	    vault_user(m->who->born, m->api->environment[environment].id, name), &secret, now) : ERR_NONE;

	if (err != ERR_MORE)
		return err == ERR_NONE ? STEP_FAIL : STEP_DONE;
	m->connect.owner = m->owner;
	vault_wait(&o->vault, &m->connect);
	return STEP_WAIT;
}

/* ---- the link ------------------------------------------------------------------------------------ */

int
connect_read(const u8 *handle_key, struct str text, wall now, u64 *born, u64 *environment)
{
	u8 payload[HANDLE_PAYLOAD_MAX];

	if (handle_open(handle_key, CONNECT_PURPOSE, STR_NONE, text, payload) != CONNECT_N)
		return ERR_BAD;
	*born = le64(payload);
	*environment = le64(payload + 8);
	return le32(payload + 16) > now ? 0 : ERR_LATE;
}

static void
put_handle(struct mcp *m, u32 environment, struct buf *b)
{
	u8 payload[CONNECT_N];

	put_le64(payload, m->who->born);
	put_le64(payload + 8, m->api->environment[environment].id);
	put_le32(payload + 16, m->shared->now_s + CONNECT_TTL_S);
	handle_make(b, m->shared->handle_key, CONNECT_PURPOSE, STR_NONE, str_of(payload, sizeof payload));
}

/* ---- the answer ---------------------------------------------------------------------------------- */

/* "mode":"url", ... and the closing bracket */
static void
put_elicitation(struct jout *o, struct str message, struct str url)
{
	jout_c(o, "mode", "url");
	jout_str(o, "message", message);
	jout_str(o, "url", url);
	jout_close(o, '}');
}

/* 2026-07-28, Multi Round-Trip Requests. No requestState: the call comes again as it is. */
static bool
answer_modern(struct mcp *m, struct str message, struct str url)
{
	struct buf b = arena_buf(exchange_arena(m->x), 1800);
	struct jout o = jout_into(&b);

	rpc_result_open(&b, m->id);
	BUF_LIT(&b, "{\"resultType\":\"input_required\",\"inputRequests\":{\"" INPUT "\":{"
	    "\"method\":\"elicitation/create\",\"params\":");
	jout_open(&o, '{');
	put_elicitation(&o, message, url);
	buf_fmt(&b, "}},\"_meta\":{\"io.modelcontextprotocol/serverInfo\":%S}}}", m->text->server);
	m->answer.view[0] = buf_str(&b);
	return b.p && !b.over;
}

/* 2025-11-25, URLElicitationRequiredError: the client calls again when its user is done. */
static bool
answer_legacy(struct mcp *m, struct str message, struct str url, struct str id)
{
	struct buf data = arena_buf(exchange_arena(m->x), 900), b = arena_buf(exchange_arena(m->x), 1600);
	struct jout o = jout_into(&data);

	BUF_LIT(&data, "{\"elicitations\":[");
	jout_open(&o, '{');
	jout_str(&o, "elicitationId", id);
	put_elicitation(&o, message, url);
	BUF_LIT(&data, "]}");
	rpc_error(&b, m->id, false, RPC_PAGE, message, buf_str(&data));
	m->answer.view[0] = buf_str(&b);
	return data.p && b.p && !data.over && !b.over;
}

void
connect_ask(struct mcp *m, struct rpc *r, u32 environment)
{
	const struct environment *e = &m->api->environment[environment];
	u8 room[400], words[800];
	struct buf url = buf_over(room, sizeof room), text = buf_over(words, sizeof words);
	bool again = json_kind(json_get(json_get(r->params, "inputResponses"), INPUT)) != JSON_MISSING, done = false;
	u32 id;

	if (!m->who->born) {
		buf_fmt(&text, "The API %S is called with each user's own key of it, and this caller acts for no user: "
		    "log in, or take a key that belongs to a user.", m->api->name);
		tools_answer(m, buf_str(&text), true, 0);
		return;
	}
	buf_fmt(&url, "%S/connect/", m->files);
	id = url.w;
	put_handle(m, environment, &url);
	buf_fmt(&text, "The API %S (%S) is called with your own key of it. Give it once, on this page:", m->api->name,
	    e->name);
	if (!url.over && !again && gated_can_ask(m, r, "url"))
		done = answer_modern(m, buf_str(&text), buf_str(&url));
	else if (!url.over && m->opens_pages && m->version == MCP_2025_11_25 && !m->modern)
		done = answer_legacy(m, buf_str(&text), buf_str(&url), str_cut(buf_str(&url), id, url.w));
	if (done) {
		m->answer.status = 200;
		m->answer.views = 1;
		return;
	}
	buf_fmt(&text, " %S\nIt is for the user to open, who must be logged in there; then call again.", buf_str(&url));
	tools_answer(m, buf_str(&text), true, 0);
}
