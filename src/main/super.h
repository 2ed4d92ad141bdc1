/* super: the supervisor. It parses nothing from outside: it reads configuration files, opens listeners, has catalogs
 * compiled by children, hands descriptors to workers, restarts what dies, and reloads.
 *
 *   conf > catalogs fresh? (children) > publish: catalogs to every worker, LOAD > workers say LOADED, later FREED
 *
 * Two slots of shared pages hold configurations: the one in force, and the one before or the next one. A slot is used
 * again only when no worker claims it. */
#ifndef MAIN_SUPER_H
#define MAIN_SUPER_H

#include "main/conf.h"

/* What to run. */
struct super_ask {
	const char *conf;      /* path of the configuration, or how to call text in messages */
	struct str text;       /* the configuration itself; p NULL: it is read from the file */
	const char *data;      /* instead of option data; NULL: none */
	int log_level;         /* instead of option log_level; -1: none */
	int listener;          /* a descriptor for the first listen, opened already; -1: none */
	bool private;          /* no listener but the control socket */
	/* Called when the first worker serves: negative to go on, else the code to end with. May be NULL. */
	int (*ready)(void *arg, const struct conf *c);
	/* A process of its own beside the workers, started again when it ends; in it this runs. May be NULL. */
	int (*helper)(void *arg);
	void *arg;
};

/* Runs to the end. The exit code: 0 after SIGTERM or SIGINT, 1 when it could not start, or what ready answered. */
int super_run(const struct super_ask *ask);

#endif
