/* cmd: the commands. Each is handed its words, does its work and returns the exit code (main/flags.h). Their texts are
 * in fs/help/. */
#ifndef MAIN_CMD_H
#define MAIN_CMD_H

#include "main/flags.h"
#include "main/conf.h"
#include "main/local.h"

struct cmd {
	const char *name;
	int (*run)(struct flags *a);
};

/* serve: runs the server. */
int cmd_serve(struct flags *a);
/* check: validates the configuration, prints the memory plan. */
int cmd_check(struct flags *a);
/* demo: runs with the built-in API. */
int cmd_demo(struct flags *a);
/* call: tries one tool. */
int cmd_call(struct flags *a);
/* import: compiles an API document. */
int cmd_import(struct flags *a);
/* Keep the data: one sealed file of a data directory, and back. */
int cmd_backup(struct flags *a);
/* As above. */
int cmd_restore(struct flags *a);
/* lint: tells what would trouble clients and models. */
int cmd_lint(struct flags *a);
/* doctor: plays a client against a running box. */
int cmd_doctor(struct flags *a);
/* catalog: looks into catalogs. */
int cmd_catalog(struct flags *a);
/* init: writes a first configuration. */
int cmd_init(struct flags *a);
/* key: manages API keys. */
int cmd_key(struct flags *a);
/* user, team, invite: manage people. */
int cmd_user(struct flags *a);
int cmd_team(struct flags *a);
int cmd_invite(struct flags *a);
/* client: manages OAuth clients. */
int cmd_client(struct flags *a);
/* credential: manages upstream secrets in the store. */
int cmd_credential(struct flags *a);

/* pending: what waits for a person's yes. */
int cmd_pending(struct flags *a);
/* approve: says yes, once. */
int cmd_approve(struct flags *a);
/* deny: says no. */
int cmd_deny(struct flags *a);
/* switch: lists and turns switches. */
int cmd_switch(struct flags *a);
/* stop-all: stops everything, or resumes. */
int cmd_stop_all(struct flags *a);

/* audit: looks back at what was done, and whether somebody changed the lines. */
int cmd_audit(struct flags *a);

/* Reads --log-level: enum log_level, -1 when text is NULL; ERR_BAD after telling the mistake. */
int cmd_log_level(const struct flags *a, const char *text);

/* Loads a configuration for a command, telling what is wrong. NULL then. */
const struct conf *cmd_conf(const char *file, const char *data, bool no_secrets);

/* The data directory of a command: `data`, or what the configuration says (then *conf is set). NULL after telling why
 * there is none. */
const char *cmd_data(const char *file, const char *data, const struct conf **conf);

/* Reads a secret from standard input into room, blanks and line ends around it taken off. 0, or ERR_BAD after
 * telling. */
int cmd_secret(struct flags *a, u8 *room, u32 n, struct str *secret);

/* What a command asks of a running server, or of a store that no server holds. */
struct cmd_either {
	const char *data;
	struct arena *arena;   /* CONTROL_ANSWER_MAX and more */
	struct str method, path, body; /* for the server */
	const char *base;      /* local: public_url, where it is known */
	/* without one; arg is handed on */
	int (*local)(struct local *l, struct str arg, struct buf *out, struct buf *why);
	struct str arg;
};

/* Asks whoever holds the store. 0 and the JSON answer; else the exit code, after telling why. */
int cmd_either(struct flags *a, const struct cmd_either *e, struct str *answer);

#endif
