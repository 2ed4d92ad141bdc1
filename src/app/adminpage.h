/* adminpage: what the box holds, for people who are admins: those of the first team see all of it, those of another one
 * their team. Lists are app/lists.h; what is done to people and teams is app/people.h, to clients app/clients.h, so the
 * pages can do what the console can. What gives power asks for the password, or a code of the second factor, each time;
 * what takes it away does not. Nobody changes their own role, and nobody disables or removes themselves: somebody who
 * runs the box is always left. Each change is a line of the audit.
 *
 *   GET  /admin/people           users; POST: name, display, team, role, password > an invite, shown once
 *   GET  /admin/people/<name>    one of them; POST: do role|disable|enable|logout|factor|invite|remove, ...
 *   GET  /admin/teams            POST: name, title
 *   GET  /admin/keys             keys of everybody; POST makes one for a team; POST /admin/keys/revoke: id
 *   GET  /admin/clients          OAuth clients; POST: id, which is removed with all it was granted
 *   GET  /admin/credentials      which secrets are kept for which environment; POST: name, secret, password; do remove
 *
 * Connected apps: lists.h. The audit: adminlog.h. */
#ifndef APP_ADMINPAGE_H
#define APP_ADMINPAGE_H

#include "app/lists.h"

/* The handlers of the routes above. */
enum step adminpage_people(struct exchange *x, msec now);
enum step adminpage_invite(struct exchange *x, msec now);
enum step adminpage_person(struct exchange *x, msec now);
enum step adminpage_change(struct exchange *x, msec now);
enum step adminpage_teams(struct exchange *x, msec now);
enum step adminpage_team(struct exchange *x, msec now);
enum step adminpage_clients(struct exchange *x, msec now);
enum step adminpage_client(struct exchange *x, msec now);
enum step adminpage_credentials(struct exchange *x, msec now);
enum step adminpage_credential(struct exchange *x, msec now);

/* The lists themselves, for the handlers of forms that show them again. */
extern const struct list_kind adminpage_list_people, adminpage_list_teams, adminpage_list_clients,
    adminpage_list_credentials;

#endif
