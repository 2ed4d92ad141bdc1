/* oauth: the authorization server's endpoints, and what they share: parameters, the client, errors.
 *
 *   GET  /oauth/authorize     log in, consent, back with a code         app/consent.c
 *   POST /oauth/token         code or refresh token > tokens            app/oauth_token.c
 *   POST /oauth/register      dynamic registration (RFC 7591)           app/oauth_register.c
 *   POST /oauth/revoke, /oauth/introspect                               app/oauth_token.c
 *   GET  /.well-known/...     metadata                                  app/oauth_meta.c
 *
 * Parameters are decoded once into the exchange's arena; a parameter without a value counts as absent, a repeated one
 * is an error (OAuth 2.1 section 3.1). The store's record of a client is fetched by oauth_client, which may wait. */
#ifndef APP_OAUTH_H
#define APP_OAUTH_H

#include "app/endpoint.h"
#include "app/job.h"
#include "auth/client.h"
#include "auth/grant.h"
#include "base/log.h"

enum oauth_param {
	P_CLIENT_ID,
	P_REDIRECT_URI,
	P_RESPONSE_TYPE,
	P_STATE,
	P_SCOPE,
	P_RESOURCE,
	P_CHALLENGE,
	P_METHOD,
	P_PROMPT,
	P_RESPONSE_MODE,
	P_REQUEST,
	P_REQUEST_URI,
	P_GRANT_TYPE,
	P_CODE,
	P_VERIFIER,
	P_REFRESH,
	P_SECRET,
	P_ASSERTION,
	P_TOKEN,
	P_ACTION,
	P_TICKET,
	OAUTH_PARAMS
};

#define OAUTH_BODY 12000 /* bytes of a form */
#define OAUTH_PAIRS_MAX 64

/* One request to an endpoint, in its exchange's arena. */
struct oauth {
	struct job *job;
	struct str p[OAUTH_PARAMS]; /* p NULL: absent */
	u32 twice;                  /* bit: was there more than once */
	u32 empty;                  /* bit: was there without a value */
	bool broken;                /* the form cannot be decoded, or is too large */
	/* the client, after oauth_client */
	struct client client;
	int client_err;             /* 0, ERR_NONE: unknown; ERR_DENY: a document that is not pinned; ERR_IO; fetching:
	                             * ERR_BAD, ERR_FULL */
	u8 look;                    /* oauth_client's place */
	wall epoch;
	u8 *id_room;
	struct buf got;             /* what the store gave for the client; c points into it */
	struct buf more;            /* what it gives after that */
	struct str asks, asks_to;   /* the client's name and where answers go, for the login page */
	bool may_fetch;             /* somebody is about to consent: a document may be fetched */
	struct call *call;          /* by which it is fetched; NULL: none */
	struct buf document;
	/* the token endpoint */
	u8 at;
	u8 family[GRANT_FAMILY_N];
	char key[GRANT_KEY_N];
	u32 seq, tries;
	wall token_dies;          /* of an access token that was asked about */
	struct grant grant;
	u64 version;
	u8 user_key[USER_KEY_MAX];
	const char *error, *why;    /* what is answered once the family has ended */
	u8 *record;                 /* GRANT_RECORD_MAX bytes to encode into */
};

/* Takes a request up: its form (query or body) decoded. NULL when there is no room: the reply is set. */
struct oauth *oauth_begin(struct job *j, struct str form);

/* The state of a request taken up before. */
struct oauth *oauth_of(struct job *j);

/* A line for the audit. Refusals of nobody in particular are limited, lest they crowd out the rest. */
void oauth_audit(struct oauth *o, const char *outcome, struct str user, const char *why);

/* Finds the client of P_CLIENT_ID. DONE: see client_err. WAIT: call again. */
enum step oauth_client(struct oauth *o, msec now);

/* Begins to fetch the metadata document of P_CLIENT_ID; goes on with it: 0 (client is set), ERR_MORE (call again), else
 * why not: ERR_DENY, ERR_FULL, ERR_BAD. oauth_fetch_end at any time. */
int oauth_fetch(struct oauth *o, msec now);
int oauth_fetch_step(struct oauth *o, msec now);
void oauth_fetch_end(struct oauth *o, msec now);

/* Starts a store op of the request: DONE (job->op.err) or WAIT. */
enum step oauth_op(struct oauth *o, u8 verb, struct str key, msec now);

/* An error answer of the token family: JSON, no-store; 401 of a client that used Basic carries a challenge. */
enum step oauth_error(struct exchange *x, u16 status, const char *error, const char *why);

/* A JSON answer that nobody may cache. */
enum step oauth_json(struct exchange *x, u16 status, struct buf *b);

/* What every answer for programs carries: no-store (unless cacheable), CORS. */
void oauth_fields(struct exchange *x, bool cacheable);

/* The endpoint a resource identifier means, in any spelling of scheme and host. ERR_NONE: none of ours. */
int oauth_resource(const struct gen *gen, struct str resource, struct endpoint *e);

/* Whether OAuth is offered; else the reply is set (404). */
bool oauth_on(struct job *j);

/* The handlers. */
enum step oauth_token(struct exchange *x, msec now);
enum step oauth_revoke(struct exchange *x, msec now);
enum step oauth_introspect(struct exchange *x, msec now);
enum step oauth_register(struct exchange *x, msec now);
enum step oauth_resource_meta(struct exchange *x, msec now);
enum step oauth_server_meta(struct exchange *x, msec now);
enum step oauth_preflight(struct exchange *x, msec now);

/* Whether the path is that of the server's metadata in the appended form (issuer with a path). */
bool oauth_meta_path(const struct gen *gen, struct str path);

#endif
