#include "catalog/swagger2_priv.h"

#define SPARE (1U << 20)

bool
swagger2_is(const struct jdoc *doc)
{
	struct jcur version = json_get(json_root(doc), "swagger");

	/* YAML makes a number of it unless it is quoted */
	return json_is(version, "2.0") || (json_kind(version) == JSON_NUMBER && str_is(json_raw(version), "2.0"));
}

/* --- writing ------------------------------------------------------------------------------------- */

static u32
from_of(const struct swagger2 *w, u32 tok)
{
	return (u32)w->doc->tok[tok].from - (json_kind(refs_at(w->refs, tok)) == JSON_STRING);
}

void
swagger2_mark(struct swagger2 *w, struct jcur c)
{
	if (!c.err)
		origin_add(&w->origin, w->out.w, from_of(w, (u32)c.at));
}

/* Copies the tokens from .. to (not included) as they stand, with their places. */
static void
copy(struct swagger2 *w, u32 tok, u32 end)
{
	u32 from = from_of(w, tok), at = w->out.w;

	for (u32 i = tok; i < (u32)w->doc->n && (u32)w->doc->tok[i].from < end; i++)
		origin_add(&w->origin, at + (from_of(w, i) - from), from_of(w, i));
	buf_put(&w->out, str_cut(w->doc->text, from, end));
}

static u32
end_of(struct jcur c)
{
	struct str raw = json_raw(c);

	return (u32)(raw.p - c.doc->text.p) + raw.n;
}

void
swagger2_member(struct swagger2 *w, struct jcur c)
{
	if (w->o.more)
		buf_byte(&w->out, ',');
	w->o.more = true;
	copy(w, (u32)c.at - 1, end_of(c));
}

void
swagger2_value(struct swagger2 *w, const char *key, struct jcur c)
{
	if (key)
		jout_key(&w->o, str_c(key));
	else if (w->o.more)
		buf_byte(&w->out, ',');
	w->o.more = true;
	copy(w, (u32)c.at, end_of(c));
}

void
swagger2_maybe(struct swagger2 *w, const char *key, struct jcur c)
{
	if (!c.err)
		swagger2_value(w, key, c);
}

/* "#/a~1b" of a place in another file, escaped as a part of a URI. */
static void
put_ref(struct swagger2 *w, struct jcur c)
{
	u8 space[POINTER_N], coded[POINTER_N];
	struct buf pointer = buf_over(space, sizeof space), uri = buf_over(coded, sizeof coded);

	refs_pointer_whole(w->refs, c, &pointer);
	buf_byte(&uri, '#');
	for (u32 i = 0; i < pointer.w; i++)
		if (pointer.p[i] == '%')
			BUF_LIT(&uri, "%25");
		else
			buf_byte(&uri, pointer.p[i]);
	jout_open(&w->o, '{');
	jout_str(&w->o, "$ref", pointer.over || uri.over ? STR("#/too/long") : buf_str(&uri));
	jout_close(&w->o, '}');
}

void
swagger2_schema(struct swagger2 *w, struct jcur c)
{
	if (c.err)
		return;
	jout_key(&w->o, STR("schema"));
	swagger2_mark(w, c);
	if ((u32)c.at < w->first) {
		w->o.more = false;
		swagger2_value(w, NULL, c);
	} else {
		put_ref(w, c);
	}
}

/* --- servers and security ------------------------------------------------------------------------- */

static bool
among(struct jcur list, const char *text)
{
	for (struct jcur v = refs_elements(list); !v.err; v = json_next(v))
		if (json_is(v, text))
			return true;
	return false;
}

static void
server(struct swagger2 *w, const char *scheme, struct str host, struct str base)
{
	u8 space[1024];
	struct buf url = buf_over(space, sizeof space);

	buf_fmt(&url, "%s%S%s%S", scheme, host, base.n && base.p[0] != '/' ? "/" : "", base);
	jout_open(&w->o, '{');
	jout_str(&w->o, "url", url.over ? STR("/") : buf_str(&url));
	jout_close(&w->o, '}');
}

