/* catalog: the reader of a compiled API document (.cat), one file mapped read-only.
 *
 *   header | strings | operations params pieces nodes props bounds lists ... | tool JSON
 *
 * catalog_open checks every offset, index and size once; a damaged or hostile file is refused
 * there, and afterwards no accessor can leave the file. Numbers are 32-bit little-endian and
 * decoded on access, so any machine reads any file. No heap: a struct catalog is a few numbers, and
 * every struct str is a view into the mapping that lives as long as the mapping does. Records are
 * decoded into the caller's struct; an index out of range is a caller's mistake (ASSERT). */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include "base/buf.h"

/* Raised when the format or what the compiler writes changes: other files are compiled again. */
#define CATALOG_VERSION 10
#define CATALOG_NONE 0xffffffffU /* no such node, parameter, server ... */
#define CATALOG_OPS_MAX 16384    /* operations in one file */
#define CATALOG_ARGS_MAX 512     /* arguments of one operation */
#define CATALOG_FILE_MAX (256U * 1024 * 1024)

enum catalog_method {
	CATALOG_GET, CATALOG_HEAD, CATALOG_POST, CATALOG_PUT, CATALOG_PATCH, CATALOG_DELETE, CATALOG_OPTIONS,
	CATALOG_TRACE, CATALOG_METHOD_QUERY, CATALOG_METHOD_OTHER /* catalog_op.verb */, CATALOG_METHODS
};

enum catalog_effect { CATALOG_READ, CATALOG_WRITE, CATALOG_DESTRUCTIVE, CATALOG_EFFECTS };

/* How arguments travel. CATALOG_MEMBER: one member of a JSON object or form body; CATALOG_BODY: the
 * whole body; CATALOG_TYPE: our own, the content type of the body where there are several. */
enum catalog_in {
	CATALOG_PATH, CATALOG_QUERY, CATALOG_HEADER, CATALOG_COOKIE, CATALOG_MEMBER, CATALOG_BODY, CATALOG_TYPE,
	CATALOG_INS
};

enum catalog_style {
	CATALOG_SIMPLE, CATALOG_LABEL, CATALOG_MATRIX, CATALOG_FORM, CATALOG_SPACE, CATALOG_PIPE, CATALOG_DEEP,
	CATALOG_STYLES
};

enum catalog_kind {
	CATALOG_KIND_NONE, CATALOG_KIND_JSON, CATALOG_KIND_FORM, CATALOG_KIND_TEXT, CATALOG_KIND_MULTIPART,
	CATALOG_KIND_BINARY, CATALOG_KINDS
};

/* Flags of an operation. */
#define CATALOG_OP_DEPRECATED 1U
#define CATALOG_OP_BODY_REQUIRED 2U
#define CATALOG_OP_BODY_OPEN 4U    /* arguments nobody declared are members of the body (body_extra: their node) */
#define CATALOG_OP_PUBLIC 8U       /* the document says that no credential is needed */
#define CATALOG_OP_ELSEWHERE 16U   /* its server is not server 0: off unless the config names it */
#define CATALOG_OP_IDEMPOTENT 32U
#define CATALOG_OP_FIELDS 128U      /* offers a choice of the answer's members: argument "fields" ... */
#define CATALOG_OP_FIELDS_ELSE 256U /* ... or "gate_fields", since it has an argument "fields" itself */
#define CATALOG_OP_CUT 64U         /* the tool's schema was cut to fit: nodes still know everything */

/* Flags of a parameter. */
#define CATALOG_PARAM_REQUIRED 1U
#define CATALOG_PARAM_EXPLODE 2U
#define CATALOG_PARAM_RESERVED 4U   /* allowReserved: :/?#[]@!$&'()*+,;= go as they are */
#define CATALOG_PARAM_JSON 8U       /* content-typed: the value travels as JSON text */
#define CATALOG_PARAM_DEPRECATED 16U
#define CATALOG_PARAM_EMPTY_OK 32U  /* allowEmptyValue */
#define CATALOG_PARAM_FILE 64U      /* bytes: given as base64 or data: URL, or a list of them */
#define CATALOG_PARAM_PINNED 128U   /* an overlay gives its value: it is not offered */

