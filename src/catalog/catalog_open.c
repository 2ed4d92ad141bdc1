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
string_fits(const struct catalog *c, const u8 *p)
{
	u32 off = le32(p), n = le32(p + 4), all = c->part[PART_STRINGS].n;

	return off <= all && n <= all - off;
}

static bool
range_fits(const struct catalog *c, u32 part, const u8 *p)
{
	u32 first = le32(p), n = le32(p + 4), all = c->part[part].n;

	return first <= all && n <= all - first;
}

static bool
index_fits(const struct catalog *c, u32 part, u32 i)
{
	return i == CATALOG_NONE || i < c->part[part].n;
}

static struct str
text(const struct catalog *c, const u8 *p)
{
	return str_of(c->part[PART_STRINGS].p + le32(p), le32(p + 4));
}

static const u8 *
record(const struct catalog *c, u32 part, u32 i)
{
	return c->part[part].p + (size_t)i * catalog_part_size(part);
}

/* Whether all bytes are printable ASCII and none of those in but. */
static bool
printable(struct str s, const char *but)
{
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e || strchr(but, s.p[i]))
			return false;
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

/* One byte of a folded text, 0 behind its end. */
static u8
byte_at(struct str all, struct str folded, u32 at)
{
	u8 one = 0;
	struct buf b = buf_over(&one, 1);

	fold_read(all, folded, at, at + 1, &b);
	return one;
}

/* The tool stands right behind its predecessor and its splice offsets stand where they claim to. */
static bool
tool_good(struct catalog *c, const u8 *p, u32 *expected)
{
	u32 off = le32(p + OP_TOOL), n = le32(p + OP_TOOL + 4), all = c->part[PART_TOOLS].n, end = le32(p + OP_TOOL_N);
	u32 props = le32(p + OP_AT_PROPS), required = le32(p + OP_AT_REQUIRED);
	struct str tools = str_of(c->part[PART_TOOLS].p, all), t;

	if (off != *expected || off > all || n > all - off)
		return fine(c, false, "the tools do not follow one another");
	*expected = off + n;
	t = str_cut(tools, off, off + n);
	if (fold_check(tools, t) != (int)end || end < 2)
		return fine(c, false, "a tool is not folded as it should be");
	if (byte_at(tools, t, 0) != '{' || byte_at(tools, t, end - 1) != '}' || props == 0 || props > required ||
	    required >= end || byte_at(tools, t, props - 1) != '{' ||
	    byte_at(tools, t, required - 1) != (le32(p + OP_REQUIRED_N) ? '[' : '}'))
		return fine(c, false, "a tool's splice offsets are wrong");
	return true;
}

static bool
pieces_good(const struct catalog *c, const u8 *p)
{
	u32 first = le32(p + OP_PIECES), n = le32(p + OP_PIECES + 4);

	for (u32 i = 0; i < n; i++) {
		const u8 *piece = record(c, PART_PIECES, first + i);
		u32 param = le32(piece + 8);

		if (param != CATALOG_NONE && (param >= le32(p + OP_PARAMS + 4) ||
		        record(c, PART_PARAMS, le32(record(c, PART_ARGS, le32(p + OP_PARAMS) + param)))[16] !=
		            CATALOG_PATH))
			return false;
	}
	return true;
}

