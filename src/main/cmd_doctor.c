#include "main/cmd.h"

#include "base/text.h"
#include "http/url.h"
#include "main/boot.h"
#include "main/bounds.h"
#include "main/control.h"
#include "main/doctor.h"
#include "main/say.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/page.h"

#include <stdlib.h>

#define BODY_N (16u << 20)
#define LEAST_ROOM (16u << 20) /* bytes: less on the disk of the data is told */

static const struct player players[] = {
	{ "sdk", "node", "2025-11-25", "http://localhost:33418/callback", 0, 64, 0, 0 },
	{ "sdk-modern", "node", DOCTOR_MODERN, "http://localhost:33418/callback", 0, 64, 0, 0 },
	{ "claude-code", "claude-code/2.1.329 (sdk-cli)", DOCTOR_MODERN, "http://localhost:33418/callback", 0, 64,
	    BOUND_CLAUDE_TEXT, 0 },
	{ "codex", "codex-mcp-client", "2025-06-18", "http://127.0.0.1:33418/callback", BOUND_OPENAI_TOOLS, 64,
	    BOUND_OPENAI_TEXT, GETS },
	{ "cursor", "Cursor", "2025-06-18", "http://localhost:33418/callback", BOUND_CURSOR_TOOLS, BOUND_CURSOR_NAME,
	    0, ASSUMED },
	{ "gemini", "node", "2025-06-18", "http://localhost:33418/oauth/callback", 0, 63, 0, QUIET },
	{ "inspector", "node", "2025-11-25", "http://127.0.0.1:6276/oauth/callback", 0, 64, 0, 0 },
	{ "mcp-remote", "node", "2025-11-25", "http://localhost:33418/oauth/callback", 0, 64, 0, GETS },
	{ "openai-agents", "node", DOCTOR_MODERN, "http://localhost:33418/callback", BOUND_OPENAI_TOOLS, 64,
	    BOUND_OPENAI_TEXT, 0 },
	{ "opencode", "opencode", "2025-11-25", "http://127.0.0.1:19876/mcp/oauth/callback", 0, 64, 0, 0 },
	{ "qwen", "node", "2025-11-25", "http://localhost:33418/oauth/callback", 0, 63, 0, 0 },
	{ "vscode", "Visual-Studio-Code", "2025-11-25", "http://127.0.0.1:33418", BOUND_OPENAI_TOOLS, 64, 0,
	    ASSUMED },
};

/* ---- the box itself --------------------------------------------------------------------------------- */

static void
step_data(struct doctor *d)
{
	const char *data = d->c->data;
	int fd = file_open_dir(FILE_HERE, data);
	u64 room = 0;

	if (fd < 0) {
		TELL(d, 'F', "data      ",
		    "run as the user of the server, or as root; `mcpgated init` or serve makes it",
		    "%s cannot be opened", data);
		return;
	}
	if (place_in_memory(data))
		TELL(d, 'w', "data      ", "set option data to a place on disk or flash",
		    "%s lies in memory: keys, people and the audit are gone after a restart", data);
	else if (file_room(fd, &room) == 0 && room < LEAST_ROOM)
		TELL(d, 'w', "data      ", "make room: what cannot be written down is refused",
		    "%s: %u KB are left on this disk", data, (u32)(room >> 10));
	else
		TELL(d, 'o', "data      ", NULL, "%s, %u MB are left", data, (u32)(room >> 20));
	file_close(fd);
}

static void
step_local(struct doctor *d)
{
	struct control_ask q = { .data = d->c->data, .method = STR("GET"), .path = STR("/readyz"),
	    .wait_ms = DOCTOR_WAIT_MS };
	struct control_answer answer;
	u8 room[300];
	struct buf why = buf_over(room, sizeof room);
	u32 calls = 0;
	int err = control_ask(&q, &d->arena, &answer, &why);

	if (err == ERR_NONE)
		TELL(d, 'F', "server    ",
		    "start it: mcpgated serve (or service mcpgated start), and read what it logs",
		    "no server runs on %s", d->c->data);
	else if (err)
		TELL(d, 'F', "server    ", "run doctor as root or as the user of the server", "%S", buf_str(&why));
	else if (answer.status != 200)
		TELL(d, 'F', "server    ", "its log says what it waits for", "it runs, but is not ready: %u",
		    (u32)answer.status);
	else
		TELL(d, 'o', "server    ", NULL, "runs on %s", d->c->data);
	if (d->c->jail == CONF_JAIL_OFF)
		TELL(d, 'w', "jail      ", "remove option jail", "is off by configuration");
	else if (!jail_knows_calls(&calls) || !jail_knows_files())
		TELL(d, 'w', "jail      ", "a kernel with seccomp and Landlock (5.13) has all of it",
		    "this kernel lacks %s", jail_knows_files() ? "the filter of system calls" : "Landlock");
	else
		TELL(d, 'o', "jail      ", NULL, "%u system calls, Landlock %u", calls, jail_knows_files());
	if (clock_wall_s() < boot_built())
		TELL(d, 'F', "clock     ", "set it (ntp): certificates and tokens are judged by it",
		    "stands before the day this program was built");
}

