#include "base/pack.h"

static const struct pack_folder *
find(const char *name)
{
	for (u32 i = 0; i < pack_folders_n; i++)
		if (strcmp(pack_folders[i].name, name) == 0)
			return &pack_folders[i];
	return NULL;
}

size_t
pack_room(const char *folder)
{
	const struct pack_folder *f = find(folder);

	return f ? f->room + 16 : 0;
}

struct str
pack_open(const char *folder, struct arena *a)
{
	const struct pack_folder *f = find(folder);
	u8 *out = f ? arena_bytes(a, f->room) : NULL;
	size_t mark = a->used;
	struct pack_counts *c = out ? ARENA_ARRAY(a, struct pack_counts, 1) : NULL;
	int used = c ? pack_undo(str_of(f->p, f->n), c, out, f->room) : ERR_FULL;

	arena_rewind(a, mark);
	return used < 0 ? STR_NONE : str_of(out, f->room);
}

struct str
pack_file(struct str row, const char *name)
{
	const u8 *p = row.p, *end = row.p + row.n;

	while (p < end) {
		const u8 *nul = memchr(p, 0, (size_t)(end - p));
		u32 n;

		if (!nul || end - nul < 4)
			break;
		n = (u32)(nul[1] | nul[2] << 8 | nul[3] << 16);
		if (n > (size_t)(end - nul) - 4)
			break;
		if (strcmp((const char *)p, name) == 0)
			return str_of(nul + 4, n);
		p = nul + 4 + n;
	}
	return STR_NONE;
}
