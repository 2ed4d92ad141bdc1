/* keypage: people's own API keys, made, seen and revoked in the browser. A key belongs to who made it: it acts for
 * them, in their role, and ends with them. Admins see everybody's, and make keys that belong to a team, or to nobody:
 * with their password, or a code, each time. */
#ifndef APP_KEYPAGE_H
#define APP_KEYPAGE_H

#include "app/lists.h"

/* The handlers of the routes. */
enum step keypage_list(struct exchange *x, msec now);   /* GET  /keys */
enum step keypage_add(struct exchange *x, msec now);    /* POST /keys  name, api, access, production, expires */
enum step keypage_revoke(struct exchange *x, msec now); /* POST /keys/revoke  id */

enum step keypage_all(struct exchange *x, msec now);        /* GET  /admin/keys */
enum step keypage_all_add(struct exchange *x, msec now);    /* POST /admin/keys  besides: team, role, password */
enum step keypage_all_revoke(struct exchange *x, msec now); /* POST /admin/keys/revoke */

/* Puts the values of a key into a row. */
void keypage_put(struct html *h, const struct key *k);

/* Puts the roles there are, as rows "role", one of them chosen. */
void keypage_roles(struct job *j, struct html *h, struct str chosen);

#endif
