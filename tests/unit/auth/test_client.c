/* client: ids that say who registered, records, redirect URIs, metadata. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "auth/client.h"
#include "crypt/hash.h"

static const u8 key[HANDLE_KEY_N] = "0123456789abcdef0123456789abcdef";
static u8 id_room[CLIENT_PAYLOAD_MAX + 64];

static struct client
some(void)
{
	struct client c = { .auth = CLIENT_PUBLIC, .uris = 2, .name = STR("An app") };

	c.uri[0] = STR("https://app.example/cb");
	c.uri[1] = STR("http://127.0.0.1/cb");
	return c;
}

static void
test_ids(void **state)
{
	u8 room[CLIENT_ID_MAX], again[CLIENT_ID_MAX];
	struct buf b = buf_over(room, sizeof room), b2 = buf_over(again, sizeof again);
	struct client c = some(), back;

	client_id_make(&b, key, &c);
	c.made = 77; /* says nothing of a public one */
	client_id_make(&b2, key, &c);
	assert_true(str_same(buf_str(&b), buf_str(&b2)));
	assert_int_equal(client_id_open(key, buf_str(&b), id_room, &back), 0);
	assert_true(str_is(back.name, "An app") && back.uris == 2 && str_same(back.uri[1], c.uri[1]));
	assert_true(back.kind == CLIENT_DYNAMIC && back.auth == CLIENT_PUBLIC);
	for (u32 i = 7; i < b.w; i++) { /* any letter changed */
		u8 was = room[i];

		room[i] = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(client_id_open(key, buf_str(&b), id_room, &back), 0);
		room[i] = was;
	}
	for (u32 n = 0; n < b.w; n++)
		assert_int_not_equal(client_id_open(key, str_of(room, n), id_room, &back), 0);
	assert_int_equal(client_id_open(key, STR("grocy"), id_room, &back), ERR_NONE);
	b2.w = 0;
	c.epoch = 5;
	client_id_make(&b2, key, &c);
	assert_false(str_same(buf_str(&b), buf_str(&b2)));
}

static void
test_secrets(void **state)
{
	u8 room[80];
	struct buf b = buf_over(room, sizeof room);
	struct client c = { .kind = CLIENT_DYNAMIC, .auth = CLIENT_BASIC, .id = STR("mcpg-c.x") };

	client_secret_put(&b, key, c.id);
	assert_true(client_secret_ok(&c, key, buf_str(&b)));
	assert_false(client_secret_ok(&c, key, STR("")));
	room[b.w - 1] ^= 1;
	assert_false(client_secret_ok(&c, key, buf_str(&b)));
	room[b.w - 1] ^= 1;
	c.auth = CLIENT_PUBLIC;
	assert_false(client_secret_ok(&c, key, buf_str(&b)));
	c.auth = CLIENT_POST;
	c.kind = CLIENT_PRE;
	assert_false(client_secret_ok(&c, key, buf_str(&b)));
	hash_once(STR("hunter2"), c.secret);
	assert_true(client_secret_ok(&c, key, STR("hunter2")));
	assert_false(client_secret_ok(&c, key, STR("hunter")));
}

