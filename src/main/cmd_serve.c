#include "main/cmd.h"

#include "main/super.h"

/* The options. */
struct wanted {
	struct super_ask ask;
	const char *level;
};

int
cmd_serve(struct flags *a)
{
	struct wanted w = { .ask = { .conf = CONF_DEFAULT, .listener = -1 } };
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct wanted, ask.conf, "config", 'c'),
		FLAGS_OPTION(struct wanted, ask.data, "data", 0),
		FLAGS_OPTION(struct wanted, level, "log-level", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 0, 0, "" };
	int code = flags_read(a, &words, &w);

	if (code != FLAGS_GO)
		return code;
	w.ask.log_level = cmd_log_level(a, w.level);
	if (w.level && w.ask.log_level < 0)
		return EXIT_USAGE;
	return super_run(&w.ask);
}
