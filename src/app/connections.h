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

/* Shared with app/linking.h, whose handlers begin alike: who sits there, with room for all that follows. NULL: what
 * the handler returns is in *s. */
struct connections;
struct connections *connections_begin(struct job *j, bool form, msec now, enum step *s);

/* The environment that a form names, or that has this id (names p NULL); NULL: none that users connect to. */
const struct environment *connections_find(const struct job *j, struct str api, struct str where, u64 id);

/* Seals a secret of a user for an environment and begins to write it with j->op (no secret: drops it). ERR_FULL. */
int connections_write(struct job *j, const struct user *u, const struct environment *e, struct str secret, msec now);

#endif
