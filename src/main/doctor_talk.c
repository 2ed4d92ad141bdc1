#include "main/doctor.h"

#define PAGES_MAX 64
#define CALL_NAME_MAX 128 /* characters of a name: the protocol knows no longer ones */
#define SHOWN 5 /* tools that are named when many have the same fault */

/* ---- with a key, or where none is needed ----------------------------------------------------------------- */

/* The result of the last rpc; a miss, after telling. */
static struct jcur
result_of(struct doctor *d, const char *step)
{
	struct jcur root = doctor_json(d), result = json_get(root, "result");
	struct str says = doctor_text(d, json_get(root, "error"), "message");
	u16 status = d->answer.status;

	if (!result.err)
		return result;
	TELL(d, 'F', step, status == 401 ? "the key is wrong, expired, revoked or of another box: `mcpgated key list`"
	    : status == 403 ? "the key may not do this here: its scopes, its api, its environment" :
	    status == 0 ? "the server ended the connection, or is too slow: its log" :
	    status == 429 ? "too many wrong keys or calls: wait" : "the server's log says more", "%u: %S", (u32)status,
	    says.n ? says : status ? str_cut(d->answer.body, 0, 200) : d->answer.why);
	return result;
}

static bool
step_hello(struct doctor *d)
{
	struct jcur r, info;
	struct str version, name;

	doctor_hello(d);
	r = result_of(d, "hello     ");
	if (r.err)
		return false;
	info = json_get(d->modern ? json_get(json_get(r, "_meta"), "io.modelcontextprotocol/serverInfo") : r,
	    d->modern ? "name" : "serverInfo");
	name = d->modern ? json_str(info, &d->arena) : doctor_text(d, info, "name");
	version = d->modern ? STR(DOCTOR_MODERN) : doctor_text(d, r, "protocolVersion");
	if (!str_is(version, d->player->version))
		TELL(d, 'w', "hello     ", "old clients may refuse another version than theirs",
		    "%s was offered, '%S' answered",
		    d->player->version, version);
	else
		TELL(d, 'o', "hello     ", NULL, "%s %S with %S", d->modern ? "server/discover" : "initialize",
		    version, name);
	if (d->modern)
		return true;
	memcpy(d->session_room, d->answer.session.p, d->answer.session.w);
	d->session = str_of(d->session_room, d->answer.session.w);
	doctor_rpc(d, "notifications/initialized", NULL, "");
	if (d->answer.status != 202)
		TELL(d, 'F', "hello     ", "it must be 202", "notifications/initialized answers %u",
		    (u32)d->answer.status);
	return true;
}

struct seen {
	u32 tools, bad;
	u64 bytes;
};

/* What every client takes as a tool's name. */
static bool
is_name(struct str s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	for (u32 i = 0; i < s.n; i++)
		if (!memchr(letters, s.p[i], sizeof letters - 1))
			return false;
	return s.n != 0;
}

static void
judge_tool(struct doctor *d, struct jcur tool, struct seen *n)
{
	const struct player *p = d->player;
	struct jcur schema = json_get(tool, "inputSchema");
	size_t mark = d->arena.used;
	struct str name = doctor_text(d, tool, "name");
	u32 text = doctor_text(d, tool, "description").n;
	const char *why = NULL;

	if (!is_name(name))
		why = name.n ? "its name has other characters than A-Z a-z 0-9 _ -" : "it has no name";
	else if (p->name_n && name.n > p->name_n)
		why = "its name is too long";
	else if (p->text_n && text > p->text_n)
		why = "its description is cut or refused";
	else if (!json_is(json_get(schema, "type"), "object") || !json_get(schema, "anyOf").err ||
	         !json_get(schema, "oneOf").err || !json_get(schema, "allOf").err)
		why = "its schema is no plain object";
	n->tools++;
	n->bytes += json_raw(tool).n;
	if (why && n->bad++ < SHOWN)
		TELL(d, 'w', "tools     ", NULL, "%S: %s (%s)", name, why, p->name);
	d->arena.used = mark; /* a list may be as long as it likes */
}

static bool
step_tools(struct doctor *d)
{
	struct seen n = { .tools = 0 };
	u8 room[600];
	struct buf b = buf_over(room, sizeof room);
	u32 pages = 0;

	room[0] = 0;
	do {
		struct jcur r;
		struct str next;

		doctor_rpc(d, "tools/list", NULL, (const char *)room);
		r = result_of(d, "tools     ");
		if (r.err)
			return false;
		for (struct jcur t = json_first(json_get(r, "tools")); !t.err; t = json_next(t))
			judge_tool(d, t, &n);
		next = json_raw(json_get(r, "nextCursor"));
		b.w = 0;
		if (next.n > 2)
			buf_fmt(&b, "\"cursor\":%S", next);
		buf_byte(&b, 0);
	} while (room[0] && !b.over && ++pages < PAGES_MAX);
	if (!n.tools)
		TELL(d, 'F', "tools     ",
		    "the role or scopes of the key, the switches, or `only` and `deny` leave none",
		    "the list is empty");
	else
		TELL(d, d->player->tools && n.tools > d->player->tools ? 'w' : 'o', "tools     ",
		    d->player->tools && n.tools > d->player->tools ? "it takes fewer: use a view, `only`, or a role" :
		    NULL,
		    "%u tools, %U bytes, about %U tokens in every conversation; %u that %s would not take whole",
		    n.tools,
		    n.bytes, (n.bytes + 3) / 4, n.bad, d->player->name);
	return n.tools != 0;
}

static void
step_call(struct doctor *d)
{
	u8 room[200];
	struct buf b = buf_over(room, sizeof room);
	struct jcur r;
	struct str text;
	bool failed = false;

	if (!is_name(str_c(d->call)) || strlen(d->call) > CALL_NAME_MAX) {
		TELL(d, 'F', "call      ", "give --call a name of the list: `mcpgated catalog show` prints it",
		    "what --call gives is no tool's name: 1 to %u of A-Z a-z 0-9 _ -", CALL_NAME_MAX);
		return;
	}
	buf_fmt(&b, "\"name\":\"%s\",\"arguments\":{}%c", d->call, 0);
	doctor_rpc(d, "tools/call", d->call, (const char *)room);
	r = result_of(d, "call      ");
	if (r.err)
		return;
	json_bool(json_get(r, "isError"), &failed);
	text = doctor_text(d, json_at(json_get(r, "content"), 0), "text");
	TELL(d, failed ? 'F' : 'o', "call      ", failed ? "the gate or the API refused it: the text says why" : NULL,
	    "%s: %S", d->call, str_cut(text, 0, 200));
}

static void
goodbye(struct doctor *d)
{
	struct probe_ask q = doctor_question(d, "DELETE", d->path);

	if (!d->session.n)
		return;
	buf_fmt(&d->fields, "Mcp-Session-Id: %S\r\n", d->session);
	if (d->key.n)
		buf_fmt(&d->fields, "Authorization: Bearer %S\r\n", d->key);
	doctor_put(d, &q);
}

void
doctor_talk(struct doctor *d)
{
	if (step_hello(d) && step_tools(d) && d->call)
		step_call(d);
	goodbye(d);
}
