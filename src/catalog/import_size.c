/* What is known of an import without making one. */
#include "base/map.h"
#include "catalog/import.h"

u64
import_arena_bytes(u64 n)
{
	return n * 14 + (20u << 20);
}

u64
import_overlay_hash(const struct str *overlay)
{
	u64 hash = 0;

	for (u32 i = 0; i < IMPORT_OVERLAYS; i++)
		if (overlay[i].n)
			hash = map_hash(overlay[i], hash + 1);
	return hash;
}
