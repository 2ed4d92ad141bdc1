/* namebook: what operations were called at the import before, so that a document's next version renames none.
 *
 *      GET /pets/{id} get_pet
 *
 * One line for each operation that was ever there, by method and path; what has left the document keeps its line, and
 * its name when it comes back. */
#ifndef CATALOG_NAMEBOOK_H
#define CATALOG_NAMEBOOK_H

#include "catalog/naming.h"

#define NAMEBOOK_MAX (8 * 1024 * 1024)

/* Gives wishes without a given name that of their line. */
void namebook_keep(struct str text, struct naming_wish *wish, u32 n);

/* Writes the lines of all named wishes, in their order, then the old lines of others. ERR_FULL. */
int namebook_write(struct str old, const struct naming_wish *wish, u32 n, struct arena *a, struct str *out);

#endif
