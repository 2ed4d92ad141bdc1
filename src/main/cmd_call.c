#include "main/cmd.h"

#include "base/text.h"
#include "json/jout.h"
#include "json/json.h"
#include "main/control.h"
#include "main/say.h"
#include "main/super.h"
#include "sys/file.h"
#include "sys/page.h"

#define VERSION "2026-07-28"
#define TOKENS_MAX 100000
#define WAIT_MS 180000
#define STDIN_MAX (1u << 20)
#define CODE_PARAMS (-32602) /* JSON-RPC: no such tool, or not for this caller */

struct ask {
	const char *conf, *data, *environment, *api, *tool;
	bool json, from_stdin;
	struct flags *args;
	struct arena arena;
	struct str body; /* the request */
};

/* ---- the request -------------------------------------------------------------------------------- */

static int
put_pairs(struct flags *a, struct jout *o)
{
	jout_key_open(o, "arguments", '{');
	for (u32 i = 2; i < a->rests; i++) {
		const char *equals = strchr(a->rest[i], '=');
		struct str name;

		if (!equals || equals == a->rest[i]) {
			say_errf("mcpgated call: '%s' is not NAME=VALUE\n", a->rest[i]);
			return EXIT_USAGE;
		}
		name = str_of(a->rest[i], (size_t)(equals - a->rest[i]));
		for (u32 k = 2; k < i; k++)
			if (str_starts(str_c(a->rest[k]), name) && a->rest[k][name.n] == '=') {
				say_errf("mcpgated call: '%S' is given twice; a list is written as "
				    "%S='[\"a\",\"b\"]'\n", name, name);
				return EXIT_USAGE;
			}
		jout_key(o, name);
		jout_str(o, NULL, str_c(equals + 1));
	}
	jout_close(o, '}');
	return FLAGS_GO;
}

static int
put_stdin(struct ask *k, struct jout *o)
{
	struct buf b = arena_buf(&k->arena, STDIN_MAX);
	struct jsmntok *tok = ARENA_ARRAY(&k->arena, struct jsmntok, TOKENS_MAX);
	struct jdoc d;
	int got;

	while (buf_room(&b) && (got = file_read(0, b.p + b.w, buf_room(&b))) > 0)
		b.w += (u32)got;
	if (!tok || json_parse(&d, buf_str(&b), tok, TOKENS_MAX) || json_kind(json_root(&d)) != JSON_OBJECT) {
		say_errf("mcpgated call: standard input must hold one JSON object of at most 1 MB\n");
		return EXIT_USAGE;
	}
	jout_raw(o, "arguments", json_raw(json_root(&d)));
	return FLAGS_GO;
}

static int
compose(struct ask *k)
{
	struct buf b = arena_buf(&k->arena, 2 * STDIN_MAX);
	struct jout o = jout_into(&b);
	int code;

	jout_open(&o, '{');
	jout_c(&o, "jsonrpc", "2.0");
	jout_num(&o, "id", 1);
	jout_c(&o, "method", "tools/call");
	jout_key_open(&o, "params", '{');
	jout_c(&o, "name", k->tool);
	code = k->from_stdin ? put_stdin(k, &o) : put_pairs(k->args, &o);
	if (code != FLAGS_GO)
		return code;
	jout_key_open(&o, "_meta", '{');
	jout_c(&o, "io.modelcontextprotocol/protocolVersion", VERSION);
	jout_key_open(&o, "io.modelcontextprotocol/clientInfo", '{');
	jout_c(&o, "name", "mcpgated call");
	jout_c(&o, "version", "1");
	jout_close(&o, '}');
	jout_key_open(&o, "io.modelcontextprotocol/clientCapabilities", '{');
	jout_close(&o, '}');
	jout_close(&o, '}');
	jout_close(&o, '}');
	jout_close(&o, '}');
	k->body = buf_str(&b);
	return b.over ? EXIT_FAILED : FLAGS_GO;
}

/* ---- the answer --------------------------------------------------------------------------------- */

static void
print_block(struct ask *k, struct jcur block)
{
	struct str type = json_str(json_get(block, "type"), NULL);
	struct jcur text = json_get(block, "text");
	u32 room = json_raw(text).n + 1;
	struct buf b;

	if (!str_is(type, "text")) {
		say_errf("(%S block, %u bytes of JSON: --json shows it)\n", type, json_raw(block).n);
		return;
	}
	b = arena_buf(&k->arena, room);
	if (!b.p)
		return;
	json_str_put(text, &b);
	if (b.w == 0 || b.p[b.w - 1] != '\n')
		buf_byte(&b, '\n');
	say_out(buf_str(&b));
}

static int
print_answer(struct ask *k, const struct control_answer *answer)
{
	struct jsmntok *tok = ARENA_ARRAY(&k->arena, struct jsmntok, TOKENS_MAX);
	struct jcur root, result, error;
	bool failed = false;
	int64_t code = 0;
	struct jdoc d;

	if (!tok || json_parse(&d, answer->body, tok, TOKENS_MAX)) {
		say_errf("mcpgated call: the answer (HTTP %u, %u bytes) is not JSON\n", answer->status, answer->body.n);
		return EXIT_FAILED;
	}
	root = json_root(&d);
	result = json_get(root, "result");
	error = json_get(root, "error");
	if (result.err) {
		json_i64(json_get(error, "code"), &code);
		say_errf("mcpgated call: %S\n", json_kind(error) == JSON_OBJECT
		    ? json_str(json_get(error, "message"), &k->arena) : control_error(answer));
		if (code != CODE_PARAMS)
			return EXIT_FAILED;
		say_errf("`mcpgated catalog show` with the document of api '%s' lists its tools.\n", k->api);
		return EXIT_USAGE;
	}
	json_bool(json_get(result, "isError"), &failed);
	if (k->json) {
		say_out(json_raw(result));
		say_out(STR("\n"));
	} else {
		for (struct jcur e = json_first(json_get(result, "content")); !e.err; e = json_next(e))
			print_block(k, e);
	}
	return failed ? EXIT_FAILED : EXIT_OK;
}