static bool
op_good(struct catalog *c, u32 i, u32 *tools_at)
{
	static const u8 strings[] = { OP_NAME, OP_ID, OP_PATH, OP_SUMMARY, OP_BODY_TYPE, OP_EXTRA,
		OP_VERB };
	const u8 *p = record(c, PART_OPS, i);

	for (u32 k = 0; k < sizeof strings; k++)
		if (!string_fits(c, p + strings[k]))
			return fine(c, false, "an operation's text lies outside");
	if (!range_fits(c, PART_ARGS, p + OP_PARAMS) || !range_fits(c, PART_PIECES, p + OP_PIECES) ||
	    !range_fits(c, PART_TAGS, p + OP_TAGS) || !range_fits(c, PART_USES, p + OP_USES) ||
	    !range_fits(c, PART_ANSWERS, p + OP_ANSWERS) || le32(p + OP_PARAMS + 4) > CATALOG_ARGS_MAX)
		return fine(c, false, "an operation's list lies outside");
	if (p[OP_KINDS] >= CATALOG_METHODS || p[OP_KINDS + 1] >= CATALOG_EFFECTS || p[OP_KINDS + 2] >= CATALOG_KINDS ||
	    (p[OP_KINDS] == CATALOG_METHOD_OTHER) != field_token(text(c, p + OP_VERB)) ||
	    le32(p + OP_SERVER) >= c->server_n || !index_fits(c, PART_NODES, le32(p + OP_BODY_EXTRA)) ||
	    !index_fits(c, PART_NODES, le32(p + OP_ANSWER_NODE)))
		return fine(c, false, "an operation has impossible values");
	if (!name_good(text(c, p + OP_NAME), "_-", TOOL_NAME_MAX) ||
	    (i && str_cmp(text(c, record(c, PART_OPS, i - 1) + OP_NAME), text(c, p + OP_NAME)) >= 0))
		return fine(c, false, "tool names are not names in order");
	/* A content type goes into a header line: a space may stand in it, nothing that ends the line. */
	for (struct str kind = text(c, p + OP_BODY_TYPE), part; kind.p;) {
		part = str_next(&kind, ' ');
		if (!printable(part, ""))
			return fine(c, false, "a content type is not one");
	}
	if (!pieces_good(c, p))
		return fine(c, false, "a path names what is no parameter of it");
	return tool_good(c, p, tools_at);
}

static bool
param_good(struct catalog *c, const u8 *p)
{
	if (!string_fits(c, p) || !string_fits(c, p + 8) || !string_fits(c, p + 28))
		return fine(c, false, "a parameter's text lies outside");
	if (p[16] >= CATALOG_INS || p[17] >= CATALOG_STYLES || le32(p + 24) >= c->node_n)
		return fine(c, false, "a parameter has impossible values");
	if (!name_good(text(c, p), "_.-", 64))
		return fine(c, false, "an argument's name is not one");
	if ((p[16] == CATALOG_HEADER || p[16] == CATALOG_COOKIE) && !field_token(text(c, p + 8)))
		return fine(c, false, "a header's name is not one");
	return true;
}

static bool
piece_good(struct catalog *c, const u8 *p)
{
	if (!string_fits(c, p) || (le32(p + 8) == CATALOG_NONE && !printable(text(c, p), "#{}")))
		return fine(c, false, "a piece of a path is not one");
	return true;
}

static bool
props_good(const struct catalog *c, u32 first, u32 n)
{
	for (u32 i = 1; i < n; i++)
		if (str_cmp(text(c, record(c, PART_PROPS, first + i - 1)),
		        text(c, record(c, PART_PROPS, first + i))) >= 0)
			return false;
	return true;
}

/* Alternatives have none themselves, or a node could be its own alternative and trying them would not end. */
static bool
alts_good(const struct catalog *c, u32 first, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (le32(record(c, PART_NODES, le32(record(c, PART_ALTS, first + i))) + NODE_ALTS + 4))
			return false;
	return true;
}

static bool
node_good(struct catalog *c, const u8 *p)
{
	if (!string_fits(c, p + NODE_ENUMS) || !string_fits(c, p + NODE_INITIAL) || !string_fits(c, p + NODE_EXAMPLE) ||
	    !string_fits(c, p + NODE_FORMAT))
		return fine(c, false, "a schema's text lies outside");
	if (!range_fits(c, PART_PROPS, p + NODE_PROPS) || !range_fits(c, PART_ALTS, p + NODE_ALTS) ||
	    !index_fits(c, PART_NODES, le32(p + NODE_ADDITIONAL)) ||
	    !index_fits(c, PART_NODES, le32(p + NODE_ITEMS)) ||
	    !index_fits(c, PART_BOUNDS, le32(p + NODE_BOUNDS)) || le32(p + NODE_TYPES) & ~CATALOG_T_ALL)
		return fine(c, false, "a schema has impossible values");
	if (!props_good(c, le32(p + NODE_PROPS), le32(p + NODE_PROPS + 4)))
		return fine(c, false, "a schema's members are not in order");
	if (!alts_good(c, le32(p + NODE_ALTS), le32(p + NODE_ALTS + 4)))
		return fine(c, false, "an alternative has alternatives");
	return true;
}

static bool
bounds_good(struct catalog *c, const u8 *p)
{
	for (u32 at = BOUNDS_MIN; at < BOUNDS_LIMITS; at += 8)
		if ((le64(p + at) >> 52 & 0x7ff) == 0x7ff)
			return fine(c, false, "a bound is not a number");
	return fine(c, string_fits(c, p + BOUNDS_PATTERN), "a pattern lies outside");
}

