/* source: the files that an API document is made of, as one JSON text. The document's own file comes first; each file
 * that a "$ref" names is read from disk and follows as an element of a member of its own:
 *
 *      {"openapi":"3.1.0", ... ,"x-mcpgated-files":[{...},{...}]}
 *
 * A document in one file of JSON is that file, not copied. Files lie in the directory the caller opened or below, links
 * are not followed, and nothing is ever fetched. Everything lives in the import's arena. */
#ifndef CATALOG_SOURCE_H
#define CATALOG_SOURCE_H

#include "catalog/origin.h"
#include "json/json.h"

#define SOURCE_FILES_MAX 2000
#define SOURCE_ALL_MAX (96U << 20) /* bytes of all files together */
#define SOURCE_NAME_MAX 400        /* bytes of a file's path in the directory */
#define SOURCE_FILES STR("x-mcpgated-files")

struct source_file {
	struct str name;      /* path in the directory, without "." and ".." */
	struct str text;      /* as on disk */
	struct str json;
	struct origin origin; /* of json in text; none: it is text itself, from skip on */
	u32 skip;
	u32 at;               /* of json in the whole */
	u32 tok;              /* its value in the document */
	u32 size, changed;
	const char *why;      /* why it is not there; NULL: it is */
	u32 *lines;           /* number and start of the line at every 16 KB, counted when first asked for */
};

struct source_place {
	struct str file;
	u32 line, column;     /* from 1; columns count characters */
};

struct source {
	struct arena *arena;
	int dir;                   /* where files are looked for; -1: nowhere */
	struct source_file *file;  /* room for SOURCE_FILES_MAX */
	u32 n;
	u64 all;                   /* bytes read */
	struct str json;           /* the whole */
	u32 tokens;
	u32 end;                   /* first token behind the files: an overlay may add some */
	struct origin converted;   /* of json, when it was made of another whole (swagger2) */
	const char *why;           /* after an error: what was expected, and where */
	struct source_place place;
};

/* Reads text, the contents of the file called name, and all files it refers to. 0; ERR_BAD with why and place; ERR_FULL
 * (why may be set). */
int source_open(struct source *s, struct str name, struct str text);

/* Finds the files in the parsed whole: once after each parse. */
void source_tokens(struct source *s, const struct jdoc *doc);

/* Which file a token stands in. */
struct source_file *source_of(const struct source *s, u32 tok);

/* The file that a reference without its fragment names, as written in `from`. NULL with why, a static text: it leads
 * out of the directory, to the network, or to no file that could be read. */
struct source_file *source_find(const struct source *s, const struct source_file *from, struct str ref,
    const char **why);

/* Whether such a why means a place that is never looked at, not a file that is missing or broken. */
bool source_outside(const char *why);

/* File, line and column of an offset in the whole. */
void source_place(struct source *s, u32 at, struct source_place *place);

#endif
