/* The reader, on a catalog made of a document of ours. */
#include "made.h"

static struct made shelf;

static int
setup(void **state)
{
	made_text(&shelf, fixture(SHELF));
	return 0;
}

static int
teardown(void **state)
{
	made_free(&shelf);
	return guard_free(state);
}

static void
test_find(void **state)
{
	struct catalog_op op;

	assert_int_equal(shelf.c.op_n, 12);
	for (u32 i = 0; i < shelf.c.op_n; i++) {
		catalog_op(&shelf.c, i, &op);
		assert_int_equal(op.at, i);
		assert_int_equal(catalog_find(&shelf.c, op.name, NULL), i);
	}
	assert_int_equal(catalog_find(&shelf.c, STR("list_book"), NULL), ERR_NONE);
	assert_int_equal(catalog_find(&shelf.c, STR("list_bookss"), NULL), ERR_NONE);
	assert_int_equal(catalog_find(&shelf.c, STR(""), NULL), ERR_NONE);
	assert_int_equal(catalog_find(&shelf.c, STR("zzz"), NULL), ERR_NONE);
}

static void
test_operation(void **state)
{
	struct catalog_op op;
	struct catalog_answer answer;

	made_op(&shelf, "list_books", &op);
	assert_int_equal(op.method, CATALOG_GET);
	assert_int_equal(op.effect, CATALOG_READ);
	assert_int_equal(op.kind, CATALOG_KIND_NONE);
	assert_int_equal(op.flags, CATALOG_OP_IDEMPOTENT | CATALOG_OP_FIELDS);
	assert_int_equal(op.server, 0);
	assert_str(op.id, "list_books");
	assert_str(op.path, "/books");
	assert_str(op.summary, "List books");
	assert_int_equal(op.tag_n, 1);
	assert_str(catalog_tag(&shelf.c, &op, 0), "books");
	assert_int_equal(op.answer_n, 2);
	catalog_answer(&shelf.c, &op, 1, &answer);
	assert_int_equal(answer.status, 200);
	assert_str(answer.kind, "text/csv");
	made_op(&shelf, "delete_books_by_id_format", &op);
	assert_int_equal(op.flags, CATALOG_OP_IDEMPOTENT | CATALOG_OP_PUBLIC);
	assert_int_equal(op.effect, CATALOG_DESTRUCTIVE);
	catalog_answer(&shelf.c, &op, 0, &answer);
	assert_int_equal(answer.status, 2);
	assert_int_equal(answer.kind.n, 0);
	made_op(&shelf, "put_animal", &op);
	assert_true(op.flags & CATALOG_OP_ELSEWHERE);
	assert_int_equal(op.kind, CATALOG_KIND_TEXT);
	assert_str(op.body_type, "text/plain");
}

static void
check_param(const char *op_name, const char *arg, struct catalog_param want)
{
	struct catalog_op op;
	struct catalog_param p;

	made_op(&shelf, op_name, &op);
	made_arg(&shelf, &op, arg, &p);
	assert_true(str_same(p.wire, want.wire));
	assert_int_equal(p.in, want.in);
	assert_int_equal(p.style, want.style);
	assert_int_equal(p.flags, want.flags);
}

