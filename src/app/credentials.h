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

#define CREDENTIALS_NOTE_N (4 + VAULT_NAME_MAX)

/* Where it is written down when a secret was stored: "b:u:<name>", decimal seconds; and writes it down, or forgets it,
 * on the way: nobody waits for that. */
struct str credentials_note_key(struct str name, u8 room[CREDENTIALS_NOTE_N]);
void credentials_note(struct store *st, struct str name, bool there);

#endif
