/* doc: a catalog made of a small OpenAPI document, for tests of what works with catalogs. All static, as in rig.h. */
#ifndef TESTS_DOC_H
#define TESTS_DOC_H

#include "catalog/catalog.h"
#include "catalog/import.h"

#include <stdio.h>
#include <sys/mman.h>

#define DOC_ARENA ((size_t)48 << 20)

struct doc {
	struct arena arena;
	struct import import;
	struct catalog catalog;
};

/* Compiles a whole document; the program ends with a message when it is not good. */
static inline void
doc_open(struct doc *d, struct str text)
{
	int err;

	if (!d->arena.p) {
		void *p = mmap(NULL, DOC_ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		ASSERT(p != MAP_FAILED);
		d->arena = arena_over(p, DOC_ARENA);
	}
	arena_rewind(&d->arena, 0);
	d->import = (struct import){ .arena = &d->arena, .text = text };
	err = import_document(&d->import);
	if (err)
		fprintf(stderr, "%.*s\nimport: %d %s\n", STR_ARG(text), err, d->import.report.why ? d->import.report.why : "");
	ASSERT(err == 0);
	ASSERT(catalog_open(&d->catalog, d->import.out) == 0);
}

/* Compiles a document with one operation: method (lower case), path and the inside of the operation object. */
static inline void
doc_one(struct doc *d, const char *method, const char *path, const char *inside, struct catalog_op *op)
{
	static char text[65536];
	int n = snprintf(text, sizeof text, "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":"
	    "{\"%s\":{\"%s\":{\"operationId\":\"op\",%s%s\"responses\":{\"200\":{\"description\":\"ok\"}}}}}}",
	    path, method, inside, *inside ? "," : "");

	ASSERT(n > 0 && n < (int)sizeof text);
	doc_open(d, str_of(text, (u32)n));
	ASSERT(d->catalog.op_n == 1);
	catalog_op(&d->catalog, 0, op);
}

static inline void
doc_close(struct doc *d)
{
	if (d->arena.p)
		munmap(d->arena.p, DOC_ARENA);
	*d = (struct doc){ .arena = { .p = NULL } };
}

#endif
