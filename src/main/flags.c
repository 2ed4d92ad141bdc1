#include "main/flags.h"

#include "base/pack.h"
#include "base/text.h"
#include "main/say.h"
#include "sys/page.h"

struct str
flags_file(const char *name)
{
	const char *slash = strchr(name, '/');
	u8 room[32];
	struct buf folder = buf_over(room, sizeof room - 1);
	struct arena a;

	buf_put(&folder, str_of(name, slash ? (size_t)(slash - name) : 0));
	room[folder.w] = 0;
	if (!slash || pack_room((const char *)room) == 0)
		return STR_NONE;
	a = page_arena(pack_room((const char *)room) + PACK_UNDO);
	return pack_file(pack_open((const char *)room, &a), slash + 1);
}

bool
flags_help(const char *command)
{
	u8 room[64];
	struct buf name = buf_over(room, sizeof room - 1);
	struct str text;

	buf_fmt(&name, "help/%s.txt", command);
	room[name.w] = 0;
	text = name.over ? STR_NONE : flags_file((const char *)room);
	say_out(text);
	return text.p != NULL;
}

static int
usage(const struct flags *a)
{
	say_errf("`mcpgated %s --help` tells what it takes.\n", a->command);
	return EXIT_USAGE;
}

static const struct flags_option *
find(const struct flags_table *t, struct str name)
{
	for (u32 i = 0; i < t->n; i++)
		if (str_is(name, t->option[i].name) || (name.n == 1 && t->option[i].letter == (char)name.p[0]))
			return &t->option[i];
	return NULL;
}

static int
unknown(const struct flags *a, const struct flags_table *t, const char *word)
{
	const char *names[32];
	const char *near;

	ASSERT(t->n < ARRAY_N(names));
	for (u32 i = 0; i < t->n; i++)
		names[i] = t->option[i].name;
	names[t->n] = "help";
	near = text_nearest(str_c(word + (word[1] == '-' ? 2 : 1)), names, t->n + 1);
	say_errf("mcpgated %s: there is no option %s%s%s%s\n", a->command, word, near ? "; did you mean --" : "",
	    near ? near : "", near ? "?" : "");
	return usage(a);
}

/* The value behind an option that wants one: in the same word after '=', or the next word. NULL: none. */
static const char *
value_of(const struct flags *a, int *i, const char *equals)
{
	if (equals)
		return equals + 1;
	if (*i + 1 >= a->n)
		return NULL;
	return a->word[++*i];
}

static int
one_option(struct flags *a, const struct flags_table *t, u8 *into, int *i)
{
	const char *word = a->word[*i], *name = word + (word[1] == '-' ? 2 : 1);
	const char *equals = word[1] == '-' ? strchr(name, '=') : NULL;
	struct str text = equals ? str_of(name, (size_t)(equals - name)) : str_c(name);
	const struct flags_option *o = find(t, text);
	struct flags_many *many;
	const char *value;

	if (!o)
		return unknown(a, t, word);
	into += o->at;
	if (o->kind == FLAGS_IS_FLAG && !equals) {
		*(bool *)into = true;
		return FLAGS_GO;
	}
	value = o->kind == FLAGS_IS_FLAG ? NULL : value_of(a, i, equals);
	if (!value) {
		say_errf("mcpgated %s: --%s takes %s value\n", a->command, o->name,
		    o->kind == FLAGS_IS_FLAG ? "no" : "a");
		return usage(a);
	}
	many = (struct flags_many *)into;
	if (o->kind == FLAGS_IS_VALUE) {
		*(const char **)into = value;
	} else if (many->n == FLAGS_MANY) {
		say_errf("mcpgated %s: --%s is given more than %d times\n", a->command, o->name, FLAGS_MANY);
		return EXIT_USAGE;
	} else {
		many->at[many->n++] = value;
	}
	return FLAGS_GO;
}

int
flags_read(struct flags *a, const struct flags_table *t, void *into)
{
	bool only_rest = false;

	for (int i = 0; i < a->n; i++) {
		const char *word = a->word[i];
		int code = FLAGS_GO;

		if (!only_rest && strcmp(word, "--") == 0) {
			only_rest = true;
		} else if (!only_rest && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
			return flags_help(a->command) ? EXIT_OK : EXIT_FAILED;
		} else if (!only_rest && word[0] == '-' && word[1]) {
			code = one_option(a, t, into, &i);
		} else if (a->rests == FLAGS_REST_MAX) {
			say_errf("mcpgated %s: more than %d words\n", a->command, FLAGS_REST_MAX);
			code = EXIT_USAGE;
		} else {
			a->rest[a->rests++] = word;
		}
		if (code != FLAGS_GO)
			return code;
	}
	return flags_rest(a, t->least, t->most, t->what);
}

int
flags_rest(const struct flags *a, u32 least, u32 most, const char *what)
{
	if (a->rests >= least && a->rests <= most)
		return FLAGS_GO;
	if (a->rests < least)
		say_errf("mcpgated %s: %s is missing\n", a->command, what);
	else
		say_errf("mcpgated %s: '%s' is one word too many\n", a->command, a->rest[most]);
	return usage(a);
}
