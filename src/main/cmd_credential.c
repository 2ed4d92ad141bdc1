#include "main/cmd.h"

#include "crypt/ct.h"
#include "http/url.h"
#include "json/jout.h"
#include "json/json.h"
#include "main/control.h"
#include "main/say.h"
#include "op/vault.h"
#include "sys/page.h"

#define ROOM_N (CONTROL_ANSWER_MAX + (1u << 20))
#define TOKENS_MAX 20000
#define SECRET_ROOM (VAULT_SECRET_MAX + 64)

/* What the local side needs for adding: the record's two parts. */
static int
local_add(struct local *l, struct str arg, struct buf *out, struct buf *why)
{
	struct jsmntok tok[16];
	u8 room[VAULT_SECRET_MAX];
	struct buf secret = buf_over(room, sizeof room);
	struct jdoc d;

	if (json_parse(&d, arg, tok, ARRAY_N(tok)) || json_str_put(json_get(json_root(&d), "secret"), &secret) ||
	    secret.over) {
		BUF_LIT(why, "the secret is too long");
		return ERR_BAD;
	}
	return local_credential_add(l, json_str(json_get(json_root(&d), "name"), NULL), buf_str(&secret), why);
}

static int
local_list(struct local *l, struct str unused, struct buf *out, struct buf *why)
{
	return local_credential_list(l, out, why);
}

static int
local_remove(struct local *l, struct str name, struct buf *out, struct buf *why)
{
	return local_credential_remove(l, name, why);
}

static int
run_add(struct flags *a, struct cmd_either *e)
{
	u8 *room = arena_bytes(e->arena, SECRET_ROOM), *body = arena_bytes(e->arena, 8 * SECRET_ROOM);
	struct buf json = buf_over(body, 8 * SECRET_ROOM);
	struct jout o = jout_into(&json);
	struct str secret, answer;
	int code = flags_rest(a, 2, 2, "the credential's name (after add)");

	if (code != FLAGS_GO)
		return code;
	if (cmd_secret(a, room, SECRET_ROOM, &secret))
		return EXIT_FAILED;
	jout_open(&o, '{');
	jout_c(&o, "name", a->rest[1]);
	jout_str(&o, "secret", secret);
	jout_close(&o, '}');
	if (json.over) {
		say_errf("mcpgated credential: the secret is too long\n");
		return EXIT_FAILED;
	}
	e->method = STR("POST");
	e->path = STR("/control/credentials");
	e->body = e->arg = buf_str(&json);
	e->local = local_add;
	code = cmd_either(a, e, &answer);
	ct_wipe(room, SECRET_ROOM);
	ct_wipe(body, 8 * SECRET_ROOM);
	if (code == 0)
		say_errf("stored. A configuration names it as   option credential_from 'store:%s'\n", a->rest[1]);
	return code;
}

static int
run_list(struct flags *a, struct cmd_either *e, bool as_json)
{
	struct arena more;
	struct jsmntok *tok;
	struct str answer;
	struct jdoc d;
	int code = flags_rest(a, 1, 1, "");

	if (code != FLAGS_GO)
		return code;
	e->method = STR("GET");
	e->path = STR("/control/credentials");
	e->local = local_list;
	code = cmd_either(a, e, &answer);
	if (code)
		return code;
	more = page_arena(TOKENS_MAX * sizeof *tok);
	tok = ARENA_ARRAY(&more, struct jsmntok, TOKENS_MAX);
	if (as_json || !tok || json_parse(&d, answer, tok, TOKENS_MAX)) {
		say_out(answer);
		say_out(STR("\n"));
		return EXIT_OK;
	}
	for (struct jcur c = json_first(json_root(&d)); !c.err; c = json_next(c))
		say_outf("%S\n", json_str(c, NULL));
	return EXIT_OK;
}

static int
run_remove(struct flags *a, struct cmd_either *e)
{
	u8 room[300];
	struct buf path = buf_over(room, sizeof room);
	struct str answer;
	int code = flags_rest(a, 2, 2, "the credential's name (after remove)");

	if (code != FLAGS_GO)
		return code;
	BUF_LIT(&path, "/control/credentials/");
	url_encode(&path, str_c(a->rest[1]), URL_COMPONENT);
	if (path.over) {
		say_errf("mcpgated credential: there is no such credential\n");
		return EXIT_FAILED;
	}
	e->method = STR("DELETE");
	e->path = buf_str(&path);
	e->local = local_remove;
	e->arg = str_c(a->rest[1]);
	code = cmd_either(a, e, &answer);
	if (code == 0)
		say_errf("removed.\n");
	return code;
}

/* The options. */
struct wanted {
	const char *conf, *data;
	bool json;
};

int
cmd_credential(struct flags *a)
{
	const struct conf *known;
	struct wanted w = { .json = false };
	struct cmd_either e = { .data = NULL };
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct wanted, conf, "config", 'c'),
		FLAGS_OPTION(struct wanted, data, "data", 0),
		FLAGS_OPTION(struct wanted, json, "json", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 1, 2, "add, list or remove" };
	struct arena arena;
	int code = flags_read(a, &words, &w);

	if (code != FLAGS_GO)
		return code;
	e.data = cmd_data(w.conf, w.data, &known);
	if (!e.data)
		return EXIT_FAILED;
	arena = page_arena(ROOM_N);
	e.arena = &arena;
	if (strcmp(a->rest[0], "add") == 0)
		return run_add(a, &e);
	if (strcmp(a->rest[0], "list") == 0)
		return run_list(a, &e, w.json);
	if (strcmp(a->rest[0], "remove") == 0)
		return run_remove(a, &e);
	say_errf("mcpgated credential: '%s' is none of add, list, remove\n", a->rest[0]);
	return EXIT_USAGE;
}
