#include "base/text.h"
#include "main/boot.h"
#include "main/cmd.h"
#include "main/say.h"
#include "sys/image.h"
#include "sys/page.h"

#define REFERENCE_N (64 * 1024)

static int cmd_version(struct flags *a);
static int cmd_help(struct flags *a);

static const struct cmd commands[] = {
	{ "demo", cmd_demo },
	{ "init", cmd_init },
	{ "serve", cmd_serve },
	{ "check", cmd_check },
	{ "key", cmd_key },
	{ "user", cmd_user },
	{ "client", cmd_client },
	{ "team", cmd_team },
	{ "invite", cmd_invite },
	{ "credential", cmd_credential },
	{ "backup", cmd_backup },
	{ "restore", cmd_restore },
	{ "call", cmd_call },
	{ "pending", cmd_pending },
	{ "approve", cmd_approve },
	{ "deny", cmd_deny },
	{ "switch", cmd_switch },
	{ "stop-all", cmd_stop_all },
	{ "audit", cmd_audit },
	{ "import", cmd_import },
	{ "catalog", cmd_catalog },
	{ "lint", cmd_lint },
	{ "doctor", cmd_doctor },
	{ "help", cmd_help },
	{ "version", cmd_version },
};

static const struct flags_table any_words = { .most = FLAGS_REST_MAX };

static int
cmd_version(struct flags *a)
{
	int code = flags_read(a, &any_words, NULL);

	if (code != FLAGS_GO)
		return code;
	say_outf("mcpgated %S\n", boot_version());
	return EXIT_OK;
}

static int
reference(void (*print)(struct buf *b))
{
	struct arena a = page_arena(REFERENCE_N);
	struct buf b = buf_over(a.p, a.cap);

	print(&b);
	say_out(buf_str(&b));
	return EXIT_OK;
}

static int
cmd_help(struct flags *a)
{
	int code = flags_read(a, &any_words, NULL);

	if (code != FLAGS_GO)
		return code;
	if (a->rests && strcmp(a->rest[0], "config") == 0)
		return reference(a->rests > 1 && strcmp(a->rest[1], "markdown") == 0 ?
		    conf_reference_markdown : conf_reference);
	if (flags_help(a->rests ? a->rest[0] : "mcpgated"))
		return EXIT_OK;
	say_errf("There is no command '%s'. `mcpgated help` lists them.\n", a->rest[0]);
	return EXIT_USAGE;
}

static int
unknown(const char *word)
{
	const char *names[ARRAY_N(commands)], *near;

	for (u32 i = 0; i < ARRAY_N(commands); i++)
		names[i] = commands[i].name;
	near = text_nearest(str_c(word), names, ARRAY_N(commands));
	say_errf("mcpgated: there is no command '%s'%s%s%s `mcpgated help` lists them.\n", word,
	    near ? "; did you mean '" : ".", near ? near : "", near ? "'?" : "");
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	struct flags a = { .program = argv[0], .n = argc - 2, .word = argv + 2 };

	if (image_seal() < 0) {
		say_errf("mcpgated: the system does not let memory be made read-only\n");
		return EXIT_FAILED;
	}
	if (argc < 2) {
		flags_help("mcpgated");
		return EXIT_USAGE;
	}
	a.command = argv[1];
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		a.command = "help";
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		a.command = "version";
	for (u32 i = 0; i < ARRAY_N(commands); i++)
		if (strcmp(a.command, commands[i].name) == 0)
			return commands[i].run(&a);
	return unknown(argv[1]);
}
