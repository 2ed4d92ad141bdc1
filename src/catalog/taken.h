/* taken: a catalog in the place of a document: what an import made, on whatever machine, is taken as it is. Only what
 * it says of its source changes: that is now this file. */
#ifndef CATALOG_TAKEN_H
#define CATALOG_TAKEN_H

#include "catalog/import.h"

/* Whether the document is a catalog. */
bool taken_is(const struct import *im);

/* Makes a catalog of it, as import_document. ERR_BAD, too, when overlays should still change it, other than those it
 * was made with. */
int taken_document(struct import *im);

#endif
