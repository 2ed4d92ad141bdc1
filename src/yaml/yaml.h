/* yaml: YAML 1.2.2 text as events, one at a time, with the place of each. The caller composes.
 *
 *      struct yaml y;
 *      struct yaml_event e;
 *      yaml_init(&y, text, room);
 *      while (yaml_next(&y, &e) == 0 && e.kind != YAML_DONE)
 *              ...
 *
 * Documents of one stream come one after another: YAML_DOCUMENT, then the events of one node. A map's keys and values
 * come in turn. Tabs that indent are refused, as the text of 1.2 says; nesting is bounded, there is no recursion; what
 * an alias stands for, and how much of it, is the caller's business. The text stays unchanged meanwhile. */
#ifndef YAML_YAML_H
#define YAML_YAML_H

#include "base/buf.h"
#include "base/limits.h"

enum yaml_kind { YAML_DONE, YAML_DOCUMENT, YAML_MAP, YAML_LIST, YAML_CLOSE, YAML_SCALAR, YAML_ALIAS };
enum yaml_style { YAML_PLAIN, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL, YAML_FOLDED };

/* What a plain scalar is by the core schema (10.3.2). Whatever is quoted is YAML_STRING. */
enum yaml_type { YAML_STRING, YAML_NULL, YAML_TRUE, YAML_FALSE, YAML_NUMBER, YAML_NOT_FINITE };

struct yaml_event {
	u8 kind, style;
	struct str text;        /* scalar: its text; alias: the name. Lives until the next yaml_next */
	struct str anchor, tag; /* names without '&'; tags as written, "!!str"; views of the document, or empty */
	u32 at;                 /* offset of the node in the document */
};

struct yaml_level {
	u8 state;
	bool first;    /* nothing of it has been read */
	int indent;    /* column of its keys or dashes; -1 in flow */
	u32 at;        /* where it began */
};

struct yaml {
	struct str in;
	struct buf *room;       /* for texts that are not in the document as they are */
	u32 at, line_at;        /* next byte; first byte of its line */
	u32 depth;
	bool fresh;             /* only indentation stands before `at` on its line */
	bool tabbed;            /* ... and a tab is part of it */
	bool directives;
	const char *why;        /* set once: what was expected; static */
	u32 why_at;
	struct yaml_level level[YAML_DEPTH_MAX + 2];
};

/* Begins. room takes unfolded and unescaped texts: one and a half times the document and 16 bytes are always enough. A
 * byte order mark in front is skipped. */
void yaml_init(struct yaml *y, struct str text, struct buf *room);

/* The next event. 0; ERR_BAD: no YAML, y->why says what was expected and y->why_at where, ever after; ERR_FULL: deeper
 * than YAML_DEPTH_MAX or room too small (y->why is set, too). */
int yaml_next(struct yaml *y, struct yaml_event *e);

/* Line and column of an offset, both from 1; columns count characters. */
void yaml_place(struct str text, u32 at, u32 *line, u32 *column);

/* What a scalar is: by its tag, else by its style and text. */
u8 yaml_type(const struct yaml_event *e);

/* Appends a YAML_NUMBER as a JSON number: as written where that is one; 0x1F, 0o17, +1, .5, 007 become the number they
 * are. ERR_BAD when it has more than 64 bits in octal or hexadecimal. */
int yaml_number(struct str text, struct buf *out);

#endif