static void
test_params(void **state)
{
	const u32 req = CATALOG_PARAM_REQUIRED, ex = CATALOG_PARAM_EXPLODE;

	check_param("list_books", "page", (struct catalog_param){ .wire = STR("page"), .in = CATALOG_QUERY,
	    .style = CATALOG_FORM, .flags = ex });
	check_param("list_books", "filter", (struct catalog_param){ .wire = STR("filter"), .in = CATALOG_QUERY,
	    .style = CATALOG_DEEP, .flags = ex });
	check_param("list_books", "ids", (struct catalog_param){ .wire = STR("ids[]"), .in = CATALOG_QUERY,
	    .style = CATALOG_PIPE });
	check_param("list_books", "where", (struct catalog_param){ .wire = STR("where"), .in = CATALOG_QUERY,
	    .style = CATALOG_FORM, .flags = ex | CATALOG_PARAM_JSON });
	check_param("list_books", "theme", (struct catalog_param){ .wire = STR("theme"), .in = CATALOG_COOKIE,
	    .style = CATALOG_FORM, .flags = ex });
	check_param("list_books", "X-Tenant", (struct catalog_param){ .wire = STR("X-Tenant"), .in = CATALOG_HEADER,
	    .style = CATALOG_SIMPLE });
	check_param("update_book", "format", (struct catalog_param){ .wire = STR("format"), .in = CATALOG_PATH,
	    .style = CATALOG_LABEL, .flags = req });
	/* The same name in three places: none is lost. */
	check_param("update_book", "id", (struct catalog_param){ .wire = STR("id"), .in = CATALOG_PATH,
	    .style = CATALOG_SIMPLE, .flags = req });
	check_param("update_book", "query_id", (struct catalog_param){ .wire = STR("id"), .in = CATALOG_QUERY,
	    .style = CATALOG_FORM, .flags = ex });
	check_param("update_book", "body_id", (struct catalog_param){ .wire = STR("id"), .in = CATALOG_MEMBER,
	    .style = CATALOG_FORM, .flags = req | ex });
	check_param("pay", "tags", (struct catalog_param){ .wire = STR("tags"), .in = CATALOG_MEMBER,
	    .style = CATALOG_SPACE });
	check_param("pay", "meta", (struct catalog_param){ .wire = STR("meta"), .in = CATALOG_MEMBER,
	    .style = CATALOG_FORM, .flags = ex | CATALOG_PARAM_JSON });
	check_param("books_search", "body", (struct catalog_param){ .wire = STR("body"), .in = CATALOG_BODY });
}

/* What never may be sent by an argument: headers of OpenAPI's list, and where the credential goes. */
static void
test_params_left_out(void **state)
{
	struct catalog_op op;

	made_op(&shelf, "list_books", &op);
	assert_int_equal(op.param_n, 6);
	assert_int_equal(catalog_param_named(&shelf.c, &op, STR("Authorization"), NULL), ERR_NONE);
	assert_int_equal(catalog_param_named(&shelf.c, &op, STR("X-Shelf-Key"), NULL), ERR_NONE);
	made_op(&shelf, "update_book", &op);
	assert_int_equal(catalog_param_named(&shelf.c, &op, STR("created"), NULL), ERR_NONE);
}

static void
test_pieces(void **state)
{
	struct catalog_op op;
	struct catalog_piece piece;
	struct catalog_param param;

	made_op(&shelf, "update_book", &op);
	assert_int_equal(op.piece_n, 4);
	catalog_piece(&shelf.c, &op, 0, &piece);
	assert_str(piece.literal, "/books/");
	assert_int_equal(piece.param, CATALOG_NONE);
	catalog_piece(&shelf.c, &op, 1, &piece);
	catalog_param(&shelf.c, &op, piece.param, &param);
	assert_str(param.wire, "id");
	assert_int_equal(param.in, CATALOG_PATH);
	catalog_piece(&shelf.c, &op, 2, &piece);
	assert_str(piece.literal, ".");
	catalog_piece(&shelf.c, &op, 3, &piece);
	catalog_param(&shelf.c, &op, piece.param, &param);
	assert_str(param.wire, "format");
}

static void
arg_node(const char *op_name, const char *arg, struct catalog_node *node)
{
	struct catalog_op op;
	struct catalog_param p;

	made_op(&shelf, op_name, &op);
	made_arg(&shelf, &op, arg, &p);
	catalog_node(&shelf.c, p.node, node);
}

