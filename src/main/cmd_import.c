#include "main/cmd.h"

#include "base/text.h"
#include "main/fresh.h"
#include "main/say.h"
#include "sys/file.h"
#include "sys/proc.h"

#define PATH_N 512

/* DOC with its ending replaced: "/x/api.json" gives "/x/api.cat". false: too long. */
static bool
default_out(const char *document, char out[PATH_N])
{
	const char *slash = strrchr(document, '/'), *dot = strrchr(document, '.');
	size_t n = dot && (!slash || dot > slash + 1) ? (size_t)(dot - document) : strlen(document);

	return text_c(out, PATH_N, "%S.cat", str_of(document, n));
}

/* Splits a path into its directory, opened, and the name in it. */
static int
open_parent(const char *path, const char **name)
{
	char dir[PATH_N];
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	if (!slash)
		return file_open(FILE_HERE, ".", FILE_READ);
	if (!text_c(dir, sizeof dir, "%S", str_of(path, slash == path ? 1 : (size_t)(slash - path))))
		return ERR_BAD;
	return file_open(FILE_HERE, dir, FILE_READ | FILE_FOLLOW);
}

/* In a child, since the jail is for good: a document that breaks the compiler ends the child. */
static int
compile(const struct fresh *f, const char *out)
{
	int pid = fresh_start(f), code = pid < 0 ? EXIT_FAILED : proc_wait(pid);

	if (code == EXIT_OK || code == EXIT_LOSSES) {
		say_errf("written: %s\n", out);
		return code;
	}
	if (code > 128)
		say_errf("mcpgated import: %s: the compiler was ended by signal %d; please report this document\n",
		    f->document, code - 128);
	return EXIT_FAILED;
}

/* What is made, and where. */
struct wanted {
	struct fresh f;
	const char *out;
};

int
cmd_import(struct flags *a)
{
	struct wanted w = { .f = { .tell = true } };
	struct file_info there;
	char made[PATH_N];
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct wanted, out, "out", 'o'),
		FLAGS_OPTION(struct wanted, f.overlay, "overlay", 0),
		FLAGS_OPTION(struct wanted, f.report, "report", 0),
		FLAGS_OPTION(struct wanted, f.strict, "strict", 0),
		FLAGS_OPTION(struct wanted, f.within, "within", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 1, 1, "the API document" };
	int code = flags_read(a, &words, &w);

	if (code != FLAGS_GO)
		return code;
	w.f.document = a->rest[0];
	if (!w.out && !default_out(w.f.document, made)) {
		say_errf("mcpgated import: the path is too long\n");
		return EXIT_USAGE;
	}
	w.out = w.out ? w.out : made;
	w.f.dir = open_parent(w.out, &w.f.name);
	if (w.f.dir < 0 || !*w.f.name) {
		say_errf("mcpgated import: %s: %s\n", w.out, *w.f.name ? file_why() : "names no file");
		return EXIT_FAILED;
	}
	if (file_look(w.f.dir, w.f.name, &there) == 0 && there.kind != FILE_REGULAR) { /* it is replaced */
		say_errf("mcpgated import: %s is no ordinary file: choose another -o\n", w.out);
		return EXIT_USAGE;
	}
	if (strcmp(w.out, w.f.document) == 0) {
		say_errf("mcpgated import: %s would replace the document: choose another -o\n", w.out);
		return EXIT_USAGE;
	}
	return compile(&w.f, w.out);
}
