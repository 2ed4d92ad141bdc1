/* Effects by method and words. */
#include "made.h"

#include "catalog/effect.h"

static const struct {
	u8 method;
	const char *id, *path;
	u8 want;
} cases[] = {
	{ CATALOG_GET, "listUsers", "/users", CATALOG_READ },
	{ CATALOG_HEAD, "", "/users", CATALOG_READ },
	{ CATALOG_OPTIONS, "", "/users", CATALOG_READ },
	{ CATALOG_GET, "getDeletedUsers", "/users/deleted", CATALOG_READ },
	{ CATALOG_GET, "GetPurgeSettings", "/settings/purge-plan/{id}", CATALOG_READ },
	{ CATALOG_GET, "deleteUser", "/users/{id}/x", CATALOG_DESTRUCTIVE },
	{ CATALOG_GET, "", "/users/{id}/delete", CATALOG_DESTRUCTIVE },
	{ CATALOG_GET, "", "/users/{id}/remove-all", CATALOG_DESTRUCTIVE },
	{ CATALOG_DELETE, "unfollow", "/follow", CATALOG_DESTRUCTIVE },
	{ CATALOG_POST, "createUser", "/users", CATALOG_WRITE },
	{ CATALOG_POST, "", "/users", CATALOG_WRITE },
	{ CATALOG_PUT, "updateUser", "/users/{id}", CATALOG_WRITE },
	{ CATALOG_PATCH, "", "/users/{id}", CATALOG_WRITE },
	{ CATALOG_POST, "PostTasksDelete", "/tasks/delete", CATALOG_DESTRUCTIVE },
	{ CATALOG_POST, "", "/tasks/deletetags", CATALOG_DESTRUCTIVE },
	{ CATALOG_POST, "", "/tasks/{id}/removeUsers", CATALOG_DESTRUCTIVE },
	{ CATALOG_PUT, "", "/password-reset", CATALOG_DESTRUCTIVE },
	{ CATALOG_PUT, "wipe_device", "/devices/{id}", CATALOG_DESTRUCTIVE },
	{ CATALOG_PATCH, "apps/reset-token", "/applications/{client_id}/token", CATALOG_DESTRUCTIVE },
	{ CATALOG_POST, "credentials.revoke", "/x", CATALOG_DESTRUCTIVE },
	{ CATALOG_POST, "restoreDeleted", "/documents/deleted/{id}/restore", CATALOG_WRITE },
	{ CATALOG_POST, "", "/{delete}/x", CATALOG_WRITE },
	{ CATALOG_POST, "clearance", "/clearance", CATALOG_WRITE },
	{ CATALOG_POST, "searchUsers", "/users/find-them", CATALOG_READ },
	{ CATALOG_POST, "", "/users/search", CATALOG_READ },
	{ CATALOG_POST, "PostUsersSearch", "/users/search", CATALOG_READ },
	{ CATALOG_POST, "createSearch", "/search", CATALOG_WRITE },
	{ CATALOG_POST, "saveQuery", "/query", CATALOG_WRITE },
	{ CATALOG_POST, "", "/list", CATALOG_WRITE },
	{ CATALOG_POST, "listEvents", "/events", CATALOG_READ },
	{ CATALOG_POST, "searchAndDelete", "/search", CATALOG_DESTRUCTIVE },
	{ CATALOG_PUT, "searchUsers", "/users/search", CATALOG_WRITE },
	/* etcd's gateway: everything is a POST */
	{ CATALOG_POST, "KV_Range", "/v3/kv/range", CATALOG_READ },
	{ CATALOG_POST, "KV_Put", "/v3/kv/put", CATALOG_WRITE },
	{ CATALOG_POST, "KV_DeleteRange", "/v3/kv/deleterange", CATALOG_DESTRUCTIVE },
	{ CATALOG_POST, "KV_Txn", "/v3/kv/txn", CATALOG_WRITE },
	{ CATALOG_POST, "Cluster_MemberList", "/v3/cluster/member/list", CATALOG_READ },
	{ CATALOG_POST, "Cluster_MemberRemove", "/v3/cluster/member/remove", CATALOG_DESTRUCTIVE },
	{ CATALOG_POST, "Auth_UserGet", "/v3/auth/user/get", CATALOG_READ },
	{ CATALOG_POST, "Auth_UserAdd", "/v3/auth/user/add", CATALOG_WRITE },
	{ CATALOG_POST, "Auth_RoleRevokePermission", "/v3/auth/role/revoke", CATALOG_DESTRUCTIVE },
	{ CATALOG_POST, "Lease_LeaseLeases", "/v3/lease/leases", CATALOG_READ },
	{ CATALOG_POST, "Lease_LeaseRevoke", "/v3/lease/revoke", CATALOG_DESTRUCTIVE },
	{ CATALOG_POST, "UserList", "/user/list", CATALOG_WRITE },
};

static void
test_cases(void **state)
{
	for (u32 i = 0; i < ARRAY_N(cases); i++) {
		u8 got = effect_of(cases[i].method, str_c(cases[i].id), str_c(cases[i].path));

		if (got != cases[i].want)
			fail_msg("%s %s (%s) is %s", catalog_method_text(cases[i].method), cases[i].path, cases[i].id,
			    catalog_effect_text(got));
	}
}

static void
test_verbs(void **state)
{
	assert_int_equal(effect_of_verb(STR("PROPFIND")), CATALOG_READ);
	assert_int_equal(effect_of_verb(STR("PURGE")), CATALOG_DESTRUCTIVE);
	assert_int_equal(effect_of_verb(STR("MKCALENDAR")), CATALOG_DESTRUCTIVE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases), cmocka_unit_test(test_verbs) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