static void
test_nodes(void **state)
{
	struct catalog_node node, inner;
	struct catalog_prop prop;

	arg_node("list_books", "page", &node);
	assert_int_equal(node.types, CATALOG_T_INTEGER);
	assert_int_equal(node.flags, CATALOG_HAS_MIN);
	assert_true(node.min >= 1 && node.min <= 1);
	assert_str(node.initial, "1");
	assert_str(node.format, "int32");
	arg_node("list_books", "ids", &node);
	assert_int_equal(node.types, CATALOG_T_ARRAY);
	assert_int_equal(node.items_max, 50);
	catalog_node(&shelf.c, node.items, &inner);
	assert_str(inner.format, "uuid");
	arg_node("list_books", "theme", &node);
	assert_str(node.enums, "[\"light\",\"dark\"]");
	arg_node("list_books", "filter", &node);
	assert_int_equal(node.prop_n, 2);
	assert_int_equal(catalog_prop_named(&shelf.c, &node, STR("year"), &prop), 1);
	catalog_node(&shelf.c, prop.node, &inner);
	assert_int_equal(inner.alt_n, 2);
	catalog_node(&shelf.c, catalog_alt(&shelf.c, &inner, 0), &node);
	assert_int_equal(node.types, CATALOG_T_INTEGER);
	arg_node("create_book", "price", &node);
	assert_int_equal(node.types, CATALOG_T_NUMBER | CATALOG_T_NULL);
	arg_node("create_book", "isbn", &node);
	assert_str(node.pattern, "^[0-9]{13}$");
	arg_node("create_book", "anything", &node);
	assert_int_equal(node.types, 0);
	arg_node("pay", "amount", &node);
	assert_int_equal(node.flags, CATALOG_HAS_MIN | CATALOG_NODE_OPEN_MIN);
	arg_node("update_book", "pin", &node);
	assert_int_equal(node.flags, CATALOG_NODE_SECRET | CATALOG_NODE_WRITE_ONLY);
}

/* A tree: its node refers back to itself, whatever the tool shows. */
static void
test_cycle(void **state)
{
	struct catalog_node node, child;
	struct catalog_prop prop;

	arg_node("tree", "parent", &node);
	assert_int_equal(node.prop_n, 3);
	assert_int_equal(catalog_prop_named(&shelf.c, &node, STR("parent"), &prop), 2);
	assert_int_equal(prop.node, node.at);
	assert_false(prop.required);
	catalog_prop(&shelf.c, &node, 0, &prop);
	catalog_node(&shelf.c, prop.node, &child);
	assert_int_equal(child.items, node.at);
	catalog_prop(&shelf.c, &node, 1, &prop);
	assert_true(prop.required);
}

static void
test_body_open(void **state)
{
	struct catalog_op op;
	struct catalog_node node;

	made_op(&shelf, "update_book", &op);
	assert_true(op.flags & CATALOG_OP_BODY_OPEN);
	assert_false(op.flags & CATALOG_OP_BODY_REQUIRED);
	catalog_node(&shelf.c, op.body_extra, &node);
	assert_int_equal(node.types, CATALOG_T_STRING);
	assert_str(op.body_type, "application/merge-patch+json");
	made_op(&shelf, "create_book", &op);
	assert_str(op.body_type, "application/json");
	assert_int_equal(op.flags, CATALOG_OP_BODY_REQUIRED);
	assert_int_equal(op.body_extra, CATALOG_NONE);
}

static void
test_servers(void **state)
{
	struct catalog_server server;
	struct catalog_var var;

	assert_int_equal(shelf.c.server_n, 3);
	catalog_server(&shelf.c, 0, &server);
	assert_str(server.url, "https://eu.shelf.example/api/v2");
	assert_true(server.absolute);
	assert_int_equal(server.var_n, 2);
	catalog_var(&shelf.c, &server, 0, &var);
	assert_str(var.name, "region");
	assert_str(var.initial, "eu");
	catalog_server(&shelf.c, 1, &server);
	assert_str(server.url, "/local");
	assert_false(server.absolute);
	catalog_server(&shelf.c, 2, &server);
	assert_str(server.url, "https://upload.shelf.example");
}

static void
test_security(void **state)
{
	struct catalog_op op;
	struct catalog_use use;
	struct catalog_scheme scheme;

	made_op(&shelf, "list_books", &op);
	assert_int_equal(op.use_n, 3);
	catalog_use(&shelf.c, &op, 0, &use);
	assert_int_equal(use.alternative, 0);
	catalog_scheme(&shelf.c, use.scheme, &scheme);
	assert_int_equal(scheme.kind, CATALOG_SCHEME_KEY);
	assert_int_equal(scheme.in, CATALOG_HEADER);
	assert_str(scheme.wire, "X-Shelf-Key");
	catalog_use(&shelf.c, &op, 1, &use);
	assert_int_equal(use.alternative, 1);
	assert_str(use.scopes, "[\"books:read\"]");
	catalog_use(&shelf.c, &op, 2, &use);
	assert_int_equal(use.alternative, 1);
}

