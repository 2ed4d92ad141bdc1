#include "app/routes.h"

#include "app/account.h"
#include "app/admin.h"
#include "app/adminlog.h"
#include "app/adminpage.h"
#include "app/capage.h"
#include "app/clients.h"
#include "app/connections.h"
#include "app/consent.h"
#include "app/approving.h"
#include "app/arriving.h"
#include "app/credentials.h"
#include "app/endpoint.h"
#include "app/files.h"
#include "app/factor.h"
#include "app/gatepage.h"
#include "app/guard.h"
#include "app/guide.h"
#include "app/health.h"
#include "app/html.h"
#include "app/keypage.h"
#include "app/linking.h"
#include "app/passing.h"
#include "app/people.h"
#include "app/rest.h"
#include "app/signin.h"
#include "app/switching.h"
#include "app/welcome.h"

enum { AT_START, AT_GUARD, AT_MCP, AT_DELETE, AT_REPLY };

#define CONTROL_BODY 8192
#define FORM_BODY 8192

#define RESOURCE "/.well-known/oauth-protected-resource"
#define SERVER "/.well-known/oauth-authorization-server"
#define OPENID "/.well-known/openid-configuration"

static const struct route routes[] = {
	/* methods                    guard  body_max      path                   run */
	{ ROUTE_GET,                  0,     0,            "/healthz",            health_live  },
	{ ROUTE_GET,                  0,     0,            "/readyz",             health_ready },
	{ ROUTE_GET,                  0,     0,            "/",                   health_root  },
	{ ROUTE_GET,                  0,     0,            "/style.css",          html_style   },
	{ ROUTE_GET,                  0,     0,            "/login",              signin_page  },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/login",              signin_login },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/login/code",         factor_login },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/login/with",         arriving_start },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/logout",             signin_logout },
	{ ROUTE_GET,                  0,     0,            "/account",            account_page },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/account/password",   account_password },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/account/factor",     account_offer },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/account/factor/on",  account_factor },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/account/factor/off", account_no_factor },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/account/everywhere", account_everywhere },
	{ ROUTE_GET,                  0,     0,            "/invite/:code",       welcome_page },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/invite",             welcome_accept },
	{ ROUTE_GET,                  0,     0,            "/keys",               keypage_list },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/keys",               keypage_add  },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/keys/revoke",        keypage_revoke },
	{ ROUTE_GET,                  0,     0,            "/connections",        connections_page },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/connections",        connections_give },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/connections/remove", connections_remove },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/connections/start", linking_start },
	{ ROUTE_GET,                  0,     0,            "/connections/callback", linking_back },
	{ ROUTE_GET,                  0,     0,            "/connect",            guide_page   },
	{ ROUTE_GET,                  0,     0,            "/connect/:link",      connections_link },
	{ ROUTE_GET,                  0,     0,            "/ca",                 capage_page  },
	{ ROUTE_GET,                  0,     0,            "/ca.pem",             capage_pem   },
	{ ROUTE_GET,                  0,     0,            "/ca.crt",             capage_der   },
	{ ROUTE_GET,                  0,     0,            "/apps",               lists_apps_page },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/apps/revoke",        lists_apps_drop },
	{ ROUTE_GET,                  0,     0,            "/approvals",          gatepage_approvals },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/approvals",          gatepage_several },
	{ ROUTE_GET,                  0,     0,            "/approve/:id",        gatepage_approve },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/approve/:id",        gatepage_approve },
	{ ROUTE_GET,                  0,     0,            "/admin",              gatepage_admin },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/admin",              gatepage_switch },
	{ ROUTE_GET,                  0,     0,            "/admin/people",       adminpage_people },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/admin/people",       adminpage_invite },
	{ ROUTE_GET,                  0,     0,            "/admin/people/:name", adminpage_person },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/admin/people/:name", adminpage_change },
	{ ROUTE_GET,                  0,     0,            "/admin/teams",        adminpage_teams },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/admin/teams",        adminpage_team },
	{ ROUTE_GET,                  0,     0,            "/admin/keys",         keypage_all },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/admin/keys",         keypage_all_add },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/admin/keys/revoke",  keypage_all_revoke },
	{ ROUTE_GET,                  0,     0,            "/admin/apps",         lists_all_apps_page },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/admin/apps/revoke",  lists_all_apps_drop },
	{ ROUTE_GET,                  0,     0,            "/admin/clients",      adminpage_clients },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/admin/clients",      adminpage_client },
	{ ROUTE_GET,                  0,     0,            "/admin/credentials",  adminpage_credentials },
	{ ROUTE_POST,                 0,     FORM_BODY,    "/admin/credentials",  adminpage_credential },
	{ ROUTE_GET,                  0,     0,            "/admin/audit",        adminlog_page },
	{ ROUTE_POST,                 0,     CONTROL_BODY, "/control/people",     people_control },
	{ ROUTE_POST,                 0,     2 * CONTROL_BODY, "/control/clients", clients_control },
	{ ROUTE_GET | ROUTE_CROSS,    0,     0,            RESOURCE,                oauth_resource_meta },
	{ ROUTE_GET | ROUTE_CROSS,    0,     0,            RESOURCE "/*",           oauth_resource_meta },
	{ ROUTE_GET | ROUTE_CROSS,    0,     0,            SERVER,                  oauth_server_meta },
	{ ROUTE_GET | ROUTE_CROSS,    0,     0,            SERVER "/*",             oauth_server_meta },
	{ ROUTE_GET | ROUTE_CROSS,    0,     0,            OPENID,                  oauth_server_meta },
	{ ROUTE_GET | ROUTE_CROSS,    0,     0,            OPENID "/*",             oauth_server_meta },
	{ ROUTE_OPTIONS | ROUTE_CROSS,0,     0,            "/.well-known/*",      oauth_preflight },
	{ ROUTE_GET,                  0,     0,            "/oauth/authorize",    consent_page },
	{ ROUTE_POST,                 0,     OAUTH_BODY,   "/oauth/authorize",    consent_answer },
	{ ROUTE_POST | ROUTE_CROSS,   0,     OAUTH_BODY,   "/oauth/token",        oauth_token },
	{ ROUTE_POST | ROUTE_CROSS,   0,     OAUTH_BODY,   "/oauth/register",     oauth_register },
	{ ROUTE_POST | ROUTE_CROSS,   0,     OAUTH_BODY,   "/oauth/revoke",       oauth_revoke },
	{ ROUTE_POST,                 0,     OAUTH_BODY,   "/oauth/introspect",   oauth_introspect },
	{ ROUTE_OPTIONS | ROUTE_CROSS,0,     0,            "/oauth/token",        oauth_preflight },
	{ ROUTE_OPTIONS | ROUTE_CROSS,0,     0,            "/oauth/register",     oauth_preflight },
	{ ROUTE_OPTIONS | ROUTE_CROSS,0,     0,            "/oauth/revoke",       oauth_preflight },
	{ ROUTE_GET,                  0,     0,            "/control/status",     admin_status },
	{ ROUTE_GET,                  0,     0,            "/control/keys",       admin_keys   },
	{ ROUTE_POST,                 0,     CONTROL_BODY, "/control/keys",       admin_key_add },
	{ ROUTE_DELETE,               0,     0,            "/control/keys/:key",  admin_key_revoke },
	{ ROUTE_POST,                 0,     CONTROL_BODY, "/control/credentials", credentials_add },
	{ ROUTE_GET,                  0,     0,            "/control/credentials", credentials_list },
	{ ROUTE_DELETE,               0,     0,            "/control/credentials/:name", credentials_remove },
	{ ROUTE_GET,                  0,     0,            "/control/switches",   switching_list },
	{ ROUTE_POST,                 0,     CONTROL_BODY, "/control/switches",   switching_set  },
	{ ROUTE_GET,                  0,     0,            "/control/approvals",  approving_list },
	{ ROUTE_POST,                 0,     CONTROL_BODY, "/control/approvals/:id", approving_decide },
	{ ROUTE_GET | ROUTE_CALL,     0,     0,            "/files/:once",        files_get    },
	{ ROUTE_PUT | ROUTE_CALL,     0,     UPLOAD_MAX,   "/files/:once",        files_get    },
	{ ROUTE_ANY | ROUTE_CALL,     0,     UPLOAD_MAX,   "/rest/*",             rest_run     },
	{ ROUTE_ANY | ROUTE_CALL,     0,     RPC_BODY_MAX, "/*",                  routes_mcp   },
};

