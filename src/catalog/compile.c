#include "catalog/compile.h"

#include "base/utf8.h"

void
compile_skip(struct operation *op, const char *why, struct str detail, struct jcur at)
{
	if (op->why)
		return;
	op->why = why;
	op->why_detail = detail;
	op->why_at = at.err ? op->at : at;
}

static void
add(struct compile *c, struct report_item *item, struct jcur at)
{
	u8 space[900];
	struct buf pointer = buf_over(space, sizeof space);

	if (!at.err)
		c->schema.told[at.at / 8] |= (u8)(1U << at.at % 8);
	refs_pointer(&c->refs, at, &pointer);
	item->pointer = buf_str(&pointer);
	refs_place(&c->refs, at, &item->place);
	item->detail = utf8_prefix(item->detail, 200);
	report_add(c->report, item);
}

void
compile_note(struct compile *c, const struct operation *op, const char *why, struct str detail, struct jcur at)
{
	struct report_item item = { .kind = REPORT_NOTE, .method = CATALOG_METHODS, .why = why, .detail = detail };

	if (op) {
		item.method = op->method;
		item.verb = op->verb;
		item.path = op->path;
	}
	add(c, &item, at);
}

void
compile_skipped(struct compile *c, const struct operation *op)
{
	struct report_item item = { .kind = REPORT_SKIP, .method = op->method, .verb = op->verb, .path = op->path,
		.why = op->why,
		.detail = op->why_detail };

	c->report->info.counts.skipped++;
	add(c, &item, op->why_at);
}

struct str
compile_text(struct compile *c, struct jcur object, const char *key)
{
	struct str s = json_str(json_get(object, key), c->im->arena);

	return s.p ? s : STR_NONE;
}
