/* servers: the servers and security schemes of a document. Lists of servers stand at the document, a path or an
 * operation; equal URLs are one server. */
#ifndef CATALOG_SERVERS_H
#define CATALOG_SERVERS_H

#include "catalog/build.h"
#include "catalog/refs.h"

#define SERVERS_MAX 256
#define SERVERS_URL_MAX 900 /* bytes of a URL; a longer one is none */
#define SERVERS_SCHEMES_MAX 64

struct servers_scheme {
	struct str name, wire;
	u8 kind, in;
};

struct servers {
	const struct refs *refs;
	struct build *build;
	struct arena *arena;
	struct str base;
	struct str *url;     /* resolved, by index */
	u32 n, own_n;        /* own_n: those the document itself lists */
	struct servers_scheme *scheme;
	u32 scheme_n;
};

/* Compiles the document's own servers (at least one, even when it lists none) and security schemes. ERR_FULL. */
int servers_init(struct servers *s, const struct refs *refs, struct build *build, struct str base);

/* Index of the server that a list at a path or operation means: one of the document's own when the list has it, else
 * the list's first, and *elsewhere is set. list may be a miss: 0. */
u32 servers_of(struct servers *s, struct jcur list, bool *elsewhere);

/* Writes the uses of a `security` array to the build. Returns how many; *open says that no credential is needed. */
u32 servers_security(struct servers *s, struct jcur security, bool *open);

/* Whether a parameter is where a security scheme puts its key: credentials are never arguments. */
bool servers_is_key(const struct servers *s, u32 in, struct str name);

#endif
