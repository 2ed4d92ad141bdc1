/* catalog_open: the one place where a catalog file is doubted. Every offset, index, enumeration and order that an
 * accessor or its callers rely on is checked here, so that nothing behind it needs to. */
#include "base/crc.h"
#include "base/limits.h"
#include "base/map.h"
#include "catalog/catalog.h"
#include "catalog/catalog_priv.h"
#include "catalog/fold.h"
#include "http/field.h"

/* The first complaint sticks; checks answer whether all is well so far. */
static bool
fine(struct catalog *c, bool ok, const char *why)
{
	if (!ok && !c->why)
		c->why = why;
	return ok;
}

static bool
string_fits(const struct catalog *c, struct row r, u32 field)
{
	u32 off = row_num(r, field), n = row_num(r, field + 4), all = c->part[PART_STRINGS].n;

	return off <= all && n <= all - off;
}

static bool
range_fits(const struct catalog *c, u32 part, struct row r, u32 field)
{
	u32 first = row_num(r, field), n = row_num(r, field + 4), all = c->part[part].n;

	return first <= all && n <= all - first;
}

static bool
index_fits(const struct catalog *c, u32 part, u32 i)
{
	return i == CATALOG_NONE || i < c->part[part].n;
}

/* Whether all bytes are printable ASCII and none of those in but. */
static bool
printable(struct str s, const char *but)
{
	for (u32 i = 0; i < s.n; i++) {
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
		for (const char *b = but; *b; b++)
			if ((char)s.p[i] == *b)
				return false;
	}
	return true;
}

static bool
name_good(struct str s, const char *more, u32 max)
{
	for (u32 i = 0; i < s.n; i++) {
		u8 ch = s.p[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
		        strchr(more, ch)))
			return false;
		if (ch == 0)
			return false;
	}
	return s.n >= 1 && s.n <= max;
}

/* The tool stands right behind its predecessor and its splice offsets stand where they claim to. */
static bool
tool_good(struct catalog *c, struct row p, u32 *expected)
{
	u32 off = row_num(p, OP_TOOL), n = row_num(p, OP_TOOL + 4), all = c->part[PART_TOOLS].n;
	u32 end = row_num(p, OP_TOOL_N);
	u32 props = row_num(p, OP_AT_PROPS), required = row_num(p, OP_AT_REQUIRED);
	struct fold_byte at[] = { { 0, 0 }, { props - 1, 0 }, { required - 1, 0 }, { end - 1, 0 } };
	struct str tools = str_of(c->part[PART_TOOLS].p, all), t;

	if (off != *expected || off > all || n > all - off)
		return fine(c, false, "the tools do not follow one another");
	*expected = off + n;
	t = str_cut(tools, off, off + n);
	if (end < 2 || props == 0 || props > required || required >= end)
		return fine(c, false, "a tool's splice offsets are wrong");
	if (fold_check(tools, t, at, ARRAY_N(at)) != (int)end)
		return fine(c, false, "a tool is not folded as it should be");
	if (at[0].byte != '{' || at[1].byte != '{' || at[2].byte != (row_num(p, OP_REQUIRED_N) ? '[' : '}') ||
	    at[3].byte != '}')
		return fine(c, false, "a tool's splice offsets are wrong");
	return true;
}

static bool
pieces_good(const struct catalog *c, struct row p)
{
	u32 first = row_num(p, OP_PIECES), n = row_num(p, OP_PIECES + 4);

	for (u32 i = 0; i < n; i++) {
		struct row piece = row_of(c, PART_PIECES, first + i);
		u32 param = row_num(piece, 8);

		if (param == CATALOG_NONE)
			continue;
		if (param >= row_num(p, OP_PARAMS + 4))
			return false;
		param = row_num(row_of(c, PART_ARGS, row_num(p, OP_PARAMS) + param), 0);
		if (row_byte(row_of(c, PART_PARAMS, param), 16, 0) != CATALOG_PATH)
			return false;
	}
	return true;
}

