#include "mcp/gated.h"

#include "auth/challenge.h"
#include "base/utf8.h"
#include "mcp/connect.h"
#include "mcp/modern.h"
#include "mcp/tools.h"
#include "op/record.h"

#define CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define INPUT "approval" /* the one question we ask clients */

/* ---- our arguments ------------------------------------------------------------------------------- */

static struct str
named(const struct catalog *c, const struct catalog_op *op, const char *name, const char *otherwise)
{
	return str_c(catalog_param_named(c, op, str_c(name), NULL) < 0 ? name : otherwise);
}

void
gated_names(struct gated *c, const struct catalog *cat, const struct catalog_op *op)
{
	c->environment = named(cat, op, "environment", "gate_environment");
	c->approval = named(cat, op, "approval", "gate_approval");
	c->dry_run = named(cat, op, "dry_run", "gate_dry_run");
}

struct str
gated_given(struct gated *c, struct jcur args)
{
	const struct str ours[] = { c->environment, c->approval, c->dry_run };
	struct buf list = buf_over(c->room, sizeof c->room);

	for (u32 i = 0; i < ARRAY_N(ours); i++) {
		if (json_kind(args) == JSON_OBJECT && json_kind(json_get_str(args, ours[i])) == JSON_MISSING)
			continue;
		buf_put(&list, ours[i]);
		buf_byte(&list, ',');
	}
	return buf_str(&list);
}

/* "environment":{"type":"string","enum":[...],"description":...} for this principal. */
static void
put_environment(const struct mcp *m, struct str name, struct jout *o)
{
	struct buf none = buf_over(NULL, 0);
	int initial = gate_environment(&m->ask, STR_NONE, &none);

	jout_key(o, name);
	jout_open(o, '{');
	jout_c(o, "type", "string");
	jout_key_open(o, "enum", '[');
	for (u32 i = 0; i < m->api->environments; i++)
		if (gate_environment_ok(&m->ask, i))
			jout_str(o, NULL, m->api->environment[i].name);
	jout_close(o, ']');
	if (initial >= 0) {
		jout_str(o, "default", m->api->environment[initial].name);
		jout_c(o, "description", "Which environment to act in. Production only when it is named here.");
	} else {
		jout_c(o, "description", "Which environment to act in; must be given.");
	}
	jout_close(o, '}');
}

static void
put_plain(struct jout *o, struct str name, const char *type, const char *text)
{
	jout_key(o, name);
	jout_open(o, '{');
	jout_c(o, "type", type);
	jout_c(o, "description", text);
	jout_close(o, '}');
}

void
gated_properties(const struct mcp *m, const struct catalog_op *op, struct buf *b)
{
	struct jout o = jout_into(b);
	struct gated c;
	u8 level = gate_level(&m->ask, op);

	gated_names(&c, m->catalog, op);
	if (gate_environments(&m->ask) > 1)
		put_environment(m, c.environment, &o);
	if (level == LEVEL_NONE)
		return;
	put_plain(&o, c.approval, "string", level == LEVEL_APPROVE ?
	    "Leave out at first: the answer then tells how a person approves this call, and a handle to give here." :
	    "Leave out at first: the answer then shows what would be done, and a handle to give here to do it.");
	put_plain(&o, c.dry_run, "boolean", "true: only show the request that would be sent.");
}

/* ---- environments -------------------------------------------------------------------------------- */

struct str
gated_lister(const struct mcp *m)
{
	if (gate_environments(&m->ask) < 2)
		return STR_NONE;
	return catalog_find(m->catalog, STR("list_environments"), NULL) < 0 ? STR("list_environments") :
	                                                                      STR("gate_list_environments");
}

void
gated_list_tool(const struct mcp *m, struct buf *b)
{
	buf_fmt(b, "{\"name\":\"%S\",\"title\":\"List environments\",\"description\":\"The environments of this API "
	    "that you may act in, which one is meant when none is named, and which are production.\",\"inputSchema\":"
	    "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false},\"annotations\":"
	    "{\"readOnlyHint\":true,"
	    "\"destructiveHint\":false,\"idempotentHint\":true,\"openWorldHint\":false}}", gated_lister(m));
}

void
gated_list(struct mcp *m)
{
	UNSET u8 room[1024];
	struct buf b = buf_over(room, sizeof room), none = buf_over(NULL, 0);
	int initial = gate_environment(&m->ask, STR_NONE, &none);
	struct jout o = jout_into(&b);

	jout_open(&o, '[');
	for (u32 i = 0; i < m->api->environments; i++) {
		const struct environment *e = &m->api->environment[i];

		if (!gate_environment_ok(&m->ask, i))
			continue;
		jout_open(&o, '{');
		jout_str(&o, "name", e->name);
		jout_c(&o, "kind", e->production ? "production" : "sandbox");
		jout_bool(&o, "default", (int)i == initial);
		jout_close(&o, '}');
	}
	jout_close(&o, ']');
	tools_answer(m, buf_str(&b), false, 0);
}

