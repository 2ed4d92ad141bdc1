#include "main/cmd.h"

#include "auth/user.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "json/jout.h"
#include "json/json.h"
#include "main/control.h"
#include "main/say.h"
#include "sys/page.h"

#define ROOM_N (4 * CONTROL_ANSWER_MAX) /* touched only as far as used */
#define QUESTION_N 4096
#define TOKENS_MAX 8192

struct ask {
	const char *conf, *data, *display, *team, *role, *title;
	bool password_stdin, no_factor, upstream, json;
	const struct conf *known;
	struct arena arena;
	struct buf question;
	struct jdoc answer;
	struct str text; /* of the answer */
};

/* Asks whoever holds the store; k->answer is what it says. */
static int
question(struct flags *a, struct ask *k)
{
	struct cmd_either c = { .data = k->data, .arena = &k->arena, .method = STR("POST"),
	    .path = STR("/control/people"), .body = buf_str(&k->question), .local = local_people };
	struct jsmntok *tok;
	int code;

	if (k->question.over) {
		say_errf("mcpgated %s: too long\n", a->command);
		return EXIT_USAGE;
	}
	c.arg = c.body;
	c.base = k->known ? arena_c(&k->arena, k->known->gen.public_url) : NULL;
	code = cmd_either(a, &c, &k->text);
	if (code)
		return code;
	tok = ARENA_ARRAY(&k->arena, struct jsmntok, TOKENS_MAX);
	if (tok && json_parse(&k->answer, k->text, tok, TOKENS_MAX) == 0)
		return 0;
	say_errf("mcpgated %s: the answer cannot be read\n", a->command);
	return EXIT_FAILED;
}

static struct jout
begin(struct ask *k, const char *verb)
{
	struct jout o;

	k->question = arena_buf(&k->arena, QUESTION_N);
	o = jout_into(&k->question);
	jout_open(&o, '{');
	jout_c(&o, "verb", verb);
	return o;
}

static struct str
said(const struct ask *k, const char *name)
{
	return json_str(json_get(json_root(&k->answer), name), NULL);
}

/* ---- passwords ----------------------------------------------------------------------------------- */

/* The rounds this box gives a password, so that all its records cost the same. */
static int
ask_rounds(struct flags *a, struct ask *k, u32 *rounds)
{
	struct jout o = begin(k, "rounds");
	u64 n = 0;
	int code;

	jout_close(&o, '}');
	code = question(a, k);
	if (code == 0 && json_u64(json_get(json_root(&k->answer), "rounds"), &n))
		code = EXIT_FAILED;
	*rounds = max_u32(PASS_ROUNDS_MIN, min_u32((u32)n, PASS_ROUNDS_MAX));
	return code;
}

/* Reads a password from standard input and turns it into a record: here, so that no login waits for it. */
static int
read_password(struct flags *a, struct ask *k, struct str name, struct buf *record)
{
	static const char *const wrong[] = { NULL, "a password needs 10 characters or more",
		"a password has at most 256 characters", "this password is too easy to guess" };
	u32 n = 2 * USER_PASSWORD_MAX, rounds;
	u8 *room = arena_bytes(&k->arena, n);
	struct str password;
	const char *why;
	int code;

	if (cmd_secret(a, room, n, &password))
		return EXIT_FAILED;
	why = wrong[user_password(password, name)];
	if (why)
		say_errf("mcpgated %s: %s\n", a->command, why);
	code = why ? EXIT_FAILED : ask_rounds(a, k, &rounds);
	if (!code)
		local_password(password, rounds, record);
	ct_wipe(room, n);
	return code;
}

/* ---- one user ------------------------------------------------------------------------------------ */

static void
tell_invite(const struct ask *k)
{
	struct str link = said(k, "invite");

	if (!link.n)
		return;
	say_outf("%S\n", link);
	say_errf("Give this link to %S. It works once, for 15 minutes%s.\n", said(k, "name"),
	    link.p[0] == '/' ? ", behind the address people open this server by" : "");
}

