/* lists: pages that show what the store holds under a prefix, a row each, and let go of one of them.
 *
 *   GET   lists_page: person > store, entry by entry > kind->row puts its values > page
 *   POST  lists_drop: form with the field id, which is the key behind the prefix > kind->row says it is theirs > gone
 *
 * A page takes ?q=TEXT: only rows with a value that holds it. Templates: {{#row}} ... {{/row}}, each with {{id}};
 * {{many}} when not all are shown; {{q}} what is searched for. */
#ifndef APP_LISTS_H
#define APP_LISTS_H

#include "app/html.h"
#include "store/store.h"

#define LISTS_MAX 30    /* rows of a page */
#define LISTS_VALUES 14 /* values of a row */
#define LISTS_ID_MAX 48
#define LISTS_KEY_MAX 72 /* bytes of a key that a row may ask for */

enum lists_who { LISTS_MINE, LISTS_TEAM, LISTS_BOX }; /* everybody for themselves, admins, those who run the box */

struct list_kind {
	const char *page, *path, *prefix, *none; /* none: text for an id that is not theirs */
	u8 who;                                   /* enum lists_who */
	const char *then;                         /* another prefix behind the first; may be NULL */
	/* Puts the values of an entry with html_keep and the like; whether this person may see it at all. Where h is
	 * NULL nothing is put. */
	bool (*row)(struct job *j, struct html *h, const struct store_entry *e);
	void (*rest)(struct job *j, struct html *h); /* values of the page itself; may be NULL */
};

/* The handlers, for routes of a kind. */
enum step lists_page(struct exchange *x, const struct list_kind *k, msec now);
enum step lists_drop(struct exchange *x, const struct list_kind *k, msec now);

/* Begins the list from within another handler, whose later runs go to lists_page; why: a text of what is wrong, or
 * NULL; done: what was done. The person is known. */
enum step lists_show(struct job *j, const struct list_kind *k, const char *why, msec now);
bool lists_showing(const struct job *j);

/* Whether who sits there may, as person_need or person_need_form, and is one of `who`. */
enum step lists_may(struct job *j, bool form, enum lists_who who, msec now);

/* What the store holds under a key that a row depends on, one key per row; none when it is not there. False: it is
 * being fetched, whatever the row answers does not count, and it is asked again (the store may be another process). */
bool lists_get(struct job *j, struct str key, struct str *val);

/* The user of a name, by lists_get; NULL: there is none, or not yet. */
const struct user *lists_user(struct job *j, struct str name);

/* Rows may note that the n-th (of LISTS_MAX) thing the page tells of behind its list was met; once all rows were
 * judged, the page asks which was not. More rows than were judged: nothing is known to be unmarked. */
void lists_mark(struct job *j, u32 n);
bool lists_unmarked(const struct job *j, u32 n);

/* Whether an admin's page may show what belongs to a team. */
bool lists_sees(const struct job *j, u64 team);

/* html_put for a value that will not stay: copied. */
void html_keep(struct html *h, const char *name, struct str value);

/* Connected apps. */
extern const struct list_kind lists_apps;

/* GET /apps, POST /apps/revoke */
enum step lists_apps_page(struct exchange *x, msec now);
enum step lists_apps_drop(struct exchange *x, msec now);

/* The same for everybody's: GET /admin/apps, POST /admin/apps/revoke */
enum step lists_all_apps_page(struct exchange *x, msec now);
enum step lists_all_apps_drop(struct exchange *x, msec now);

#endif
