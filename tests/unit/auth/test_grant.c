/* grant: records, codes and refresh tokens, when an old one is theft, PKCE, scopes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "auth/grant.h"

static const u8 key[HANDLE_KEY_N] = "0123456789abcdef0123456789abcdef";

static void
test_records(void **state)
{
	u8 room[GRANT_RECORD_MAX];
	char name[64], host[GRANT_HOST_MAX], list[PRINCIPAL_LIST_MAX], audience[GRANT_AUDIENCE_MAX], user[PRINCIPAL_NAME_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct grant g = { .state = GRANT_CODE, .scopes = 15, .seen = true, .seq = UINT32_MAX, .epoch = UINT64_MAX }, back;

	memset(name, 'n', sizeof name);
	memset(host, 'h', sizeof host);
	memset(list, 'l', sizeof list);
	memset(audience, 'a', sizeof audience);
	memset(user, 'u', sizeof user);
	g.made = g.rotated = g.dies = UINT32_MAX;
	memset(g.client, 7, sizeof g.client);
	g.name = str_of(name, sizeof name);
	g.host = str_of(host, sizeof host);
	g.environments = str_of(list, sizeof list);
	g.audience = str_of(audience, sizeof audience);
	g.user = str_of(user, sizeof user);
	g.challenge = STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
	grant_encode(&b, &g);
	assert_false(b.over); /* the largest record fits */
	assert_int_equal(grant_decode(buf_str(&b), &back), 0);
	assert_true(back.state == GRANT_CODE && back.scopes == 15 && back.seen && back.seq == UINT32_MAX);
	assert_true(back.epoch == UINT64_MAX && back.dies == UINT32_MAX && str_same(back.environments, g.environments));
	assert_true(str_same(back.challenge, g.challenge) && str_same(back.name, g.name));
	for (u32 n = 0; n < b.w; n++)
		grant_decode(str_of(room, n), &back);
	b.w = 0;
	g.state = GRANT_LIVE; /* what only a code needs goes */
	grant_encode(&b, &g);
	assert_int_equal(grant_decode(buf_str(&b), &back), 0);
	assert_int_equal(back.challenge.n, 0);
	assert_int_equal(grant_decode(STR(""), &back), ERR_BAD);
	assert_int_equal(grant_decode(STR("\x02"), &back), ERR_BAD);
}

static void
test_texts(void **state)
{
	u8 family[GRANT_FAMILY_N] = { 1, 2, 3 }, back[GRANT_FAMILY_N], room[200], again[200];
	struct buf b = buf_over(room, sizeof room), b2 = buf_over(again, sizeof again);
	char name[GRANT_KEY_N], user[18];
	u32 seq;

	grant_code_put(&b, key, family);
	assert_int_equal(grant_code_open(key, buf_str(&b), back), 0);
	assert_memory_equal(back, family, sizeof family);
	assert_int_equal(grant_refresh_open(key, buf_str(&b), back, &seq), ERR_BAD); /* neither is the other */
	b.w = 0;
	grant_refresh_put(&b, key, family, 0x01020304);
	grant_refresh_put(&b2, key, family, 0x01020304);
	assert_true(str_same(buf_str(&b), buf_str(&b2)));
	assert_int_equal(grant_refresh_open(key, buf_str(&b), back, &seq), 0);
	assert_int_equal(seq, 0x01020304);
	assert_int_equal(grant_code_open(key, buf_str(&b), back), ERR_BAD);
	for (u32 n = 0; n < b.w; n++)
		assert_int_equal(grant_refresh_open(key, str_of(room, n), back, &seq), ERR_BAD);
	room[b.w - 1] ^= 4;
	assert_int_equal(grant_refresh_open(key, buf_str(&b), back, &seq), ERR_BAD);
	grant_key(name, family);
	assert_int_equal(grant_family(str_of(name, sizeof name), back), 0);
	assert_memory_equal(back, family, sizeof family);
	grant_user_key(user, 0x0102030000000000);
	assert_memory_equal(user, name, sizeof user);
}

static void
test_verdicts(void **state)
{
	struct grant g = { .seq = 5, .rotated = 1000 };

	assert_int_equal(grant_judge(&g, 5, 99999), GRANT_ROTATE);
	assert_int_equal(grant_judge(&g, 4, 1000), GRANT_AGAIN);
	assert_int_equal(grant_judge(&g, 4, 1060), GRANT_AGAIN);
	assert_int_equal(grant_judge(&g, 4, 1061), GRANT_THEFT);
	assert_int_equal(grant_judge(&g, 3, 1000), GRANT_THEFT);
	assert_int_equal(grant_judge(&g, 6, 1000), GRANT_THEFT);
	g.seen = true;
	assert_int_equal(grant_judge(&g, 4, 1000), GRANT_STALE);
	assert_int_equal(grant_judge(&g, 4, 1061), GRANT_THEFT);
}

static void
test_pkce(void **state)
{
	struct str verifier = STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); /* RFC 7636 appendix B */
	struct str challenge = STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");

	assert_true(grant_verifier_ok(verifier, challenge));
	assert_false(grant_verifier_ok(challenge, challenge));
	assert_false(grant_verifier_ok(str_cut(verifier, 0, 42), challenge));
	assert_false(grant_verifier_ok(STR(""), challenge));
	assert_false(grant_verifier_ok(STR_NONE, STR_NONE));
	assert_true(grant_challenge_ok(challenge));
	assert_false(grant_challenge_ok(str_cut(challenge, 0, 42)));
	assert_false(grant_challenge_ok(STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=")));
}

static void
test_scopes(void **state)
{
	u8 room[64];
	struct buf b = buf_over(room, sizeof room);
	bool unknown;
	u8 many[1001];

	assert_int_equal(grant_scopes_read(STR("read write"), &unknown), 3);
	assert_false(unknown);
	assert_int_equal(grant_scopes_read(STR("read files:write offline_access"), &unknown), 1);
	assert_true(unknown);
	assert_int_equal(grant_scopes_read(STR("offline_access openid"), &unknown), 0);
	assert_false(unknown);
	assert_int_equal(grant_scopes_read(STR("read\" onload=1"), &unknown), ERR_BAD);
	assert_int_equal(grant_scopes_read(STR("read\nwrite"), &unknown), ERR_BAD);
	memset(many, 'a', sizeof many);
	assert_int_equal(grant_scopes_read(str_of(many, sizeof many), &unknown), ERR_BAD);
	grant_scopes_put(&b, SCOPE_ALL);
	assert_true(str_is(buf_str(&b), "read write destructive production"));
	assert_int_equal(grant_role_scopes(STR("viewer")) & SCOPE_WRITE, 0);
	assert_int_equal(grant_role_scopes(STR("member")), SCOPE_ALL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_pkce),
		cmocka_unit_test(test_scopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
