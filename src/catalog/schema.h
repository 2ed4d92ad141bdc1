/* schema: JSON Schemas of an API document, made plain. A schema in the document becomes a shape once, on demand: $ref
 * followed, allOf merged, type arrays and nullable folded into one mask. Children stay references until somebody looks
 * at them, so cycles are harmless here and whoever descends brings the bound.
 *
 *      token --schema_shape--> shape --schema_flat--> shape without alternatives --schema_json--> tool JSON
 *                                \------------------schema_node-------------------------------> catalog nodes
 *
 * Everything lives in the import's arena. A full arena or too much work sets `full` or cuts; both end in plain shapes
 * that allow anything, never in a failure here. */
#ifndef CATALOG_SCHEMA_H
#define CATALOG_SCHEMA_H

#include "catalog/build.h"
#include "catalog/catalog.h"
#include "catalog/refs.h"
#include "catalog/report.h"
#include "json/jout.h"

#define SCHEMA_NONE UINT32_MAX
#define SCHEMA_SHAPE 0x80000000U  /* a reference to a shape by number; without it: a token of the document */
#define SCHEMA_DEPTH_MAX 24       /* allOf in allOf in ... */
#define SCHEMA_LEVELS_MAX 12      /* objects and arrays in one another in a tool's JSON */
#define SCHEMA_VALUE_MAX 240      /* bytes of a default or example that is kept */

/* Flags of a shape beside those of catalog nodes (below 0x1000) and CATALOG_HAS_*. */
#define SHAPE_OPEN 0x1000000U     /* additionalProperties: true or a schema, as written */
#define SHAPE_NULLABLE 0x2000000U
#define SHAPE_PROPERTIES 0x4000000U /* had a properties keyword, even an empty one */
#define SHAPE_UNION 0x8000000U    /* made by schema_flat of several schemas for one name */

/* Places in shape.limit. */
enum { LIMIT_LEN_MIN, LIMIT_LEN_MAX, LIMIT_ITEMS_MIN, LIMIT_ITEMS_MAX, LIMIT_PROPS_MIN, LIMIT_PROPS_MAX, LIMITS };

struct shape_prop {
	struct str name;
	u32 ref;        /* SCHEMA_NONE: required but never described */
	bool required;
};

struct shape {
	u32 types, flags;    /* CATALOG_T_*; CATALOG_NODE_*, CATALOG_HAS_*, SHAPE_* */
	struct str title, text, format, pattern;
	struct str enums;    /* compact JSON array, or empty */
	u32 enum_n;
	struct str initial, example; /* compact JSON, or empty */
	struct str min, max, step;   /* numbers as written, or empty */
	u32 limit[LIMITS];
	struct shape_prop *prop;
	u32 prop_n, prop_cap;
	u32 *alt;            /* references of oneOf and anyOf */
	u32 alt_n, alt_cap;
	u32 additional, items;
	struct str selector; /* discriminator.propertyName */
	struct str note;     /* flat shapes: the choice in words */
	u32 tok;             /* where it stands in the document, or SCHEMA_NONE */
	u32 number, node, flat; /* its own number; node and flat shape made of it, + 1 */
};

struct schema {
	const struct refs *refs;
	struct arena *arena;
	struct arena scratch;     /* for texts that are needed for a moment */
	struct report *report;
	struct catalog_counts *counts;
	struct build *build;
	u32 named;                /* token of components.schemas: its members have names that mean something */
	u32 *of_token;            /* shape of each token, + 1 */
	u8 *told;                 /* a bit for each token of which something was told */
	struct shape **shape;
	u32 n, cap;
	u64 work;                 /* steps left before everything becomes "anything" */
	struct shape anything;
	u32 *queue;               /* shapes whose nodes have a number but no contents yet */
	u32 queue_n, queue_cap;
	bool full;
};

/* Prepares for the document behind refs. ERR_FULL when the arena has no room. */
int schema_init(struct schema *s, const struct refs *refs, struct build *build, struct report *report);

/* Tells that following the $ref in the object at `at` ended in err: once. */
void schema_broken_ref(struct schema *s, struct jcur at, int err);

/* The shape of a reference; of SCHEMA_NONE or anything broken the shape that allows everything. Never NULL. */
struct shape *schema_shape(struct schema *s, u32 ref);

/* A shape without alternatives that says as much of sh as one object can: oneOf and anyOf united, the choice told in
 * words (note). sh itself when it has none. */
struct shape *schema_flat(struct schema *s, struct shape *sh);

/* The one type (CATALOG_T_* bit, not the null type) that a strict client is told; 0 when it may be anything. */
u32 schema_type(const struct shape *sh);

/* "string", "object" ... of one type bit; "value" of none. */
const char *schema_type_text(u32 type);

/* Node of a reference in the catalog being built, with everything below it. */
u32 schema_node(struct schema *s, u32 ref);

/* A new empty shape; one that allows the listed references as alternatives. References to them are
 * SCHEMA_SHAPE | number. */
struct shape *schema_new(struct schema *s);

/* Adds a property or an alternative to a shape that is being made. */
void schema_add_prop(struct schema *s, struct shape *sh, const struct shape_prop *prop);
void schema_add_alt(struct schema *s, struct shape *sh, u32 ref);

/* The property of this name, or NULL. */
struct shape_prop *schema_prop(const struct shape *sh, struct str name);

/* What to call a shape in prose: its title, else its name among the document's schemas; may be empty. In s->scratch. */
struct str schema_name(struct schema *s, const struct shape *sh);

/* Appends JSON text without the white space between its tokens. */
void schema_compact(struct buf *out, struct str json);

/* The next element of a compact JSON array: *at begins at 1, behind the bracket. STR_NONE at the end.
 * schema_enum_has: whether one of them is value, compared as text; the array may lack its end. */
struct str schema_enum_next(struct str enums, u32 *at);
bool schema_enum_has(struct str enums, struct str value);

/* Uses up work: merging and uniting are linear for honest documents, and this bounds the others. */
static inline void
schema_spend(struct schema *s, u32 steps)
{
	s->work -= steps < s->work ? steps : s->work;
}

/* How much of a schema a tool may show. */
struct schema_face {
	struct schema *schema;
	u32 levels;    /* objects in one another; deeper ones are only named */
	u32 text_max;  /* bytes of a description; 0: none */
	u32 stack[SCHEMA_LEVELS_MAX + 1], depth, objects; /* shapes being written */
	u32 cut_depth, cut_cycle; /* what was cut on the way */
};

/* Writes the schema of a reference as one JSON value, an object: one type, no oneOf, anyOf, allOf, $ref, no readOnly
 * members. text, when not empty, is the description instead of the schema's own; extra goes behind it. */
void schema_json(struct schema_face *face, struct jout *o, u32 ref, struct str text, struct str extra);

#endif