/* Types of a node, as a mask; 0 means anything. NULL beside others: nullable. NUMBER includes integers. */
#define CATALOG_T_NULL 1U
#define CATALOG_T_BOOL 2U
#define CATALOG_T_INTEGER 4U
#define CATALOG_T_NUMBER 8U
#define CATALOG_T_STRING 16U
#define CATALOG_T_ARRAY 32U
#define CATALOG_T_OBJECT 64U
#define CATALOG_T_ALL 127U

/* Flags of a node. HAS_*: that bound is set. */
#define CATALOG_NODE_READ_ONLY 1U
#define CATALOG_NODE_WRITE_ONLY 2U
#define CATALOG_NODE_SECRET 4U     /* format password */
#define CATALOG_NODE_DEPRECATED 8U
#define CATALOG_NODE_CONST 16U     /* enums holds exactly one value */
#define CATALOG_NODE_CLOSED 32U    /* additionalProperties: false */
#define CATALOG_NODE_OPEN_MIN 64U  /* exclusiveMinimum */
#define CATALOG_NODE_OPEN_MAX 128U /* exclusiveMaximum */
#define CATALOG_NODE_UNIQUE 256U   /* uniqueItems */
#define CATALOG_HAS_MIN 0x1000U
#define CATALOG_HAS_MAX 0x2000U
#define CATALOG_HAS_STEP 0x4000U
#define CATALOG_HAS_LEN_MIN 0x8000U
#define CATALOG_HAS_LEN_MAX 0x10000U
#define CATALOG_HAS_ITEMS_MIN 0x20000U
#define CATALOG_HAS_ITEMS_MAX 0x40000U
#define CATALOG_HAS_PROPS_MIN 0x80000U
#define CATALOG_HAS_PROPS_MAX 0x100000U

/* One part of the file: n records at p (for strings and tools: n bytes). */
struct catalog_part {
	const u8 *p;
	u32 n;
	u16 wide, columns; /* bytes of one, and in front of p of how it is laid out: see catalog_priv.h */
};

#define CATALOG_PARTS 19

struct catalog {
	struct str file;
	struct catalog_part part[CATALOG_PARTS];
	u32 op_n, server_n, scheme_n, node_n;
	const char *why; /* after a refused catalog_open: what is wrong, for people; static text */
};

/* What the import saw. operations = imported + skipped; the rest counts events inside imported ones. */
struct catalog_counts {
	u32 operations, imported, skipped;
	u32 reads, writes, destructives, deprecated, elsewhere;
	u32 cut_depth, cut_cycle, cut_size; /* places where a tool's schema was cut short */
	u32 merged, conflicts, flattened;   /* allOf merged, contradictions in them, oneOf/anyOf made one */
	u32 renamed;                        /* arguments or tools that could not keep their wire name */
	u32 dropped;                        /* parameters that may never be sent (Host, Authorization ...) */
};

struct catalog_info {
	struct str title, version, text;    /* info.title, info.version, info.description (its first 4 KB) */
	struct str openapi;                 /* the version the document claims */
	struct str secrets;                 /* members of answers that are secret: hidden.h */
	u64 source_n, source_mtime, source_hash; /* size, mtime in seconds, map_hash(document, 0) */
	u64 overlay_hash;                   /* map_hash of the overlays it was compiled with, 0: none */
	struct catalog_counts counts;
};

struct catalog_op {
	u32 at;                 /* its place in tools/list: 0 .. op_n - 1, in order of names */
	struct str name;        /* tool name, [A-Za-z0-9_-]{1,64} */
	struct str id;          /* operationId as written, or empty */
	struct str path;        /* template as written: "/projects/{id}" */
	struct str summary;     /* or, where there is none, the first line of its description */
	u8 method, effect, kind;
	struct str verb;        /* CATALOG_METHOD_OTHER: as it is sent; else see catalog_verb */
	u32 flags;
	u32 server;             /* catalog_server index */
	/* first record and number of each, for the accessors */
	u32 params, param_n, pieces, piece_n, tags, tag_n;
	u32 uses, use_n, answers, answer_n;
	struct str body_type;   /* content type to send, for instance "application/json" */
	u32 body_extra;         /* node of undeclared members (CATALOG_OP_BODY_OPEN), or CATALOG_NONE: anything */
	u32 answer_node;        /* room: schema of the 2xx answer; CATALOG_NONE for now */
	struct str folded;      /* JSON of the tool, {"name":...}, as it lies in the file: see catalog_tool */
	u32 tool_n;             /* bytes of that JSON */
	u32 at_props;           /* offset in it just behind the { of inputSchema.properties */
	u32 at_required;        /* just behind the [ of required; if there is none: where it would go */
	u32 props_n, required_n;
	struct str extra;       /* what an overlay says for calls: a JSON object, or empty; see overlay.h */
};

