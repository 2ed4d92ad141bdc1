/* build: writes a catalog file part by part in the import's arena. Parts grow by doubling, so a part costs at most
 * twice its size; equal strings are stored once. A full arena sets `full`, writes go nowhere from then on, and
 * build_finish refuses: check once at the end. */
#ifndef CATALOG_BUILD_H
#define CATALOG_BUILD_H

#include "base/map.h"
#include "catalog/catalog.h"
#include "catalog/catalog_priv.h"
#include "catalog/fold.h"

struct build_part {
	u8 *p;
	u32 n, cap; /* bytes */
};

struct build {
	struct arena *arena;
	struct build_part part[CATALOG_PARTS];
	struct map strings; /* short strings to their offset */
	struct fold *fold;
	u8 void_record[256]; /* what a full build hands out to write to */
	bool full;
};

/* Prepares for a document of about this many tokens. ERR_FULL when the arena has no room. */
int build_init(struct build *b, struct arena *arena, u32 tokens);

/* Adds one zeroed record to a part, valid until the next one is added to the same part; build_count was its index. */
u8 *build_add(struct build *b, enum catalog_part_id part);

/* Number of records of a part so far, and record i of it, valid until one is added. */
u32 build_count(const struct build *b, enum catalog_part_id part);
u8 *build_at(struct build *b, enum catalog_part_id part, u32 i);

/* Drops all records of a part from i on: an operation that turned out impossible leaves nothing. */
void build_drop(struct build *b, enum catalog_part_id part, u32 i);

/* Stores s and writes its offset and length to the 8 bytes at field (in a record of another part). */
void build_text(struct build *b, struct str s, u8 *field);

/* Appends a tool, folded, to PART_TOOLS. */
void build_tool(struct build *b, struct str json);

/* Puts everything together. out is a view into the arena that lives as long as it; ERR_FULL when the arena or
 * CATALOG_FILE_MAX is too small. */
int build_finish(struct build *b, const struct catalog_info *info, struct str *out);

/* Makes the checksums of a whole catalog file at p right: for the writer, and for tests that change a byte. */
void build_seal(u8 *p, u32 n);

#endif