const struct route *
app_routes(u32 *n)
{
	*n = ARRAY_N(routes);
	return routes;
}

/* Whether the body says it is JSON in UTF-8, and is not compressed. */
static bool
json_body(const struct fields *f)
{
	struct str rest = field_get(f, FIELD_CONTENT_TYPE), type = str_trim(str_next(&rest, ';'));

	if (!str_same_nocase(type, STR("application/json")) || field_get(f, FIELD_CONTENT_ENCODING).n)
		return false;
	while (rest.p) {
		struct str value = str_next(&rest, ';'), name = str_trim(str_next(&value, '='));

		value = str_trim(value);
		if (str_same_nocase(name, STR("charset")) && !str_same_nocase(value, STR("utf-8")) &&
		    !str_same_nocase(value, STR("\"utf-8\"")))
			return false;
	}
	return true;
}

/* Everything that can be said of a request before we know who asks. */
static enum step
look(struct job *j, struct endpoint *e)
{
	struct exchange *x = &j->x;

	if (switches_stopped(j->app->switches)) {
		reply_field(x, "Retry-After", STR("60"));
		reply_error(x, 503, "everything is stopped by whoever runs this server");
		return STEP_FAIL;
	}
	if (!j->gen->gen || endpoint_find(j->gen->gen, x->req.path, e)) {
		reply_error(x, 404, "not found: MCP is served at /mcp and /<api>/mcp");
		return STEP_FAIL;
	}
	if (x->req.method != METHOD_POST && x->req.method != METHOD_DELETE) {
		reply_field(x, "Allow", STR("POST, DELETE"));
		reply_error(x, 405, "send JSON-RPC by POST; this server opens no stream by GET");
		return STEP_FAIL;
	}
	if (x->req.method == METHOD_POST && !json_body(&x->req.fields)) {
		reply_error(x, 415, "the body must be application/json in UTF-8, not compressed");
		return STEP_FAIL;
	}
	return STEP_DONE;
}

