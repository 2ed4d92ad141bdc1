/* import: compiles one API document into a catalog file, in memory. The command and the supervisor call this in a
 * process of its own, with one large mapped arena: about eight times the document, 160 MB for the largest we know.
 *
 *      struct import im = { .arena = &arena, .text = document, .mtime = mtime };
 *      if (import_document(&im) == 0)
 *              write im.out; print im.report */
#ifndef CATALOG_IMPORT_H
#define CATALOG_IMPORT_H

#include "base/arena.h"
#include "catalog/report.h"

#define IMPORT_TOOL_MAX 16384 /* bytes of one tool's JSON unless told otherwise; then its schema is shortened */

#define IMPORT_OVERLAYS 2

struct import {
	struct arena *arena;
	struct str text;      /* the document; stays unchanged until report and out are done with */
	struct str name;      /* its path in dir, for $ref to other files and for messages; or empty: there are none */
	int dir;              /* the directory that holds all its files; only with a name */
	struct str base;      /* URL the document came from, for relative servers; or empty */
	u64 mtime;            /* of the document, seconds since 1970 */
	struct str overlay[IMPORT_OVERLAYS]; /* texts of overlays, applied in this order; or empty */
	struct str names;     /* names of the import before, a line each: "METHOD /path NAME"; or empty */
	struct str names_out; /* answer: the same for the next one, in the arena */
	u32 tool_max;         /* 0: IMPORT_TOOL_MAX */
	bool strict;          /* skipped operations are a failure */
	struct str out;       /* answer: the catalog file, in the arena */
	struct report report; /* answer, also after a failure */
};

/* Compiles the document, or takes it as it is when it is a catalog (catalog/taken.h). 0 with out set; ERR_BAD: no API
 * document in JSON or YAML (report.why says what is wrong,
 * report.why_place where); ERR_FULL: the arena is too small; ERR_DENY: strict, and the report has
 * skipped operations. */
int import_document(struct import *im);

/* Bytes of arena that are enough for a document of n bytes, for the caller's mmap. */
u64 import_arena_bytes(u64 n);

/* What a catalog says of the overlays it was compiled with; 0 for none. */
u64 import_overlay_hash(const struct str *overlay);

#endif
