#include "catalog/taken.h"

#include "base/map.h"
#include "catalog/build.h"
#include "catalog/catalog_priv.h"

bool
taken_is(const struct import *im)
{
	return str_starts(im->text, STR(CATALOG_MAGIC));
}

static int
refuse(struct import *im, const char *why)
{
	im->report.why = why;
	return ERR_BAD;
}

int
taken_document(struct import *im)
{
	u64 overlay = import_overlay_hash(im->overlay);
	struct catalog_info *info = &im->report.info;
	struct catalog c;
	u8 *p;

	if (catalog_open(&c, im->text))
		return refuse(im, c.why);
	catalog_info(&c, info);
	if (overlay && overlay != info->overlay_hash)
		return refuse(im, "this is a catalog made without these overlays (config tool is one): "
		                  "they belong to its import");
	p = arena_bytes(im->arena, im->text.n);
	if (!p)
		return ERR_FULL;
	memcpy(p, im->text.p, im->text.n);
	put_le64(p + HEAD_SOURCE, info->source_n = im->text.n);
	put_le64(p + HEAD_SOURCE + 8, info->source_mtime = im->mtime);
	put_le64(p + HEAD_SOURCE + 16, info->source_hash = map_hash(im->text, 0));
	put_le64(p + HEAD_OVERLAY, info->overlay_hash = overlay);
	build_seal(p, im->text.n);
	im->out = str_of(p, im->text.n);
	im->names_out = im->names;
	return 0;
}
