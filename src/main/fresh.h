/* fresh: catalogs that are as new as their documents. Compiling reads bytes from outside, so it always happens in a
 * process of its own: jailed, without sockets, able to write nothing but into the catalogs directory. */
#ifndef MAIN_FRESH_H
#define MAIN_FRESH_H

#include "catalog/import.h"

#define FRESH_DOC_MAX (96u << 20) /* bytes of a document */

/* The name of a catalog that waits for somebody to take it, instead of .cat. It shares the other's names. */
#define FRESH_NEW ".new.cat"

/* What is compiled into what. */
struct fresh {
	const char *document;
	const char *within; /* the directory its included files lie in; NULL: its own */
	int dir;            /* where the catalog goes */
	const char *name;   /* its name there: "gitea.cat" */
	const char *overlay; /* path of an overlay, or NULL */
	struct str said;    /* text of one that is applied after it, or empty */
	const char *report; /* path for a JSON report, NULL: none; "-": standard output */
	bool strict;        /* operations left out are a failure */
	bool tell;          /* the report goes to standard error in words; else one line to the log */
	u8 *key;            /* the master key, which the process that compiles forgets; NULL: there is none */
	u32 key_n;
};

/* Whether the catalog must be made: 1 it is missing, of another format, or of another state of document or overlays;
 * 0 it is current: *c is open, until file_unmap(c->file); ERR_NONE the document is not there (or cannot be looked
 * at). */
int fresh_needed(const struct fresh *f, struct catalog *c);

/* Compiles in this process, which is given up for it: enters the jail, writes the catalog, tells what was lost. The
 * exit code: EXIT_OK, EXIT_FAILED (nothing was written), EXIT_LOSSES. */
int fresh_compile(const struct fresh *f);

/* Reads the document into an arena made for it, with its overlays and, if f has a name, the names of before: all that
 * import_document needs, which is the caller's to call. FLAGS_GO, or the exit code after telling why. The caller closes
 * im->dir and gives the arena back. */
int fresh_read(const struct fresh *f, struct arena *a, struct import *im);

/* Starts fresh_compile in a child: its process id, or ERR_IO. */
int fresh_start(const struct fresh *f);

/* The directory that the files of a document lie in: within, or its own. */
struct str fresh_within(const char *document, const char *within);

/* Where a document is: its directory opened (or within, which its path must begin with) and its path in it, for $ref to
 * other files. The caller closes the directory. An error when that is impossible; then name is empty. */
int fresh_dir(const char *document, const char *within, struct str *name);

/* Memory to read and compile a document of n bytes and to write its report: several times what JSON needs, because YAML
 * and included files may grow. p is NULL when the system has not even that. Give it back with page_give. */
struct arena fresh_arena(u64 n);

/* Opens a catalog for reading: maps it and checks all of it. 0, or an error with a line in why. The mapping stays until
 * file_unmap(c->file). */
int fresh_open(struct catalog *c, int dir, const char *name, struct buf *why);

#endif
