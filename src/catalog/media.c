#include "catalog/media.h"

#include "catalog/catalog.h"

struct str
media_essence(struct str type)
{
	int semicolon = str_find(type, ';', 0);

	return str_trim(semicolon < 0 ? type : str_cut(type, 0, (u32)semicolon));
}

/* What begins or ends so is of that kind; the first that fits. No beginning and no end: any. */
static const struct { const char *begin, *end; u8 kind; } kinds[] = {
	{ "application/json", "", CATALOG_KIND_JSON }, { "", "+json", CATALOG_KIND_JSON },
	{ "text/json", "", CATALOG_KIND_JSON }, { "*/*", "", CATALOG_KIND_JSON },
	{ "application/*", "", CATALOG_KIND_JSON }, { "", "yaml", CATALOG_KIND_JSON },
	{ "application/x-www-form-urlencoded", "", CATALOG_KIND_FORM }, { "multipart/", "", CATALOG_KIND_MULTIPART },
	{ "text/", "", CATALOG_KIND_TEXT }, { "application/xml", "", CATALOG_KIND_TEXT },
	{ "", "+xml", CATALOG_KIND_TEXT }, { "application/javascript", "", CATALOG_KIND_TEXT },
	{ "application/graphql", "", CATALOG_KIND_TEXT }, { "application/sql", "", CATALOG_KIND_TEXT },
	{ "application/x-ndjson", "", CATALOG_KIND_TEXT }, { "", "jsonl", CATALOG_KIND_TEXT },
};

u32
media_kind(struct str type)
{
	struct str e = media_essence(type);

	for (u32 i = 0; i < ARRAY_N(kinds); i++) {
		struct str begin = str_c(kinds[i].begin), end = str_c(kinds[i].end);

		if (e.n < begin.n + end.n || !str_same_nocase(str_cut(e, 0, begin.n), begin) ||
		    !str_same_nocase(str_cut(e, e.n - end.n, e.n), end))
			continue;
		/* A whole type, not the beginning of a longer one. */
		if (begin.n && !end.n && begin.p[begin.n - 1] != '/' && e.n != begin.n)
			continue;
		return kinds[i].kind;
	}
	return CATALOG_KIND_BINARY;
}

bool
media_is_json(struct str type)
{
	return media_kind(type) == CATALOG_KIND_JSON;
}