/* What the document was fetched with stands for missing schemes: nobody knows, and https is the safer guess. */
static void
servers(struct swagger2 *w)
{
	struct jcur schemes = json_get(w->root, "schemes");
	struct str host = json_str(json_get(w->root, "host"), w->refs->arena);
	struct str base = json_str(json_get(w->root, "basePath"), w->refs->arena);
	bool plain = among(schemes, "http"), safe = among(schemes, "https") || !plain;

	jout_key_open(&w->o, "servers", '[');
	if (!host.n)
		server(w, "", STR_NONE, base.n ? base : STR("/"));
	if (host.n && safe)
		server(w, "https://", host, base);
	if (host.n && plain)
		server(w, "http://", host, base);
	jout_close(&w->o, ']');
}

static void
flow(struct swagger2 *w, struct jcur scheme)
{
	static const struct { const char *was, *is; } flows[] = {
		{ "implicit", "implicit" }, { "password", "password" }, { "application", "clientCredentials" },
		{ "accessCode", "authorizationCode" },
	};
	const char *name = "implicit";

	for (u32 i = 0; i < ARRAY_N(flows); i++)
		if (json_is(json_get(scheme, "flow"), flows[i].was))
			name = flows[i].is;
	jout_key_open(&w->o, "flows", '{');
	jout_key_open(&w->o, name, '{');
	swagger2_maybe(w, "authorizationUrl", json_get(scheme, "authorizationUrl"));
	swagger2_maybe(w, "tokenUrl", json_get(scheme, "tokenUrl"));
	swagger2_maybe(w, "scopes", json_get(scheme, "scopes"));
	jout_close(&w->o, '}');
	jout_close(&w->o, '}');
}

static void
security(struct swagger2 *w, struct jcur list)
{
	jout_key_open(&w->o, "components", '{');
	jout_key_open(&w->o, "securitySchemes", '{');
	for (struct jcur v = refs_members(list); !v.err; v = json_next(v)) {
		struct jcur scheme = refs_follow(w->refs, v), type = json_get(scheme, "type");

		jout_key(&w->o, json_key_str(v, w->refs->arena));
		swagger2_mark(w, v);
		jout_open(&w->o, '{');
		swagger2_maybe(w, "description", json_get(scheme, "description"));
		if (json_is(type, "basic")) {
			jout_c(&w->o, "type", "http");
			jout_c(&w->o, "scheme", "basic");
		} else {
			swagger2_maybe(w, "type", type);
			swagger2_maybe(w, "name", json_get(scheme, "name"));
			swagger2_maybe(w, "in", json_get(scheme, "in"));
		}
		if (json_is(type, "oauth2"))
			flow(w, scheme);
		jout_close(&w->o, '}');
	}
	jout_close(&w->o, '}');
	jout_close(&w->o, '}');
}

/* --- operations ----------------------------------------------------------------------------------- */

/* Collects a list's parameters behind those there are. What leads nowhere stays, to be told where it is looked at. */
static void
collect(struct swagger2 *w, struct jcur list)
{
	for (struct jcur v = refs_elements(list); !v.err && w->param_n < PARAMS_MAX; v = json_next(v)) {
		struct jcur to = refs_follow(w->refs, v);

		w->param[w->param_n++] = to.err ? v : to;
	}
}

static void
operation(struct swagger2 *w, struct jcur op, struct buf *where)
{
	u32 mark_at = where->w;

	w->param_n = w->own_n;
	collect(w, json_get(op, "parameters"));
	jout_key(&w->o, json_key_str(op, w->refs->arena));
	swagger2_mark(w, op);
	jout_open(&w->o, '{');
	for (struct jcur v = json_first(op); !v.err; v = json_next(v)) {
		static const char *const told[] = { "parameters", "consumes", "produces", "schemes", "responses",
			"requestBody" };
		bool again = false;

		for (u32 i = 0; i < ARRAY_N(told); i++)
			again |= json_key_is(v, told[i]);
		if (!again)
			swagger2_member(w, v);
	}
	if (w->param_n > w->own_n)
		swagger2_parameters(w, w->own_n);
	swagger2_request(w, op, where);
	BUF_LIT(where, "/responses");
	swagger2_responses(w, json_get(op, "responses"), swagger2_types(w, op, "produces"), where);
	where->w = mark_at;
	jout_close(&w->o, '}');
}

