#include "catalog/servers.h"

#include "base/utf8.h"

#define ALTERNATIVES_MAX 16

static struct str
text_of(struct servers *s, struct jcur c)
{
	struct str t = json_str(c, s->arena);

	return t.p ? t : STR_NONE;
}

/* Appends the template with its variables replaced by their defaults. Whether all were known. */
static bool
fill_in(struct servers *s, struct str template, struct jcur vars, struct buf *out)
{
	bool all = true;

	for (u32 i = 0; i < template.n; i++) {
		int end = template.p[i] == '{' ? str_find(template, '}', i) : -1;
		struct str value;

		if (end < 0) {
			buf_byte(out, template.p[i]);
			continue;
		}
		value = text_of(s, json_get(json_get_str(vars, str_cut(template, i + 1, (u32)end)), "default"));
		if (!value.p)
			all = false;
		buf_put(out, value.p ? value : str_cut(template, i, (u32)end + 1));
		i = (u32)end;
	}
	return all;
}

static bool
web_url(struct str url)
{
	u32 n = str_same_nocase(str_cut(url, 0, 7), STR("http://")) ? 7 :
	        str_same_nocase(str_cut(url, 0, 8), STR("https://")) ? 8 : 0;

	return n && url.n > n && url.p[n] != '/';
}

/* Appends where a relative reference leads from base: "/x" from its origin, "x" from its folder. */
static void
join(struct str base, struct str relative, struct buf *out)
{
	int path = str_find(base, '/', str_same_nocase(str_cut(base, 0, 8), STR("https://")) ? 8 : 7);
	u32 folder = base.n;

	if (path < 0 || (relative.n && relative.p[0] == '/')) {
		buf_put(out, str_cut(base, 0, path < 0 ? base.n : (u32)path));
		if (relative.n && relative.p[0] != '/')
			buf_byte(out, '/');
	} else {
		while (base.p[folder - 1] != '/')
			folder--;
		buf_put(out, str_cut(base, 0, folder));
	}
	if (relative.n >= 2 && relative.p[0] == '.' && relative.p[1] == '/')
		relative = str_cut(relative, 2, relative.n);
	buf_put(out, relative);
}

static bool
clean(struct str url)
{
	for (u32 i = 0; i < url.n; i++)
		if (url.p[i] <= ' ' || url.p[i] > 0x7e)
			return false;
	return true;
}

static struct str
without_query(struct str url)
{
	for (u32 i = 0; i < url.n; i++)
		if (url.p[i] == '?' || url.p[i] == '#')
			url.n = i;
	return url;
}