/* The environment a call names; p NULL: none. ERR_BAD: it is no name. */
static int
read_environment(struct mcp *m, const struct gated *c, struct jcur args, struct str *name)
{
	struct jcur given;

	*name = STR_NONE;
	if (m->api->environments < 2 || m->view.pinned != GATE_ANY_ENVIRONMENT)
		return 0;
	given = json_get_str(args, c->environment);
	if (json_kind(given) == JSON_MISSING || json_kind(given) == JSON_NULL)
		return 0;
	*name = mcp_text(m, given);
	return json_kind(given) == JSON_STRING && name->p ? 0 : ERR_BAD;
}

/* ---- scopes -------------------------------------------------------------------------------------- */

/* RFC 6750 section 3.1 and MCP authorization, Scope Challenge Handling: what the client should ask its user for. */
static enum step
step_up(struct mcp *m, u8 scopes)
{
	struct buf b = arena_buf(exchange_arena(m->x), CHALLENGE_N);

	if (m->batch.p) {
		tools_answer(m, STR("This needs more rights than the client was granted."), true, 0);
		return STEP_FAIL;
	}
	challenge_step_up(&b, m->files, m->x->req.path, scopes);
	if (b.p && !b.over)
		reply_field(m->x, "WWW-Authenticate", buf_str(&b));
	mcp_refuse(m, 403, RPC_REQUEST, "insufficient_scope: this call needs more rights than were granted");
	return STEP_FAIL;
}

/* ---- what waits ---------------------------------------------------------------------------------- */

static struct held *
held_of(struct mcp *m)
{
	struct held *h = (struct held *)(void *)m->held.p;

	if (h)
		return h;
	m->held = lease_take(m->shared->lease, sizeof *h);
	h = (struct held *)(void *)m->held.p;
	if (!h)
		return NULL;
	memset(h, 0, offsetof(struct held, url_room));
	h->store = m->shared->store;
	h->ops = m->shared->ops;
	h->owner = m->owner;
	h->random = m->shared->random;
	h->random_of = m->shared->random_of;
	return h;
}

void
gated_end(struct mcp *m, msec now)
{
	vault_leave(&m->connect);
	if (m->held.p)
		held_end((struct held *)(void *)m->held.p, now);
	lease_give(m->shared->lease, &m->held);
}

bool
gated_can_ask(const struct mcp *m, struct rpc *r, const char *mode)
{
	struct jcur e = json_get(json_get(r->meta, CAPABILITIES), "elicitation");

	if (!m->modern || json_kind(e) != JSON_OBJECT)
		return false;
	return json_kind(json_get(e, mode)) == JSON_OBJECT || (mode[0] == 'f' && json_len(e) == 0);
}

static bool
form_counts(const struct mcp *m)
{
	return m->ask.role->approve_in_client && m->who->kind == PRINCIPAL_TOKEN;
}

static void
put_question(struct mcp *m, struct held *h, bool form, struct buf *b)
{
	struct str text = buf_str(&h->text);
	struct jout o = jout_into(b);
	u8 room[300];
	struct buf url = buf_over(room, sizeof room);

	buf_fmt(&url, "%S/approve/%S", m->files, str_of(h->key + 2, APPROVAL_KEY_N - 2));
	jout_key_open(&o, "params", '{');
	jout_c(&o, "mode", form ? "form" : "url");
	jout_str(&o, "message", utf8_prefix(text, 2000));
	if (!form)
		jout_str(&o, "url", buf_str(&url));
	else
		jout_raw(&o, "requestedSchema", STR("{\"type\":\"object\",\"properties\":{\"approve\":{"
		    "\"type\":\"boolean\",\"title\":\"Do it\",\"description\":\"Carry out exactly this call, once\"}},"
		    "\"required\":[\"approve\"]}"));
	jout_close(&o, '}');
}

/* 2026-07-28, Multi Round-Trip Requests: the call comes again with requestState, which is the handle. */
static void
answer_question(struct mcp *m, struct held *h, bool form)
{
	struct buf b = buf_over(h->body_room, sizeof h->body_room + sizeof h->record);

	rpc_result_open(&b, m->id);
	BUF_LIT(&b, "{\"resultType\":\"input_required\",\"inputRequests\":{\"" INPUT "\":{"
	    "\"method\":\"elicitation/create\",");
	put_question(m, h, form, &b);
	buf_fmt(&b, "}},\"requestState\":\"%S\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":%S}}}",
	    str_of(h->handle, sizeof h->handle), m->text->server);
	if (b.over) {
		tools_answer(m, buf_str(&h->text), false, 0);
		return;
	}
	m->answer.status = 200;
	m->answer.views = 1;
	m->answer.view[0] = buf_str(&b);
}