static void
step_upstream(struct doctor *d)
{
	for (u32 i = 0; i < d->c->gen.apis; i++)
		for (u32 k = 0; k < d->c->gen.api[i].environments; k++) {
			const struct environment *e = &d->c->gen.api[i].environment[k];
			struct probe_ask q = { .at = e, .method = "GET", .target = e->path.n ? e->path : STR("/"),
				.wait_ms = DOCTOR_WAIT_MS, .head = true };

			if (e->tls && !e->trust->anchors && !e->trust->pin)
				continue; /* read without secrets and roots: `mcpgated call` tries it */
			if (!doctor_put(d, &q))
				TELL(d, 'F', "upstream  ",
				    "is the API up, is base_url right? Calls fail until it answers",
				    "%S of api %S: %S", e->name, d->c->gen.api[i].name, d->answer.why);
			else
				TELL(d, 'o', "upstream  ", NULL, "%S of api %S answers %u", e->name,
				    d->c->gen.api[i].name,
				    (u32)d->answer.status);
		}
}

/* ---- where it is ------------------------------------------------------------------------------------------ */

/* A URL is read as a configuration would, which knows hosts, roots and deadlines. */
static const struct environment *
environment_of(struct doctor *d, const char *ca)
{
	struct buf text = arena_buf(&d->arena, 1600), say = arena_buf(&d->arena, 800);
	struct conf_ask ask = { .name = "doctor", .arena = &d->own, .say = &say, .number = 1 };
	const struct conf *c;
	struct url u;

	if (d->url.n > 500 || str_find(d->url, '\'', 0) >= 0 || url_parse(d->url, &u) || u.scheme == URL_UNIX) {
		say_errf("mcpgated doctor: '%S' is not like https://box.lan:8443/mcp\n", d->url);
		return NULL;
	}
	d->path = u.path.n ? u.path : STR("/mcp");
	d->origin = u.path.n ? str_of(d->url.p, (size_t)(u.path.p - d->url.p)) : d->url;
	if (!u.path.n) {
		u8 *p = arena_take(&d->arena, d->url.n + 4);

		memcpy(p, d->url.p, d->url.n);
		memcpy(p + d->url.n, "/mcp", 4);
		d->url = str_of(p, d->url.n + 4);
		d->origin = str_cut(d->url, 0, d->url.n - 4);
	}
	buf_fmt(&text,
	    "config api 'box'\noption document '/dev/null'\nconfig environment 'box'\noption base_url '%S'\n",
	    d->origin);
	if (ca && u.scheme == URL_HTTPS)
		buf_fmt(&text, "option ca '%s'\n", ca);
	ask.text = buf_str(&text);
	d->own = page_arena(CONF_ARENA_N);
	if (text.over || conf_read(&ask, &c)) {
		say_errf("mcpgated doctor: %S cannot be asked:\n%S", d->url, buf_str(&say));
		return NULL;
	}
	if (!d->c)
		d->c = c;
	return &c->gen.api[0].environment[0];
}

/* The address that the configuration gives to clients, of the first or the named api. */
static int
configured(struct doctor *d, const char *api)
{
	struct buf url = arena_buf(&d->arena, 800);
	struct file_info info;

	d->c = cmd_conf(d->conf, d->data, true);
	if (!d->c)
		return EXIT_FAILED;
	d->ours = true;
	buf_put(&url, d->c->gen.public_url);
	if (api)
		buf_fmt(&url, "/%s/mcp", api);
	else
		BUF_LIT(&url, "/mcp");
	d->url = buf_str(&url);
	if (!d->ca && text_c(d->ca_room, PLACE_N, "%s/tls/ca.pem", d->c->data) && file_look(FILE_HERE, d->ca_room,
	    &info) == 0)
		d->ca = d->ca_room;
	return FLAGS_GO;
}