static struct str
bare(struct str url)
{
	url = without_query(url);
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

/* The URL a server object means. *absolute says whether it can be called as it is. */
static struct str
resolve(struct servers *s, struct jcur server, bool *absolute)
{
	u8 first[SERVERS_URL_MAX], second[SERVERS_URL_MAX];
	struct buf filled = buf_over(first, sizeof first), joined = buf_over(second, sizeof second);
	struct str url = text_of(s, json_get(server, "url"));
	bool known;

	*absolute = false;
	if (url.n > SERVERS_URL_MAX)
		return STR_NONE;
	known = fill_in(s, url, json_get(server, "variables"), &filled);
	url = buf_str(&filled);
	if (filled.over || !clean(url))
		return STR_NONE;
	if (!web_url(url) && web_url(s->base) && !str_starts(url, STR("//"))) {
		join(without_query(s->base), url, &joined);
		url = buf_str(&joined);
		if (joined.over || !clean(url))
			return STR_NONE;
	}
	*absolute = known && web_url(url);
	return arena_dup(s->arena, bare(url));
}

static void
add_vars(struct servers *s, struct jcur vars, u8 *p)
{
	u32 first = build_count(s->build, PART_VARS), n = 0;

	for (struct jcur v = refs_members(vars); !v.err && n < 32; v = json_next(v)) {
		u8 *var = build_add(s->build, PART_VARS);
		struct str enums = json_raw(json_get(v, "enum"));

		build_text(s->build, json_key_str(v, s->arena), var);
		build_text(s->build, text_of(s, json_get(v, "default")), var + 8);
		build_text(s->build, enums, var + 16);
		n++;
	}
	put_le32(p + 24, first);
	put_le32(p + 28, n);
}

/* Adds a server or finds the one with the same URL. Its index; 0 when there are too many. */
static u32
add_server(struct servers *s, struct jcur server)
{
	bool absolute;
	struct str url = resolve(s, server, &absolute);
	u8 *p;

	for (u32 i = 0; i < s->n; i++)
		if (str_same(s->url[i], url))
			return i;
	if (s->n == SERVERS_MAX)
		return 0;
	p = build_add(s->build, PART_SERVERS);
	build_text(s->build, url, p);
	build_text(s->build, text_of(s, json_get(server, "url")), p + 8);
	build_text(s->build, utf8_prefix(text_of(s, json_get(server, "description")), 200), p + 16);
	add_vars(s, json_get(server, "variables"), p);
	put_le32(p + 32, absolute);
	s->url[s->n] = url;
	return s->n++;
}

static void
scheme_wire(struct servers *s, struct jcur scheme, struct servers_scheme *to)
{
	static const struct { const char *type; u8 kind; const char *wire; } kinds[] = {
		{ "apiKey", CATALOG_SCHEME_KEY, "name" }, { "http", CATALOG_SCHEME_HTTP, "scheme" },
		{ "oauth2", CATALOG_SCHEME_OAUTH2, "" }, { "openIdConnect", CATALOG_SCHEME_OIDC, "openIdConnectUrl" },
		{ "mutualTLS", CATALOG_SCHEME_MTLS, "" },
	};
	struct jcur type = json_get(scheme, "type"), in = json_get(scheme, "in");

	to->kind = CATALOG_SCHEME_OTHER;
	to->in = json_is(in, "query") ? CATALOG_QUERY : json_is(in, "cookie") ? CATALOG_COOKIE : CATALOG_HEADER;
	for (u32 i = 0; i < ARRAY_N(kinds); i++)
		if (json_is(type, kinds[i].type)) {
			to->kind = kinds[i].kind;
			to->wire = text_of(s, json_get(scheme, kinds[i].wire));
		}
}

static void
add_schemes(struct servers *s)
{
	struct jcur list = json_pointer(json_root(s->refs->doc), STR("/components/securitySchemes"));

	for (struct jcur v = refs_members(list); !v.err; v = json_next(v)) {
		struct servers_scheme *to = &s->scheme[s->scheme_n];
		struct jcur scheme = refs_follow(s->refs, v);
		u8 *p;

		if (s->scheme_n == SERVERS_SCHEMES_MAX)
			return;
		to->name = json_key_str(v, s->arena);
		scheme_wire(s, scheme, to);
		p = build_add(s->build, PART_SCHEMES);
		build_text(s->build, to->name, p);
		build_text(s->build, to->wire, p + 8);
		build_text(s->build, utf8_prefix(text_of(s, json_get(scheme, "description")), 300), p + 16);
		p[24] = to->kind;
		p[25] = to->in;
		s->scheme_n++;
	}
}

int
servers_init(struct servers *s, const struct refs *refs, struct build *build, struct str base)
{
	struct jcur list = json_get(json_root(refs->doc), "servers");

	*s = (struct servers){ .refs = refs, .build = build, .arena = refs->arena, .base = base };
	s->url = ARENA_ARRAY(s->arena, struct str, SERVERS_MAX);
	s->scheme = ARENA_ARRAY(s->arena, struct servers_scheme, SERVERS_SCHEMES_MAX);
	if (!s->url || !s->scheme)
		return ERR_FULL;
	for (struct jcur v = refs_elements(list); !v.err; v = json_next(v))
		add_server(s, v);
	/* No list means one server "/": where the document came from. */
	if (!s->n)
		add_server(s, json_none(ERR_NONE));
	s->own_n = s->n;
	add_schemes(s);
	return 0;
}

u32
servers_of(struct servers *s, struct jcur list, bool *elsewhere)
{
	u32 first = CATALOG_NONE;

	*elsewhere = false;
	for (struct jcur v = refs_elements(list); !v.err; v = json_next(v)) {
		u32 at = add_server(s, v);

		if (at < s->own_n)
			return at;
		first = first == CATALOG_NONE ? at : first;
	}
	if (first == CATALOG_NONE)
		return 0;
	*elsewhere = true;
	return first;
}

static u32
scheme_named(const struct servers *s, struct jcur use)
{
	for (u32 i = 0; i < s->scheme_n; i++)
		if (json_key_same(use, s->scheme[i].name))
			return i;
	return CATALOG_NONE;
}

u32
servers_security(struct servers *s, struct jcur security, bool *open)
{
	u32 n = 0, alternative = 0;

	*open = json_kind(security) == JSON_ARRAY && json_len(security) == 0;
	for (struct jcur a = refs_elements(security); !a.err; a = json_next(a)) {
		*open |= json_kind(a) == JSON_OBJECT && json_len(a) == 0;
		for (struct jcur v = json_first(a); !v.err && n < 64; v = json_next(v)) {
			u32 scheme = scheme_named(s, v);
			u8 *p = scheme == CATALOG_NONE ? NULL : build_add(s->build, PART_USES);

			if (!p)
				continue;
			build_text(s->build, json_len(v) ? json_raw(v) : STR_NONE, p);
			put_le32(p + 8, alternative);
			put_le32(p + 12, scheme);
			n++;
		}
		if (++alternative == ALTERNATIVES_MAX)
			break;
	}
	return n;
}

bool
servers_is_key(const struct servers *s, u32 in, struct str name)
{
	for (u32 i = 0; i < s->scheme_n; i++) {
		const struct servers_scheme *k = &s->scheme[i];

		if (k->kind == CATALOG_SCHEME_KEY && k->in == in &&
		    (in == CATALOG_HEADER ? str_same_nocase(k->wire, name) : str_same(k->wire, name)))
			return true;
	}
	return false;
}