/* ---- the way ------------------------------------------------------------------------------------ */

/* Asks the server of the data directory: an exit code, or ERR_NONE when there is none. */
static int
ask_server(struct ask *k, const char *data)
{
	u8 where[128], lines[300], room[300];
	struct buf path = buf_over(where, sizeof where), fields = buf_over(lines, sizeof lines);
	struct buf why = buf_over(room, sizeof room);
	struct control_ask c = { .data = data, .method = STR("POST"), .body = k->body, .wait_ms = WAIT_MS };
	struct control_answer answer;
	int err;

	buf_fmt(&path, "/%s%s%s/mcp", k->api, k->environment ? "/" : "", k->environment ? k->environment : "");
	buf_fmt(&fields, "MCP-Protocol-Version: " VERSION "\r\nMcp-Method: tools/call\r\nMcp-Name: %s\r\n"
	                 "Accept: application/json, text/event-stream\r\n", k->tool);
	if (path.over || fields.over) {
		say_errf("mcpgated call: a name is too long\n");
		return EXIT_USAGE;
	}
	c.path = buf_str(&path);
	c.fields = buf_str(&fields);
	err = control_ask(&c, &k->arena, &answer, &why);
	if (err == ERR_NONE)
		return ERR_NONE;
	if (err) {
		say_errf("mcpgated call: %S\n", buf_str(&why));
		return EXIT_FAILED;
	}
	return print_answer(k, &answer);
}

static int
when_ready(void *arg, const struct conf *c)
{
	int code = ask_server(arg, c->data);

	return code < 0 ? EXIT_FAILED : code;
}

static int
unknown(const char *what, const char *word, const char *near)
{
	say_errf("mcpgated call: there is no %s '%s'%s%s%s\n", what, word, near ? "; did you mean '" : "", near ?
	    near : "",
	    near ? "'?" : "");
	return EXIT_USAGE;
}

/* Whether api and environment exist, so that a slip is told in words. */
static int
check_names(struct ask *k, const struct conf *c)
{
	const char *names[APIS_MAX];
	const struct api *api = NULL;

	for (u32 i = 0; i < c->gen.apis; i++) {
		names[i] = arena_c(&k->arena, c->gen.api[i].name);
		if (str_is(c->gen.api[i].name, k->api))
			api = &c->gen.api[i];
	}
	if (!api)
		return unknown("api", k->api, text_nearest(str_c(k->api), names, c->gen.apis));
	if (!k->environment)
		return FLAGS_GO;
	for (u32 i = 0; i < api->environments; i++) {
		names[i] = arena_c(&k->arena, api->environment[i].name);
		if (strcmp(names[i], k->environment) == 0)
			return FLAGS_GO;
	}
	return unknown("environment", k->environment, text_nearest(str_c(k->environment), names, api->environments));
}

static bool
plain_name(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f || *s == '/')
			return false;
	return true;
}

/* Without a server: a private one, that ends when it has answered. */
static int
run(struct ask *k)
{
	struct super_ask private = { .conf = k->conf ? k->conf : CONF_DEFAULT, .data = k->data, .log_level = 2,
		.listener = -1, .private = true, .ready = when_ready, .arg = k };
	const struct conf *c = cmd_conf(k->conf, k->data, true);
	int code;

	if (!c)
		return EXIT_FAILED;
	code = check_names(k, c);
	if (code != FLAGS_GO)
		return code;
	code = ask_server(k, c->data);
	return code == ERR_NONE ? super_run(&private) : code;
}

int
cmd_call(struct flags *a)
{
	struct ask k = { .args = a };
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct ask, conf, "config", 'c'),
		FLAGS_OPTION(struct ask, data, "data", 0),
		FLAGS_OPTION(struct ask, environment, "environment", 0),
		FLAGS_OPTION(struct ask, json, "json", 0),
		FLAGS_OPTION(struct ask, from_stdin, "stdin", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 2, FLAGS_REST_MAX, "the api or the tool" };
	int code = flags_read(a, &words, &k);

	if (code == FLAGS_GO && k.from_stdin)
		code = flags_rest(a, 2, 2, "");
	if (code != FLAGS_GO)
		return code;
	k.api = a->rest[0];
	k.tool = a->rest[1];
	if (!plain_name(k.api) || !plain_name(k.tool) || (k.environment && !plain_name(k.environment)))
		return unknown("tool", k.tool, NULL);
	k.arena = page_arena(4 * CONTROL_ANSWER_MAX);
	code = compose(&k);
	if (code != FLAGS_GO)
		return code;
	if (k.data && !k.conf) { /* a running server knows its configuration best */
		code = ask_server(&k, k.data);
		if (code != ERR_NONE)
			return code;
	}
	return run(&k);
}
