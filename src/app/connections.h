/* connections: the pages where a user gives, replaces and removes credentials of his own, for environments that are
 * called with each user's own (credential_from 'user'). What is given is sealed at once and never shown.
 *
 *   GET /connections, /connect/<link>     person > is there one? (each environment) > page
 *   POST /connections                     form: place, secret > seal > put      /connections/remove: drop
 *
 * A link (mcp/connect.h) shows its environment alone, and only to the user it was made for. */
#ifndef APP_CONNECTIONS_H
#define APP_CONNECTIONS_H

#include "app/html.h"

/* GET /connections */
enum step connections_page(struct exchange *x, msec now);

/* GET /connect/<link> */
enum step connections_link(struct exchange *x, msec now);

/* POST /connections, POST /connections/remove */
enum step connections_give(struct exchange *x, msec now);
/* As above. */
enum step connections_remove(struct exchange *x, msec now);

#endif
