/* hidden: which members of answers an API's document calls secret, wherever in it: `format: password` and
 * `x-secret: true`; and `writeOnly: true` where no other schema has a member of that name that may be read. */
#ifndef CATALOG_HIDDEN_H
#define CATALOG_HIDDEN_H

#include "catalog/refs.h"

#define HIDDEN_MAX 64 /* names */

/* The names, "a,b"; in the import's arena. */
struct str hidden_names(const struct refs *r);

#endif
