#include "catalog/openapi.h"

#include "base/utf8.h"
#include "catalog/namebook.h"
#include "catalog/naming.h"
#include "catalog/operation.h"
#include "catalog/order.h"
#include "catalog/overlay.h"
#include "catalog/search.h"
#include "catalog/swagger2.h"
#include "http/field.h"

#define MORE STR("additionalOperations")
#define VERB_MAX 32 /* characters of a method */
#define ID_MAX 500 /* bytes of an operationId that is believed */

/* An operation found in the document, before it has a name. */
struct found {
	struct jcur item, at;
	u8 method;
	struct str verb, path, id;
};

struct walk {
	struct compile *c;
	struct found *found;
	struct naming_wish *wish;
	u32 n, cap;
};

/* The keys of a path item that are operations. */
static const char *const methods[CATALOG_METHOD_OTHER] = { "get", "head", "post", "put", "patch", "delete", "options",
	"trace", "query" };

static int
method_of(struct str key)
{
	for (u32 i = 0; i < ARRAY_N(methods); i++)
		if (str_is(key, methods[i]))
			return (int)i;
	return ERR_NONE;
}

static bool
has_method(struct compile *c, struct jcur item, u32 method)
{
	return !refs_get(&c->refs, item, str_c(methods[method])).err;
}

bool
openapi_known(struct compile *c)
{
	struct jcur root = json_root(&c->doc);
	struct str version = compile_text(c, root, "openapi");

	c->report->info.openapi = swagger2_is(&c->doc) ? STR("2.0") : version;
	if (str_starts(version, STR("3.0")) || str_starts(version, STR("3.1")) || str_starts(version, STR("3.2")))
		return true;
	if (version.n)
		c->report->why = "this version of OpenAPI is not known: 2.0, 3.0, 3.1 and 3.2 are";
	else if (!json_get(root, "swagger").err)
		c->report->why = "this version of Swagger is not known: 2.0 is";
	else
		c->report->why = "this is no OpenAPI document: it has no member \"openapi\"";
	return false;
}

static u32
count_operations(struct compile *c, struct jcur paths)
{
	u32 n = 0;

	for (struct jcur p = refs_members(paths); !p.err; p = json_next(p)) {
		struct jcur item = refs_follow(&c->refs, p);

		for (struct jcur v = refs_members(item); !v.err; v = json_next(v))
			n += method_of(json_key(v)) >= 0;
		n += (u32)json_len(refs_get(&c->refs, item, MORE));
	}
	return n;
}

static void
skip(struct walk *w, struct found *f, const char *why)
{
	struct operation op = { .item = f->item, .at = f->at, .method = f->method, .verb = f->verb, .path = f->path,
		.why = why, .why_at = f->at };

	compile_skipped(w->c, &op);
}

/* Counts an operation and keeps it, or says at once why it cannot be imported. */
static void
keep(struct walk *w, struct found *f)
{
	struct compile *c = w->c;
	struct naming_wish *wish = &w->wish[w->n];

	c->report->info.counts.operations++;
	if (json_kind(f->at) != JSON_OBJECT) {
		skip(w, f, "it is no object");
	} else if (overlay_hides(c, f->at)) {
		c->report->hidden++;
		skip(w, f, "an overlay hides it");
	} else if (f->method == CATALOG_TRACE) {
		skip(w, f, "TRACE requests are never made");
	} else if (refs_get(&c->refs, refs_at(&c->refs, c->refs.parent[f->at.at]), json_key(f->at)).at != f->at.at) {
		skip(w, f, "the same method and path stand in the document before");
	} else if (w->n == w->cap) {
		skip(w, f, "the document has too many operations");
	} else {
		*wish = (struct naming_wish){ .path = f->path };
		wish->method = f->verb.n ? f->verb : str_c(catalog_method_text(f->method));
		wish->id = utf8_prefix(compile_text(c, f->at, "operationId"), ID_MAX);
		w->found[w->n].id = wish->id;
		wish->given = overlay_name(c, f->at);
		w->found[w->n].item = f->item;
		w->found[w->n].at = f->at;
		w->found[w->n].method = f->method;
		w->found[w->n].verb = f->verb;
		w->found[w->n++].path = f->path;
	}
}

