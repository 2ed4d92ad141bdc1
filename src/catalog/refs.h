/* refs: finding things in a big document fast: members of large objects by hash, $ref targets, and the JSON pointer of
 * any place for the report. Everything lives in the import's arena; the document's text and tokens stay unchanged. */
#ifndef CATALOG_REFS_H
#define CATALOG_REFS_H

#include "base/map.h"
#include "catalog/source.h"
#include "json/json.h"

#define REFS_CHAIN_MAX 16 /* a $ref that leads to a $ref that ... */

/* An object with a name of its own: "$id" or "$self" (a URI), "$anchor" or "$dynamicAnchor". */
struct refs_name {
	u32 object, value; /* tokens */
	bool uri;
};

struct refs {
	const struct jdoc *doc;
	struct arena *arena;
	struct source *source; /* the files of the document; NULL: it is one text */
	struct refs_name *name;
	u32 name_n;
	u32 *parent;       /* token of the container of each value; UINT32_MAX at the root */
	struct map member; /* (object, key) to value, for large objects */
};

/* Prepares doc. ERR_FULL when the arena has no room. O(tokens). */
int refs_init(struct refs *r, const struct jdoc *doc, struct arena *arena, struct source *source);

/* The cursor at a token number, and the member of an object: like json_get, but O(1) in large objects. */
struct jcur refs_at(const struct refs *r, u32 tok);
struct jcur refs_get(const struct refs *r, struct jcur object, struct str key);

/* First element of an array, first member of an object; a miss when c is anything else. */
struct jcur refs_elements(struct jcur c);
struct jcur refs_members(struct jcur c);

/* Where a reference leads that stands at token `from`, not followed further: "#/a/b" (percent and ~ escapes decoded) in
 * the same file, "file.yaml#/a/b", the "$id" of a schema, "#anchor". A miss: ERR_NONE when it leads nowhere, ERR_IO
 * when its file could not be read, ERR_DENY when it points outside. */
struct jcur refs_target(const struct refs *r, u32 from, struct str ref);

/* Follows $ref members from c to something that has none. c itself when it has none; a miss when one leads nowhere or
 * in a circle. */
struct jcur refs_follow(const struct refs *r, struct jcur c);

/* Appends the JSON pointer of c, "/paths/~1users/get"; in another file than the first one "file.yaml#/get". whole: as
 * one text, through all files. */
void refs_pointer(const struct refs *r, struct jcur c, struct buf *out);
void refs_pointer_whole(const struct refs *r, struct jcur c, struct buf *out);

/* File, line and column of c; zero when it is a miss or there are no files. */
void refs_place(const struct refs *r, struct jcur c, struct source_place *place);

#endif
