/* thin: the last step before a catalog is put together: equal schemas, arguments and lists are stored once. */
#ifndef CATALOG_THIN_H
#define CATALOG_THIN_H

#include "catalog/build.h"

/* Nothing is added behind it but PART_ARGS, which is made here: the arguments of each operation by their numbers.
 * ERR_FULL when the arena has no room. */
int thin(struct build *b);

#endif
