/* codeflow: this gate as a client of an API's own OAuth: authorization code with PKCE. What linking (a user connects)
 * and arriving (a person logs in) share.
 *
 *   codeflow_begin > codeflow_address          where the browser goes; state and verifier are kept by the caller
 *   codeflow_back                              what the callback says: state, code, iss; judged by codeflow_issuer
 *   codeflow_send > codeflow_step > DONE       the code for tokens; codeflow_ask: a question with the new token
 *
 * One redirect URI serves all environments. So that the answer of one server is never taken for another's (mix-up), it
 * must name the issuer that authorize_issuer says; and where that is not set, none at all.
 *
 * Lies in the exchange's arena. Source: RFC 6749 section 4.1, RFC 7636 (S256), RFC 9207 section 2.4, RFC 9700
 * sections 4.4 and 4.5. */
#ifndef APP_CODEFLOW_H
#define APP_CODEFLOW_H

#include "app/html.h"

#define CODEFLOW_CALLBACK "/connections/callback"
#define CODEFLOW_STATE_N 32    /* characters of a state */
#define CODEFLOW_VERIFIER_N 43
#define CODEFLOW_TTL_S 600     /* how long somebody may take there */
#define CODEFLOW_ANSWER_MAX 32768
#define CODEFLOW_MIXED "got an answer with another iss than authorize_issuer of"
#define CODEFLOW_ARENA_N 60000 /* of the exchange, for all of it */

struct codeflow {
	const struct environment *at;
	struct str state, code, iss;  /* what came back; code p NULL: none did */
	u8 verifier[CODEFLOW_VERIFIER_N];
	struct str access, refresh;   /* refresh may be empty */
	u32 seconds;                  /* access is good for */
	struct buf answer;
	bool asking;                  /* codeflow_ask, not codeflow_send */
};

/* Draws a state (into its room) and a verifier. */
void codeflow_begin(struct job *j, struct codeflow *f, u8 state[CODEFLOW_STATE_N]);

/* Where the browser goes, in the exchange's arena; p NULL: no room. */
struct str codeflow_address(struct job *j, struct codeflow *f);

/* Reads the callback's query. 0; ERR_BAD: it has no one state. */
int codeflow_back(struct job *j, struct codeflow *f);

/* Whether the answer is from the authorization server it was asked of; f->at is known. */
bool codeflow_issuer(const struct codeflow *f);

/* Sends the code with f->verifier. STEP_MORE, then codeflow_step; STEP_FAIL. */
enum step codeflow_send(struct job *j, struct codeflow *f, msec now);

/* Asks the API itself: GET of a path behind base_url, as whoever the tokens are for. The same. */
enum step codeflow_ask(struct job *j, struct codeflow *f, struct str target, msec now);

/* Goes on. STEP_DONE: the tokens are there, or (asked) f->answer; STEP_FAIL: *why says it, for the log. */
enum step codeflow_step(struct job *j, struct codeflow *f, const char **why, msec now);

/* Makes the access token the one that serves for this user; what is to be stored (sealed) as his credential. */
struct str codeflow_keep(struct job *j, const struct codeflow *f, u64 born, msec now);

#endif
