#include "catalog/build.h"

#include "base/crc.h"
#include "base/utf8.h"

#define STRING_SHARED_MAX 96 /* longer strings are rarely equal: not looked up */

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

static u64
file_size(const struct build *b)
{
	u64 n = HEAD_N;

	for (u32 id = 0; id < CATALOG_PARTS; id++)
		n += ((u64)b->part[id].n + 3) & ~(u64)3;
	return n;
}

/* Copies the parts behind the header and notes in it where they lie. */
static void
assemble(const struct build *b, u8 *file)
{
	u32 at = HEAD_N;

	for (u32 id = 0; id < CATALOG_PARTS; id++) {
		const struct build_part *part = &b->part[id];
		u32 whole = (part->n + 3) & ~3U;

		put_le32(file + HEAD_PART + (size_t)8 * id, at);
		put_le32(file + HEAD_PART + (size_t)8 * id + 4, part->n / catalog_part_size(id));
		if (part->n)
			memcpy(file + at, part->p, part->n);
		memset(file + at + part->n, 0, whole - part->n);
		at += whole;
	}
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
	assemble(b, file);
	build_seal(file, (u32)n);
	*out = str_of(file, (size_t)n);
	return 0;
}