static int
one(struct flags *a, struct ask *k, const char *verb, const char *done)
{
	struct str name = str_c(a->rest[a->rests - 1]);
	u8 room[USER_PASS_MAX];
	struct buf record = buf_over(room, sizeof room);
	struct jout o;
	int code = k->password_stdin ? read_password(a, k, name, &record) : 0;

	if (code)
		return code;
	o = begin(k, verb);
	jout_str(&o, "name", name);
	if (k->display)
		jout_c(&o, "display", k->display);
	if (k->team)
		jout_c(&o, "team", k->team);
	if (k->role)
		jout_c(&o, "role", k->role);
	if (record.w)
		jout_str(&o, "pass", buf_str(&record));
	if (k->no_factor)
		jout_bool(&o, "second_factor", false);
	if (done && (strcmp(done, "disabled") == 0 || strcmp(done, "enabled") == 0))
		jout_bool(&o, "disabled", done[0] == 'd');
	if (k->upstream)
		jout_bool(&o, "upstream", true);
	jout_close(&o, '}');
	code = question(a, k);
	if (code)
		return code;
	if (k->json)
		say_outf("%S\n", k->text);
	else if (said(k, "invite").n)
		tell_invite(k);
	else
		say_errf("%S: %s\n", said(k, "name"), done);
	return EXIT_OK;
}

/* `user role NAME ROLE`: the only verb with a word behind the name. */
static int
role(struct flags *a, struct ask *k)
{
	int code = flags_rest(a, 3, 3, "the user's name and role (after role)");

	if (code != FLAGS_GO)
		return code;
	k->role = a->rest[2];
	a->rests = 2;
	return one(a, k, "user set", "acts in the new role from now on");
}

static int
passwd(struct flags *a, struct ask *k)
{
	if (!k->password_stdin && !k->no_factor) {
		say_errf("mcpgated user: passwd takes the new password from standard input: --password-stdin. Without "
		    "one, `mcpgated invite NAME` makes a link by which its owner sets it.\n");
		return EXIT_USAGE;
	}
	return one(a, k, "user set", "changed; logged out everywhere");
}

/* ---- lists --------------------------------------------------------------------------------------- */

static void
row(struct ask *k, struct jcur item, const char *const *columns, u32 n)
{
	size_t mark = k->arena.used;
	struct buf b = arena_buf(&k->arena, 1024);

	for (u32 i = 0; i < n; i++) {
		u32 from = b.w;
		bool yes = false;

		if (json_bool(json_get(item, columns[i]), &yes) == 0)
			buf_c(&b, yes ? "yes" : "no");
		else
			json_str_put(json_get(item, columns[i]), &b);
		if (b.w == from)
			buf_byte(&b, '-');
		buf_byte(&b, i + 1 == n ? '\n' : '\t');
	}
	say_out(buf_str(&b));
	arena_rewind(&k->arena, mark);
}

static int
list(struct flags *a, struct ask *k, bool users)
{
	static const char *const of_user[] = { "name", "display", "team", "role", "state", "second_factor", "created" };
	static const char *const of_team[] = { "name", "title", "created" };
	u64 cursor = 0;
	bool any = false;

	say_out(k->json ? STR("[") : users ? STR("NAME\tDISPLAY\tTEAM\tROLE\tSTATE\tSECOND FACTOR\tCREATED\n")
	                                   : STR("NAME\tTITLE\tCREATED\n"));
	do {
		size_t mark = k->arena.used;
		struct jout o = begin(k, users ? "user list" : "team list");
		int code;

		jout_u64(&o, "cursor", cursor);
		jout_close(&o, '}');
		code = question(a, k);
		if (code)
			return code;
		for (struct jcur e = json_first(json_get(json_root(&k->answer), users ? "users" : "teams")); !e.err;
		    e = json_next(e)) {
			if (k->json)
				say_outf("%s%S", any ? "," : "", json_raw(e));
			else
				row(k, e, users ? of_user : of_team, users ? ARRAY_N(of_user) : ARRAY_N(of_team));
			any = true;
		}
		json_u64(json_get(json_root(&k->answer), "cursor"), &cursor);
		arena_rewind(&k->arena, mark);
	} while (cursor);
	if (k->json)
		say_out(STR("]\n"));
	return EXIT_OK;
}

