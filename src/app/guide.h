/* guide: how a client is connected, client by client, with what to paste. Where clients can log in by themselves it
 * shows that way; the page of a key that was just made shows the same with the key in it. */
#ifndef APP_GUIDE_H
#define APP_GUIDE_H

#include "app/html.h"

#define GUIDE_ARENA_N 60000 /* bytes of arena a page with it needs */

/* GET /connect?api=NAME, for people who are logged in. */
enum step guide_page(struct exchange *x, msec now);

/* Puts the values of fs/pages/guide.html for the api of that name, the first one when there is none such. key: the
 * secret to be pasted, which must stay until the reply; empty: clients log in where that is offered. */
void guide_put(struct html *h, struct str api, struct str key);

#endif
