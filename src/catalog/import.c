#include "catalog/import.h"

#include "base/limits.h"
#include "catalog/hidden.h"
#include "catalog/openapi.h"
#include "catalog/overlay.h"
#include "catalog/swagger2.h"
#include "catalog/taken.h"
#include "catalog/thin.h"
#include "catalog/tool.h"
#include "json/jscan.h"

static int
refuse(struct import *im, const char *why)
{
	im->report.why = why;
	return ERR_BAD;
}

static int
tokens(struct compile *c)
{
	struct import *im = c->im;
	struct jsmntok *tok = arena_take(im->arena, (size_t)c->source.tokens * sizeof *tok);

	if (!tok)
		return ERR_FULL;
	if (json_parse(&c->doc, c->source.json, tok, c->source.tokens))
		return refuse(im, c->doc.fault ? c->doc.fault : "this document cannot be read");
	source_tokens(&c->source, &c->doc);
	return 0;
}

/* The document with all its files as text. */
static int
open(struct compile *c)
{
	struct import *im = c->im;
	int err;

	c->source.arena = im->arena;
	c->source.dir = im->name.n ? im->dir : -1;
	err = source_open(&c->source, im->name, im->text);
	im->report.why = c->source.why;
	im->report.why_place = c->source.place;
	return err;
}

/* Reads the document: a Swagger 2.0 one is told anew and read once more. */
static int
read(struct compile *c)
{
	struct import *im = c->im;
	struct jscan_found found;
	int err = tokens(c);

	if (err)
		return err;
	if (refs_init(&c->refs, &c->doc, im->arena, &c->source))
		return ERR_FULL;
	if (!swagger2_is(&c->doc))
		return 0;
	err = swagger2_convert(&c->source, &c->refs);
	if (err)
		return err;
	if (jscan_check(c->source.json, JSON_DEPTH_MAX, 0, &found)) {
		source_place(&c->source, found.at, &im->report.why_place);
		return refuse(im, found.why);
	}
	c->source.tokens = found.tokens;
	err = tokens(c);
	return err || refs_init(&c->refs, &c->doc, im->arena, &c->source) ? ERR_FULL : 0;
}

static int
prepare(struct compile *c)
{
	struct import *im = c->im;
	u32 room = tool_room(im->tool_max ? im->tool_max : IMPORT_TOOL_MAX);
	u8 *p = arena_bytes(im->arena, room);

	if (!p)
		return ERR_FULL;
	c->tool = buf_over(p, room);
	if (build_init(&c->build, im->arena, (u32)c->doc.n) ||
	    schema_init(&c->schema, &c->refs, &c->build, &im->report) ||
	    servers_init(&c->servers, &c->refs, &c->build, im->base))
		return ERR_FULL;
	return 0;
}

/* What the document includes, so that a change in it can be noticed. */
static void
write_files(struct compile *c)
{
	for (u32 i = 1; i < c->source.n; i++) {
		const struct source_file *f = &c->source.file[i];
		u8 *p = build_add(&c->build, PART_FILES);

		build_text(&c->build, f->name, p);
		put_le32(p + 8, f->size);
		put_le32(p + 12, f->changed);
	}
}

static int
run(struct import *im, struct compile *c)
{
	int err = open(c);

	if (!err)
		err = read(c);
	for (u32 i = 0; i < IMPORT_OVERLAYS && !err; i++)
		if (im->overlay[i].n)
			err = overlay_apply(c, im->overlay[i]);
	if (err)
		return err;
	if (json_kind(json_root(&c->doc)) != JSON_OBJECT)
		return refuse(im, "this is no OpenAPI document: it is no object");
	err = prepare(c);
	if (err)
		return err;
	if (!openapi_known(c))
		return ERR_BAD;
	err = openapi_compile(c);
	if (err)
		return err;
	im->report.info.secrets = hidden_names(&c->refs);
	if (im->strict && report_losses(&im->report)) {
		im->report.why = "--strict: operations were skipped";
		return ERR_DENY;
	}
	write_files(c);
	if (thin(&c->build))
		return ERR_FULL;
	return build_finish(&c->build, &im->report.info, &im->out);
}

int
import_document(struct import *im)
{
	struct compile *c = ARENA_NEW(im->arena, struct compile);
	int err = ERR_FULL;

	im->out = STR_NONE;
	memset(&im->report, 0, sizeof im->report);
	im->report.arena = im->arena;
	if (taken_is(im))
		return taken_document(im);
	im->report.info.source_n = im->text.n;
	im->report.info.source_mtime = im->mtime;
	im->report.info.source_hash = map_hash(im->text, 0);
	im->report.info.overlay_hash = import_overlay_hash(im->overlay);
	if (c) {
		c->im = im;
		c->report = &im->report;
		err = run(im, c);
	}
	if (err == ERR_FULL && !im->report.why)
		im->report.why = "the document needs more memory than an import is given";
	return err;
}
