/* clients: OAuth clients as the console manages them, over the control socket of a running server or in a store that
 * nobody holds. One engine for both: a question in JSON, some store operations, an answer in JSON.
 *
 *   POST /control/clients
 *   {"verb": "add", "name", "redirect_uris": [], ["id", "token_endpoint_auth_method"]}  > client, with secret, once
 *   {"verb": "list"}                          > {"clients": [...]}: pre-registered, pinned, and those that were used
 *   {"verb": "remove", "which"}               > client: by id, name or the beginning of its key
 *   {"verb": "reset"}                         > {}: every registration made until now is void
 *   {"verb": "pin", "url", "document"}        > client: the metadata document as text
 *
 * Whoever loses a client loses its grants in the same group of writes: nothing it holds works a second later. */
#ifndef APP_CLIENTS_H
#define APP_CLIENTS_H

#include "app/job.h"
#include "auth/client.h"
#include "auth/grant.h"

#define CLIENTS_OUT_N 24000 /* bytes an answer may take */
#define CLIENTS_PAGE_N 12000 /* bytes of entries taken from the store at once */

struct clients {
	/* set by the caller */
	struct store *st;
	struct ready *owner;
	struct str schemes;         /* private-use schemes that redirect URIs may have */
	u8 random[48];              /* fresh */
	u8 handle_key[HANDLE_KEY_N];
	struct buf *out;            /* the answer, JSON */
	/* its own */
	struct store_op op;
	struct buf page;
	u8 at, verb;
	bool any;
	u32 found;
	u16 status;                 /* after STEP_FAIL: HTTP, and why */
	const char *why;
	struct str which;           /* in text */
	u8 kind;                    /* of the client found */
	char key[CLIENT_KEY_N];
	u8 text[CLIENT_ID_MAX];
	u8 record[CLIENT_RECORD_MAX];
	u8 room[CLIENTS_PAGE_N];
};

/* Answers a question. DONE: out holds the answer; FAIL: status and why; WAIT: clients_step. */
enum step clients_start(struct clients *c, struct jcur question, struct jsmntok *tok, u32 toks);
enum step clients_step(struct clients *c);

/* The handler of the route. */
enum step clients_control(struct exchange *x, msec now);

#endif