static enum step
answer_text(struct mcp *m, struct rpc *r, struct held *h)
{
	struct buf b = buf_over(h->body_room, sizeof h->body_room + sizeof h->record);
	bool form = form_counts(m) && gated_can_ask(m, r, "form");

	if (h->waits && !h->error && (form || gated_can_ask(m, r, "url"))) {
		answer_question(m, h, form);
		return STEP_FAIL;
	}
	tools_put(m, buf_str(&h->text), h->error, 0, &b);
	m->answer.status = 200;
	m->answer.views = 1;
	m->answer.view[0] = buf_str(&b);
	if (b.over)
		tools_answer(m, buf_str(&h->text), h->error, 0);
	return STEP_FAIL;
}

/* What the call brings along for a yes. */
static void
read_yes(struct mcp *m, struct rpc *r, struct jcur args, const struct gated *c, struct held_ask *ask)
{
	struct jcur given = json_get_str(args, c->approval), state = json_get_str(r->params, STR("requestState"));
	struct jcur answer = json_get(json_get_str(r->params, STR("inputResponses")), INPUT);

	if (json_kind(given) == JSON_STRING)
		ask->handle = mcp_text(m, given);
	else if (json_kind(given) != JSON_MISSING && json_kind(given) != JSON_NULL)
		ask->handle = STR("no handle");
	else if (m->modern && json_kind(state) == JSON_STRING)
		ask->handle = mcp_text(m, state);
	json_bool(json_get(json_get(answer, "content"), "approve"), &ask->in_client);
	ask->in_client = ask->in_client && form_counts(m) && json_is(json_get(answer, "action"), "accept");
}

static enum step
hold(struct mcp *m, struct rpc *r, struct jcur args, const struct gated *c, struct op_spec *spec, msec now)
{
	struct held_ask ask = { .spec = spec, .argument = c->approval, .public_url = m->files,
		.veil = &m->text->secrets, .ttl_s = m->shared->approval_s };
	struct held *h = held_of(m);
	enum step s;

	if (!h) {
		tools_answer(m, STR("The gate is busy: nothing was done. Try again in a second."), true, 1);
		return STEP_FAIL;
	}
	ask.voided = m->ask.switches ? m->ask.switches->voided : 0;
	json_bool(json_get_str(args, c->dry_run), &ask.dry_run);
	read_yes(m, r, args, c, &ask);
	s = held_step(h, &ask, now);
	if (s != STEP_DONE)
		return s;
	if (h->outcome != HELD_ACT)
		return answer_text(m, r, h);
	spec->approved = true;
	if (h->etag_n && h->etag[0] == '"')
		spec->if_match = str_of(h->etag, h->etag_n);
	return STEP_DONE;
}

enum step
gated_begin(struct mcp *m, struct rpc *r, const struct gated *c, struct op_spec *spec, msec now)
{
	UNSET u8 room[600];
	struct buf why = buf_over(room, sizeof room);
	struct jcur args = spec->args;
	struct gate_call call;
	struct str name;

	if (read_environment(m, c, args, &name)) {
		buf_fmt(&why, "The argument '%S' must be a string.", c->environment);
		tools_answer(m, buf_str(&why), true, 0);
		return STEP_FAIL;
	}
	gate_call(&m->ask, spec->operation, name, &call, &why);
	spec->environment = call.environment;
	if (call.answer != GATE_OK)
		record_refused(m->shared->ops, spec, OP_FAULT_DENIED, buf_str(&why), now);
	switch (call.answer) {
	case GATE_OK: break;
	case GATE_STEP_UP: return step_up(m, call.scopes);
	default:
		tools_answer(m, buf_str(&why), true, 0);
		return STEP_FAIL;
	}
	if (m->api->environment[call.environment].credential.of == CREDENTIAL_USERS) {
		enum step s = connect_has(m, call.environment, now);

		if (s == STEP_FAIL)
			connect_ask(m, r, call.environment);
		if (s != STEP_DONE)
			return s;
	}
	if (!call.level && !(call.verdict & VERDICT_LEVEL_IF) && (spec->skip.n == 0 ||
	    (json_kind(json_get_str(args, c->dry_run)) == JSON_MISSING &&
	    json_kind(json_get_str(args, c->approval)) == JSON_MISSING)))
		return STEP_DONE;
	return hold(m, r, args, c, spec, now);
}