/* Operations of methods that a path item has no member for, or should have used it for: any token is sent. */
static void
walk_more(struct walk *w, struct found *f, struct jcur list)
{
	for (struct jcur v = refs_members(list); !v.err; v = json_next(v)) {
		u32 known = 0;

		f->at = v;
		f->verb = json_key_str(v, w->c->im->arena);
		while (known < CATALOG_METHOD_OTHER && !str_is(f->verb, catalog_method_text(known)))
			known++;
		f->method = (u8)known;
		if (known < CATALOG_METHOD_OTHER)
			f->verb = STR_NONE;
		if (known < CATALOG_METHOD_OTHER && has_method(w->c, f->item, known)) {
			w->c->report->info.counts.operations++;
			skip(w, f, "the same method and path stand in the document before");
		} else if (known == CATALOG_METHOD_OTHER && (!field_token(f->verb) || f->verb.n > VERB_MAX ||
		               str_is(f->verb, "CONNECT"))) {
			w->c->report->info.counts.operations++;
			skip(w, f, "its method is none that is sent");
		} else {
			keep(w, f);
		}
	}
}

static void
walk_item(struct walk *w, struct jcur paths, struct jcur p)
{
	struct compile *c = w->c;
	struct found f = { .item = refs_follow(&c->refs, p), .path = json_key_str(p, c->im->arena) };

	if (json_kind(f.item) != JSON_OBJECT) {
		if (!str_starts(f.path, STR("x-")))
			compile_note(c, NULL, "a path item is no object or its $ref leads nowhere", f.path, p);
		return;
	}
	for (struct jcur v = json_first(f.item); !v.err; v = json_next(v)) {
		int method = method_of(json_key(v));

		if (method < 0)
			continue;
		f.method = (u8)method;
		f.at = v;
		if (refs_get(&c->refs, paths, f.path).at != p.at) {
			c->report->info.counts.operations++;
			skip(w, &f, "the same method and path stand in the document before");
			continue;
		}
		keep(w, &f);
	}
	if (refs_get(&c->refs, paths, f.path).at == p.at)
		walk_more(w, &f, refs_get(&c->refs, f.item, MORE));
}

/* An operationId names one operation; where several have it, how they are called is naming.h's. */
static bool
tell_doubles(struct walk *w)
{
	struct map seen;
	u32 first;

	if (map_init(&seen, w->c->im->arena, w->n + 1))
		return false;
	for (u32 i = 0; i < w->n; i++) {
		u64 hash = map_hash(w->found[i].id, 0);
		u32 it = 0;

		if (!w->found[i].id.n)
			continue;
		while (map_next(&seen, hash, &it, &first))
			if (str_same(w->found[first].id, w->found[i].id)) {
				compile_note(w->c, NULL, "an operationId stands in the document before", w->found[i].id,
				    json_get(w->found[i].at, "operationId"));
				break;
			}
		(void)map_add(&seen, hash, i);
	}
	return true;
}

/* Whether a value is but an example or the like: a $ref in it is none. */
static bool
is_sample(const struct refs *refs, u32 at)
{
	static const char *const samples[] = { "example", "examples", "default", "enum", "const", "value" };

	for (; at != UINT32_MAX; at = refs->parent[at]) {
		struct jcur c = refs_at(refs, at);

		for (u32 i = 0; i < ARRAY_N(samples); i++)
			if (json_key_is(c, samples[i]))
				return true;
		if (str_starts(json_key(c), STR("x-")))
			return true;
	}
	return false;
}

