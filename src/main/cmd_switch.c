#include "main/cmd.h"

#include "auth/user.h"
#include "crypt/ct.h"
#include "json/jout.h"
#include "json/json.h"
#include "main/control.h"
#include "main/say.h"
#include "sys/page.h"
#include "sys/term.h"

#define ROOM_N (CONTROL_ANSWER_MAX + (1u << 20))
#define BODY_N 2048
#define TOKENS 4096

struct switching {
	const char *conf, *data, *user;
	bool json, resume, password_stdin;
	struct str password;
	struct arena arena;
};

static int
tell(struct switching *k, struct str answer)
{
	struct jsmntok *tok = ARENA_ARRAY(&k->arena, struct jsmntok, TOKENS);
	struct jcur off;
	struct jdoc d;
	bool stopped = false;

	if (k->json || !tok || json_parse(&d, answer, tok, TOKENS)) {
		say_outf("%S\n", answer);
		return EXIT_OK;
	}
	off = json_get(json_root(&d), "off");
	json_bool(json_get(json_root(&d), "stopped"), &stopped);
	if (stopped)
		say_outf("stopped: nothing is served. `mcpgated stop-all --resume` ends that.\n");
	for (struct jcur e = json_first(off); !e.err; e = json_next(e))
		say_outf("%S\t%S\toff\n", json_str(json_get(e, "target"), &k->arena),
		    json_str(json_get(e, "switch"), NULL));
	if (!stopped && json_len(off) == 0)
		say_outf("everything is on.\n");
	return EXIT_OK;
}

/* Asks for the list, or for a change and then the list. */
static int
ask(struct flags *a, struct switching *k, struct str body)
{
	struct cmd_either e = { .data = k->data, .arena = &k->arena, .path = STR("/control/switches"), .body = body,
	    .local = local_switch, .arg = body };
	struct str answer;
	int code;

	e.method = body.n ? STR("POST") : STR("GET");
	code = cmd_either(a, &e, &answer);
	return code ? code : tell(k, answer);
}

static struct str
compose(struct switching *k, const char *target, const char *word, bool on)
{
	struct buf b = arena_buf(&k->arena, BODY_N);
	struct jout o = jout_into(&b);

	jout_open(&o, '{');
	jout_c(&o, "target", target);
	jout_c(&o, "switch", word);
	jout_bool(&o, "on", on);
	if (k->password.n) {
		jout_c(&o, "user", k->user);
		jout_str(&o, "password", k->password);
	}
	jout_close(&o, '}');
	return b.over ? STR("{}") : buf_str(&b);
}

static int
begin(struct flags *a, struct switching *k, bool stop)
{
	const struct conf *known;
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct switching, conf, "config", 'c'),
		FLAGS_OPTION(struct switching, data, "data", 0),
		FLAGS_OPTION(struct switching, json, "json", 0),
		FLAGS_OPTION(struct switching, resume, "resume", 0),
		FLAGS_OPTION(struct switching, user, "user", 0),
		FLAGS_OPTION(struct switching, password_stdin, "password-stdin", 0),
	};
	static const struct flags_table tables[] = {
		{ options, ARRAY_N(options) - 3, 0, 3, "TARGET SWITCH on|off, or nothing" },
		{ options, ARRAY_N(options), 0, 0, "" },
	};
	int code = flags_read(a, &tables[stop], k);

	if (code != FLAGS_GO)
		return code;
	k->data = cmd_data(k->conf, k->data, &known);
	k->arena = page_arena(ROOM_N);
	return k->data && k->arena.p ? FLAGS_GO : EXIT_FAILED;
}

int
cmd_switch(struct flags *a)
{
	struct switching k = { .json = false };
	int code = begin(a, &k, false);
	const char *way;
	bool on;

	if (code != FLAGS_GO)
		return code;
	if (!a->rests || strcmp(a->rest[0], "list") == 0)
		return ask(a, &k, STR_NONE);
	way = a->rest[a->rests - 1];
	on = strcmp(way, "on") == 0;
	if (a->rests < 2 || (!on && strcmp(way, "off") != 0)) {
		say_errf("mcpgated switch: TARGET SWITCH on|off, for instance: switch api:demo write off\n");
		return EXIT_USAGE;
	}
	return ask(a, &k, compose(&k, a->rest[0], a->rests == 3 ? a->rest[1] : "enabled", on));
}

/* Whose password, and the password: from standard input, which may be a terminal. FLAGS_GO, or the exit code. */
static int
read_password(struct flags *a, struct switching *k)
{
	u32 n = 2 * USER_PASSWORD_MAX;
	u8 *room = arena_bytes(&k->arena, n);
	bool asked = !k->password_stdin && term_quiet(0, true);
	int err;

	if (!k->user || (!asked && !k->password_stdin)) {
		say_errf("mcpgated stop-all: --resume takes the password of an administrator: --user NAME, and "
		    "--password-stdin where nobody can be asked\n");
		if (asked)
			term_quiet(0, false);
		return EXIT_USAGE;
	}
	if (asked)
		say_errf("password of %s: ", k->user);
	err = asked ? term_line(0, room, n, &k->password) : cmd_secret(a, room, n, &k->password);
	if (asked) {
		term_quiet(0, false);
		say_errf("\n");
	}
	return err ? EXIT_FAILED : FLAGS_GO;
}

int
cmd_stop_all(struct flags *a)
{
	struct switching k = { .json = false };
	int code = begin(a, &k, true);

	if (code == FLAGS_GO && k.resume)
		code = read_password(a, &k);
	if (code == FLAGS_GO)
		code = ask(a, &k, compose(&k, "stop", "enabled", k.resume));
	if (k.arena.p)
		ct_wipe(k.arena.p, k.arena.used);
	return code;
}
