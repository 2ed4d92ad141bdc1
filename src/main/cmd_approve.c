#include "main/cmd.h"

#include "json/jout.h"
#include "json/json.h"
#include "main/control.h"
#include "main/say.h"
#include "sys/page.h"

#define ROOM_N (CONTROL_ANSWER_MAX + (1u << 20))
#define TOKENS 8192

struct deciding {
	const char *conf, *data;
	bool json;
	struct arena arena;
	struct jsmntok *tok;
};

static int
begin(struct flags *a, struct deciding *k, u32 least, u32 most, const char *what)
{
	const struct conf *known;
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct deciding, conf, "config", 'c'),
		FLAGS_OPTION(struct deciding, data, "data", 0),
		FLAGS_OPTION(struct deciding, json, "json", 0),
	};
	static const struct flags_table table = { options, ARRAY_N(options), 0, FLAGS_REST_MAX, "" };
	int code = flags_read(a, &table, k);

	if (code == FLAGS_GO)
		code = flags_rest(a, least, most, what);
	if (code != FLAGS_GO)
		return code;
	k->data = cmd_data(k->conf, k->data, &known);
	k->arena = page_arena(ROOM_N);
	k->tok = k->arena.p ? ARENA_ARRAY(&k->arena, struct jsmntok, TOKENS) : NULL;
	return k->data && k->tok ? FLAGS_GO : EXIT_FAILED;
}

static struct str
text(struct deciding *k, struct jcur c, const char *key)
{
	return json_str(json_get(c, key), &k->arena);
}

/* What a person should see before saying yes. */
static void
tell(struct deciding *k, struct jcur c)
{
	bool production = false;
	struct str who = text(k, c, "who");

	json_bool(json_get(c, "production"), &production);
	say_outf("%S  %S %S\n", str_cut(text(k, c, "id"), 0, 12), text(k, c, "method"), text(k, c, "url"));
	say_outf("\tasked by %S for %S, tool %S, environment %S%s; until %S\n",
	    who.n ? who : STR("the console"), text(k, c, "api"), text(k, c, "tool"),
	    text(k, c, "environment"), production ? " (PRODUCTION)" : "", text(k, c, "expires"));
	if (text(k, c, "body").n)
		say_outf("\tbody: %S\n", text(k, c, "body"));
	if (text(k, c, "state").n)
		say_outf("\tcurrent state: %S\n", text(k, c, "state"));
}

int
cmd_pending(struct flags *a)
{
	struct deciding k = { .json = false };
	struct cmd_either e = { .method = STR("GET"), .path = STR("/control/approvals"), .local = local_pending };
	struct str answer;
	struct jdoc d;
	int code = begin(a, &k, 0, 0, "");

	if (code != FLAGS_GO)
		return code;
	e.data = k.data;
	e.arena = &k.arena;
	code = cmd_either(a, &e, &answer);
	if (code)
		return code;
	if (k.json || json_parse(&d, answer, k.tok, TOKENS)) {
		say_outf("%S\n", answer);
		return EXIT_OK;
	}
	for (struct jcur c = json_first(json_root(&d)); !c.err; c = json_next(c))
		tell(&k, c);
	if (!json_len(json_root(&d)))
		say_outf("nothing waits.\n");
	return EXIT_OK;
}

static int
decide_one(struct flags *a, struct deciding *k, const char *id, bool yes)
{
	u8 room[200];
	struct buf path = buf_over(room, sizeof room);
	struct cmd_either e = { .method = STR("POST"), .local = yes ? local_approve : local_deny };
	struct str answer;
	struct jdoc d;
	int code;

	buf_fmt(&path, "/control/approvals/%s", id);
	e.data = k->data;
	e.arena = &k->arena;
	e.path = buf_str(&path);
	e.arg = str_c(id);
	e.body = yes ? STR("{\"approve\":true}") : STR("{\"approve\":false}");
	code = path.over ? EXIT_USAGE : cmd_either(a, &e, &answer);
	if (code)
		return code;
	if (k->json || json_parse(&d, answer, k->tok, TOKENS)) {
		say_outf("%S\n", answer);
		return EXIT_OK;
	}
	say_outf(yes ? "approved, once:\n" : "denied:\n");
	tell(k, json_root(&d));
	return EXIT_OK;
}

/* One, or all of a plan: exactly those that are named. */
static int
decide(struct flags *a, bool yes)
{
	struct deciding k = { .json = false };
	int code = begin(a, &k, 1, FLAGS_REST_MAX, "the id that `mcpgated pending` shows"), worst = EXIT_OK;
	u32 mark;

	if (code != FLAGS_GO)
		return code;
	mark = (u32)k.arena.used;
	for (u32 i = 0; i < a->rests; i++, arena_rewind(&k.arena, mark)) {
		code = decide_one(a, &k, a->rest[i], yes);
		worst = code > worst ? code : worst;
	}
	return worst;
}

int
cmd_approve(struct flags *a)
{
	return decide(a, true);
}

int
cmd_deny(struct flags *a)
{
	return decide(a, false);
}
