/* effect: whether an operation reads, writes or destroys, by its method and by words in its name and path. In doubt it
 * is the more dangerous one: an overlay can clear it, nobody asks back when something was deleted. */
#ifndef CATALOG_EFFECT_H
#define CATALOG_EFFECT_H

#include "catalog/catalog.h"

/* The effect of a method (enum catalog_method) with this operationId (or empty) and path template.
 * DELETE destroys. GET, HEAD, OPTIONS read, unless the name begins or the path ends with a word such as delete. Others
 * destroy when any word does; they read when the name begins with search, list, get ... or the path ends with search,
 * query ...; else they write. */
u8 effect_of(u32 method, struct str id, struct str path);

/* That of a method of the document's own: what is not known to read is thought to destroy. */
u8 effect_of_verb(struct str verb);

#endif