static int
who(struct doctor *d)
{
	const char *names[ARRAY_N(players)], *near;

	for (u32 i = 0; i < ARRAY_N(players); i++) {
		names[i] = players[i].name;
		if (strcmp(names[i], d->as ? d->as : "sdk") == 0)
			d->player = &players[i];
	}
	if (d->player)
		return FLAGS_GO;
	near = text_nearest(str_c(d->as), names, ARRAY_N(players));
	say_errf("mcpgated doctor: no client '%s' is known; --as takes", d->as);
	for (u32 i = 0; i < ARRAY_N(players); i++)
		say_errf(" %s", names[i]);
	say_errf(near ? "; did you mean '%s'?\n" : "\n", near);
	return EXIT_USAGE;
}

static void
play(struct doctor *d)
{
	int asks = doctor_way(d);

	if (asks < 0)
		return;
	if (asks && !d->key.n)
		TELL(d, 'w', "key       ", "mcpgated key add NAME, then --key-stdin or MCPGATED_KEY",
		    "none was given: what comes behind the login is not tried");
	else
		doctor_talk(d);
}

static int
take_key(struct doctor *d)
{
	const char *env = getenv("MCPGATED_KEY");

	if (env && !d->key_stdin)
		d->key = str_c(env);
	return d->key_stdin ? cmd_secret(d->args, d->key_room, sizeof d->key_room, &d->key) : 0;
}

static int
carve(struct doctor *d)
{
	d->arena = page_arena(BODY_N + CONTROL_ANSWER_MAX + DOCTOR_TOKENS * sizeof *d->tok + (4u << 20));
	d->body = arena_buf(&d->arena, BODY_N);
	d->fields = arena_buf(&d->arena, 4096);
	d->ask = arena_buf(&d->arena, 4096);
	d->told = arena_buf(&d->arena, 900);
	d->tok = ARENA_ARRAY(&d->arena, struct jsmntok, DOCTOR_TOKENS);
	return d->tok ? FLAGS_GO : EXIT_FAILED;
}

static int
verdict(const struct doctor *d)
{
	say_errf("%u failed, %u doubtful, played as %s%s\n", d->failed, d->doubts, d->player->name,
	    d->player->how & ASSUMED ? " (not recorded: as its SDK would)" : "");
	return d->failed ? EXIT_FAILED : d->doubts ? EXIT_LOSSES : EXIT_OK;
}

static int
examine(struct doctor *d, const char *word)
{
	struct arena machine;
	int code = FLAGS_GO;

	if (word && strstr(word, "://"))
		d->url = str_c(word);
	else
		code = configured(d, word);
	if (code != FLAGS_GO)
		return code;
	d->at = environment_of(d, d->ca);
	if (!d->at)
		return EXIT_USAGE;
	if (probe_open(&d->probe, d->c, &machine))
		return EXIT_FAILED;
	TELL(d, 'o', "box       ", NULL, "%S as %s", d->url, d->player->name);
	if (d->ours) {
		step_data(d);
		step_local(d);
	}
	play(d);
	if (d->ours)
		step_upstream(d);
	return verdict(d);
}

int
cmd_doctor(struct flags *a)
{
	struct arena own = page_arena(sizeof(struct doctor) + 64);
	struct doctor *d = own.p ? ARENA_NEW(&own, struct doctor) : NULL;
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct doctor, conf, "config", 'c'),
		FLAGS_OPTION(struct doctor, data, "data", 0),
		FLAGS_OPTION(struct doctor, as, "as", 0),
		FLAGS_OPTION(struct doctor, ca, "ca", 0),
		FLAGS_OPTION(struct doctor, call, "call", 0),
		FLAGS_OPTION(struct doctor, key_stdin, "key-stdin", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 0, 1, "the URL or the api" };
	int code = d ? flags_read(a, &words, d) : EXIT_FAILED;

	if (code == FLAGS_GO)
		code = who(d);
	if (code != FLAGS_GO)
		return code;
	d->args = a;
	d->modern = strcmp(d->player->version, DOCTOR_MODERN) == 0;
	if (take_key(d))
		return EXIT_USAGE;
	code = carve(d);
	return code == FLAGS_GO ? examine(d, a->rests ? a->rest[0] : NULL) : code;
}
