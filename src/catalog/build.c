#include "catalog/build.h"

#include "base/crc.h"
#include "base/utf8.h"

#define STRING_SHARED_MAX 96 /* longer strings are rarely equal: not looked up */
#define STRINGS_FEW 4096      /* bytes of strings in which a new one is looked for as a piece of them */

int
build_init(struct build *b, struct arena *arena, u32 tokens)
{
	memset(b, 0, sizeof *b);
	b->arena = arena;
	b->fold = ARENA_NEW(arena, struct fold);
	return !b->fold ? ERR_FULL : map_init(&b->strings, arena, tokens / 8 + 256);
}

/* Room for n more bytes behind a part; the part moves when it must grow. */
static u8 *
room(struct build *b, struct build_part *part, u32 n)
{
	u32 cap = part->cap ? part->cap : 1024;
	u8 *p;

	if (b->full)
		return NULL;
	if (n <= part->cap - part->n)
		return part->p + part->n;
	while (cap - part->n < n && cap < CATALOG_FILE_MAX)
		cap *= 2;
	p = cap - part->n < n ? NULL : arena_bytes(b->arena, cap);
	if (!p) {
		b->full = true;
		return NULL;
	}
	if (part->n)
		memcpy(p, part->p, part->n);
	part->p = p;
	part->cap = cap;
	return p + part->n;
}

u8 *
build_add(struct build *b, enum catalog_part_id id)
{
	u32 size = catalog_part_size(id);
	u8 *p = room(b, &b->part[id], size);

	if (!p) {
		memset(b->void_record, 0, sizeof b->void_record);
		return b->void_record;
	}
	memset(p, 0, size);
	b->part[id].n += size;
	return p;
}

u32
build_count(const struct build *b, enum catalog_part_id id)
{
	return b->part[id].n / catalog_part_size(id);
}

u8 *
build_at(struct build *b, enum catalog_part_id id, u32 i)
{
	if (b->full)
		return b->void_record;
	ASSERT(i < build_count(b, id));
	return b->part[id].p + (size_t)i * catalog_part_size(id);
}

void
build_drop(struct build *b, enum catalog_part_id id, u32 i)
{
	if (b->full)
		return;
	ASSERT(i <= build_count(b, id));
	b->part[id].n = i * catalog_part_size(id);
}

/* Offset of an equal string that is stored already, or CATALOG_NONE. */
static u32
stored(const struct build *b, u64 hash, struct str s)
{
	const struct build_part *part = &b->part[PART_STRINGS];
	u32 it = 0, at;

	if (part->n <= STRINGS_FEW) {
		int found = str_find_str(str_of(part->p, part->n), s);

		return found < 0 ? CATALOG_NONE : (u32)found;
	}
	while (map_next(&b->strings, hash, &it, &at))
		if (at <= part->n && s.n <= part->n - at && memcmp(part->p + at, s.p, s.n) == 0)
			return at;
	return CATALOG_NONE;
}

void
build_text(struct build *b, struct str s, u8 *field)
{
	struct build_part *part = &b->part[PART_STRINGS];
	u64 hash = s.n <= STRING_SHARED_MAX ? map_hash(s, 0) : 0;
	u32 at = CATALOG_NONE;
	u8 *p;

	put_le32(field, 0);
	put_le32(field + 4, 0);
	if (!s.n || b->full)
		return;
	if (hash)
		at = stored(b, hash, s);
	if (at == CATALOG_NONE) {
		p = room(b, part, s.n);
		if (!p)
			return;
		memcpy(p, s.p, s.n);
		at = part->n;
		part->n += s.n;
		/* A full map only means that further equal strings are stored again. */
		if (hash)
			(void)map_add(&b->strings, hash, at);
	}
	put_le32(field, at);
	put_le32(field + 4, s.n);
}

void
build_tool(struct build *b, struct str json)
{
	struct build_part *part = &b->part[PART_TOOLS];
	struct buf out;

	if (!room(b, part, json.n))
		return;
	out = buf_over(part->p, part->cap);
	out.w = part->n;
	fold_put(b->fold, json, &out);
	part->n = out.w;
}

