#include "main/cmd.h"

#include "base/text.h"
#include "crypt/ct.h"
#include "http/url.h"
#include "json/jout.h"
#include "json/json.h"
#include "main/control.h"
#include "main/say.h"
#include "sys/page.h"

#define ROOM_N (CONTROL_ANSWER_MAX + (1u << 20))
#define SECRET_IN_MAX 4096
#define LINE_N 1024
#define TOKENS_MAX 200000 /* of a list of keys */

struct ask {
	const char *conf, *data, *role, *expires;
	struct flags_many apis, environments;
	bool readonly, destructive, secret_stdin, json;
	const struct conf *known; /* the configuration, when it was read */
	struct arena arena;
};

static int
fail(struct flags *a, struct str why)
{
	say_errf("mcpgated %s: %S\n", a->command, why);
	return EXIT_FAILED;
}

static void
many(struct jout *o, const char *key, const struct flags_many *m)
{
	if (!m->n)
		return;
	jout_key_open(o, key, '[');
	for (u32 i = 0; i < m->n; i++)
		jout_c(o, NULL, m->at[i]);
	jout_close(o, ']');
}

/* A misspelt api would make a key that is good for nothing. */
static int
check_apis(struct flags *a, struct ask *k)
{
	const char *names[APIS_MAX];
	u32 n = 0;

	for (; k->known && n < k->known->gen.apis; n++) {
		names[n] = arena_c(&k->arena, k->known->gen.api[n].name);
		if (!names[n])
			return FLAGS_GO;
	}
	for (u32 i = 0; k->known && i < k->apis.n; i++) {
		bool found = false;
		const char *near;

		for (u32 m = 0; m < n; m++)
			found = found || strcmp(names[m], k->apis.at[i]) == 0;
		if (found)
			continue;
		near = text_nearest(str_c(k->apis.at[i]), names, n);
		say_errf("mcpgated %s: there is no api '%s'%s%s%s\n", a->command, k->apis.at[i], near ?
		    "; did you mean '" : "",
		    near ? near : "", near ? "'?" : "");
		return EXIT_USAGE;
	}
	return FLAGS_GO;
}

static int
describe(struct flags *a, struct ask *k, struct buf *json)
{
	struct jout o = jout_into(json);
	u8 *room = arena_bytes(&k->arena, SECRET_IN_MAX);
	struct str secret;
	u64 ms;

	jout_open(&o, '{');
	jout_c(&o, "name", a->rest[1]);
	many(&o, "apis", &k->apis);
	many(&o, "environments", &k->environments);
	if (k->role)
		jout_c(&o, "role", k->role);
	jout_bool(&o, "readonly", k->readonly);
	jout_bool(&o, "destructive", k->destructive);
	if (k->expires && (text_read_duration(str_c(k->expires), &ms) || ms < 1000)) {
		say_errf("mcpgated key: --expires is a time such as 12h or 30d, not '%s'\n", k->expires);
		return EXIT_USAGE;
	}
	if (k->expires)
		jout_u64(&o, "expires_s", ms / 1000);
	if (k->secret_stdin) {
		if (cmd_secret(a, room, SECRET_IN_MAX, &secret))
			return EXIT_FAILED;
		if (key_form(secret) == KEY_FOREIGN)
			say_errf("mcpgated key: warning: this secret is none of ours (sk-...): only its owner "
			    "knows how random it is\n");
		jout_str(&o, "secret", secret);
		ct_wipe(room, SECRET_IN_MAX);
	}
	jout_close(&o, '}');
	return FLAGS_GO;
}

/* Prints the members of a JSON array of names, separated by commas; what to print when it is empty. */
static void
names_of(struct buf *b, struct jcur list, const char *none)
{
	u32 n = 0;

	for (struct jcur e = json_first(list); !e.err; e = json_next(e)) {
		if (n++)
			buf_byte(b, ',');
		json_str_put(e, b);
	}
	if (!n)
		buf_c(b, none);
}

static int
tell_added(struct ask *k, struct str json)
{
	struct jsmntok *tok = ARENA_ARRAY(&k->arena, struct jsmntok, 64);
	struct jdoc d;
	struct jcur key;
	struct buf about = arena_buf(&k->arena, 1024);

	if (k->json) {
		say_outf("%S\n", json);
		return EXIT_OK;
	}
	if (!tok || !about.p || json_parse(&d, json, tok, 64))
		return EXIT_FAILED;
	key = json_root(&d);
	say_outf("%S\n", json_str(json_get(key, "key"), NULL));
	buf_fmt(&about, "id %S, ", json_str(json_get(key, "id"), NULL));
	names_of(&about, json_get(key, "scopes"), "nothing");
	BUF_LIT(&about, "; apis: ");
	names_of(&about, json_get(key, "apis"), "all");
	BUF_LIT(&about, "; environments: ");
	names_of(&about, json_get(key, "environments"), "the default of each api");
	say_errf("%S\nThe key is shown this once. Clients send it as   Authorization: Bearer KEY\n", buf_str(&about));
	return EXIT_OK;
}