static void
path_item(struct swagger2 *w, struct jcur p, struct buf *where)
{
	struct jcur item = refs_follow(w->refs, p);
	u32 mark_at = where->w;

	if (json_kind(item) != JSON_OBJECT) {
		swagger2_member(w, p);
		return;
	}
	w->param_n = 0;
	collect(w, json_get(item, "parameters"));
	w->own_n = w->param_n;
	jout_key(&w->o, json_key_str(p, w->refs->arena));
	swagger2_mark(w, item);
	jout_open(&w->o, '{');
	swagger2_parameters(w, 0);
	for (struct jcur v = json_first(item); !v.err; v = json_next(v)) {
		if (json_key_is(v, "parameters"))
			continue;
		where->w = mark_at;
		swagger2_part(where, json_key_str(v, w->refs->arena));
		if (json_kind(v) == JSON_OBJECT && !str_starts(json_key(v), STR("x-")))
			operation(w, v, where);
		else
			swagger2_member(w, v);
	}
	where->w = mark_at;
	jout_close(&w->o, '}');
}

static void
paths(struct swagger2 *w, struct jcur list, struct buf *where)
{
	if (json_kind(list) != JSON_OBJECT) {
		swagger2_maybe(w, "paths", list);
		return;
	}
	jout_key_open(&w->o, "paths", '{');
	for (struct jcur p = json_first(list); !p.err; p = json_next(p)) {
		where->w = 0;
		where->over = false;
		BUF_LIT(where, "#/paths");
		swagger2_part(where, json_key_str(p, w->refs->arena));
		path_item(w, p, where);
	}
	jout_close(&w->o, '}');
}

static void
document(struct swagger2 *w)
{
	u8 space[POINTER_N];
	struct buf where = buf_over(space, sizeof space);

	jout_open(&w->o, '{');
	jout_c(&w->o, "openapi", "3.0.3");
	servers(w);
	security(w, json_get(w->root, "securityDefinitions"));
	for (struct jcur v = json_first(w->root); !v.err; v = json_next(v)) {
		static const char *const told[] = { "host", "basePath", "schemes", "consumes", "produces", "paths",
			"parameters", "responses", "securityDefinitions", "openapi", "servers", "components",
			"x-mcpgated-files" };
		bool again = false;

		for (u32 i = 0; i < ARRAY_N(told); i++)
			again |= json_key_is(v, told[i]);
		if (!again)
			swagger2_member(w, v);
	}
	BUF_LIT(&where, "#/responses");
	swagger2_responses(w, json_get(w->root, "responses"), json_get(w->root, "produces"), &where);
	paths(w, json_get(w->root, "paths"), &where);
	swagger2_maybe(w, "x-mcpgated-files", json_get_str(w->root, SOURCE_FILES)); /* behind all of its own */
	jout_close(&w->o, '}');
}

int
swagger2_convert(struct source *source, const struct refs *refs)
{
	struct arena *a = refs->arena;
	u64 cap = (u64)source->json.n * 3 + SPARE;
	u8 *p = cap < INT32_MAX ? arena_bytes(a, (size_t)cap) : NULL;
	struct swagger2 w = { .source = source, .refs = refs, .doc = refs->doc, .root = json_root(refs->doc) };

	w.param = ARENA_ARRAY(a, struct jcur, PARAMS_MAX);
	if (!p || !w.param)
		return ERR_FULL;
	w.out = buf_over(p, (size_t)cap);
	w.o = jout_into(&w.out);
	w.origin.arena = a;
	w.first = source->n > 1 ? source->file[1].tok : (u32)refs->doc->n;
	document(&w);
	if (w.out.over || w.origin.full)
		return ERR_FULL;
	source->json = buf_str(&w.out);
	source->converted = w.origin;
	return 0;
}
