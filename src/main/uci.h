/* uci: the syntax of the configuration file: UCI as OpenWrt writes it, read line by line as events.
 *
 *      config api 'gitea'              UCI_SECTION   word[0] type, word[1] name (may be empty)
 *              option path '/mcp'      UCI_OPTION    word[0] name, word[1] value
 *              list host 'a.lan'       UCI_LIST      word[0] name, word[1] value
 *
 * Quoting is UCI's: '...' as it is, "..." with backslash escapes, bare words with backslash escapes; adjoining
 * parts make one word; quoted text may go over lines; # begins a comment outside quotes; backslash at the end
 * of a line continues it; ; separates commands. Words are copied into the arena and live as long as it does. */
#ifndef MAIN_UCI_H
#define MAIN_UCI_H

#include "base/arena.h"
#include "base/buf.h"

enum uci_kind { UCI_SECTION, UCI_OPTION, UCI_LIST };

struct uci {
	struct str text;
	struct arena *arena;
	u32 at, line;      /* next byte; its line, from 1 */
	u32 suspect;       /* line of a quote that swallowed what looks like a command; 0: none */
	char why[80];      /* after ERR_BAD: what was expected */
	struct str word;   /* after ERR_BAD: the word it is about, or empty */
};

struct uci_event {
	u8 kind;
	u32 line;
	struct str word[2];
};

/* Begins at the start of text. */
void uci_init(struct uci *u, struct str text, struct arena *a);

/* The next command: 1 and *e; 0 at the end; ERR_BAD with u->why, e->line and perhaps u->word: the line it stands in has
 * been skipped, so the caller may go on and find further mistakes. ERR_FULL when the arena is. */
int uci_next(struct uci *u, struct uci_event *e);

/* Appends s in single quotes, as a word that uci_next reads back as s. */
void uci_quote(struct buf *b, struct str s);

#endif
