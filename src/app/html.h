/* html: pages for people, from the templates of fs/pages and the texts of fs/text, one file per language.
 *
 *      struct html h;
 *      html_begin(&h, x, "keys");             fs/pages/keys.html inside fs/pages/frame.html; title: text keys_title
 *      html_put(&h, "name", name);            {{name}}, escaped
 *      html_text(&h, "why", "keys_full");     {{why}}: a text by its key
 *      html_row(&h, "key");                   {{#key}} ... {{/key}}, once for each row; what follows belongs to it
 *      html_put(&h, "id", id);
 *      html_top(&h);                          back to the page itself
 *      return html_reply(&h, 200);
 *
 * In templates: {{name}} value (looked for in the row, then outside); {{'key}} text; {{#name}}..{{/name}} for each row
 * of that name, or once if a value of that name is not empty; {{^name}}..{{/name}} if there is neither; {{>name}}
 * another file of fs/pages. Nothing else there may hold two braces side by side. Texts hold {name} where a value goes.
 * Every page has: lang, base (path of public_url), and me, called, csrf, admin, box (runs it), coded (has a second
 * factor), console (an admin's page) when somebody is logged in. Everything a value holds is escaped, always.
 *
 * Pages load nothing but /style.css: no scripts, no other origin, no frames around them, never cached. Items and the
 * finished page lie in the exchange's arena: handlers with many rows ask exchange_arena_n for more first. */
#ifndef APP_HTML_H
#define APP_HTML_H

#include "app/job.h"

#define HTML_ARENA_N 16384 /* bytes of arena a usual page needs; taken by html_begin if the handler took none */
#define HTML_ITEMS 48      /* values and rows of a page, unless html_items asks for more */

struct html_item;

struct html {
	struct job *j;
	const char *page;
	struct str text, fallback; /* of the language, and the English one */
	struct html_item *item;
	u32 n, max, row;
	struct buf out;
	struct str form_to; /* an origin that the answer to a form may lead to, beside our own (form-action) */
	bool over;
};

/* Begins a page. */
void html_begin(struct html *h, struct exchange *x, const char *page);

/* Makes room for so many values and rows together, when HTML_ITEMS are not enough. */
void html_items(struct html *h, u32 n);

/* Adds a value; the view must stay until html_reply. html_num writes a number, html_flag an "1" when it is set. */
void html_put(struct html *h, const char *name, struct str value);
void html_num(struct html *h, const char *name, u64 value);
void html_flag(struct html *h, const char *name, bool set);

/* Adds a value that is a text of the language file; key is a literal. */
void html_text(struct html *h, const char *name, const char *key);

/* Adds a moment, "2026-11-21 08:00 UTC"; nothing when it is 0. */
void html_time(struct html *h, const char *name, wall at);

/* Begins a row of a block; html_top ends it. */
void html_row(struct html *h, const char *block);
void html_top(struct html *h);

/* Whether a value of the row, as far as it was put, holds a text, in whatever case; takes the row back. */
bool html_row_has(const struct html *h, struct str part);
void html_row_drop(struct html *h);

/* Renders and answers: STEP_DONE. 503 in plain words when memory was short. */
enum step html_reply(struct html *h, u16 status);

/* A whole page that says what is wrong, by a key of the language file, and what to do. */
enum step html_error(struct exchange *x, u16 status, const char *key);

/* 303 to a path of ours (with base before it) or, when it does not begin with '/', to that very address. */
enum step html_go(struct exchange *x, struct str where);

/* A page that leads away to an address of another server, named to the person. Not a 303: that, as the answer to a
 * form, would have to be allowed by form-action, with every address it leads on to. */
enum step html_leave(struct exchange *x, struct str where, struct str host);

/* GET /style.css */
enum step html_style(struct exchange *x, msec now);

/* One field of a form that is expected. */
struct html_field {
	const char *name;
	u32 max;           /* bytes, decoded */
	struct str *value; /* out: in the exchange's arena; p NULL when the field is not there */
};

/* Reads the body as a form. Strict: application/x-www-form-urlencoded, each expected field at most once, UTF-8 without
 * control characters, not longer than max; other fields are ignored. 0; else the error page is set as the reply. */
int html_form(struct exchange *x, const struct html_field *field, u32 n);

/* Whether s is a path of this server that a login may lead back to: "/..." and not "//", no backslash, no control
 * characters, at most HTML_NEXT_MAX. */
#define HTML_NEXT_MAX 1900
bool html_next_ok(struct str s);

#endif