static bool
server_good(struct catalog *c, const u8 *p)
{
	if (!string_fits(c, p) || !string_fits(c, p + 8) || !string_fits(c, p + 16) ||
	    !range_fits(c, PART_VARS, p + 24))
		return fine(c, false, "a server lies outside");
	return fine(c, printable(text(c, p), ""), "a server's URL is not one");
}

static bool
scheme_good(struct catalog *c, const u8 *p)
{
	return fine(c, string_fits(c, p) && string_fits(c, p + 8) && string_fits(c, p + 16) &&
	        p[24] <= CATALOG_SCHEME_OTHER && p[25] < CATALOG_INS, "a security scheme has impossible values");
}

static bool
word_good(struct catalog *c, u32 i)
{
	const u8 *p = record(c, PART_WORDS, i);

	if (!string_fits(c, p) || !range_fits(c, PART_POSTINGS, p + 8))
		return fine(c, false, "a word of the index lies outside");
	return fine(c, i == 0 || str_cmp(text(c, record(c, PART_WORDS, i - 1)), text(c, p)) < 0,
	    "the words of the index are not in order");
}

/* Parts whose records are checked one by one; strings of the others first, because later checks read them. */
static bool
small_good(struct catalog *c, u32 part, u32 i)
{
	const u8 *p = record(c, part, i);

	switch (part) {
	case PART_TAGS: return fine(c, string_fits(c, p), "a tag lies outside");
	case PART_FILES: return fine(c, string_fits(c, p), "a file's name lies outside");
	case PART_USES:
		return fine(c, string_fits(c, p) && le32(p + 12) < c->scheme_n, "a security use is wrong");
	case PART_ANSWERS: return fine(c, string_fits(c, p), "an answer lies outside");
	case PART_PROPS: return fine(c, string_fits(c, p) && le32(p + 12) < c->node_n, "a member is wrong");
	case PART_BOUNDS: return bounds_good(c, p);
	case PART_ALTS: return fine(c, le32(p) < c->node_n, "an alternative is no schema");
	case PART_ARGS: return fine(c, le32(p) < c->part[PART_PARAMS].n, "an argument is none");
	case PART_VARS:
		return fine(c, string_fits(c, p) && string_fits(c, p + 8) && string_fits(c, p + 16),
		    "a server variable lies outside");
	case PART_SERVERS: return server_good(c, p);
	case PART_SCHEMES: return scheme_good(c, p);
	case PART_POSTINGS:
		return fine(c, (le32(p) & 0xffffffU) < c->op_n, "the index names no operation");
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

/* Where the parts lie: in order, aligned, inside the file, without holes that could hide anything. */
static bool
parts_good(struct catalog *c)
{
	u64 at = HEAD_N;

	for (u32 id = 0; id < CATALOG_PARTS; id++) {
		const u8 *p = c->file.p + HEAD_PART + (size_t)8 * id;
		u64 bytes = (u64)le32(p + 4) * catalog_part_size(id);

		if (le32(p) != at || bytes > c->file.n - at)
			return fine(c, false, "a table lies outside the file");
		c->part[id] = (struct catalog_part){ c->file.p + at, le32(p + 4) };
		at += (bytes + 3) & ~(u64)3;
		if (at > c->file.n)
			return fine(c, false, "a table lies outside the file");
	}
	return fine(c, at == c->file.n, "something follows the last table");
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
	if (le32(p + HEAD_SIZE) != c->file.n || c->file.n > CATALOG_FILE_MAX || c->file.n % 4)
		return fine(c, false, "the file is not as long as it should be");
	crc = crc32c(0, str_of(p, HEAD_CRC));
	crc = crc32c(crc, str_of(zero, 4));
	crc = crc32c(crc, str_of(p + HEAD_CRC + 4, HEAD_N - HEAD_CRC - 4));
	if (le32(p + HEAD_CRC) != crc || le32(p + HEAD_PART_N) != CATALOG_PARTS)
		return fine(c, false, "the header is damaged");
	return fine(c, le64(p + HEAD_HASH) == map_hash(str_cut(c->file, HEAD_N, c->file.n), 0), "the file is damaged");
}

static bool
info_good(struct catalog *c)
{
	for (u32 at = HEAD_INFO; at < HEAD_SOURCE; at += 8)
		if (!string_fits(c, c->file.p + at))
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