static void
test_records(void **state)
{
	u8 room[CLIENT_RECORD_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct client c = some(), back;

	c.kind = CLIENT_PRE;
	c.auth = CLIENT_POST;
	c.id = STR("box-app");
	memset(c.secret, 9, sizeof c.secret);
	c.made = 5;
	client_encode(&b, &c);
	assert_int_equal(client_decode(buf_str(&b), &back), 0);
	assert_true(back.kind == CLIENT_PRE && back.auth == CLIENT_POST && back.made == 5 && str_is(back.id, "box-app"));
	assert_memory_equal(back.secret, c.secret, sizeof c.secret);
	for (u32 n = 0; n < b.w; n++)
		client_decode(str_of(room, n), &back); /* refused, or whole fields */
	room[0] = 9;
	assert_int_equal(client_decode(buf_str(&b), &back), ERR_BAD);
}

static void
test_uris(void **state)
{
	static const char *const good[] = { "https://a.example/cb", "https://a.example", "http://127.0.0.1:1/cb",
		"http://localhost/x", "http://[::1]:99/x?y=1", "cursor://cb/x" };
	static const char *const bad[] = { "", "http://a.example/cb", "javascript:alert(1)", "data:text/html,x", "/cb",
		"https://a.example/#x", "https://u@a.example/", "https://*.example/", "https://a.example/../x", "ftp://a/b",
		"https://a.example/ x", "http://127.1/x", "http://0x7f000001/x", "intent://x", "https://a.example\\@b/", "cursor:" };

	for (u32 i = 0; i < ARRAY_N(good); i++)
		assert_true(client_uri_ok(str_c(good[i]), STR("vscode,cursor")));
	assert_false(client_uri_ok(STR("cursor://cb/x"), STR("")));
	for (u32 i = 0; i < ARRAY_N(bad); i++)
		assert_false(client_uri_ok(str_c(bad[i]), STR("cursor")));
}

static void
test_matching(void **state)
{
	static const char *const no[] = { "https://app.example/cb/", "https://APP.example/cb", "https://app.example:443/cb",
		"https://app.example/cb?x", "https://app.example/c%62", "http://localhost:5/cb", "http://[::1]/cb",
		"http://127.0.0.1:5/cb2", "http://127.0.0.1:5/cb?x", "http://127.0.0.1:80@evil.example/cb", "http://127.1/cb",
		"https://127.0.0.1/cb", "http://127.0.0.1:5/cb#x", "" };
	struct client c = some();

	assert_true(client_uri_known(&c, STR("https://app.example/cb")));
	assert_true(client_uri_known(&c, STR("http://127.0.0.1/cb")));
	assert_true(client_uri_known(&c, STR("http://127.0.0.1:51004/cb")));
	for (u32 i = 0; i < ARRAY_N(no); i++)
		assert_false(client_uri_known(&c, str_c(no[i])));
	assert_true(client_uri_loopback(STR("http://localhost:1/")) && !client_uri_loopback(STR("https://localhost/")));
}

static void
test_document_urls(void **state)
{
	static const char *const bad[] = { "http://a.example/c", "https://a.example", "https://a.example/", "https://a/../c",
		"https://a.example/c#x", "https://u:p@a.example/c", "https://a.example/c?x=1", "https://a.example/a/%2e%2e/c",
		"https://a.example/a b" };
	static const char *const hidden[] = { "localhost", "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f.1",
		"10.0.0.1", "box", "x.local", "x.internal", "" };

	assert_true(client_document_url(STR("https://claude.ai/oauth/claude-code-client-metadata")));
	for (u32 i = 0; i < ARRAY_N(bad); i++)
		assert_false(client_document_url(str_c(bad[i])));
	assert_true(client_document_host(STR("claude.ai")));
	for (u32 i = 0; i < ARRAY_N(hidden); i++)
		assert_false(client_document_host(str_c(hidden[i])));
}

static const char *
read(const char *text, struct client *c)
{
	static u8 room[4096];
	static struct jsmntok tok[200];
	struct arena a = arena_over(room, sizeof room);
	struct jdoc d;

	assert_int_equal(json_parse(&d, str_c(text), tok, 200), 0);
	return client_read(json_root(&d), STR(""), &a, c);
}

static void
test_metadata(void **state)
{
	struct client c;

	assert_null(read("{\"client_name\":\"x\",\"redirect_uris\":[\"https:\\/\\/a.example/cb\"]}", &c));
	assert_true(c.auth == CLIENT_BASIC && c.uris == 1 && str_is(c.uri[0], "https://a.example/cb"));
	assert_null(read("{\"redirect_uris\":[\"http://localhost:1/\"],\"token_endpoint_auth_method\":\"none\","
	    "\"grant_types\":[\"authorization_code\",\"refresh_token\"],\"response_types\":[\"code\"]}", &c));
	assert_int_equal(c.auth, CLIENT_PUBLIC);
	assert_non_null(read("{\"redirect_uris\":[]}", &c));
	assert_non_null(read("{\"redirect_uris\":\"http://localhost/\"}", &c));
	assert_non_null(read("{}", &c));
	assert_non_null(read("[]", &c));
	assert_non_null(read("{\"redirect_uris\":[\"http://localhost/\"],\"grant_types\":[\"password\"]}", &c));
	assert_non_null(read("{\"redirect_uris\":[\"http://localhost/\"],\"response_types\":[\"token\"]}", &c));
	assert_non_null(read("{\"redirect_uris\":[\"http://localhost/\"],\"token_endpoint_auth_method\":\"private_key_jwt\"}", &c));
	assert_non_null(read("{\"redirect_uris\":[\"http://localhost/\"],\"client_name\":\"a\\nb\"}", &c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_uris),
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_document_urls),
		cmocka_unit_test(test_metadata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
