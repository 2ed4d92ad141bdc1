/* api: what config says of the upstream APIs: the words of DESIGN.md section 1 as data.
 *
 * The supervisor builds one struct gen from the config file, in shared pages that exist at the same
 * address in every worker, so plain pointers hold. A worker only reads it. A reload builds the next
 * one beside it; requests that began under the old one keep it (at most two live). Catalogs are
 * mapped by each worker from descriptors it was passed, so their place is in the worker, by api
 * index: gen_catalog. */
#ifndef GATE_API_H
#define GATE_API_H

#include "auth/external.h"
#include "base/str.h"
#include "catalog/catalog.h"
#include "gate/tempo.h"

struct tls_trust; /* crypt/tls.h */
struct role;      /* gate/role.h */
struct rule;      /* gate/rule.h */

#define APIS_MAX 64         /* apis of one box */
#define ENVIRONMENTS_MAX 8  /* environments of one api */
#define SERVERS_NAMED_MAX 8 /* other servers of the document that one environment may call */
#define CREDENTIALS_MAX 6   /* credentials of one environment beside its own, each for one security scheme */

/* How a credential goes upstream. */
enum credential_in {
	CREDENTIAL_NONE,
	CREDENTIAL_HEADER,
	CREDENTIAL_QUERY,
	CREDENTIAL_COOKIE,
	CREDENTIAL_BASIC,
	CREDENTIAL_BEARER,
};

/* Whose secret it is. */
enum credential_of {
	CREDENTIAL_OURS,    /* one for all callers */
	CREDENTIAL_CALLERS, /* the caller brings it along: struct passthrough */
	CREDENTIAL_USERS,   /* each user has given his own, which the store holds under his name: op/vault.h */
};

struct credential {
	const struct login *login; /* the secret is not sent but exchanged there; NULL: sent. in is for the exchange */
	u8 in, of;         /* enum credential_in, enum credential_of */
	struct str name;   /* header, query parameter or cookie name */
	struct str value;  /* the text with {secret} already filled in; empty when it comes from the store */
	struct str secret; /* what was filled in there; empty: value is it, or holds none yet */
	struct str store;  /* name under which the store holds it sealed; empty: value is it */
	struct str scheme; /* of the document's security schemes; empty: for whatever has no other */
};

#define LOGIN_SENDS_MAX 3 /* values that one login gives */

/* A value that a login gives: where it stands in the answer, and how it goes upstream. */
struct login_send {
	struct credential as; /* in and name; value: the text with {secret} in it */
	struct str from;      /* json:data.ticket, cookie:SID, header:X-CSRF-Token */
};

/* People may log in to the gate with their account there: how it is known who came. */
struct sign_in {
	struct str target;   /* GET of it, behind base_url, with the new token */
	struct str id, name; /* members of its answer, "data.id": the account's id, for ever; what they are called */
	struct str role, team; /* of somebody who is new here; role empty: nobody is let in who is not known */
};

/* A call that a credential is exchanged in: for an OAuth token, a session cookie, a ticket. */
struct login {
	u64 id;               /* of all that is said here: what was obtained is kept under it, in any gen */
	const struct environment *at; /* host, trust, deadlines */
	struct str target;
	u8 method;            /* enum method */
	struct str body;      /* with {secret}; JSON when it begins with {, else a form */
	struct str lifetime;  /* json:expires_in or seconds; empty: until it is refused */
	const struct login_send *send;
	u32 sends;
	struct str authorization; /* value of that field, if not empty */
	struct str authorize;     /* where users connect, each for himself; empty: the credential is the gate's */
	struct str client, scopes; /* who we are there, and what is asked for */
	struct str issuer;         /* what its answers must name as iss; empty: they name none */
	const struct sign_in *sign; /* NULL: nobody logs in to the gate with it */
};

#define PASSTHROUGH_FIELDS 4

/* How callers bring credentials of their own along, where an environment is called with those. */
struct passthrough {
	struct str field[PASSTHROUGH_FIELDS]; /* header fields that they come in, and go upstream in */
	u32 fields;
	u8 method;         /* enum method */
	struct str target; /* what the API is asked with one before it counts */
	struct str role;   /* of such callers */
	bool capture;      /* a session keeps the one it began with */
};

