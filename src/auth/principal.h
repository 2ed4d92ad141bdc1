/* principal: who a request acts as. Small and without pointers: copied into the request, so that
 * nothing it says can change or die under way. */
#ifndef AUTH_PRINCIPAL_H
#define AUTH_PRINCIPAL_H

#include "base/buf.h"

enum principal_kind {
	PRINCIPAL_NONE,  /* nobody: an api with auth 'none' */
	PRINCIPAL_KEY,   /* an API key */
	PRINCIPAL_TOKEN, /* an OAuth token */
	PRINCIPAL_PASS,  /* a credential of the API itself, which its owner brings along: id is a keyed hash of it */
	PRINCIPAL_LOCAL, /* the console: control socket, stdio, call */
};

/* What a principal may do at all; the gate narrows further. */
enum scope {
	SCOPE_READ = 1,
	SCOPE_WRITE = 2,
	SCOPE_DESTRUCTIVE = 4,
	SCOPE_PRODUCTION = 8, /* environments that are production, where an api has several */
};
#define SCOPE_ALL 15

#define PRINCIPAL_NAME_MAX 40
#define PRINCIPAL_ROLE_MAX 24
#define PRINCIPAL_LIST_MAX 120 /* characters of a comma-separated list of names */

struct principal {
	u8 kind, scopes;
	u8 grantable; /* scopes its user could still add to a token: listed; used: 403 insufficient_scope */
	u8 name_n, role_n, apis_n, environments_n;
	wall dies; /* 0: never; judged at every request */
	u64 id;    /* 0: nobody. Stable: first eight bytes of the key's hash; limits and audit go by it */
	u64 stamp; /* which version of the stored record this is */
	u64 born;  /* of the user, see auth/user.h; 0: none of ours */
	u64 user, team, client; /* principal_tag of the stored name or id; 0: none. Gate and audit go by them */
	char name[PRINCIPAL_NAME_MAX];
	char role[PRINCIPAL_ROLE_MAX];
	char apis[PRINCIPAL_LIST_MAX];         /* "a,b"; empty: every api */
	char environments[PRINCIPAL_LIST_MAX]; /* empty: what the scopes allow */
};

/* What a stored name or id is known by in principals and records: the first eight bytes of its
 * SHA-256, most significant first; 0 for an empty one. */
u64 principal_tag(struct str name);

/* Nobody, with these scopes. */
void principal_nobody(struct principal *p, u8 scopes);

/* Sets the texts; ERR_FULL when one is too long, ERR_BAD on control characters (name), or when a
 * list holds anything but names [A-Za-z0-9_.-] separated by single commas, or the role is no such
 * name. NULL-pointer views leave a text empty. */
int principal_set_name(struct principal *p, struct str name);
int principal_set_role(struct principal *p, struct str role);
int principal_set_apis(struct principal *p, struct str list);
int principal_set_environments(struct principal *p, struct str list);

/* Whether the principal may use this api at all. */
bool principal_api(const struct principal *p, struct str api);

/* Whether it may use this environment: named in its list; or, without a list, not production or
 * SCOPE_PRODUCTION. only: the api has no other environment, which then needs no mention. */
bool principal_environment(const struct principal *p, struct str environment, bool production, bool only);

static inline struct str
principal_name(const struct principal *p)
{
	return str_of(p->name, p->name_n);
}

static inline struct str
principal_role(const struct principal *p)
{
	return str_of(p->role, p->role_n);
}

/* Appends "read,write" and so on; scopes_read parses it: bits, or ERR_BAD. */
void scopes_print(struct buf *b, u8 scopes);
int scopes_read(struct str text);

#endif