static void
test_info(void **state)
{
	struct catalog_info info;

	catalog_info(&shelf.c, &info);
	assert_str(info.title, "Shelf");
	assert_str(info.version, "1.2");
	assert_str(info.openapi, "3.0.3");
	assert_int_equal(info.source_n, shelf.im.text.n);
	assert_int_equal(info.source_mtime, 1700000000);
	assert_int_equal(info.counts.operations, 16);
	assert_int_equal(info.counts.imported + info.counts.skipped, info.counts.operations);
}

/* A tool can be read in pieces; all of them make a list. */
static void
test_tools(void **state)
{
	static u8 space[65536];
	struct buf list = buf_over(space, sizeof space);
	struct catalog_op op;

	buf_byte(&list, '[');
	for (u32 i = 0; i < shelf.c.op_n; i++) {
		catalog_op(&shelf.c, i, &op);
		buf_c(&list, i ? "," : "");
		for (u32 at = 0; at < op.tool_n; at += 7)
			catalog_tool(&shelf.c, &op, at, min_u32(at + 7, op.tool_n), &list);
		assert_true(str_ends(buf_str(&list), tool_text(&shelf.c, &op)));
	}
	buf_byte(&list, ']');
	assert_int_equal(jscan_check(buf_str(&list), 64, 0, NULL), 0);
	assert_int_equal(list.w - 2, catalog_tools_n(&shelf.c));
}

/* What is spliced in stands first among the properties and the required, in every tool. */
static void
test_splice(void **state)
{
	static u8 space[65536], kept[65536];
	struct jsmntok tok[4096];
	struct jdoc doc;
	struct catalog_op op;

	for (u32 i = 0; i < shelf.c.op_n; i++)
		for (u32 need = 0; need < 2; need++) {
			struct buf out = buf_over(space, sizeof space);
			struct arena a = arena_over(kept, sizeof kept);
			struct str required = need ? STR("\"environment\"") : STR_NONE;
			struct jcur schema, list;

			catalog_op(&shelf.c, i, &op);
			catalog_splice(&shelf.c, &op, STR("\"environment\":{\"type\":\"string\"}"), required, &out);
			assert_int_equal(json_parse_request(&doc, buf_str(&out), tok, 4096, &a), 0);
			schema = json_get(json_root(&doc), "inputSchema");
			assert_true(json_key_is(json_first(json_get(schema, "properties")), "environment"));
			assert_int_equal(json_len(json_get(schema, "properties")), op.props_n + 1);
			list = json_get(schema, "required");
			assert_int_equal(json_len(list), op.required_n + need);
			if (need)
				assert_true(json_is(json_first(list), "environment"));
		}
}

static void
test_texts(void **state)
{
	assert_string_equal(catalog_method_text(CATALOG_PATCH), "PATCH");
	assert_string_equal(catalog_effect_text(CATALOG_DESTRUCTIVE), "destructive");
	assert_string_equal(catalog_in_text(CATALOG_BODY), "body");
	assert_string_equal(catalog_style_text(CATALOG_DEEP), "deepObject");
	assert_string_equal(catalog_kind_text(CATALOG_KIND_BINARY), "binary");
	assert_string_equal(catalog_kind_text(99), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find), cmocka_unit_test(test_operation), cmocka_unit_test(test_params),
		cmocka_unit_test(test_params_left_out), cmocka_unit_test(test_pieces), cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_cycle), cmocka_unit_test(test_body_open), cmocka_unit_test(test_servers),
		cmocka_unit_test(test_security), cmocka_unit_test(test_info), cmocka_unit_test(test_tools),
		cmocka_unit_test(test_splice), cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