/* Every $ref that leads nowhere, though nothing asks for it. */
static void
tell_dangling(struct compile *c)
{
	for (u32 i = 0; i < (u32)c->doc.n; i++) {
		struct jcur at, v = refs_at(&c->refs, i);

		if (json_kind(v) != JSON_STRING || !json_key_is(v, "$ref"))
			continue;
		at = refs_at(&c->refs, c->refs.parent[i]);
		v = refs_follow(&c->refs, at);
		if (v.err && !is_sample(&c->refs, (u32)at.at))
			schema_broken_ref(&c->schema, at, v.err);
	}
}

static bool
by_name(const void *ctx, u32 a, u32 b)
{
	const struct walk *w = ctx;
	int d = str_cmp(w->wish[a].name, w->wish[b].name);

	return d ? d < 0 : a < b;
}

static void
compile_one(struct walk *w, u32 i)
{
	struct operation op = { .item = w->found[i].item, .at = w->found[i].at, .method = w->found[i].method,
		.verb = w->found[i].verb, .path = w->found[i].path, .id = w->found[i].id, .name = w->wish[i].name };

	if (!op.name.n)
		compile_skip(&op, "its name cannot be told from another's", op.id, op.at);
	if (op.why || !operation_compile(w->c, &op))
		compile_skipped(w->c, &op);
}

static void
compile_all(struct walk *w, u32 *order)
{
	for (u32 i = 0; i < w->n; i++)
		order[i] = i;
	order_sort(order, w->n, by_name, w);
	for (u32 i = 0; i < w->n && !w->c->build.full && !w->c->schema.full && !w->c->full; i++)
		compile_one(w, order[i]);
}

static void
describe(struct compile *c)
{
	struct jcur info = json_get(json_root(&c->doc), "info");

	c->report->info.title = compile_text(c, info, "title");
	c->report->info.version = compile_text(c, info, "version");
	c->report->info.text = compile_text(c, info, "description");
}

int
openapi_compile(struct compile *c)
{
	struct arena *a = c->im->arena;
	struct jcur paths = json_get(json_root(&c->doc), "paths");
	struct walk w = { .c = c };
	struct shape *string;
	u32 *order;

	describe(c);
	string = schema_new(&c->schema);
	string->types = CATALOG_T_STRING;
	c->string = SCHEMA_SHAPE | string->number;
	/* Since 3.1 a document may be there for its webhooks alone: it has no operation then. */
	if (json_kind(paths) != JSON_OBJECT &&
	    (json_kind(paths) != JSON_MISSING || json_get(json_root(&c->doc), "webhooks").err)) {
		c->report->why = "the document has no paths";
		return ERR_BAD;
	}
	w.cap = min_u32(count_operations(c, paths), CATALOG_OPS_MAX);
	w.found = ARENA_ARRAY(a, struct found, w.cap + 1);
	w.wish = ARENA_ARRAY(a, struct naming_wish, w.cap + 1);
	order = ARENA_ARRAY(a, u32, w.cap + 1);
	c->texts = ARENA_ARRAY(a, struct str, w.cap + 1);
	if (!w.found || !w.wish || !order || !c->texts)
		return ERR_FULL;
	for (struct jcur p = refs_members(paths); !p.err; p = json_next(p))
		walk_item(&w, paths, p);
	namebook_keep(c->im->names, w.wish, w.n);
	if (naming_tools(w.wish, w.n, a) || namebook_write(c->im->names, w.wish, w.n, a, &c->im->names_out))
		return ERR_FULL;
	if (!tell_doubles(&w))
		return ERR_FULL;
	compile_all(&w, order);
	tell_dangling(c);
	if (!c->schema.work)
		compile_note(c, NULL, "its schemas are too entangled: some of them allow anything", STR_NONE, paths);
	return c->build.full || c->schema.full || c->full ? ERR_FULL : search_build(&c->build, c->texts, a);
}
