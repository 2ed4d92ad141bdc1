/* consent: GET and POST /oauth/authorize: a client asks, a person answers.
 *
 *   query > client > redirect URI > the rest > login > page          POST: csrf, ticket > the same again > grant > code
 *
 * Until client and redirect URI are judged, mistakes are a page here; after that they go back to the client, with state
 * and iss. The page's form carries a ticket: the query as it was asked, sealed for this session and ten minutes. What
 * the form says beside it can only narrow. Nothing is remembered: each request is asked about.
 * Source: OAuth 2.1 section 4.1.1, 4.1.2, 7.12; RFC 9207; RFC 8707 section 2; RFC 9700 sections 2.1, 4.11, 4.16. */
#ifndef APP_CONSENT_H
#define APP_CONSENT_H

#include "app/oauth.h"

/* The handlers. */
enum step consent_page(struct exchange *x, msec now);
enum step consent_answer(struct exchange *x, msec now);

/* What a request asks for, once it was judged (private to consent*.c). */
struct consent {
	struct oauth *o;
	struct endpoint endpoint;
	u8 asked;    /* scopes */
	u8 scopes;   /* ticked */
	u8 mask;     /* environments ticked, by place */
	bool denied, post;
	struct buf audience;
	u8 room[GRANT_AUDIENCE_MAX];
};

/* Judges everything but the client: 0; else the reply is set (a page, or an error sent back). c->o is set. */
int consent_judge(struct consent *c);

/* Sends the browser back to the client: with the code of o->family, or (error set) with an error. */
enum step consent_back(struct consent *c, const char *error, const char *why);

#endif
