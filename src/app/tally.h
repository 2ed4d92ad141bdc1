/* tally: failures are counted, by account and by address, for a quarter of an hour from the first. Logins of an account
 * are counted by address, too, so that a stranger who guesses does not lock its owner out; all addresses together have
 * a count that this machine itself is free of. Counts lie in the store under few keys ("h:" and 12 bits of a keyed
 * hash), so that strangers cannot fill it, and names that nobody has are counted like others. Nothing is written once a
 * count is full. */
#ifndef APP_TALLY_H
#define APP_TALLY_H

#include "app/job.h"

#define TALLY_WINDOW_S 900
#define TALLY_ACCOUNT_MAX 10 /* wrong passwords of one account, of one address */
#define TALLY_SPREAD_MAX 75  /* of one account, of all addresses: 5 a minute */
#define TALLY_ADDRESS_MAX 40 /* wrong passwords of one address */
#define TALLY_CODE_MAX 6     /* wrong codes of one account */
#define TALLY_KEY_N 8

/* What is counted. */
enum tally { TALLY_ACCOUNT = 'u', TALLY_LOGIN = 'l', TALLY_SPREAD = 's', TALLY_ADDRESS = 'a', TALLY_CODE = 'c' };

/* The key of a count, written into room. */
struct str tally_key(const u8 *handle_key, enum tally kind, struct str of, char room[TALLY_KEY_N]);

/* Asks for a count, as j->op into j->out; when it is done, whether it is full, or cannot be known: then the reply is
 * set (429, 503). room must stay until then. */
void tally_ask(struct job *j, enum tally kind, struct str of, char room[TALLY_KEY_N], msec now);
bool tally_full(struct job *j, u32 most);

/* Counts a try before it is judged, with an answer that nobody else gets, in whatever worker: of all that come at once
 * no more are judged than were allowed, and none before its count is on disk: a full one lets nobody guess. Then as
 * above, whether it was one too many. A success clears. */
void tally_try(struct job *j, enum tally kind, struct str of, char room[TALLY_KEY_N], msec now);
bool tally_over(struct job *j, u32 most);

/* Counts one failure; begins anew after a success. Nobody waits for it. */
void tally_add(struct job *j, enum tally kind, struct str of);
void tally_clear(struct store *st, const u8 *handle_key, enum tally kind, struct str of);

#endif
