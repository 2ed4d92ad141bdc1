/* session: legacy sessions without state. The id itself says when it was made and which version was
 * agreed, and is bound to the principal and the api; only its end (DELETE) is stored. Modern
 * requests have no sessions. Source: MCP 2025-11-25 basic/transports, Session Management. */
#ifndef MCP_SESSION_H
#define MCP_SESSION_H

#include "mcp/mcp.h"

#define SESSION_TTL_S 86400 /* a client that comes back later initializes again */

/* Appends a new id for the principal of m, with the version agreed. Visible ASCII. Where m->capture says so, the
 * session keeps the credential it began with. */
void session_make(struct mcp *m, struct buf *out);

/* The key that such a credential is kept under (op/own.h), of an id that nobody has judged yet. ERR_BAD: it is none. */
#define SESSION_OWN_N 34
int session_own(struct str id, u8 room[SESSION_OWN_N], struct str *key);

/* Judges the Mcp-Session-Id header. STEP_DONE: m->version is the session's, or there is no such
 * header; STEP_WAIT: the store is asked; STEP_FAIL: not a session of this principal, or ended: 404.
 */
enum step session_check(struct mcp *m, msec now);

/* Ends the session of the header. Results as session_check; m->store.err says why when it is a session
 * but could not be ended. */
enum step session_end(struct mcp *m, msec now);

#endif
