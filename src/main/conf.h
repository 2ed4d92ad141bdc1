/* conf: the configuration file as data. One pass reads the file (main/uci), a table of options (conf_table)
 * judges every line, and what comes out is a struct conf with the struct gen that workers read.
 *
 *   text > events > sections of items, each judged by its row in the table > server, apis, environments > struct conf
 *
 * All of it lies in the arena it was built in, plain pointers included: the supervisor takes one in shared pages. Every
 * mistake is told with its line, up to CONF_MISTAKES of them. Secrets are read here (environment, files) and never
 * appear in a message. */
#ifndef MAIN_CONF_H
#define MAIN_CONF_H

#include "base/buf.h"
#include "gate/api.h"
#include "serve/serve.h"
#include "sys/sock.h"

#define CONF_DEFAULT "/etc/config/mcpgated"
#define CONF_TEXT_MAX (1024 * 1024) /* bytes of a configuration file */
#define CONF_ARENA_N (4u << 20)     /* bytes one generation may take: touched only as far as used */
#define CONF_MISTAKES 20
#define CONF_LISTENS (SERVE_LISTENERS - 1)

enum conf_jail { CONF_JAIL_ON, CONF_JAIL_REQUIRED, CONF_JAIL_OFF };

struct conf_listen {
	struct addr addr;
	bool tls;
	u32 line;
};

/* What the file says. Texts are views into the arena; those that system calls take end with a NUL. */
struct conf {
	struct gen gen;
	struct serve_conf serve; /* routes are filled in by the caller */
	const struct conf_listen *listen;
	u32 listens;
	const char *data;
	bool drops;               /* workers run as uid and gid (option user) */
	u32 uid, gid;
	const char *const *documents; /* by api index */
	const char *const *overlays;  /* by api index: an overlay's path, or NULL */
	const struct str *said;       /* by api index: what config tool sections say, as an overlay; or empty */
	const char *const *withins;   /* the same: where the document's files lie, or NULL */
	struct str tls_cert, tls_key; /* PEM texts; empty: no TLS */
	wall tls_renew; /* then our own certificate is to be made anew; 0: it is not ours */
	struct str resolv, hosts;     /* texts of /etc/resolv.conf and /etc/hosts, as they are now */
	u32 workers, drain_ms;
	u8 jail;      /* enum conf_jail */
	u8 audit;     /* enum audit_mode */
	u64 audit_n;  /* bytes of audit lines that are kept, of all workers */
	struct addr syslog;  /* family ADDR_NONE: none */
	u8 log_level; /* enum log_level */
};

/* How to read it. */
struct conf_ask {
	const char *name;    /* of the file, for messages */
	struct str text;
	struct arena *arena; /* where the result lies; CONF_ARENA_N is enough for every legal file */
	struct buf *say;     /* mistakes and warnings, one a line */
	const char *data;    /* instead of option data; NULL: none */
	u32 number;          /* of the generation */
	bool makes;          /* serve: certificates of our own are made and renewed (tls_name) */
	bool no_secrets;     /* secrets and certificates are not read: for commands that need only names */
};

/* Builds *out from ask->text. 0; ERR_BAD when anything is wrong: ask->say tells what, with lines. Warnings alone
 * are 0. */
int conf_read(const struct conf_ask *ask, const struct conf **out);

/* Loads the file `ask->name` and does the same; says what to do when it is missing. */
int conf_load(struct conf_ask *ask, const struct conf **out);

/* Appends every option with its kind, default and meaning: `mcpgated help config`. */
void conf_reference(struct buf *b);

/* The same as Markdown tables, for the README. */
void conf_reference_markdown(struct buf *b);

/* Whether text may name an api or an environment: [a-z0-9][a-z0-9_-]*, up to 32 characters, and no word that a route
 * begins with. NULL if so, else what is wrong. */
const char *conf_name_wrong(struct str text);

#endif
