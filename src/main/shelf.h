/* shelf: a catalog for a command to look into: a .cat file, an API document compiled in memory, or the name of an api
 * whose configuration is at hand. */
#ifndef MAIN_SHELF_H
#define MAIN_SHELF_H

#include "base/arena.h"
#include "catalog/catalog.h"
#include "catalog/report.h"
#include "main/flags.h"
#include "main/fresh.h"

struct shelf {
	struct catalog catalog;
	struct arena arena;    /* holds what was compiled */
	struct report report;  /* of a document; report.arena NULL: it was a catalog */
};

/* Opens it; stays until the process ends. FLAGS_GO, or the exit code after telling why. */
int shelf_open(struct shelf *s, const struct flags *a, const char *path);

/* The same for a document with its overlays, as it would be served. */
int shelf_compile(struct shelf *s, const struct flags *a, const struct fresh *f);

/* Bytes of all tools of a catalog, and the estimate of what they cost a model. */
u64 shelf_tool_bytes(const struct catalog *c);
u64 shelf_tokens(const struct catalog *c);

#endif