/* One base URL of an api. */
struct environment {
	struct str name;
	struct str base_url; /* as configured, for messages */
	u64 id;              /* of its name, its api's and where it is: what users gave for it goes nowhere else */
	bool production;
	bool tls;
	struct str host;      /* name or IP literal without brackets */
	u16 port;
	struct str host_field; /* value of the Host header */
	struct str unix_path; /* not empty: connect there */
	struct str path;      /* base path without a slash at its end: "" or "/api/v1" */
	struct str pin;       /* base64 SHA-256 of the server's SPKI; empty: none */
	struct str ca;        /* path of a PEM bundle; empty: the system's */
	const struct tls_trust *trust; /* of the two: for calls; NULL: plain */
	struct credential credential;
	const struct credential *more; /* for single security schemes of the document */
	u32 mores;
	bool logs_in;         /* one of them has a login */
	const struct passthrough *pass; /* NULL: callers bring nothing along */
	u32 connect_ms, first_ms, idle_ms, total_ms;
	u32 concurrency;      /* calls under way at once, of all workers */
	u32 concurrency_each; /* of one principal; 0: a fair share */
	u32 queue, queue_ms;  /* calls that may wait for a place, and how long */
	struct tempo rate;     /* of all calls to its host */
	u32 doubt_ms;         /* how long a write without an answer is not repeated; 0: it may be */
	bool heed;            /* what the API says of its limits is heeded, not only passed on */
	const struct environment *other; /* other servers of the document that it may call, with its credentials */
	u32 others;
	struct str server;    /* of such a one: its URL in the document; the rest is where it is */
	u64 origin; /* equal in environments that may share connections: same place, same trust; in any gen */
};

enum api_auth { API_AUTH_KEY, API_AUTH_NONE };
enum api_mode { API_MODE_AUTO, API_MODE_TOOLS, API_MODE_CODE, API_MODE_BOTH };

struct api {
	struct str name, title;
	struct str path;       /* where it is served besides /<name>/mcp; empty: nowhere else */
	struct str document;   /* path of the API document, for messages */
	struct str catalog_path;
	u32 index;             /* place in gen.api, and of its catalog in the worker */
	u64 id;                /* of its name, for switches: switches_id */
	u8 auth, mode;
	u64 tag;               /* of its name, in any gen: for what is counted */
	struct tempo rate[RATES];
	u32 budget, team_budget; /* calls in a day, of a caller and of a team; 0: any number */
	bool limited;          /* any of them is set */
	bool holds;            /* a new document that means something else is not served until a person takes it */
	u32 response_budget;   /* bytes of upstream body given to the model */
	u32 late_ms;           /* a call that takes longer answers with a handle; 0: none can */
	u32 tell_ms;           /* how often a client that wants to know is told that its call goes on */
	u32 page;              /* tools per tools/list page; 0: all at once */
	const struct environment *environment;
	u32 environments;
	u32 default_environment; /* the sandbox where there is one, else the first */
	struct str secrets;      /* names of members that are secret in its answers, "a,!b" */
	struct str instructions; /* text for initialize and server/discover; may be empty */
	const struct rule *deny; /* never offered over MCP, whoever asks */
	const struct rule *only; /* what is offered at all; none: everything */
	u32 denies, onlys;
	u32 ops;                 /* operations of the catalog that verdict was made from */
	const u8 *verdict;       /* [role][environment][operation]: see role.h; NULL: nothing is allowed */
};

enum cimd_mode { CIMD_OFF, CIMD_PINNED, CIMD_ON };

/* The authorization server, as configured. URLs have no slash at their end. */
struct oauth_conf {
	bool on;           /* offered at all: over https, on loopback, or insecure_oauth */
	bool registration; /* dynamic registration */
	u8 cimd;           /* enum cimd_mode */
	struct str issuer;
	struct str issuer_path;  /* its path, or empty */
	struct str base;         /* what /oauth/... and the pages stand behind */
	struct str public_path;  /* path of public_url, or empty */
	struct str token_prefix;
	struct str default_path; /* the endpoint meant where a client names none; empty: none */
	struct str schemes;      /* private-use schemes of redirect URIs, "a,b" */
	struct str cimd_hosts;   /* names whose documents may be fetched though their addresses are private, "a,b" */
	const struct tls_trust *cimd_trust; /* whom fetched documents may come from; its name is filled in */
	u32 token_s;             /* an access token lives this long */
	struct external external; /* another issuer whose tokens are taken, too */
	const struct environment *keys_at; /* where its keys are fetched; NULL: they are in external.keys, if any */
	const struct environment *said_at; /* where it is asked about opaque tokens; NULL: nowhere */
	struct str said_auth;    /* how we authenticate there: a value of Authorization; empty: not at all */
	u32 said_s;              /* how long what it says counts */
};

/* One generation of the configuration. */
struct gen {
	u32 number;
	const struct api *api;
	u32 apis;
	struct str public_url; /* without slash at the end */
	struct str ca, ca_pem; /* our own authority's certificate, where there is one */
	const struct role *role; /* those of the configuration and the built-in ones: role.h */
	u32 roles;
	u32 approval_s;        /* how long somebody may take to approve */
	u32 session_idle_s, session_max_s; /* of people in browsers */
	bool connects;         /* some environment is called with credentials of users */
	struct oauth_conf oauth;
};

#endif
