/* keypage: people's own API keys, made, seen and revoked in the browser. A key belongs to who made it: it acts for
 * them, in their role, and ends with them. */
#ifndef APP_KEYPAGE_H
#define APP_KEYPAGE_H

#include "app/lists.h"

/* The handlers of the routes. */
enum step keypage_list(struct exchange *x, msec now);   /* GET  /keys */
enum step keypage_add(struct exchange *x, msec now);    /* POST /keys  name, api, access, production, expires */
enum step keypage_revoke(struct exchange *x, msec now); /* POST /keys/revoke  id */

/* Puts the values of a key into a row. */
void keypage_put(struct html *h, const struct key *k);

#endif
