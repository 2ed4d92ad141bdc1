/* conf_priv: the sections between the file and struct conf, and what its parts share. */
#ifndef MAIN_CONF_PRIV_H
#define MAIN_CONF_PRIV_H

#include "crypt/tls.h"
#include "main/conf.h"

enum conf_kind { CONF_STR, CONF_NUM, CONF_SIZE, CONF_TIME, CONF_ENUM, CONF_LIST };

/* One option: everything there is to know about it but what it means: fs/help/config/TYPE.txt. */
struct conf_option {
	const char *name;
	u8 kind;
	bool required;
	const char *initial; /* default; "" is empty, NULL: computed, see help */
	const char *const *choice; /* CONF_ENUM: NULL-ended, the index is the value */
	u32 least, most;     /* CONF_NUM, CONF_SIZE (bytes), CONF_TIME (ms) */
};

struct conf_type {
	const char *name;
	const struct conf_option *option;
	u32 options;
	bool named; /* config api 'NAME' */
};

enum { CONF_SERVER, CONF_API, CONF_ENVIRONMENT, CONF_CREDENTIAL, CONF_ROLE, CONF_TOOL, CONF_TYPES };
extern const struct conf_type conf_types[CONF_TYPES];

/* One line of a section, and the section. */
struct conf_item {
	const struct conf_option *option;
	struct conf_item *next;
	struct str value;
	u32 line;
};

struct conf_section {
	const struct conf_type *type;
	struct conf_section *next;
	struct conf_item *first, *last;
	struct str name;
	u32 line;
};

/* Work in progress. */
struct conf_work {
	const struct conf_ask *ask;
	struct arena *arena;
	struct conf *conf;
	struct conf_section *first, *last;
	u32 mistakes;
	const struct cert_anchors *system; /* the system's roots, once somebody needs them */
	bool full; /* the arena was too small */
};

/* Tells a mistake of a line (0: of the file). Formats are those of buf_fmt. */
void conf_mistake(struct conf_work *w, u32 line, const char *fmt, ...);

/* The same for what deserves attention but does not stop anything. */
void conf_warn(struct conf_work *w, u32 line, const char *fmt, ...);

/* The value of an option (its default when it is not there), by name; names not in the table are a caller's mistake. */
struct str conf_str(const struct conf_section *s, const char *name);
u32 conf_u32(const struct conf_section *s, const char *name);

/* The item of an option, or NULL; its line, or the section's. For lists, conf_next gives further ones. */
const struct conf_item *conf_item(const struct conf_section *s, const char *name);
const struct conf_item *conf_next(const struct conf_item *i);
u32 conf_line(const struct conf_section *s, const char *name);

/* Judges a value by its row; the mistake it told, if any, counts in w. */
void conf_judge(struct conf_work *w, const struct conf_section *s, const struct conf_option *o, struct str value,
    u32 line);

/* Copies with a NUL behind it, into the result. Never NULL: "" when the arena is full, which then fails the whole. */
const char *conf_c(struct conf_work *w, struct str s);
struct str conf_dup(struct conf_work *w, struct str s);

/* Room for n things of size bytes, or NULL and w->full. */
void *conf_take(struct conf_work *w, size_t size, u32 n);

/* A path as it stands in the file: relative ones begin at the directory of the configuration file. */
struct str conf_path(struct conf_work *w, struct str path);

/* Reads the whole of a file a value names, with what to do when that fails. Empty after a mistake. */
struct str conf_file(struct conf_work *w, struct str path, u32 line, u32 most);

/* The parts of the result. */
void conf_own_tls(struct conf_work *w, const struct conf_section *s);
void conf_server(struct conf_work *w, const struct conf_section *s);
void conf_apis(struct conf_work *w);
void conf_tools(struct conf_work *w);
void conf_roles(struct conf_work *w);
void conf_deny(struct conf_work *w, const struct conf_section *s, struct api *a);
void conf_environment(struct conf_work *w, const struct conf_section *s, struct environment *e);
void conf_oauth(struct conf_work *w, const struct conf_section *s);
void conf_credential(struct conf_work *w, const struct conf_section *s, const struct environment *e,
    struct credential *c);
/* The way in which users connect, each for himself; e as above. */
void conf_connect(struct conf_work *w, const struct conf_section *s, const struct environment *e,
    struct credential *c);

/* The secret itself, from outside the file: env:NAME or file:/PATH. p NULL after a mistake. Never goes into a
 * message. */
struct str conf_secret(struct conf_work *w, struct str from, u32 line);

/* Whether there is a role of this name, built in or configured. */
bool conf_has_role(const struct conf_work *w, struct str name);

/* Credentials that callers bring along; line: of what says so. e: complete but for them. */
void conf_pass(struct conf_work *w, const struct conf_section *s, struct environment *e);

/* The login of a credential, if the section has one. e: complete but for its credentials. */
void conf_login(struct conf_work *w, const struct conf_section *s, const struct environment *e, struct credential *c);

/* Reads the URL of an option into host, port, tls, path and so on of e. */
void conf_url(struct conf_work *w, const struct conf_section *s, struct str url, const char *option,
    struct environment *e);

/* The secret an option names as env:NAME or file:/PATH. p NULL after a mistake. Never goes into a message. */
struct str conf_secret(struct conf_work *w, struct str from, u32 line);

/* The number of a place: equal in environments that may share connections. */
u64 conf_origin(const struct environment *e);

/* How a credential's place is called in the configuration: an index of enum credential_in, or ERR_NONE. */
int conf_place(struct str word);

/* Whom to trust at e's host, by its pin and ca. line: of the option that says so. */
void conf_trust_at(struct conf_work *w, u32 line, struct environment *e);
void conf_hosts(struct conf_work *w, const struct conf_section *s);
void conf_trust(struct conf_work *w, const struct conf_section *s, struct environment *e);

/* Name of an api or environment section: option name, else the section's own. Told when it is wrong. */
struct str conf_name(struct conf_work *w, const struct conf_section *s);

/* The values of a list as one text, "a,b"; at most 600 bytes. */
struct str conf_join(struct conf_work *w, const struct conf_section *s, const char *name);

#endif
