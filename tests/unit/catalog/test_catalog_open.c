/* Damaged and hostile catalog files: refused at open, or every accessor stays inside the file. The file stands flush
 * against an unreadable page, so one byte too far is a crash in plain builds too. */
#include "made.h"

#include "catalog/build.h"

static struct made m;
static u8 *file;  /* a working copy, ends at the guard page */
static u32 size;

static int
setup(void **state)
{
	made_text(&m, made_document(
	    "\"/a/{id}\":{\"get\":{\"operationId\":\"get_a\",\"tags\":[\"x\"],\"security\":[{\"k\":[\"s\"]}],\"parameters\":["
	    "{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\",\"minimum\":1}},"
	    "{\"name\":\"X-H\",\"in\":\"header\",\"schema\":{\"enum\":[\"p\",\"q\"]}}],"
	    "\"responses\":{\"200\":{\"content\":{\"application/json\":{}}}}}},"
	    "\"/b\":{\"post\":{\"operationId\":\"put_b\",\"requestBody\":{\"content\":{\"application/json\":{\"schema\":"
	    "{\"$ref\":\"#/components/schemas/T\"}}}},\"responses\":{}}}",
	    "\"securitySchemes\":{\"k\":{\"type\":\"apiKey\",\"in\":\"query\",\"name\":\"key\"}},\"schemas\":{\"T\":{\"type\":"
	    "\"object\",\"required\":[\"n\"],\"properties\":{\"n\":{\"type\":\"string\",\"default\":\"d\"},\"t\":{\"$ref\":"
	    "\"#/components/schemas/T\"},\"u\":{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"string\",\"maxLength\":3}]}}}}"));
	size = m.im.out.n;
	file = guard_room(size);
	memcpy(file, m.im.out.p, size);
	return 0;
}

static int
teardown(void **state)
{
	made_free(&m);
	return guard_free(state);
}

static void
test_whole(void **state)
{
	struct catalog c;

	assert_int_equal(catalog_open(&c, str_of(file, size)), 0);
	assert_null(c.why);
	made_walk(&c);
}

/* Damage: any changed byte is noticed, wherever it stands. */
static void
test_every_byte_flipped(void **state)
{
	struct catalog c;

	for (u32 i = 0; i < size; i++) {
		file[i] ^= (u8)(1U << (i % 8));
		if (catalog_open(&c, str_of(file, size)) != ERR_BAD)
			fail_msg("a change of byte %u went unnoticed", i);
		assert_non_null(c.why);
		file[i] ^= (u8)(1U << (i % 8));
	}
}

static void
test_every_length(void **state)
{
	struct catalog c;

	for (u32 n = 0; n < size; n++) {
		struct str cut = guard_bytes(str_of(file, n));

		assert_int_equal(catalog_open(&c, cut), ERR_BAD);
	}
}

/* Malice: checksums that fit. Some changes are harmless (a letter of a description); all must be survived. */
static void
test_every_byte_forged(void **state)
{
	static const u8 masks[] = { 0x01, 0x80, 0xff, 0x10 };
	u8 *copy = malloc(size);
	u32 refused = 0;
	struct catalog c;

	for (u32 i = 0; i < size; i++)
		for (u32 k = 0; k < sizeof masks; k++) {
			memcpy(copy, m.im.out.p, size);
			copy[i] ^= masks[k];
			build_seal(copy, size);
			memcpy(file, copy, size);
			if (catalog_open(&c, str_of(file, size)) == 0)
				made_walk(&c);
			else
				refused++;
		}
	/* Among them every number of every table that leads somewhere. */
	assert_true(refused > size);
	memcpy(file, m.im.out.p, size);
	free(copy);
}

/* Whole numbers forged: offsets and counts far out, near the end, and just beyond it. */
static void
test_every_number_forged(void **state)
{
	const u32 values[] = { 0, 1, 0x7fffffff, 0xffffffff, 0xfffffffe, size, size - 4, 0x10000, 0x00ffffff };
	struct catalog c;

	for (u32 i = 0; i + 4 <= size; i += 4)
		for (u32 k = 0; k < ARRAY_N(values); k++) {
			u32 old = le32(file + i);

			put_le32(file + i, values[k]);
			build_seal(file, size);
			if (catalog_open(&c, str_of(file, size)) == 0)
				made_walk(&c);
			put_le32(file + i, old);
		}
	build_seal(file, size);
	assert_int_equal(catalog_open(&c, str_of(file, size)), 0);
}