static void
info_write(struct build *b, const struct catalog_info *info, u8 *head)
{
	const struct catalog_counts *n = &info->counts;
	const u32 count[HEAD_COUNTS] = {
		n->operations, n->imported, n->skipped, n->reads, n->writes, n->destructives,
		n->deprecated, n->elsewhere, n->cut_depth, n->cut_cycle, n->cut_size, n->merged,
		n->conflicts, n->flattened, n->renamed, n->dropped,
	};

	build_text(b, info->title, head + HEAD_INFO);
	build_text(b, info->version, head + HEAD_INFO + 8);
	build_text(b, utf8_prefix(info->text, 4096), head + HEAD_INFO + 16);
	build_text(b, info->openapi, head + HEAD_INFO + 24);
	build_text(b, info->secrets, head + HEAD_INFO + 32);
	put_le64(head + HEAD_SOURCE, info->source_n);
	put_le64(head + HEAD_SOURCE + 8, info->source_mtime);
	put_le64(head + HEAD_SOURCE + 16, info->source_hash);
	put_le64(head + HEAD_OVERLAY, info->overlay_hash);
	for (u32 i = 0; i < HEAD_COUNTS; i++)
		put_le32(head + HEAD_COUNT + (size_t)4 * i, count[i]);
}

/* Bytes that x takes. */
static u32
width_of(u32 x)
{
	return x > 0xffffff ? 4 : x > 0xffff ? 3 : x > 0xff ? 2 : x > 0;
}

/* How the records of a part are laid out in rows. The bytes of one; 0 where there are none. */
static u32
plan(const struct build_part *part, u32 size, u8 column[2 * SIZE_MOST / 4])
{
	u32 wide = 0;

	for (u32 at = 0; part->n && size > 1 && at < size; at += 4) {
		u32 most = 0, plus = 0, width;

		for (u32 i = at; i < part->n; i += size) {
			most = max_u32(most, le32(part->p + i));
			plus = max_u32(plus, le32(part->p + i) + 1);
		}
		width = min_u32(width_of(most), width_of(plus));
		if (at == 0 && !width)
			width = 1; /* a row is something */
		column[at / 2] = (u8)wide;
		column[at / 2 + 1] = (u8)(width < width_of(most) ? width | COLUMN_PLUS : width);
		wide += width;
	}
	return wide;
}

static u64
file_size(const struct build *b)
{
	u64 n = HEAD_N;

	for (u32 id = 0; id < CATALOG_PARTS; id++) {
		u32 size = catalog_part_size(id);
		u8 column[2 * SIZE_MOST / 4];

		if (size == 1)
			n += b->part[id].n;
		else if (b->part[id].n)
			n += size / 2 + (u64)plan(&b->part[id], size, column) * (b->part[id].n / size);
	}
	return n + TAIL_N;
}

/* Writes a part's columns and rows to p. Where they end. */
static u8 *
put_rows(const struct build_part *part, u32 size, u8 *p)
{
	u8 column[2 * SIZE_MOST / 4];

	plan(part, size, column);
	memcpy(p, column, size / 2);
	p += size / 2;
	for (u32 i = 0; i < part->n; i += 4) {
		const u8 *how = column + i % size / 2;
		u32 v = le32(part->p + i) + how[1] / COLUMN_PLUS;

		for (u32 k = 0; k < (how[1] & COLUMN_WIDTH); k++)
			*p++ = (u8)(v >> 8 * k);
	}
	return p;
}

/* Puts the parts behind the header and notes in it how many records they have. */
static void
assemble(const struct build *b, u8 *file, u32 n)
{
	u8 *p = file + HEAD_N;

	for (u32 id = 0; id < CATALOG_PARTS; id++) {
		const struct build_part *part = &b->part[id];
		u32 size = catalog_part_size(id);

		put_le32(file + HEAD_PART + (size_t)4 * id, part->n / size);
		if (!part->n)
			continue;
		if (size > 1) {
			p = put_rows(part, size, p);
			continue;
		}
		memcpy(p, part->p, part->n);
		p += part->n;
	}
	memset(p, 0, (size_t)(file + n - p));
}

void
build_seal(u8 *p, u32 n)
{
	put_le32(p + HEAD_CRC, 0);
	put_le64(p + HEAD_HASH, map_hash(str_of(p + HEAD_N, n - HEAD_N), 0));
	put_le32(p + HEAD_CRC, crc32c(0, str_of(p, HEAD_N)));
}

int
build_finish(struct build *b, const struct catalog_info *info, struct str *out)
{
	u8 head[HEAD_N] = CATALOG_MAGIC;
	u64 n;
	u8 *file;

	info_write(b, info, head); /* before the size is known: it adds strings */
	n = file_size(b);
	file = b->full || n > CATALOG_FILE_MAX ? NULL : arena_bytes(b->arena, (size_t)n);
	if (!file)
		return ERR_FULL;
	memcpy(file, head, HEAD_N);
	put_le32(file + HEAD_VERSION, CATALOG_VERSION);
	put_le32(file + HEAD_SIZE, (u32)n);
	put_le32(file + HEAD_PART_N, CATALOG_PARTS);
	assemble(b, file, (u32)n);
	build_seal(file, (u32)n);
	*out = str_of(file, (size_t)n);
	return 0;
}