static bool
op_good(struct catalog *c, u32 i, u32 *tools_at)
{
	static const u8 strings[] = { OP_NAME, OP_ID, OP_PATH, OP_SUMMARY, OP_BODY_TYPE, OP_EXTRA,
		OP_VERB };
	struct row p = row_of(c, PART_OPS, i);

	for (u32 k = 0; k < sizeof strings; k++)
		if (!string_fits(c, p, strings[k]))
			return fine(c, false, "an operation's text lies outside");
	if (!range_fits(c, PART_ARGS, p, OP_PARAMS) || !range_fits(c, PART_PIECES, p, OP_PIECES) ||
	    !range_fits(c, PART_TAGS, p, OP_TAGS) || !range_fits(c, PART_USES, p, OP_USES) ||
	    !range_fits(c, PART_ANSWERS, p, OP_ANSWERS) || row_num(p, OP_PARAMS + 4) > CATALOG_ARGS_MAX)
		return fine(c, false, "an operation's list lies outside");
	if (row_byte(p, OP_KINDS, 0) >= CATALOG_METHODS || row_byte(p, OP_KINDS, 1) >= CATALOG_EFFECTS ||
	    row_byte(p, OP_KINDS, 2) >= CATALOG_KINDS ||
	    (row_byte(p, OP_KINDS, 0) == CATALOG_METHOD_OTHER) != field_token(row_text(c, p, OP_VERB)) ||
	    row_num(p, OP_SERVER) >= c->server_n || !index_fits(c, PART_NODES, row_num(p, OP_BODY_EXTRA)) ||
	    !index_fits(c, PART_NODES, row_num(p, OP_ANSWER_NODE)))
		return fine(c, false, "an operation has impossible values");
	if (!name_good(row_text(c, p, OP_NAME), "_-", TOOL_NAME_MAX) ||
	    (i && str_cmp(row_text(c, row_of(c, PART_OPS, i - 1), OP_NAME), row_text(c, p, OP_NAME)) >= 0))
		return fine(c, false, "tool names are not names in order");
	/* A content type goes into a header line: a space may stand in it, nothing that ends the line. */
	for (struct str kind = row_text(c, p, OP_BODY_TYPE), part; kind.p;) {
		part = str_next(&kind, ' ');
		if (!printable(part, ""))
			return fine(c, false, "a content type is not one");
	}
	if (!pieces_good(c, p))
		return fine(c, false, "a path names what is no parameter of it");
	return tool_good(c, p, tools_at);
}

static bool
param_good(struct catalog *c, struct row p)
{
	if (!string_fits(c, p, 0) || !string_fits(c, p, 8) || !string_fits(c, p, 28))
		return fine(c, false, "a parameter's text lies outside");
	if (row_byte(p, 16, 0) >= CATALOG_INS || row_byte(p, 16, 1) >= CATALOG_STYLES || row_num(p, 24) >= c->node_n)
		return fine(c, false, "a parameter has impossible values");
	if (!name_good(row_text(c, p, 0), "_.-", 64))
		return fine(c, false, "an argument's name is not one");
	if ((row_byte(p, 16, 0) == CATALOG_HEADER || row_byte(p, 16, 0) == CATALOG_COOKIE) &&
	    !field_token(row_text(c, p, 8)))
		return fine(c, false, "a header's name is not one");
	return true;
}

static bool
piece_good(struct catalog *c, struct row p)
{
	if (!string_fits(c, p, 0) || (row_num(p, 8) == CATALOG_NONE && !printable(row_text(c, p, 0), "#{}")))
		return fine(c, false, "a piece of a path is not one");
	return true;
}

static bool
props_good(const struct catalog *c, u32 first, u32 n)
{
	for (u32 i = 1; i < n; i++)
		if (str_cmp(row_text(c, row_of(c, PART_PROPS, first + i - 1), 0),
		        row_text(c, row_of(c, PART_PROPS, first + i), 0)) >= 0)
			return false;
	return true;
}

/* Alternatives have none themselves, or a node could be its own alternative and trying them would not end. */
static bool
alts_good(const struct catalog *c, u32 first, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (row_num(row_of(c, PART_NODES, row_num(row_of(c, PART_ALTS, first + i), 0)), NODE_ALTS + 4))
			return false;
	return true;
}

static bool
node_good(struct catalog *c, struct row p)
{
	if (!string_fits(c, p, NODE_ENUMS) || !string_fits(c, p, NODE_INITIAL) || !string_fits(c, p, NODE_EXAMPLE) ||
	    !string_fits(c, p, NODE_FORMAT))
		return fine(c, false, "a schema's text lies outside");
	if (!range_fits(c, PART_PROPS, p, NODE_PROPS) || !range_fits(c, PART_ALTS, p, NODE_ALTS) ||
	    !index_fits(c, PART_NODES, row_num(p, NODE_ADDITIONAL)) ||
	    !index_fits(c, PART_NODES, row_num(p, NODE_ITEMS)) ||
	    !index_fits(c, PART_BOUNDS, row_num(p, NODE_BOUNDS)) || row_num(p, NODE_TYPES) & ~CATALOG_T_ALL)
		return fine(c, false, "a schema has impossible values");
	if (!props_good(c, row_num(p, NODE_PROPS), row_num(p, NODE_PROPS + 4)))
		return fine(c, false, "a schema's members are not in order");
	if (!alts_good(c, row_num(p, NODE_ALTS), row_num(p, NODE_ALTS + 4)))
		return fine(c, false, "an alternative has alternatives");
	return true;
}

