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

/* One option. Exactly one of flag, value and many is set: where the answer goes. */
struct flags_option {
	const char *name; /* without the -- */
	char letter;      /* 0: none */
	bool *flag;
	const char **value;
	struct flags_many *many;
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

/* Reads all words: options in any order (--name VALUE, --name=VALUE, -c VALUE), "--" ends them; the others go to rest.
 * FLAGS_GO, or the exit code: --help was printed, or a mistake told. */
int flags_read(struct flags *a, const struct flags_option *option, u32 n);

/* Whether there are least to most words that are no options; else tells the usage. FLAGS_GO or EXIT_USAGE. */
int flags_rest(const struct flags *a, u32 least, u32 most, const char *what);

/* Prints the help text of a command ("mcpgated" for the overview). false: there is none. */
bool flags_help(const char *command);

/* A file of fs/ ("help/serve.txt"), unpacked into pages of its own that stay; p NULL when there is none. For commands:
 * a server opens the folder once (base/pack.h). */
struct str flags_file(const char *name);

#endif
