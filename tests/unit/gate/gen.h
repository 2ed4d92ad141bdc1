/* gen: a generation made by hand for tests of the gate: one api, a document, two environments or one. All static. */
#ifndef TESTS_GATE_GEN_H
#define TESTS_GATE_GEN_H

#include "gate/gate.h"

#include "lib/doc.h"

static const struct environment gen_two[] = {
	{ .name = { (const u8 *)"sandbox", 7 } },
	{ .name = { (const u8 *)"production", 10 }, .production = true },
};

struct made {
	struct gen gen;
	struct api api;
	struct role role[ROLES_MAX];
	struct doc doc;
	u8 verdicts[65536];
};

#define MADE_OP(method, id, path) "\"" path "\":{\"" method "\":{\"operationId\":\"" id "\",\"tags\":[\"t\"],\"parameters\":" \
	"[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\"}},{\"name\":\"q\",\"in\":" \
	"\"query\",\"schema\":{\"type\":\"string\"}}],\"responses\":{\"200\":{\"description\":\"ok\"}}}}"

/* Three operations, in order of names: delete_thing (destructive), put_thing (write), read_thing (read). */
static inline void
made_open(struct made *m, u32 environments)
{
	static const char text[] = "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":{"
	    MADE_OP("get", "read_thing", "/things/{id}") "," MADE_OP("put", "put_thing", "/puts/{id}") ","
	    MADE_OP("delete", "delete_thing", "/gone/{id}") "}}";

	memset(m, 0, sizeof *m);
	doc_open(&m->doc, str_c(text));
	m->api = (struct api){ .name = STR("demo"), .environments = environments,
		.environment = environments == 1 ? &gen_two[1] : gen_two, .id = switches_id(SWITCH_API, STR("demo")) };
	role_built_in(m->role);
	m->gen = (struct gen){ .api = &m->api, .apis = 1, .role = m->role, .roles = ROLE_BUILT_IN };
}

/* Once roles and the api's deny list are as the test wants them. */
static inline void
made_compile(struct made *m)
{
	struct arena a = arena_over(m->verdicts, sizeof m->verdicts);

	ASSERT(role_compile(&m->gen, &m->api, &m->doc.catalog, &a) == 0);
}

static inline struct catalog_op
made_op(struct made *m, const char *name)
{
	struct catalog_op op;

	ASSERT(catalog_find(&m->doc.catalog, str_c(name), &op) >= 0);
	return op;
}

#endif
