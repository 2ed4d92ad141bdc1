/* credentials: upstream secrets kept in the store, managed over the control socket only. A secret
 * goes in and is never told again.
 *
 *   POST   /control/credentials         {"name", "secret"}  > 201 {"name"}   (replaces one that is there)
 *   GET    /control/credentials         > 200 ["name", ...]
 *   DELETE /control/credentials/<name>  > 200 {"name"}; 404 */
#ifndef APP_CREDENTIALS_H
#define APP_CREDENTIALS_H

#include "app/job.h"

/* The handlers of the routes above. */
enum step credentials_add(struct exchange *x, msec now);
enum step credentials_list(struct exchange *x, msec now);
enum step credentials_remove(struct exchange *x, msec now);

/* When a secret was stored, as far as it was written down (0: not); and writes it down, or forgets it, on the way:
 * nobody waits for that. "b:u:<name>" holds the seconds. */
wall credentials_when(struct store *st, struct str name);
void credentials_note(struct store *st, struct str name, bool there);

#endif