static int
run_add(struct flags *a, struct ask *k)
{
	u32 n = 8192;
	struct buf json = arena_buf(&k->arena, n);
	struct cmd_either c = { .data = k->data, .arena = &k->arena, .method = STR("POST"),
	    .path = STR("/control/keys") };
	struct str answer;
	int code = flags_rest(a, 2, 2, "the key's name (after add)");

	if (code == FLAGS_GO)
		code = check_apis(a, k);
	if (code == FLAGS_GO)
		code = describe(a, k, &json);
	if (code != FLAGS_GO)
		return code;
	c.body = buf_str(&json);
	c.local = local_key_add;
	c.arg = c.body;
	code = cmd_either(a, &c, &answer);
	ct_wipe(json.p, json.cap);
	return code ? code : tell_added(k, answer);
}

static int
local_list(struct local *l, struct str unused, struct buf *out, struct buf *why)
{
	return local_key_list(l, out, why);
}

static void
one_line(struct arena *a, struct jcur key)
{
	static const char *const columns[] = { "id", "name", "hint", "role", "expires" };
	size_t mark = a->used;
	struct buf b = arena_buf(a, LINE_N);

	for (u32 i = 0; i < ARRAY_N(columns); i++) {
		struct jcur c = json_get(key, columns[i]);
		u32 from = b.w;

		if (json_str_put(c, &b) || b.w == from)
			BUF_LIT(&b, "-");
		buf_byte(&b, '\t');
	}
	names_of(&b, json_get(key, "apis"), "all");
	buf_byte(&b, '\t');
	names_of(&b, json_get(key, "environments"), "default");
	buf_byte(&b, '\t');
	names_of(&b, json_get(key, "scopes"), "-");
	buf_byte(&b, '\n');
	say_out(buf_str(&b));
	arena_rewind(a, mark);
}

static int
run_list(struct flags *a, struct ask *k)
{
	struct cmd_either c = { .data = k->data, .arena = &k->arena, .method = STR("GET"),
	    .path = STR("/control/keys"), .local = local_list };
	struct jsmntok *tok;
	struct str answer;
	struct arena more;
	struct jdoc d;
	int code = flags_rest(a, 1, 1, "");

	if (code == FLAGS_GO)
		code = cmd_either(a, &c, &answer);
	if (code > 0)
		return code;
	if (k->json) {
		say_out(answer);
		say_out(STR("\n"));
		return EXIT_OK;
	}
	more = page_arena(TOKENS_MAX * sizeof *tok);
	tok = ARENA_ARRAY(&more, struct jsmntok, TOKENS_MAX);
	if (!tok || json_parse(&d, answer, tok, TOKENS_MAX))
		return fail(a, STR("too many keys to print; use --json"));
	say_out(STR("ID\tNAME\tBEGINS\tROLE\tEXPIRES\tAPIS\tENVIRONMENTS\tSCOPES\n"));
	for (struct jcur e = json_first(json_root(&d)); !e.err; e = json_next(e))
		one_line(&k->arena, e);
	return EXIT_OK;
}

static int
run_revoke(struct flags *a, struct ask *k)
{
	u8 room[512];
	struct buf path = buf_over(room, sizeof room);
	struct cmd_either c = { .data = k->data, .arena = &k->arena, .method = STR("DELETE"),
	    .local = local_key_revoke };
	struct str answer;
	int code = flags_rest(a, 2, 2, "the key's id or name (after revoke)");

	if (code != FLAGS_GO)
		return code;
	BUF_LIT(&path, "/control/keys/");
	url_encode(&path, str_c(a->rest[1]), URL_COMPONENT);
	if (path.over)
		return fail(a, STR("there is no such key"));
	c.path = buf_str(&path);
	c.arg = str_c(a->rest[1]);
	code = cmd_either(a, &c, &answer);
	if (code)
		return code;
	if (k->json)
		say_outf("%S\n", answer);
	else
		say_errf("revoked: it is refused from now on.\n");
	return EXIT_OK;
}

int
cmd_key(struct flags *a)
{
	struct arena arena = page_arena(ROOM_N);
	struct ask *k = ARENA_NEW(&arena, struct ask);
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct ask, conf, "config", 'c'),
		FLAGS_OPTION(struct ask, data, "data", 0),
		FLAGS_OPTION(struct ask, apis, "api", 0),
		FLAGS_OPTION(struct ask, environments, "environment", 0),
		FLAGS_OPTION(struct ask, role, "role", 0),
		FLAGS_OPTION(struct ask, readonly, "readonly", 0),
		FLAGS_OPTION(struct ask, destructive, "destructive", 0),
		FLAGS_OPTION(struct ask, expires, "expires", 0),
		FLAGS_OPTION(struct ask, secret_stdin, "secret-stdin", 0),
		FLAGS_OPTION(struct ask, json, "json", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 1, 2, "add, list or revoke" };
	int code = flags_read(a, &words, k);

	if (code != FLAGS_GO)
		return code;
	k->data = cmd_data(k->conf, k->data, &k->known);
	if (!k->data)
		return EXIT_FAILED;
	k->arena = arena;
	if (strcmp(a->rest[0], "add") == 0)
		return run_add(a, k);
	if (strcmp(a->rest[0], "list") == 0)
		return run_list(a, k);
	if (strcmp(a->rest[0], "revoke") == 0)
		return run_revoke(a, k);
	say_errf("mcpgated key: '%s' is none of add, list, revoke\n", a->rest[0]);
	return EXIT_USAGE;
}