/* Our own arguments beside an operation's. */
#define CATALOG_FIELDS "fields"
#define CATALOG_FIELDS_ELSE "gate_fields"
#define CATALOG_CONTINUE "gate_continue" /* of operations that read */

struct catalog_param {
	struct str arg;  /* name offered to the model; unique in the operation, [A-Za-z0-9_.-]{1,64} */
	struct str wire; /* name on the wire */
	u8 in, style;
	u32 flags, node;
	struct str type; /* content type of a part of a multipart body; may be a list or empty */
};

/* A path template is literal pieces and parameter pieces in order: "/a/{b}.json" is "/a/", b, ".json". */
struct catalog_piece {
	struct str literal; /* when param is CATALOG_NONE; printable ASCII without ?, #, space */
	u32 param;          /* 0 .. op.param_n - 1: give it to catalog_param */
};

/* A schema node, for checking arguments. Nodes may refer back (trees, linked lists): go by the depth of the value. An
 * alternative never has alternatives itself, so trying them ends. A node whose types are 0 is offered to the model as a
 * string that may be any JSON value as text: strict clients want one type. */
struct catalog_node {
	u32 at, types, flags;
	struct str enums;    /* JSON array text, or empty */
	struct str initial;  /* default: JSON text, or empty */
	struct str example;  /* JSON text, or empty */
	struct str format;   /* "date-time", "int32" ..., or empty */
	struct str pattern;  /* as written, ECMA syntax, unchecked: for messages */
	double min, max, step;
	u32 len_min, len_max, items_min, items_max, props_min, props_max;
	u32 props, prop_n;   /* sorted by name */
	u32 additional;      /* node of undeclared members, or CATALOG_NONE: anything (unless CATALOG_NODE_CLOSED) */
	u32 items;           /* node of array elements, or CATALOG_NONE: anything */
	u32 alts, alt_n;     /* oneOf/anyOf: the value should fit one of them (and the node itself) */
};

struct catalog_prop {
	struct str name;
	bool required;
	u32 node;
};

struct catalog_server {
	struct str url;      /* resolved: variables replaced by their defaults; absolute when absolute is true */
	struct str template; /* as written */
	struct str text;
	bool absolute;       /* false: relative to where the document came from, or missing */
	u32 vars, var_n;
};

struct catalog_var {
	struct str name, initial;
	struct str enums; /* JSON array text, or empty */
};

enum catalog_scheme_kind {
	CATALOG_SCHEME_KEY, CATALOG_SCHEME_HTTP, CATALOG_SCHEME_OAUTH2, CATALOG_SCHEME_OIDC, CATALOG_SCHEME_MTLS,
	CATALOG_SCHEME_OTHER
};

struct catalog_scheme {
	struct str name;   /* in the document */
	u8 kind, in;       /* in: CATALOG_QUERY, CATALOG_HEADER or CATALOG_COOKIE for keys */
	struct str wire;   /* key: parameter name; http: scheme ("bearer", "basic"); oidc: discovery URL */
	struct str text;
};

/* One scheme an operation asks for. Uses with the same alternative number are needed together. */
struct catalog_use {
	u32 alternative, scheme;
	struct str scopes; /* JSON array text */
};

struct catalog_answer {
	u32 status;      /* 200 .. 299; 2 for "2XX"; 0 for "default" */
	struct str kind; /* content type as written; empty: no body */
};

/* A file that the document includes. size and changed are 0 when it was not there. */
struct catalog_file {
	struct str name; /* path from the directory of the document, or from the one it was told to stay within */
	u32 size, changed;
};

/* Checks the whole file and fills *c with views into it. 0; ERR_BAD with c->why when anything is out of place.
 * file must stay mapped and unchanged as long as *c is used. */
