#include "main/doctor.h"

#include "main/say.h"

#define CALL_WAIT_MS 130000

/* ---- what is told --------------------------------------------------------------------------------- */

void
doctor_tell(struct doctor *d, char mark, const char *step, const char *advice)
{
	d->failed += mark == 'F';
	d->doubts += mark == 'w';
	say_outf("%s %s  %S\n", mark == 'F' ? "FAIL" : mark == 'w' ? "warn" : "ok  ", step, buf_str(&d->told));
	if (advice)
		say_outf("                -> %s\n", advice);
}

/* ---- asking ------------------------------------------------------------------------------------------ */

struct probe_ask
doctor_question(const struct doctor *d, const char *method, struct str target)
{
	return (struct probe_ask){ .at = d->at, .method = method, .target = target, .wait_ms = DOCTOR_WAIT_MS };
}

bool
doctor_put(struct doctor *d, struct probe_ask *q)
{
	buf_fmt(&d->fields, "User-Agent: %s (mcpgated doctor)\r\n", d->player->agent);
	q->fields = buf_str(&d->fields);
	probe_ask(&d->probe, q, &d->body, &d->answer);
	d->fields.w = 0;
	return d->answer.status != 0;
}

struct jcur
doctor_json(struct doctor *d)
{
	struct str text = d->answer.body, line;

	if (str_starts(buf_str(&d->answer.type), STR("text/event-stream"))) {
		struct str rest = text;

		while (rest.n) {
			line = str_next(&rest, '\n');
			if (str_starts(line, STR("data:")))
				text = str_trim(str_cut(line, 5, line.n));
		}
	}
	if (json_parse(&d->doc, text, d->tok, DOCTOR_TOKENS))
		return json_none(ERR_BAD);
	return json_root(&d->doc);
}

struct str
doctor_text(struct doctor *d, struct jcur at, const char *key)
{
	struct str s = json_str(json_get(at, key), &d->arena);

	return s.p ? arena_dup(&d->arena, s) : STR("");
}

bool
doctor_rpc(struct doctor *d, const char *method, const char *name, const char *params)
{
	struct probe_ask q = doctor_question(d, "POST", d->path);
	bool note = str_starts(str_c(method), STR("notifications/"));

	d->ask.w = 0;
	buf_fmt(&d->ask, "{\"jsonrpc\":\"2.0\",");
	if (!note)
		buf_fmt(&d->ask, "\"id\":%u,", d->id++);
	buf_fmt(&d->ask, "\"method\":\"%s\",\"params\":{%s", method, params);
	if (d->modern)
		buf_fmt(&d->ask, "%s\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" DOCTOR_MODERN "\","
		    "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"%s\",\"version\":\"1\"},"
		    "\"io.modelcontextprotocol/clientCapabilities\":{}}", params[0] ? "," : "", d->player->name);
	BUF_LIT(&d->ask, "}}");
	BUF_LIT(&d->fields, "Accept: application/json, text/event-stream\r\n");
	if (d->modern)
		buf_fmt(&d->fields, "MCP-Protocol-Version: " DOCTOR_MODERN "\r\nMcp-Method: %s\r\n", method);
	else if (d->session.p && !(d->player->how & QUIET))
		buf_fmt(&d->fields, "MCP-Protocol-Version: %s\r\n", d->player->version);
	if (d->modern && name)
		buf_fmt(&d->fields, "Mcp-Name: %s\r\n", name);
	if (d->session.n)
		buf_fmt(&d->fields, "Mcp-Session-Id: %S\r\n", d->session);
	if (d->key.n)
		buf_fmt(&d->fields, "Authorization: Bearer %S\r\n", d->key);
	q.body = buf_str(&d->ask);
	q.wait_ms = name ? CALL_WAIT_MS : DOCTOR_WAIT_MS;
	return doctor_put(d, &q);
}

bool
doctor_hello(struct doctor *d)
{
	u8 room[200];
	struct buf b = buf_over(room, sizeof room);

	if (d->modern)
		return doctor_rpc(d, "server/discover", NULL, "");
	buf_fmt(&b,
	    "\"protocolVersion\":\"%s\",\"capabilities\":{},\"clientInfo\":{\"name\":\"%s\",\"version\":\"1\"}%c",
	    d->player->version, d->player->name, 0);
	return doctor_rpc(d, "initialize", NULL, (const char *)room);
}