static bool
bounds_good(struct catalog *c, struct row p)
{
	for (u32 at = BOUNDS_MIN; at < BOUNDS_LIMITS; at += 8)
		if ((row_num(p, at + 4) >> 20 & 0x7ff) == 0x7ff)
			return fine(c, false, "a bound is not a number");
	return fine(c, string_fits(c, p, BOUNDS_PATTERN), "a pattern lies outside");
}

static bool
server_good(struct catalog *c, struct row p)
{
	if (!string_fits(c, p, 0) || !string_fits(c, p, 8) || !string_fits(c, p, 16) ||
	    !range_fits(c, PART_VARS, p, 24))
		return fine(c, false, "a server lies outside");
	return fine(c, printable(row_text(c, p, 0), ""), "a server's URL is not one");
}

static bool
scheme_good(struct catalog *c, struct row p)
{
	return fine(c, string_fits(c, p, 0) && string_fits(c, p, 8) && string_fits(c, p, 16) &&
	        row_byte(p, 24, 0) <= CATALOG_SCHEME_OTHER && row_byte(p, 24, 1) < CATALOG_INS,
	    "a security scheme has impossible values");
}

static bool
word_good(struct catalog *c, u32 i)
{
	struct row p = row_of(c, PART_WORDS, i);

	if (!string_fits(c, p, 0) || !range_fits(c, PART_POSTINGS, p, 8))
		return fine(c, false, "a word of the index lies outside");
	return fine(c, i == 0 || str_cmp(row_text(c, row_of(c, PART_WORDS, i - 1), 0), row_text(c, p, 0)) < 0,
	    "the words of the index are not in order");
}

/* Parts whose records are checked one by one; strings of the others first, because later checks read them. */
static bool
small_good(struct catalog *c, u32 part, u32 i)
{
	struct row p = row_of(c, part, i);

	switch (part) {
	case PART_TAGS: return fine(c, string_fits(c, p, 0), "a tag lies outside");
	case PART_FILES: return fine(c, string_fits(c, p, 0), "a file's name lies outside");
	case PART_USES:
		return fine(c, string_fits(c, p, 0) && row_num(p, 12) < c->scheme_n, "a security use is wrong");
	case PART_ANSWERS: return fine(c, string_fits(c, p, 0), "an answer lies outside");
	case PART_PROPS: return fine(c, string_fits(c, p, 0) && row_num(p, 12) < c->node_n, "a member is wrong");
	case PART_BOUNDS: return bounds_good(c, p);
	case PART_ALTS: return fine(c, row_num(p, 0) < c->node_n, "an alternative is no schema");
	case PART_ARGS: return fine(c, row_num(p, 0) < c->part[PART_PARAMS].n, "an argument is none");
	case PART_VARS:
		return fine(c, string_fits(c, p, 0) && string_fits(c, p, 8) && string_fits(c, p, 16),
		    "a server variable lies outside");
	case PART_SERVERS: return server_good(c, p);
	case PART_SCHEMES: return scheme_good(c, p);
	case PART_POSTINGS:
		return fine(c, row_num(p, 0) >> 8 < c->op_n, "the index names no operation");
	case PART_WORDS: return word_good(c, i);
	case PART_PARAMS: return param_good(c, p);
	case PART_PIECES: return piece_good(c, p);
	case PART_NODES: return node_good(c, p);
	}
	return true;
}

static bool
records_good(struct catalog *c)
{
	/* Leaves before what reads through them. */
	static const u8 order[] = { PART_TAGS, PART_FILES, PART_ANSWERS, PART_PROPS, PART_BOUNDS, PART_ALTS, PART_ARGS,
		PART_VARS,
		PART_SERVERS,
		PART_SCHEMES, PART_USES, PART_POSTINGS, PART_WORDS, PART_PARAMS, PART_PIECES, PART_NODES };
	u32 tools_at = 0;

	for (u32 k = 0; k < sizeof order; k++)
		for (u32 i = 0; i < c->part[order[k]].n; i++)
			if (!small_good(c, order[k], i))
				return false;
	for (u32 i = 0; i < c->op_n; i++)
		if (!op_good(c, i, &tools_at))
			return false;
	return fine(c, tools_at == c->part[PART_TOOLS].n, "the tools do not end where they should");
}

