/* refs: finding things in a big document fast: members of large objects by hash, $ref targets, and the JSON pointer of
 * any place for the report. Everything lives in the import's arena; the document's text and tokens stay unchanged. */
#ifndef CATALOG_REFS_H
#define CATALOG_REFS_H

#include "base/map.h"
#include "json/json.h"

#define REFS_CHAIN_MAX 16 /* a $ref that leads to a $ref that ... */

struct refs {
	const struct jdoc *doc;
	struct arena *arena;
	u32 *parent;       /* token of the container of each value; UINT32_MAX at the root */
	struct map member; /* (object, key) to value, for large objects */
};

/* Prepares doc. ERR_FULL when the arena has no room. O(tokens). */
int refs_init(struct refs *r, const struct jdoc *doc, struct arena *arena);

/* The cursor at a token number, and the member of an object: like json_get, but O(1) in large objects. */
struct jcur refs_at(const struct refs *r, u32 tok);
struct jcur refs_get(const struct refs *r, struct jcur object, struct str key);

/* First element of an array, first member of an object; a miss when c is anything else. */
struct jcur refs_elements(struct jcur c);
struct jcur refs_members(struct jcur c);

/* Where a "#/a/b" reference leads (percent and ~ escapes decoded), not followed further. A miss (ERR_NONE) when it
 * leads nowhere; ERR_DENY when it points outside the document. */
struct jcur refs_target(const struct refs *r, struct str ref);

/* Follows $ref members from c to something that has none. c itself when it has none; a miss when one leads nowhere or
 * in a circle. */
struct jcur refs_follow(const struct refs *r, struct jcur c);

/* Appends the JSON pointer of c, "/paths/~1users/get". */
void refs_pointer(const struct refs *r, struct jcur c, struct buf *out);

#endif
