#include "main/cmd.h"

#include "main/super.h"

int
cmd_serve(struct args *a)
{
	struct super_ask ask = { .conf = CONF_DEFAULT, .listener = -1 };
	const char *level = NULL;
	const struct args_option options[] = {
		{ .name = "config", .letter = 'c', .value = &ask.conf },
		{ .name = "data", .value = &ask.data },
		{ .name = "log-level", .value = &level },
	};
	int code = args_read(a, options, ARRAY_N(options));

	if (code == ARGS_GO)
		code = args_rest(a, 0, 0, "");
	if (code != ARGS_GO)
		return code;
	ask.log_level = cmd_log_level(a, level);
	if (level && ask.log_level < 0)
		return EXIT_USAGE;
	return super_run(&ask);
}
