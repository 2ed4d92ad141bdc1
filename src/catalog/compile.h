/* compile: what the files that compile one operation share: the state of an import and the operation being made.
 *
 *      openapi -> operation -> inputs, payload -> tool, build
 *
 * Everything lives in the import's arena; an operation's own lists in the scratch arena of the schemas, given back when
 * it is written. */
#ifndef CATALOG_COMPILE_H
#define CATALOG_COMPILE_H

#include "catalog/build.h"
#include "catalog/import.h"
#include "catalog/refs.h"
#include "catalog/schema.h"
#include "catalog/servers.h"

struct compile {
	struct import *im;
	struct source source;
	struct jdoc doc;
	struct refs refs;
	struct build build;
	struct schema schema;
	struct servers servers;
	struct report *report;
	struct buf tool;   /* room for one tool's JSON */
	struct str *texts; /* description of each operation, for the search index */
	u32 string;        /* reference to a schema that says string, for what says nothing */
	bool full;
};

/* One argument of an operation. */
struct input {
	struct str wire, arg, text;
	struct str type; /* content type of a part */
	u8 in, style;
	u32 flags;      /* CATALOG_PARAM_* */
	struct str initial; /* what an overlay gives when none is given: JSON, or empty */
	u32 ref;        /* its schema */
	struct jcur at; /* where it stands, for the report */
};

struct operation {
	struct jcur item, at, body; /* path item, operation, request body in the document */
	u8 method, effect, kind;
	u32 flags;                 /* CATALOG_OP_* */
	struct str verb;           /* CATALOG_METHOD_OTHER: the method */
	struct str path, id, name, summary, text, body_type, body_text, body_note;
	u32 body_extra;            /* schema of undeclared members, SCHEMA_NONE: anything */
	struct str extra;          /* of an overlay, for calls: JSON */
	struct input *input;       /* room for CATALOG_ARGS_MAX */
	u32 input_n;
	u32 at_props, at_required, props_n, required_n;
	const char *why;           /* set once: why it cannot be imported */
	struct str why_detail;
	struct jcur why_at;
};

/* Says why an operation cannot be imported; the first reason stands. at may be a miss: then the operation itself. */
void compile_skip(struct operation *op, const char *why, struct str detail, struct jcur at);

/* Notes something lost about an operation that is imported, or about the document when op is NULL. */
void compile_note(struct compile *c, const struct operation *op, const char *why, struct str detail,
    struct jcur at);

/* Writes an operation's reason into the report. */
void compile_skipped(struct compile *c, const struct operation *op);

/* A string member's decoded text, or an empty one. Lives as long as the import. */
struct str compile_text(struct compile *c, struct jcur object, const char *key);

#endif
