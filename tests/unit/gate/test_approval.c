/* Approvals: records, what they are bound to, and decisions. */
#include "gate/approval.h"

#include "gen.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct made m;

static struct approval
sample(void)
{
	struct approval a = { .level = LEVEL_APPROVE, .kind = PRINCIPAL_TOKEN, .production = true, .created = 1000000,
		.dies = 1000600, .principal = 1ULL << 63, .user = 2, .client = 3, .team = 4 };

	memset(a.call, 7, HASH_N);
	memset(a.state, 9, HASH_N);
	a.who = STR("ada");
	a.api = STR("demo");
	a.environment = STR("production");
	a.tool = STR("delete_thing");
	a.method = STR("DELETE");
	a.url = STR("http://x/1");
	a.shown = STR("{}");
	a.etag = STR("\"7\"");
	return a;
}

static void
test_records(void **state)
{
	u8 room[APPROVAL_RECORD_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct approval a = sample(), back;

	approval_encode(&b, &a);
	assert_false(b.over);
	assert_int_equal(approval_decode(buf_str(&b), &back), 0);
	assert_true(back.principal == a.principal && back.user == 2 && back.client == 3 && back.team == 4);
	assert_true(back.created == a.created && back.dies == a.dies && back.production && back.level == LEVEL_APPROVE);
	assert_memory_equal(back.call, a.call, HASH_N);
	assert_memory_equal(back.state, a.state, HASH_N);
	assert_true(str_same(back.etag, a.etag) && str_same(back.url, a.url) && back.by.n == 0);
	for (u32 n = 0; n < b.w; n++) { /* cut anywhere it is none */
		u8 *copy = malloc(n + 1);

		memcpy(copy, room, n);
		assert_int_equal(approval_decode(str_of(copy, n), &back), ERR_BAD);
		free(copy);
	}
}

static void
test_theirs(void **state)
{
	struct approval a = sample();
	struct principal p;

	principal_nobody(&p, SCOPE_ALL);
	p.kind = PRINCIPAL_TOKEN;
	p.id = a.principal;
	p.user = 2;
	p.client = 3;
	p.team = 4;
	assert_true(approval_theirs(&a, &p));
	p.client = 5; /* the same person with another program */
	assert_false(approval_theirs(&a, &p));
	p.client = 3;
	p.user = 6;
	assert_false(approval_theirs(&a, &p));
	p.user = 2;
	p.team = 0;
	assert_false(approval_theirs(&a, &p));
	p.team = 4;
	p.kind = PRINCIPAL_KEY;
	assert_false(approval_theirs(&a, &p));
	p.kind = PRINCIPAL_TOKEN;
	p.id++;
	assert_false(approval_theirs(&a, &p));
}

static void
test_keys(void **state)
{
	char key[APPROVAL_KEY_N], other[APPROVAL_KEY_N];

	assert_int_equal(approval_key(STR("0123456789abcdef0123456789abcdef"), key), 0);
	assert_memory_equal(key, "v:", 2);
	assert_true(str_find_str(str_of(key, sizeof key), STR("0123456789abcdef")) < 0); /* the id does not tell it */
	assert_int_equal(approval_key(STR("0123456789abcdef0123456789abcdee"), other), 0);
	assert_memory_not_equal(key, other, sizeof key);
	assert_int_equal(approval_key(STR("0123456789ABCDEF0123456789abcdef"), key), ERR_BAD);
	assert_int_equal(approval_key(STR("0123456789abcdef0123456789abcde"), key), ERR_BAD);
	assert_int_equal(approval_key(STR("0123456789abcdeg0123456789abcdef"), key), ERR_BAD);
	assert_int_equal(approval_key(STR_NONE, key), ERR_BAD);
}

static void
bind(const char *json, u32 environment, u8 out[HASH_N])
{
	static struct jsmntok tok[100];
	struct catalog_op op = made_op(&m, "delete_thing");
	struct jcur args = json_none(ERR_NONE);
	struct jdoc d;

	if (json) {
		assert_int_equal(json_parse(&d, str_c(json), tok, 100), 0);
		args = json_root(&d);
	}
	approval_bind(&m.api, environment, &op, args, STR("environment,approval"), out);
}

static bool
same_call(const char *one, const char *two)
{
	u8 a[HASH_N], b[HASH_N];

	bind(one, 0, a);
	bind(two, 0, b);
	return memcmp(a, b, HASH_N) == 0;
}

static void
test_binding(void **state)
{
	u8 a[HASH_N], b[HASH_N];

	assert_true(same_call("{\"id\":1,\"q\":\"x\"}", "{ \"q\" : \"x\", \"id\":1 }"));
	assert_true(same_call("{\"o\":{\"a\":1,\"b\":[1,2]}}", "{\"o\":{\"b\":[1,2],\"a\":1}}"));
	assert_true(same_call("{\"id\":1}", "{\"approval\":\"x\",\"id\":1,\"environment\":\"y\"}"));
	assert_true(same_call(NULL, "{}"));
	assert_true(same_call("{\"approval\":\"x\"}", NULL));
	assert_false(same_call("{\"id\":1}", "{\"id\":2}"));
	assert_false(same_call("{\"id\":1}", "{\"id\":\"1\"}"));
	assert_false(same_call("{\"id\":1}", "{\"id\":1,\"q\":null}"));
	assert_false(same_call("{\"o\":[1,2]}", "{\"o\":[2,1]}"));
	assert_false(same_call("{\"o\":[[1],2]}", "{\"o\":[[1,2]]}"));
	assert_false(same_call("{\"o\":{\"approval\":1}}", "{\"o\":{}}")); /* inside it is theirs */
	assert_false(same_call("{\"ab\":\"c\"}", "{\"a\":\"bc\"}"));
	bind("{\"id\":1}", 0, a);
	bind("{\"id\":1}", 1, b);
	assert_memory_not_equal(a, b, HASH_N);
}

static bool
same_state(const char *one, const char *two, const char *etag_one, const char *etag_two)
{
	static struct jsmntok tok[2][100];
	struct jdoc d[2];
	u8 h[2][HASH_N];
	const char *texts[] = { one, two }, *etags[] = { etag_one, etag_two };

	for (u32 i = 0; i < 2; i++) {
		struct jcur c = json_none(ERR_NONE);

		if (json_parse(&d[i], str_c(texts[i]), tok[i], 100) == 0)
			c = json_root(&d[i]);
		approval_state(200, str_c(etags[i]), c, str_c(texts[i]), h[i]);
	}
	return memcmp(h[0], h[1], HASH_N) == 0;
}

static void
test_states(void **state)
{
	u8 a[HASH_N], b[HASH_N];

	assert_true(same_state("{\"id\":1,\"views\":5}", "{\"id\":1,\"views\":6}", "", ""));
	assert_false(same_state("{\"id\":1,\"version\":5}", "{\"id\":1,\"version\":6}", "", ""));
	assert_false(same_state("{\"data\":{\"name\":\"a\"}}", "{\"data\":{\"name\":\"b\"}}", "", ""));
	assert_false(same_state("{\"id\":1}", "{\"id\":1,\"updated_at\":null}", "", ""));
	assert_false(same_state("plain", "other", "", ""));
	assert_true(same_state("{\"id\":1}", "{\"id\":2}", "\"7\"", "\"7\"")); /* an ETag says all */
	assert_false(same_state("{\"id\":1}", "{\"id\":1}", "\"7\"", "\"8\""));
	assert_false(same_state("{\"id\":1}", "{\"id\":1}", "\"7\"", ""));
	approval_state(200, STR_NONE, json_none(ERR_NONE), STR("x"), a);
	approval_state(404, STR_NONE, json_none(ERR_NONE), STR("x"), b);
	assert_memory_not_equal(a, b, HASH_N);
}

/* ---- decisions ----------------------------------------------------------------------------------- */

static u8 memory[4u << 20];
static struct store *store;

static void
put(const char *handle, u8 level, wall dies)
{
	u8 room[APPROVAL_RECORD_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct approval a = sample();
	struct store_op op = { .verb = STORE_PUT, .ttl_s = 600 };
	char key[APPROVAL_KEY_N];

	a.level = level;
	a.dies = dies;
	approval_encode(&b, &a);
	assert_int_equal(approval_key(str_c(handle), key), 0);
	op.key = str_of(key, sizeof key);
	op.val = buf_str(&b);
	assert_int_equal(store_do(store, &op), 0);
}

static int
decide(const char *handle, u32 digits, bool yes)
{
	static struct approval_work w;
	char key[APPROVAL_KEY_N];
	enum step s;

	assert_int_equal(approval_key(str_c(handle), key), 0);
	w.by = STR("a test");
	s = approval_decide(store, &w, str_of(key + 2, digits), yes, NULL);
	for (u32 i = 0; i < 100 && s == STEP_WAIT; i++) {
		store_commit(store, 1000 + i, 1000000);
		s = approval_step(store, &w);
	}
	assert_int_not_equal(s, STEP_WAIT);
	return s == STEP_FAIL ? w.op.err : 0;
}

#define ONE "00000000000000000000000000000001"
#define TWO "00000000000000000000000000000002"
#define OLD "00000000000000000000000000000003"

static void
test_decisions(void **state)
{
	struct arena arena = arena_over(memory, sizeof memory);

	store = store_open_ram(&arena, 1000, 5, 1000, 1000000);
	put(ONE, LEVEL_APPROVE, 1000600);
	put(TWO, LEVEL_CONFIRM, 1000600);
	put(OLD, LEVEL_APPROVE, 1000000);
	assert_int_equal(decide(ONE, 5, true), ERR_NONE);   /* too little of the id */
	assert_int_equal(decide(TWO, 32, true), ERR_NONE);  /* nothing for people */
	assert_int_equal(decide(OLD, 32, true), ERR_NONE);  /* too late */
	assert_int_equal(decide(ONE, 8, false), 0);
	assert_int_equal(decide(ONE, 32, true), ERR_LATE);  /* decided is decided */
	put(ONE, LEVEL_APPROVE, 1000600);
	assert_int_equal(decide(ONE, 32, true), 0);
}

static int
begin(void **state)
{
	made_open(&m, 2);
	made_compile(&m);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_theirs),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_decisions),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
