/* made: catalogs made of documents for the tests of this folder, and a walk that touches every accessor. */
#ifndef TESTS_UNIT_CATALOG_MADE_H
#define TESTS_UNIT_CATALOG_MADE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "catalog/catalog.h"
#include "catalog/import.h"
#include "json/jscan.h"
#include "json/json.h"
#include "lib/fixture.h"
#include "lib/guard.h"
#include "lib/tooltext.h"

#define MADE_ARENA ((size_t)8 << 20)
#define SHELF "tests/data/openapi/shelf.json"

/* A document compiled in memory of its own; made_free gives it back. */
struct made {
	struct arena arena;
	struct import im;
	struct catalog c;
	int err;
};

static inline void
made_import(struct made *m, struct str text, size_t room)
{
	memset(m, 0, sizeof *m);
	m->arena = arena_over(malloc(room), room);
	m->im = (struct import){ .arena = &m->arena, .text = text, .mtime = 1700000000 };
	m->err = import_document(&m->im);
}

static inline void
made_text(struct made *m, struct str text)
{
	made_import(m, text, MADE_ARENA);
	if (m->im.report.why)
		print_message("not imported: %s\n", m->im.report.why);
	assert_int_equal(m->err, 0);
	assert_int_equal(catalog_open(&m->c, m->im.out), 0);
}

static inline void
made_free(struct made *m)
{
	free(m->arena.p);
}

/* A document with these paths and components, as JSON members. */
static inline struct str
made_document(const char *paths, const char *components)
{
	static char text[65536];

	snprintf(text, sizeof text, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"servers\":[{\"url\":"
	    "\"https://a.example\"}],\"paths\":{%s},\"components\":{%s}}", paths, components);
	return str_c(text);
}

/* The operation of a name, which must be there. */
static inline void
made_op(const struct made *m, const char *name, struct catalog_op *op)
{
	if (catalog_find(&m->c, str_c(name), op) < 0)
		fail_msg("no tool %s", name);
}

/* Number of argument `name` of op. */
static inline u32
made_arg(const struct made *m, const struct catalog_op *op, const char *name, struct catalog_param *param)
{
	int i = catalog_param_named(&m->c, op, str_c(name), param);

	if (i < 0)
		fail_msg("no argument %s", name);
	return (u32)i;
}

#define assert_str(s, literal) \
	do { \
		struct str made_s = (s); \
		if (!str_is(made_s, literal)) \
			fail_msg("%.*s is not %s", STR_ARG(made_s), literal); \
	} while (0)

/* Bytes of a view, so that reading it cannot be optimised away. */
static inline u32
made_touch(struct str s)
{
	u32 sum = 0;

	for (u32 i = 0; i < s.n; i++)
		sum += s.p[i];
	return sum;
}

static inline u32
made_walk_op(const struct catalog *c, u32 at)
{
	struct catalog_op op;
	struct catalog_param param;
	struct catalog_piece piece;
	struct catalog_use use;
	struct catalog_answer answer;
	static u8 space[1 << 17];
	struct buf out = buf_over(space, sizeof space);
	u32 sum;

	catalog_op(c, at, &op);
	sum = made_touch(op.name) + made_touch(op.id) + made_touch(op.path) + made_touch(op.summary) +
	      made_touch(op.body_type) + made_touch(tool_text(c, &op));
	for (u32 i = 0; i < op.param_n; i++) {
		catalog_param(c, &op, i, &param);
		sum += made_touch(param.arg) + made_touch(param.wire) + param.node;
	}
	for (u32 i = 0; i < op.piece_n; i++) {
		catalog_piece(c, &op, i, &piece);
		sum += made_touch(piece.literal);
		if (piece.param != CATALOG_NONE)
			catalog_param(c, &op, piece.param, &param);
	}
	for (u32 i = 0; i < op.tag_n; i++)
		sum += made_touch(catalog_tag(c, &op, i));
	for (u32 i = 0; i < op.use_n; i++) {
		catalog_use(c, &op, i, &use);
		sum += made_touch(use.scopes);
	}
	for (u32 i = 0; i < op.answer_n; i++) {
		catalog_answer(c, &op, i, &answer);
		sum += made_touch(answer.kind);
	}
	catalog_splice(c, &op, STR("\"e\":{}"), STR("\"e\""), &out);
	assert_true(out.w > op.tool_n);
	return sum + (u32)catalog_find(c, op.name, NULL);
}

static inline u32
made_walk_node(const struct catalog *c, u32 at)
{
	struct catalog_node node, other;
	struct catalog_prop prop;
	u32 sum;

	catalog_node(c, at, &node);
	sum = made_touch(node.enums) + made_touch(node.initial) + made_touch(node.example) + made_touch(node.format) +
	      made_touch(node.pattern);
	for (u32 i = 0; i < node.prop_n; i++) {
		catalog_prop(c, &node, i, &prop);
		catalog_node(c, prop.node, &other);
		assert_int_equal(catalog_prop_named(c, &node, prop.name, NULL), i);
	}
	for (u32 i = 0; i < node.alt_n; i++) {
		catalog_node(c, catalog_alt(c, &node, i), &other);
		assert_int_equal(other.alt_n, 0);
	}
	if (node.items != CATALOG_NONE)
		catalog_node(c, node.items, &other);
	if (node.additional != CATALOG_NONE)
		catalog_node(c, node.additional, &other);
	return sum;
}

/* Reads everything an opened catalog offers. */
static inline u32
made_walk(const struct catalog *c)
{
	struct catalog_info info;
	struct catalog_server server;
	struct catalog_scheme scheme;
	struct catalog_var var;
	u32 sum, first, n, weight;

	catalog_info(c, &info);
	sum = made_touch(info.title) + made_touch(info.version) + made_touch(info.text) + made_touch(info.openapi);
	for (u32 i = 0; i < c->op_n; i++)
		sum += made_walk_op(c, i);
	for (u32 i = 0; i < c->node_n; i++)
		sum += made_walk_node(c, i);
	for (u32 i = 0; i < c->server_n; i++) {
		catalog_server(c, i, &server);
		sum += made_touch(server.url) + made_touch(server.template) + made_touch(server.text);
		for (u32 k = 0; k < server.var_n; k++) {
			catalog_var(c, &server, k, &var);
			sum += made_touch(var.name) + made_touch(var.initial) + made_touch(var.enums);
		}
	}
	for (u32 i = 0; i < c->scheme_n; i++) {
		catalog_scheme(c, i, &scheme);
		sum += made_touch(scheme.name) + made_touch(scheme.wire) + made_touch(scheme.text);
	}
	for (u32 i = 0; i < catalog_word_n(c); i++) {
		sum += made_touch(catalog_word(c, i, &first, &n));
		for (u32 k = 0; k < n; k++)
			sum += catalog_posting(c, first + k, &weight);
	}
	return sum;
}

#endif
