/* flags: the words of a command line, judged by the table each command has. */
#ifndef MAIN_FLAGS_H
#define MAIN_FLAGS_H

#include "base/str.h"

#define FLAGS_REST_MAX 100
#define FLAGS_MANY 16

/* Values of an option that may be given several times. */
struct flags_many {
	const char *at[FLAGS_MANY];
	u32 n;
};

enum flags_kind {
	FLAGS_IS_FLAG,
	FLAGS_IS_VALUE,
	FLAGS_IS_MANY,
};

/* One option of a command, whose answer goes into a struct of the command: tables of them are constants. */
struct flags_option {
	char name[20]; /* without the -- */
	char letter;   /* 0: none */
	u8 kind;
	u32 at;        /* where in the struct */
};

/* FLAGS_OPTION(struct, its member, name, letter): the member's type says what the option takes. */
#define FLAGS_OPTION(type, member, text, short_form) \
	{ .name = text, .letter = short_form, .at = offsetof(type, member), \
		.kind = _Generic(((type *)NULL)->member, bool: FLAGS_IS_FLAG, const char *: FLAGS_IS_VALUE, \
		    struct flags_many: FLAGS_IS_MANY) }

/* What a command takes: options, and from least to most words that are none; what: how the missing word is called. */
struct flags_table {
	const struct flags_option *option;
	u32 n, least, most;
	const char *what;
};

struct flags {
	const char *program; /* as it was started: for lines that are meant to be pasted */
	const char *command; /* for messages and --help */
	int n;
	char **word;         /* behind the command */
	const char *rest[FLAGS_REST_MAX]; /* words that are no options */
	u32 rests;
};

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_LOSSES = 3,
	FLAGS_GO = -1,
};

/* Reads all words into the struct `into`: options in any order (--name VALUE, --name=VALUE, -c VALUE), "--" ends them;
 * the others go to rest. FLAGS_GO, or the exit code: --help was printed, or a mistake told. */
int flags_read(struct flags *a, const struct flags_table *t, void *into);

/* Whether there are least to most words that are no options; else tells the usage. FLAGS_GO or EXIT_USAGE. */
int flags_rest(const struct flags *a, u32 least, u32 most, const char *what);

/* Prints the help text of a command ("mcpgated" for the overview). false: there is none. */
bool flags_help(const char *command);

/* A file of fs/ ("help/serve.txt"), unpacked into pages of its own that stay; p NULL when there is none. For commands:
 * a server opens the folder once (base/pack.h). */
struct str flags_file(const char *name);

#endif
