/* report: what an import did, operation by operation where something was lost. Filled by the compiler, printed by the
 * commands. Lives in the import's arena; views point into it and into the document. */
#ifndef CATALOG_REPORT_H
#define CATALOG_REPORT_H

#include "base/buf.h"
#include "catalog/catalog.h"
#include "catalog/source.h"

#define REPORT_NOTES_MAX 2000 /* notes kept; further ones are only counted */
#define REPORT_LARGEST 5

/* SKIP: an operation that is not in the catalog. NOTE: something about one that is, or about the document. */
enum report_kind { REPORT_SKIP, REPORT_NOTE };

struct report_item {
	u8 kind, method;   /* method: CATALOG_METHODS when the item is not about an operation */
	struct str verb;   /* the method's name, where the document has one of its own */
	struct str path;   /* template, or empty */
	struct str pointer; /* JSON pointer to the place in the document */
	struct source_place place; /* the same as file, line and column; line 0: not known */
	const char *why;   /* static text: items with the same why are the same reason */
	struct str detail; /* a name or value, or empty */
};

struct report {
	struct arena *arena;
	struct report_item *item;
	u32 n, cap, note_n, lost; /* lost: notes beyond REPORT_NOTES_MAX */
	u32 hidden;               /* of the skipped: those an overlay hides */
	u32 outside;              /* schemas that lie outside the document and are never fetched */
	struct catalog_info info;
	u64 tool_bytes;           /* of all tools */
	struct { struct str name; u32 bytes; } largest[REPORT_LARGEST];
	const char *why;          /* after a failed import: why nothing was made; else NULL */
	struct str why_pointer;   /* where, or empty */
	struct source_place why_place; /* line 0 when it is not about a line */
};

/* Adds an item; texts are copied. When the arena is full it is only counted as lost. */
void report_add(struct report *r, const struct report_item *item);

/* Counts one tool of n bytes. */
void report_tool(struct report *r, struct str name, u32 bytes);

/* Estimated tokens of n bytes of tool JSON: bytes / 4, rounded up. A rule of thumb, the same for every model. */
u64 report_tokens(u64 bytes);

/* Whether it says that an overlay's target is not there, or not understood. */
bool report_unmet(const struct report_item *item);

/* Whether anything of the document was left out, or of what it refers to: exit code 3 of the command. */
bool report_losses(const struct report *r);

/* Appends why a document was refused, and where: "a value is missing (api.yaml:12:3) at /paths". One line. */
void report_why(const struct report *r, struct buf *out);

/* Appends the report for people; all: every item, else only reasons with their numbers. Check out->over. */
void report_text(const struct report *r, bool all, struct buf *out);

/* Appends the report as one JSON object; c, unless NULL, is what was made, and then each operation is told: its tool's
 * name, whether that or arguments had to change, and whether its schema was shortened. Check out->over. */
void report_json(const struct report *r, const struct catalog *c, struct buf *out);

#endif
