/* kinds: a catalog with every place, style and kind of schema, for fuzzers; and what must hold of any request made with
 * it. All static, as in doc.h. */
#ifndef TESTS_KINDS_H
#define TESTS_KINDS_H

#include "http/url.h"
#include "lib/doc.h"

#define KIND(name, in, more, schema) "{\"name\":\"" name "\",\"in\":\"" in "\"," more "\"schema\":" schema "}"
#define KINDS_TREE "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":1},\"k\":{\"type\":\"array\"," \
	"\"items\":{\"$ref\":\"#/components/schemas/T\"}},\"o\":{\"oneOf\":[{\"type\":\"string\",\"maxLength\":3},{\"type\":" \
	"\"boolean\"},{\"type\":\"array\",\"items\":{\"type\":\"number\"}}]},\"e\":{\"enum\":[\"a\",1,null,\"\\u00e9\"]}}}"

static const char kinds_text[] =
    "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"components\":{\"schemas\":{\"T\":" KINDS_TREE "}},"
    "\"paths\":{\"/a/{p}/b{l}c{m}\":{\"get\":{\"operationId\":\"a\",\"parameters\":["
    KIND("p", "path", "\"required\":true,", "{\"type\":\"string\"}") ","
    KIND("l", "path", "\"required\":true,\"style\":\"label\",\"explode\":true,", "{\"type\":\"array\",\"items\":{}}") ","
    KIND("m", "path", "\"required\":true,\"style\":\"matrix\",", "{\"type\":\"object\"}") ","
    KIND("f", "query", "", "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}") ","
    KIND("s", "query", "\"style\":\"spaceDelimited\",\"explode\":false,", "{\"type\":\"array\",\"items\":{}}") ","
    KIND("d", "query", "\"style\":\"deepObject\",", "{\"type\":\"object\"}") ","
    KIND("r", "query", "\"allowReserved\":true,", "{\"type\":\"string\"}") ","
    "{\"name\":\"j\",\"in\":\"query\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/T\"}}}},"
    KIND("X-H", "header", "", "{\"type\":\"string\"}") "," KIND("c", "cookie", "", "{\"type\":\"object\"}")
    "],\"responses\":{}}},\"/b\":{\"post\":{\"operationId\":\"b\",\"requestBody\":{\"content\":{\"application/json\":{\"schema\":"
    "{\"type\":\"object\",\"properties\":{\"p\":{\"type\":\"integer\"},\"t\":{\"$ref\":\"#/components/schemas/T\"}},"
    "\"additionalProperties\":true}}}},\"responses\":{}}},\"/c\":{\"post\":{\"operationId\":\"c\",\"requestBody\":{\"content\":{"
    "\"application/x-www-form-urlencoded\":{\"schema\":{\"type\":\"object\",\"properties\":{\"p\":{},\"d\":{\"type\":\"object\"}},"
    "\"additionalProperties\":true},\"encoding\":{\"d\":{\"style\":\"deepObject\"}}}}},\"responses\":{}}},\"/d\":{\"put\":{"
    "\"operationId\":\"d\",\"requestBody\":{\"content\":{\"text/plain\":{\"schema\":{\"type\":\"string\"}}}},\"responses\":{}}}}}";

/* The catalog, compiled at the first call. */
static inline const struct catalog *
kinds_catalog(void)
{
	static struct doc doc;

	if (!doc.arena.p)
		doc_open(&doc, str_c(kinds_text));
	return &doc.catalog;
}

/* Stops when a target leaves its base path or could be read as more than one line, or a field is more than its line. */
static inline void
kinds_judge(struct str target, struct str fields)
{
	int query = str_find(target, '?', 0);

	ASSERT(url_path_ok(query < 0 ? target : str_cut(target, 0, (u32)query)));
	ASSERT(str_starts(target, STR("/api/")));
	for (u32 i = 0; i < target.n; i++)
		ASSERT(target.p[i] > 0x20 && target.p[i] < 0x7f && target.p[i] != '#');
	while (fields.n) {
		int end = str_find(fields, '\n', 0);

		ASSERT(end > 0 && fields.p[end - 1] == '\r' && str_find(str_cut(fields, 0, (u32)end - 1), '\r', 0) < 0);
		ASSERT(str_starts(fields, STR("X-H: ")) || str_starts(fields, STR("Cookie: ")));
		fields = str_cut(fields, (u32)end + 1, fields.n);
	}
}

#endif
