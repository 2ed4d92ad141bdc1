/* admin: what the commands of this box ask a running server, over the control socket only. JSON in
 * and out.
 *
 *   POST   /control/keys      {"name", "apis": [], "environments": [], "role", "readonly", "destructive", "expires_s",
 *                              "secret"}, all but name optional  >  201 {"id", "name", "key", ...}
 *   GET    /control/keys      > 200 [{"id", "name", "hint", "apis", "environments", "role", "scopes", "created",
 *                                     "expires"}]
 *   DELETE /control/keys/<id, hint or name>  > 200 the key that was dropped; 404; 409 when several match
 *   GET    /control/status    > 200 figures of this worker
 *   POST   /<api>/mcp         over the control socket: as the console, no key needed */
#ifndef APP_ADMIN_H
#define APP_ADMIN_H

#include "app/job.h"

/* The handlers of the routes above. */
enum step admin_keys(struct exchange *x, msec now);
enum step admin_key_add(struct exchange *x, msec now);
enum step admin_key_revoke(struct exchange *x, msec now);
enum step admin_status(struct exchange *x, msec now);

/* Fills in a key from its JSON description (the body above), for the server and for commands that
 * open the store themselves. 0, or ERR_BAD with a sentence in why. secret is a view into the
 * document or p NULL. */
int admin_key_read(struct jcur body, wall now_s, struct key *k, struct str *secret, struct buf *why);

/* Appends a key as JSON; secret empty: it is not told (lists). */
void admin_key_print(struct buf *b, const struct key *k, struct str secret);

#endif