/* Two files cut together have sums that fit neither. */
static void
test_something_behind(void **state)
{
	u8 *longer = guard_room((size_t)size + 4);
	struct catalog c;

	memcpy(longer, file, size);
	memset(longer + size, 0, 4);
	put_le32(longer + HEAD_SIZE, size + 4);
	build_seal(longer, size + 4);
	assert_int_equal(catalog_open(&c, str_of(longer, (size_t)size + 4)), ERR_BAD);
	assert_string_equal(c.why, "something follows the last table");
}

/* The file with one part's rows as wide as they can be, in which every number has room. Its length. */
static u32
widened(u32 part, u32 record, u32 field, u32 value, u8 *to)
{
	const struct catalog_part *t = &m.c.part[part];
	u32 wide = catalog_part_size(part), from = (u32)(t->p - t->columns - m.im.out.p), behind, end, n = from;

	memcpy(to, m.im.out.p, from);
	for (u32 i = 0; i < wide; i += 4, n += 2)
		to[n] = (u8)i, to[n + 1] = 4;
	for (u32 i = 0; i < t->n; i++)
		for (u32 at = 0; at < wide; at += 4, n += 4)
			put_le32(to + n, i == record && at == field ? value : row_num(row_of(&m.c, part, i), at));
	behind = (u32)(t->p - m.im.out.p) + t->n * t->wide;
	end = (u32)(m.c.part[PART_TOOLS].p - m.im.out.p) + m.c.part[PART_TOOLS].n;
	memcpy(to + n, m.im.out.p + behind, end - behind);
	n += end - behind;
	memset(to + n, 0, TAIL_N);
	n += TAIL_N;
	put_le32(to + HEAD_SIZE, n);
	build_seal(to, n);
	return n;
}

/* Forges one field of one record and expects this complaint. */
static void
refused(u32 part, u32 record, u32 field, u32 value, const char *why)
{
	static u8 wide[1 << 16];
	struct catalog c;
	u32 n = widened(part, record, field, value, wide);

	if (catalog_open(&c, str_of(wide, n)) != ERR_BAD)
		fail_msg("not refused: %s", why);
	assert_string_equal(c.why, why);
	n = widened(part, 0, 1, 0, wide); /* nothing forged: what was refused is the value */
	assert_int_equal(catalog_open(&c, str_of(wide, n)), 0);
}

/* The node of T.u. */
static u32
with_alternatives(void)
{
	struct catalog_node node;

	for (u32 i = 0; i < m.c.node_n; i++) {
		catalog_node(&m.c, i, &node);
		if (node.alt_n)
			return i;
	}
	fail_msg("no node has alternatives");
	return 0;
}

static void
test_reasons(void **state)
{
	u32 strings = m.c.part[PART_STRINGS].n;

	refused(PART_OPS, 0, OP_NAME, strings, "an operation's text lies outside");
	refused(PART_OPS, 0, OP_PARAMS + 4, 100, "an operation's list lies outside");
	refused(PART_OPS, 0, OP_SERVER, 1, "an operation has impossible values");
	refused(PART_OPS, 0, OP_KINDS, CATALOG_METHODS, "an operation has impossible values");
	refused(PART_OPS, 0, OP_TOOL, 1, "the tools do not follow one another");
	refused(PART_OPS, 1, OP_AT_PROPS, 5, "a tool's splice offsets are wrong");
	refused(PART_OPS, 1, OP_AT_REQUIRED, 0x7fffffff, "a tool's splice offsets are wrong");
	refused(PART_PARAMS, 0, 24, 9999, "a parameter has impossible values");
	refused(PART_PARAMS, 0, 16, CATALOG_INS, "a parameter has impossible values");
	refused(PART_PIECES, 1, 8, 1, "a path names what is no parameter of it");
	refused(PART_PROPS, 0, 12, 9999, "a member is wrong");
	refused(PART_NODES, 0, NODE_ITEMS, 9999, "a schema has impossible values");
	refused(PART_NODES, 0, NODE_TYPES, 128, "a schema has impossible values");
	refused(PART_BOUNDS, 0, BOUNDS_MIN + 4, 0x7ff00000, "a bound is not a number");
	refused(PART_POSTINGS, 0, 0, 2 << 8, "the index names no operation");
	refused(PART_USES, 0, 12, 1, "a security use is wrong");
	refused(PART_ALTS, 0, 0, with_alternatives(), "an alternative has alternatives");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole), cmocka_unit_test(test_every_byte_flipped),
		cmocka_unit_test(test_every_length), cmocka_unit_test(test_every_byte_forged),
		cmocka_unit_test(test_every_number_forged), cmocka_unit_test(test_something_behind),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