/* Columns stand in order without holes; a row that is nothing could be there any number of times. */
static bool
columns_good(struct catalog_part *t, u32 id)
{
	const u8 *column = t->p - t->columns;

	t->wide = 0;
	for (u32 i = 0; i < catalog_part_size(id) / 4; i++) {
		u32 width = column[2 * i + 1] & COLUMN_WIDTH;

		if (column[2 * i] != t->wide || column[2 * i + 1] >= 2 * COLUMN_PLUS || width > 4)
			return false;
		t->wide = (u16)(t->wide + width);
	}
	return t->wide > 0;
}

/* Where part id lies: its columns at `at`, unless it has none. The end of it, or 0. */
static u64
part_end(struct catalog *c, u32 id, u64 at)
{
	struct catalog_part *t = &c->part[id];
	u32 columns = catalog_part_size(id) / 4 * 2;

	*t = (struct catalog_part){ c->file.p + at, le32(c->file.p + HEAD_PART + (size_t)4 * id), 1, 0 };
	if (!columns || !t->n)
		return at + t->n;
	t->columns = (u16)columns;
	t->p += columns;
	return c->file.n - at >= columns && columns_good(t, id) ? at + columns + (u64)t->n * t->wide : 0;
}

/* Where the parts lie: in order, inside the file, without holes that could hide anything. */
static bool
parts_good(struct catalog *c)
{
	u64 at = HEAD_N;

	for (u32 id = 0; id < CATALOG_PARTS; id++) {
		at = part_end(c, id, at);
		if (!at || at > c->file.n)
			return fine(c, false, "a table lies outside the file");
	}
	return fine(c, at + TAIL_N == c->file.n, "something follows the last table");
}

static bool
head_good(struct catalog *c)
{
	static const u8 zero[4];
	const u8 *p = c->file.p;
	u32 crc;

	if (c->file.n < HEAD_N || memcmp(p, CATALOG_MAGIC, 8) != 0)
		return fine(c, false, "this is not a catalog file");
	if (le32(p + HEAD_VERSION) != CATALOG_VERSION)
		return fine(c, false, "another version of the catalog format: import the document again");
	if (le32(p + HEAD_SIZE) != c->file.n || c->file.n > CATALOG_FILE_MAX)
		return fine(c, false, "the file is not as long as it should be");
	crc = crc32c(0, str_of(p, HEAD_CRC));
	crc = crc32c(crc, str_of(zero, 4));
	crc = crc32c(crc, str_of(p + HEAD_CRC + 4, HEAD_N - HEAD_CRC - 4));
	if (le32(p + HEAD_CRC) != crc || le32(p + HEAD_PART_N) != CATALOG_PARTS)
		return fine(c, false, "the header is damaged");
	return fine(c, le64(p + HEAD_HASH) == map_hash(str_cut(c->file, HEAD_N, c->file.n), 0), "the file is damaged");
}

static bool
head_fits(const struct catalog *c, u32 at)
{
	u32 off = le32(c->file.p + at), n = le32(c->file.p + at + 4), all = c->part[PART_STRINGS].n;

	return off <= all && n <= all - off;
}

static bool
info_good(struct catalog *c)
{
	for (u32 at = HEAD_INFO; at < HEAD_SOURCE; at += 8)
		if (!head_fits(c, at))
			return fine(c, false, "the title lies outside");
	return true;
}

int
catalog_open(struct catalog *c, struct str file)
{
	*c = (struct catalog){ .file = file };
	if (!head_good(c) || !parts_good(c))
		return ERR_BAD;
	c->op_n = c->part[PART_OPS].n;
	c->server_n = c->part[PART_SERVERS].n;
	c->scheme_n = c->part[PART_SCHEMES].n;
	c->node_n = c->part[PART_NODES].n;
	if (!fine(c, c->op_n <= CATALOG_OPS_MAX && c->server_n > 0, "impossible numbers of operations or servers") ||
	    !info_good(c) || !records_good(c))
		return ERR_BAD;
	return 0;
}