/* The name of the record that who came from; from here on mcp may have the room of the check. */
static struct str
key_name(struct job *j)
{
	struct str name = STR_NONE;

	if (j->who.kind == PRINCIPAL_KEY)
		name = str_of(j->check.name, sizeof j->check.name);
	else if (j->who.kind == PRINCIPAL_TOKEN && j->token.name[0])
		name = str_of(j->token.name, sizeof j->token.name);
	if (name.n)
		memcpy(j->key_name, name.p, name.n);
	memset(&j->mcp.result, 0, offsetof(struct result, redact));
	return name.n ? str_of(j->key_name, name.n) : STR_NONE;
}

static void
begin_mcp(struct job *j, const struct endpoint *e)
{
	struct mcp *m = &j->mcp;

	m->x = &j->x;
	m->shared = &j->app->mcp;
	m->who = &j->who;
	m->api = e->api;
	m->catalog = &j->gen->catalog[e->api->index];
	m->text = &j->gen->text[e->api->index];
	m->view = e->view;
	gate_begin(&m->ask, j->gen->gen, e->api, e->view, &j->who, j->app->switches);
	m->key_name = key_name(j);
	m->own = passing_own(j);
	if (j->who.kind == PRINCIPAL_PASS)
		m->capture = passing_captures(j, e);
	m->hold = &j->gen->users;
	m->files = j->gen->gen->public_url;
	m->generation = j->gen->gen->number;
	m->listings = &j->gen->listings;
}

enum step
routes_mcp(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct endpoint e;
	enum step s;

	switch (j->at) {
	case AT_START:
	case AT_GUARD:
		if (look(j, &e) == STEP_FAIL)
			return STEP_DONE;
		j->at = AT_GUARD;
		s = guard_api(j, &e, now);
		if (s == STEP_WAIT)
			return s;
		if (s == STEP_FAIL)
			return STEP_DONE;
		begin_mcp(j, &e);
		j->at = x->req.method == METHOD_DELETE ? AT_DELETE : AT_MCP;
		return j->at == AT_DELETE ? mcp_delete(&j->mcp, now) : mcp_step(&j->mcp, now);
	case AT_DELETE: return mcp_delete(&j->mcp, now);
	case AT_MCP: return mcp_step(&j->mcp, now);
	}
	return STEP_FAIL;
}