int catalog_open(struct catalog *c, struct str file);

/* Title, counts and source of the document. */
void catalog_info(const struct catalog *c, struct catalog_info *info);

/* Number of files besides the document itself, and file i of them. */
u32 catalog_file_n(const struct catalog *c);
void catalog_file(const struct catalog *c, u32 i, struct catalog_file *file);

/* Operation `at` (0 .. c->op_n - 1), which is also its place in tools/list. */
void catalog_op(const struct catalog *c, u32 at, struct catalog_op *op);

/* The operation of a tool name. Its index, or ERR_NONE; op may be NULL. O(log n). */
int catalog_find(const struct catalog *c, struct str name, struct catalog_op *op);

/* Parameter i of op (0 .. op->param_n - 1): path, query, header, cookie, then body members or the
 * whole body, then the content type. */
void catalog_param(const struct catalog *c, const struct catalog_op *op, u32 i, struct catalog_param *param);

/* The parameter with this argument name: its number i, or ERR_NONE; param may be NULL. */
int catalog_param_named(const struct catalog *c, const struct catalog_op *op, struct str arg,
    struct catalog_param *param);

/* Piece i of op's path (0 .. op->piece_n - 1). */
void catalog_piece(const struct catalog *c, const struct catalog_op *op, u32 i, struct catalog_piece *piece);

/* Tag i and content kind i of the 2xx answers of op. */
struct str catalog_tag(const struct catalog *c, const struct catalog_op *op, u32 i);
void catalog_answer(const struct catalog *c, const struct catalog_op *op, u32 i, struct catalog_answer *answer);

/* Security use i of op (0 .. op->use_n - 1), and scheme i of the document (0 .. c->scheme_n - 1). */
void catalog_use(const struct catalog *c, const struct catalog_op *op, u32 i, struct catalog_use *use);
void catalog_scheme(const struct catalog *c, u32 i, struct catalog_scheme *scheme);

/* Node `at` (0 .. c->node_n - 1). */
void catalog_node(const struct catalog *c, u32 at, struct catalog_node *node);

/* Property i of node (0 .. node->prop_n - 1), and the one with this name: its number or ERR_NONE;
 * prop may be NULL. */
void catalog_prop(const struct catalog *c, const struct catalog_node *node, u32 i, struct catalog_prop *prop);
int catalog_prop_named(const struct catalog *c, const struct catalog_node *node, struct str name,
    struct catalog_prop *prop);

/* Index of alternative i of node (0 .. node->alt_n - 1). */
u32 catalog_alt(const struct catalog *c, const struct catalog_node *node, u32 i);

/* Server i (0 .. c->server_n - 1; there is always a server 0) and variable i of it. */
void catalog_server(const struct catalog *c, u32 i, struct catalog_server *server);
void catalog_var(const struct catalog *c, const struct catalog_server *server, u32 i, struct catalog_var *var);

/* Appends bytes from .. to of the JSON of op's tool (op->tool_n in all). */
void catalog_tool(const struct catalog *c, const struct catalog_op *op, u32 from, u32 to, struct buf *out);

/* Appends the JSON of op's tool with one more property in front of the others: prop is `"name":{schema}`, required is
 * `"name"` or empty. */
void catalog_splice(const struct catalog *c, const struct catalog_op *op, struct str prop, struct str required,
    struct buf *out);

/* Bytes of a tools/list: the JSON of all tools, with commas between them. */
u64 catalog_tools_n(const struct catalog *c);

/* The method of op as it is sent. */
struct str catalog_verb(const struct catalog_op *op);

/* Names for messages: "GET", "read", "path", "form", "json"; never NULL. */
const char *catalog_method_text(u32 method);
const char *catalog_effect_text(u32 effect);
const char *catalog_in_text(u32 in);
const char *catalog_style_text(u32 style);
const char *catalog_kind_text(u32 kind);

/* Search postings: word i of the index (sorted, lower case) and the operations it stands in; see search.h. */
u32 catalog_word_n(const struct catalog *c);
struct str catalog_word(const struct catalog *c, u32 i, u32 *first, u32 *n);
u32 catalog_posting(const struct catalog *c, u32 at, u32 *weight);

#endif
