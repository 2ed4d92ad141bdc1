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

int
cmd_import(struct flags *a)
{
	struct fresh f = { .tell = true };
	struct file_info there;
	const char *out = NULL;
	char made[PATH_N];
	const struct flags_option options[] = {
		{ .name = "out", .letter = 'o', .value = &out },
		{ .name = "overlay", .value = &f.overlay },
		{ .name = "report", .value = &f.report },
		{ .name = "strict", .flag = &f.strict },
		{ .name = "within", .value = &f.within },
	};
	int code = flags_read(a, options, ARRAY_N(options));

	if (code == FLAGS_GO)
		code = flags_rest(a, 1, 1, "the API document");
	if (code != FLAGS_GO)
		return code;
	f.document = a->rest[0];
	if (!out && !default_out(f.document, made)) {
		say_errf("mcpgated import: the path is too long\n");
		return EXIT_USAGE;
	}
	out = out ? out : made;
	f.dir = open_parent(out, &f.name);
	if (f.dir < 0 || !*f.name) {
		say_errf("mcpgated import: %s: %s\n", out, *f.name ? file_why() : "names no file");
		return EXIT_FAILED;
	}
	if (file_look(f.dir, f.name, &there) == 0 && there.kind != FILE_REGULAR) { /* it is replaced, not written to */
		say_errf("mcpgated import: %s is no ordinary file: choose another -o\n", out);
		return EXIT_USAGE;
	}
	if (strcmp(out, f.document) == 0) {
		say_errf("mcpgated import: %s would replace the document: choose another -o\n", out);
		return EXIT_USAGE;
	}
	return compile(&f, out);
}
