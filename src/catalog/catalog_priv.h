/* catalog_priv: how a catalog file is laid out. Shared by the reader (catalog.c, catalog_open.c) and the writer
 * (build.c); nobody else needs to know.
 *
 *   0    "MCPGCAT\n"
 *   8    version, file size, CRC-32C of the header with this field 0, number of parts
 *   24   map_hash of everything behind the header (64 bits)
 *   32   parts: number of records of each, 4 bytes
 *   108  info: strings, source, counts, overlay
 *   244  end of the header; the parts follow one another, then TAIL_N bytes of zero
 *
 * A string is (offset, length) into PART_STRINGS. Every number is little-endian. The compiler works with records of
 * whole numbers, 4 bytes each (fields, SIZE_*). In the file a part that has any records begins with its columns, two
 * bytes for each field: where it stands in a row, and its width (0 to 4 bytes), 8 more when the row holds the number
 * plus one, so that CATALOG_NONE is short, too. Rows follow, each as wide as its columns together: most numbers are
 * small, and many columns are empty. */
#ifndef CATALOG_CATALOG_PRIV_H
#define CATALOG_CATALOG_PRIV_H

#include "base/le.h"
#include "catalog/catalog.h"

#define CATALOG_MAGIC "MCPGCAT\n"

enum catalog_part_id {
	PART_STRINGS, PART_OPS, PART_PARAMS, PART_PIECES, PART_TAGS, PART_USES, PART_ANSWERS, PART_NODES, PART_PROPS,
	PART_BOUNDS, PART_ALTS, PART_SERVERS, PART_VARS, PART_SCHEMES, PART_WORDS, PART_POSTINGS, PART_FILES,
	PART_ARGS, PART_TOOLS
};

#define HEAD_VERSION 8
#define HEAD_SIZE 12
#define HEAD_CRC 16
#define HEAD_PART_N 20
#define HEAD_HASH 24
#define HEAD_PART 32
#define HEAD_INFO 108 /* title, version, text, openapi, secrets: 8 each; source size, mtime, hash: 8 each; counts */
#define HEAD_SOURCE (HEAD_INFO + 40)
#define HEAD_COUNT (HEAD_SOURCE + 24)
#define HEAD_COUNTS 16
#define HEAD_OVERLAY (HEAD_COUNT + 4 * HEAD_COUNTS)
#define HEAD_N 244

static_assert(HEAD_PART + 4 * CATALOG_PARTS == HEAD_INFO, "the table of parts fits the header");
static_assert(HEAD_OVERLAY + 8 == HEAD_N, "the counts fit the header");

#define COLUMN_WIDTH 7u /* bits of a column's second byte */
#define COLUMN_PLUS 8u
#define TAIL_N 3u   /* bytes behind the last row that reading a whole number may touch */

/* Bytes of one record of each part, as the compiler has it. */
#define SIZE_OP 152
#define SIZE_PARAM 36
#define SIZE_PIECE 12
#define SIZE_TAG 8
#define SIZE_USE 16
#define SIZE_ANSWER 12
#define SIZE_NODE 68
#define SIZE_PROP 16
#define SIZE_BOUNDS 56
#define SIZE_ALT 4
#define SIZE_SERVER 36
#define SIZE_VAR 24
#define SIZE_SCHEME 28
#define SIZE_WORD 16
#define SIZE_POSTING 4
#define SIZE_FILE 16
#define SIZE_ARG 4 /* number of a parameter */
#define SIZE_MOST SIZE_OP

/* Fields of an operation, in bytes from its start. */
enum {
	OP_NAME = 0, OP_ID = 8, OP_PATH = 16, OP_SUMMARY = 24, OP_TOOL_N = 32 /* 36: room */,
	OP_BODY_TYPE = 40, OP_TOOL = 48, OP_PARAMS = 56, OP_PIECES = 64, OP_TAGS = 72, OP_USES = 80, OP_ANSWERS = 88,
	OP_KINDS = 96, OP_FLAGS = 100,
	OP_SERVER = 104, OP_BODY_EXTRA = 108, OP_ANSWER_NODE = 112, OP_AT_PROPS = 116, OP_AT_REQUIRED = 120,
	OP_PROPS_N = 124, OP_REQUIRED_N = 128, OP_EXTRA = 132, OP_VERB = 140 /* 148 .. 151: room, zero */
};

/* Fields of a node. BOUNDS is an index or CATALOG_NONE. */
enum {
	NODE_TYPES = 0, NODE_FLAGS = 4, NODE_ENUMS = 8, NODE_INITIAL = 16, NODE_EXAMPLE = 24, NODE_FORMAT = 32,
	NODE_PROPS = 40, NODE_ALTS = 48, NODE_ADDITIONAL = 56, NODE_ITEMS = 60, NODE_BOUNDS = 64
};

/* Bounds: pattern, min, max, step as IEEE doubles, then six u32 limits. */
enum { BOUNDS_PATTERN = 0, BOUNDS_MIN = 8, BOUNDS_MAX = 16, BOUNDS_STEP = 24, BOUNDS_LIMITS = 32 };

/* One row of a part. */
struct row {
	const u8 *p, *column;
};

static inline struct row
row_of(const struct catalog *c, u32 part, u32 i)
{
	const struct catalog_part *t = &c->part[part];

	return (struct row){ t->p + (size_t)i * t->wide, t->p - t->columns };
}

/* The number in a field, by its place in the compiler's record. */
static inline u32
row_num(struct row r, u32 field)
{
	const u8 *column = r.column + field / 2;

	return (le32(r.p + column[0]) & (u32)((1ULL << 8 * (column[1] & COLUMN_WIDTH)) - 1)) - column[1] / COLUMN_PLUS;
}

/* One of the four bytes of a field. */
static inline u8
row_byte(struct row r, u32 field, u32 k)
{
	return (u8)(row_num(r, field) >> 8 * k);
}

/* The string whose offset and length stand in a field and the next; catalog_open has checked that it lies inside. */
static inline struct str
row_text(const struct catalog *c, struct row r, u32 field)
{
	return str_of(c->part[PART_STRINGS].p + row_num(r, field), row_num(r, field + 4));
}

/* Bytes of one record of part id as the compiler has it; 1 for strings and tools, which are no records. */
u32 catalog_part_size(u32 id);

#endif
