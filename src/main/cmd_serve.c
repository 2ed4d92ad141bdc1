#include "main/cmd.h"

#include "main/super.h"

int
cmd_serve(struct flags *a)
{
	struct super_ask ask = { .conf = CONF_DEFAULT, .listener = -1 };
	const char *level = NULL;
	const struct flags_option options[] = {
		{ .name = "config", .letter = 'c', .value = &ask.conf },
		{ .name = "data", .value = &ask.data },
		{ .name = "log-level", .value = &level },
	};
	int code = flags_read(a, options, ARRAY_N(options));

	if (code == FLAGS_GO)
		code = flags_rest(a, 0, 0, "");
	if (code != FLAGS_GO)
		return code;
	ask.log_level = cmd_log_level(a, level);
	if (level && ask.log_level < 0)
		return EXIT_USAGE;
	return super_run(&ask);
}