/* ---- commands ------------------------------------------------------------------------------------ */

static int
read_words(struct flags *a, struct ask *k, u32 most, const char *what)
{
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct ask, conf, "config", 'c'),
		FLAGS_OPTION(struct ask, data, "data", 0),
		FLAGS_OPTION(struct ask, display, "display", 0),
		FLAGS_OPTION(struct ask, team, "team", 0),
		FLAGS_OPTION(struct ask, role, "role", 0),
		FLAGS_OPTION(struct ask, title, "title", 0),
		FLAGS_OPTION(struct ask, password_stdin, "password-stdin", 0),
		FLAGS_OPTION(struct ask, no_factor, "no-second-factor", 0),
		FLAGS_OPTION(struct ask, upstream, "upstream", 0),
		FLAGS_OPTION(struct ask, json, "json", 0),
	};
	static const struct flags_table table = { options, ARRAY_N(options), 0, FLAGS_REST_MAX, "" };
	int code = flags_read(a, &table, k);

	if (code == FLAGS_GO)
		code = flags_rest(a, 1, most, what);
	if (code != FLAGS_GO)
		return code;
	k->arena = page_arena(ROOM_N);
	k->data = cmd_data(k->conf, k->data, &k->known);
	return k->data ? FLAGS_GO : EXIT_FAILED;
}

int
cmd_user(struct flags *a)
{
	static const struct {
		const char *word, *verb, *done;
	} verbs[] = {
		{ "add", "user add", "added" },
		{ "set", "user set", "changed" },
		{ "disable", "user set", "disabled" },
		{ "enable", "user set", "enabled" },
		{ "remove", "user remove", "removed, with their sessions and keys" },
	};
	struct ask k = { 0 };
	int code = read_words(a, &k, 3, "add, list, set, passwd, role, disable, enable or remove");

	if (code != FLAGS_GO)
		return code;
	if (strcmp(a->rest[0], "role") == 0)
		return role(a, &k);
	code = flags_rest(a, 1, 2, "");
	if (code != FLAGS_GO)
		return code;
	if (strcmp(a->rest[0], "list") == 0)
		return list(a, &k, true);
	code = flags_rest(a, 2, 2, "the user's name");
	if (code != FLAGS_GO)
		return code;
	if (strcmp(a->rest[0], "passwd") == 0)
		return passwd(a, &k);
	for (u32 i = 0; i < ARRAY_N(verbs); i++)
		if (strcmp(a->rest[0], verbs[i].word) == 0)
			return one(a, &k, verbs[i].verb, verbs[i].done);
	say_errf("mcpgated user: '%s' is none of add, list, set, passwd, role, disable, enable, remove\n", a->rest[0]);
	return EXIT_USAGE;
}

int
cmd_invite(struct flags *a)
{
	struct ask k = { 0 };
	int code = read_words(a, &k, 1, "the user's name");

	return code == FLAGS_GO ? one(a, &k, "invite", NULL) : code;
}

int
cmd_team(struct flags *a)
{
	struct ask k = { 0 };
	struct jout o;
	int code = read_words(a, &k, 2, "add or list");

	if (code != FLAGS_GO)
		return code;
	if (strcmp(a->rest[0], "list") == 0)
		return list(a, &k, false);
	if (strcmp(a->rest[0], "add") != 0 || a->rests != 2) {
		say_errf("mcpgated team: add NAME, or list\n");
		return EXIT_USAGE;
	}
	o = begin(&k, "team add");
	jout_c(&o, "name", a->rest[1]);
	if (k.title)
		jout_c(&o, "title", k.title);
	jout_close(&o, '}');
	code = question(a, &k);
	if (code)
		return code;
	if (k.json)
		say_outf("%S\n", k.text);
	else
		say_errf("%S: added\n", said(&k, "name"));
	return EXIT_OK;
}
