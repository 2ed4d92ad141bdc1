/* The configuration file: what it becomes, and what is said about each kind of mistake. */
#include "main/conf.h"

#include "base/log.h"
#include "base/pack.h"
#include "crypt/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <unistd.h>

/* What options mean is packed into the program alone; tests/live/commands.sh reads it there. */
const struct pack_folder pack_folders[] = { { "none", NULL, 0, 0 } };
const u32 pack_folders_n = 0;

static u8 room[CONF_ARENA_N];
static char said[8192];
static struct arena arena;
static const struct conf *c;

#define API "config api 'a'\n\toption document '/a.json'\n"
#define ENV "config environment 'sandbox'\n\toption base_url 'http://127.0.0.1:3000/v1/'\n"

static int
read_as(const char *text, const char *name, bool no_secrets)
{
	struct buf say = buf_over(said, sizeof said - 1);
	struct conf_ask ask = { .name = name, .text = str_c(text), .arena = &arena, .say = &say, .number = 7,
		.no_secrets = no_secrets };
	int err;

	arena = arena_over(room, sizeof room);
	err = conf_read(&ask, &c);
	said[say.w] = 0;
	return err;
}

static int
reads(const char *text)
{
	return read_as(text, "f", false);
}

/* The text is refused, and this is said. */
static void
refused(const char *text, const char *because)
{
	if (reads(text) != ERR_BAD || !strstr(said, because)) {
		print_message("wanted: %s\nsaid: %s\n", because, said);
		fail();
	}
}

static void
test_smallest(void **state)
{
	const struct api *a;

	assert_int_equal(reads(API ENV), 0);
	assert_string_equal(said, "");
	assert_int_equal(c->gen.number, 7);
	assert_int_equal(c->gen.apis, 1);
	a = &c->gen.api[0];
	assert_true(str_is(a->name, "a"));
	assert_true(str_is(a->catalog_path, "/var/lib/mcpgated/catalogs/a.cat"));
	assert_string_equal(c->documents[0], "/a.json");
	assert_int_equal(a->environments, 1);
	assert_int_equal(a->response_budget, 100 * 1024);
	assert_true(str_is(a->environment[0].host, "127.0.0.1"));
	assert_int_equal(a->environment[0].port, 3000);
	assert_true(str_is(a->environment[0].path, "/v1"));
	assert_true(str_is(a->environment[0].host_field, "127.0.0.1:3000"));
	assert_int_equal(a->environment[0].connect_ms, 5000);
	assert_int_equal(a->environment[0].credential.in, CREDENTIAL_NONE);
	assert_int_equal(c->listens, 1);
	assert_int_equal(c->listen[0].addr.port, 8080);
	assert_true(str_is(c->gen.public_url, "http://127.0.0.1:8080"));
	assert_int_equal(c->workers, 1);
	assert_int_equal(c->drain_ms, 5000);
	assert_int_equal(c->log_level, LOG_INFO);
	assert_int_equal(c->serve.head_ms, 10000);
}

static void
test_server(void **state)
{
	assert_int_equal(reads("config server\n list listen localhost:81\n list listen '[::1]:82'\n list listen unix:/run/x\n"
	                       " list listen '*:83'\n option public_url 'https://Gate.example.com:444/x/'\n option data /d/\n"
	                       " option workers 4\n list allow_host Box.lan\n list allow_origin https://Chat.example\n"
	                       " option drain_timeout 250ms\n option log_level debug\n option jail required\n" API ENV), 0);
	assert_string_equal(said, "");
	assert_int_equal(c->listens, 4);
	assert_int_equal(c->listen[0].addr.port, 81);
	assert_int_equal(c->listen[1].addr.family, ADDR_V6);
	assert_int_equal(c->listen[2].addr.family, ADDR_UNIX);
	assert_int_equal(c->listen[3].addr.ip[0], 0);
	assert_true(str_is(c->gen.public_url, "https://Gate.example.com:444/x"));
	assert_string_equal(c->data, "/d");
	assert_int_equal(c->workers, 4);
	assert_int_equal(c->drain_ms, 250);
	assert_int_equal(c->log_level, LOG_DEBUG);
	assert_int_equal(c->jail, CONF_JAIL_REQUIRED);
	assert_int_equal(c->serve.hosts_n, 3);
	assert_true(str_is(c->serve.hosts[1], "gate.example.com"));
	assert_true(str_is(c->serve.hosts[2], "box.lan"));
	assert_int_equal(c->serve.origins_n, 2);
	assert_true(str_is(c->serve.origins[0], "https://gate.example.com:444"));
	assert_true(str_is(c->serve.origins[1], "https://chat.example"));
}

static void
test_network_without_tls_is_warned_of(void **state)
{
	assert_int_equal(reads("config server\n option listen 0.0.0.0:81\n" API ENV), 0);
	assert_non_null(strstr(said, "f:2: warning: 0.0.0.0:81 is reachable"));
	assert_true(str_is(c->gen.public_url, "http://localhost:81"));
	assert_int_equal(reads("config server\n option listen 0.0.0.0:81\n option public_url https://x.org\n" API ENV), 0);
	assert_string_equal(said, "");
}

/* Other servers of the document: where they are, with the environment's own deadlines. */
static void
test_servers(void **state)
{
	const struct environment *e;

	assert_int_equal(reads(API "config environment x\n option base_url http://x.org/api/\n option idle_timeout 7s\n"
	                       " list server http://up.x.org/v2/\n list server 'https://{r}.x.org unix:/run/r.sock:/r'\n"), 0);
	e = c->gen.api->environment;
	assert_true(str_is(e->server, "http://x.org/api"));
	assert_int_equal(e->others, 2);
	assert_true(str_is(e->other[0].server, "http://up.x.org/v2"));
	assert_true(str_is(e->other[0].host, "up.x.org"));
	assert_true(str_is(e->other[0].path, "/v2"));
	assert_int_equal(e->other[0].idle_ms, 7000);
	assert_true(e->other[0].origin != e->origin);
	assert_true(str_is(e->other[1].server, "https://{r}.x.org"));
	assert_true(str_is(e->other[1].unix_path, "/run/r.sock"));
	assert_true(str_is(e->other[1].path, "/r"));
	refused(API "config environment x\n option base_url http://x.org\n list server /v2\n", "f:5: server is like");
}

static void
test_environments(void **state)
{
	const struct api *a;

	assert_int_equal(reads(API "config api b\n option document b.json\n option path /api/v4/mcp\n"
	                       "config environment production\n option api a\n option base_url https://x.org\n"
	                       "config environment sandbox\n option api a\n option base_url https://x.org/test\n"
	                       "config environment one\n option api b\n option name live-2\n"
	                       " option base_url unix:/run/b.sock:/v2\n"), 0);
	assert_string_equal(said, "");
	a = c->gen.api;
	assert_int_equal(a[0].environments, 2);
	assert_true(a[0].environment[0].production);
	assert_false(a[0].environment[1].production);
	assert_int_equal(a[0].default_environment, 1);
	assert_int_equal(a[0].environment[0].origin, a[0].environment[1].origin);
	assert_true(a[0].environment[0].tls);
	assert_int_equal(a[0].environment[0].port, 443);
	assert_true(str_is(a[0].environment[0].host_field, "x.org"));
	assert_true(str_is(a[1].environment[0].name, "live-2"));
	assert_true(str_is(a[1].environment[0].unix_path, "/run/b.sock"));
	assert_true(str_is(a[1].environment[0].path, "/v2"));
	assert_true(str_is(a[1].environment[0].host_field, "localhost"));
	assert_int_not_equal(a[1].environment[0].origin, a[0].environment[0].origin);
	assert_true(str_is(a[1].path, "/api/v4/mcp"));
	assert_true(a[1].environment[0].production);
}

static void
test_kind_overrules_the_name(void **state)
{
	assert_int_equal(reads(API ENV " option kind production\n"), 0);
	assert_true(c->gen.api[0].environment[0].production);
	refused(API ENV " option kind prodution\n", "f:5: kind is one of auto, sandbox, production, not 'prodution'; did you "
	        "mean 'production'?");
}

static void
test_secret_from_environment(void **state)
{
	const struct credential *cred;

	setenv("TEST_CONF_TOKEN", "s3cr3t", 1);
	assert_int_equal(reads(API ENV " option credential_in header\n option credential_name Authorization\n"
	                       " option credential_value 'token {secret}'\n option credential_from env:TEST_CONF_TOKEN\n"), 0);
	cred = &c->gen.api[0].environment[0].credential;
	assert_int_equal(cred->in, CREDENTIAL_HEADER);
	assert_true(str_is(cred->name, "Authorization"));
	assert_true(str_is(cred->value, "token s3cr3t"));
	assert_true(str_is(cred->secret, "s3cr3t"));
	assert_int_equal(reads(API ENV " option credential_from env:TEST_CONF_TOKEN\n"), 0);
	assert_int_equal(c->gen.api[0].environment[0].credential.in, CREDENTIAL_BEARER);
	assert_true(str_is(c->gen.api[0].environment[0].credential.value, "s3cr3t"));
	unsetenv("TEST_CONF_TOKEN");
	refused(API ENV " option credential_from env:TEST_CONF_TOKEN\n",
	        "f:5: the environment variable TEST_CONF_TOKEN is not set");
	assert_int_equal(read_as(API ENV " option credential_from env:TEST_CONF_TOKEN\n", "f", true), 0);
}

static void
test_secret_never_appears(void **state)
{
	setenv("TEST_CONF_TOKEN", "s3cr3t\nx", 1);
	refused(API ENV " option credential_from env:TEST_CONF_TOKEN\n", "holds a line break");
	assert_null(strstr(said, "s3cr3t"));
	unsetenv("TEST_CONF_TOKEN");
	refused(API ENV " option credential_from 's3cr3t'\n", "not a secret itself");
	assert_null(strstr(said, "s3cr3t"));
}

static void
test_secret_from_file(void **state)
{
	char dir[] = "/tmp/test_conf.XXXXXX", path[64], name[64];
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/token", dir);
	snprintf(name, sizeof name, "%s/conf", dir);
	f = fopen(path, "w");
	fputs("abc def\r\n", f);
	fclose(f);
	assert_int_equal(read_as(API ENV " option credential_from file:token\n", name, false), 0); /* relative to the file */
	assert_true(str_is(c->gen.api[0].environment[0].credential.value, "abc def"));
	unlink(path);
	assert_int_equal(read_as(API ENV " option credential_from file:token\n", name, false), ERR_BAD);
	assert_non_null(strstr(said, "token cannot be read: No such file"));
	rmdir(dir);
}

static void
test_secret_from_store(void **state)
{
	const struct credential *cred;

	assert_int_equal(reads(API ENV " option credential_in query\n option credential_name key\n"
	                       " option credential_from store:main\n"), 0);
	cred = &c->gen.api[0].environment[0].credential;
	assert_true(str_is(cred->store, "main"));
	assert_int_equal(cred->in, CREDENTIAL_QUERY);
}

static void
test_credentials_of_schemes(void **state)
{
	const struct environment *e;

	assert_int_equal(reads(API ENV "config credential k\n option credential_in query\n option credential_name key\n"
	                       " option credential_from store:main\n"
	                       "config credential two\n option scheme 'the other'\n option credential_from store:b\n"), 0);
	e = &c->gen.api[0].environment[0];
	assert_int_equal(e->mores, 2);
	assert_true(str_is(e->more[0].scheme, "k") && str_is(e->more[1].scheme, "the other"));
	assert_int_equal(e->more[0].in, CREDENTIAL_QUERY);
	assert_int_equal(e->more[1].in, CREDENTIAL_BEARER);
	assert_int_equal(e->credential.in, CREDENTIAL_NONE);
	refused(API ENV "config credential k\n", "needs credential_in and credential_from");
	refused(API ENV "config credential k\n option environment x\n option credential_from store:b\n",
	        "has no environment 'x'");
	refused(API ENV "config credential k\n option api x\n option credential_from store:b\n", "no config api 'x'");
}

#define LOGS_IN API ENV " option credential_from store:a\n"

static void
test_logins(void **state)
{
	const struct environment *e;
	const struct login *l;
	u64 id;

	assert_int_equal(reads(LOGS_IN " option login /api/auth\n option login_body '{\"p\":\"{secret}\"}'\n"
	                       " list login_send 'header X-SID json:session.sid'\n"
	                       " list login_send 'bearer cookie:T x{secret}y z'\n"), 0);
	e = &c->gen.api[0].environment[0];
	l = e->credential.login;
	assert_true(e->logs_in && l);
	assert_int_equal(e->credential.in, CREDENTIAL_NONE);
	assert_int_equal(l->method, METHOD_POST);
	assert_true(str_is(l->target, "/api/auth") && str_same(l->at->host, e->host) && l->at->origin == e->origin);
	assert_int_equal(l->sends, 2);
	assert_true(str_is(l->send[0].from, "json:session.sid") && str_is(l->send[0].as.name, "X-SID"));
	assert_true(str_is(l->send[0].as.value, "{secret}") && str_is(l->send[1].as.value, "x{secret}y z"));
	assert_int_equal(l->send[1].as.in, CREDENTIAL_BEARER);
	id = l->id;
	assert_int_equal(reads(LOGS_IN " option credential_in basic\n option credential_value 'me:{secret}'\n"
	                       " option login http://id.test:81/token\n"), 0);
	l = c->gen.api[0].environment[0].credential.login;
	assert_true(str_is(l->at->host, "id.test") && l->at->port == 81 && str_is(l->target, "/token"));
	assert_true(str_is(l->body, "grant_type=client_credentials") && str_is(l->lifetime, "json:expires_in"));
	assert_int_equal(l->sends, 1);
	assert_true(str_is(l->send[0].from, "json:access_token") && l->send[0].as.in == CREDENTIAL_BEARER);
	assert_true(l->id != id && l->at->origin != c->gen.api[0].environment[0].origin);
	assert_int_equal(reads(LOGS_IN " option login 'GET /in'\n"), 0);
	assert_int_equal(c->gen.api[0].environment[0].credential.login->method, METHOD_GET);
	refused(LOGS_IN " option login in\n", "login is like");
	refused(LOGS_IN " option login 'POST /a/../b'\n", "login is like");
	refused(LOGS_IN " option login /a\n list login_send 'header json:a'\n", "login_send is like");
	refused(LOGS_IN " option login /a\n list login_send 'header A xml:a'\n", "login_send is like");
	refused(LOGS_IN " option login /a\n list login_send 'none json:a'\n", "login_send is like");
	refused(LOGS_IN " option login /a\n option login_lifetime 5m\n", "login_lifetime is a number of seconds");
	refused(API ENV " option login /a\n option login_body '{secret}'\n", "credential_from is missing");
}

#define CONNECT " option credential_from user\n option authorize_url http://127.0.0.1:9/authorize\n" \
	" option token_url /token\n option client_id gate\n"
#define SIGNS CONNECT " option sign_in 'GET /users/me?a=1'\n"

static void
test_login_by_the_api(void **state)
{
	const struct login *l;

	assert_int_equal(reads(API ENV CONNECT), 0);
	l = c->gen.api[0].environment[0].credential.login;
	assert_true(!l->sign && !l->issuer.n);
	assert_int_equal(reads(API ENV SIGNS " option authorize_issuer https://as.example\n option sign_in_id data.id\n"
	    " option sign_in_role viewer\n option sign_in_team guests\n option sign_in_name name\n"), 0);
	l = c->gen.api[0].environment[0].credential.login;
	assert_true(str_is(l->issuer, "https://as.example"));
	assert_true(str_is(l->sign->target, "/users/me?a=1") && str_is(l->sign->id, "data.id"));
	assert_true(str_is(l->sign->role, "viewer") && str_is(l->sign->team, "guests"));
	assert_int_equal(reads(API ENV SIGNS), 0);
	assert_int_equal(c->gen.api[0].environment[0].credential.login->sign->role.n, 0);

	refused(API ENV CONNECT " option authorize_issuer as\n", "authorize_issuer is the URL");
	refused(API ENV CONNECT " option sign_in 'POST /me'\n", "sign_in is like 'GET /users/me'");
	refused(API ENV CONNECT " option sign_in 'GET /a/../me'\n", "sign_in is like");
	refused(API ENV SIGNS " option sign_in_role admin\n", "sign_in_role cannot be admin");
	refused(API ENV SIGNS " option sign_in_role boss\n", "there is no role 'boss'");
	refused(API ENV SIGNS " option sign_in_team 'A team'\n", "is no name of a team");
	refused(API ENV " option credential_from user\n option sign_in 'GET /me'\n", "sign_in needs authorize_url");
	refused(API ENV SIGNS "config environment 'more'\n option base_url http://127.0.0.1:2\n" SIGNS,
	    "stands in environment");
	refused("config api 'an-api-with-a-long-name'\n option document /a.json\n" ENV SIGNS, "may have 15 characters");
}

#define PASS ENV " option credential_from passthrough\n list passthrough_header apikey\n" \
	" option passthrough_check 'GET /me?a=1'\n"

static void
test_credentials_of_callers(void **state)
{
	const struct passthrough *p;

	assert_int_equal(reads("config role 'guest'\n list allow read\n" API PASS
	    " list passthrough_header Authorization\n option passthrough_role guest\n option session_credential capture\n"), 0);
	assert_string_equal(said, "");
	p = c->gen.api[0].environment[0].pass;
	assert_int_equal(c->gen.api[0].environment[0].credential.of, CREDENTIAL_CALLERS);
	assert_int_equal(p->fields, 2);
	assert_true(str_is(p->field[1], "Authorization"));
	assert_true(str_is(p->target, "/me?a=1"));
	assert_true(str_is(p->role, "guest"));
	assert_true(p->capture);
	assert_int_equal(reads(API ENV), 0);
	assert_null(c->gen.api[0].environment[0].pass);

	refused(API ENV " option credential_from passthrough\n", "needs list passthrough_header");
	refused(API ENV " option credential_from passthrough\n list passthrough_header apikey\n", "needs passthrough_check");
	refused(API PASS " option passthrough_role boss\n", "there is no role 'boss'");
	refused(API PASS " list passthrough_header Cookie\n", "f:8: passthrough_header is a header that keys come in");
	refused(API PASS " list passthrough_header 'a b'\n", "not 'a b'");
	refused(API PASS " option credential_in bearer\n", "sends what callers sent");
	refused("config api 'a'\n option document /a.json\n option auth none\n" PASS, "needs auth 'key'");
	refused(API ENV " option session_credential capture\n", "session_credential needs credential_from 'passthrough'");
	refused(API ENV "config credential 'x'\n option credential_from passthrough\n", "'x' needs credential_in");
	refused(API ENV " option credential_from passthrough\n list passthrough_header apikey\n"
	    " option passthrough_check 'POST /me'\n", "needs passthrough_check 'GET /me'");
	assert_int_equal(reads(API ENV " option credential_from user\n option credential_name X-Key\n"), 0);
	assert_int_equal(c->gen.api[0].environment[0].credential.of, CREDENTIAL_USERS);
	assert_true(c->gen.connects);
	assert_int_equal(reads(API ENV " option credential_from user\n option credential_in basic\n"), 0);
	refused(API ENV " option credential_from user\n option login 'POST /in'\n", "login does not go with");
	refused(API ENV "config credential 'x'\n option credential_from user\n", "'x' needs credential_in");
	/* only where nobody can listen */
	refused("config server\n option listen 0.0.0.0:81\n" API PASS " option session_credential capture\n",
	    "session_credential 'capture' makes a session id as good as the credential");
	assert_int_equal(reads("config server\n option listen 0.0.0.0:81\n option public_url https://a.example\n" API PASS
	    " option session_credential capture\n"), 0);
	assert_int_equal(reads("config server\n option listen 0.0.0.0:81\n" API PASS), 0);
}

static void
test_mistakes(void **state)
{
	refused("", "no config api");
	refused("option a b\n", "f:1: 'a' stands before the first config line");
	refused("config sever\n", "f:1: unknown section 'sever'; there are server, api, environment, credential, role and tool; did you mean 'server'?");
	refused(API ENV " option base_ulr x\n", "f:5: config environment has no option 'base_ulr'; did you mean 'base_url'?");
	refused(API ENV " option document x\n", "('document' belongs to config api)");
	refused(API " option mode code\n" ENV, "f:3: mode 'code' is not built yet");
	refused(API "config environment sandbox\n", "f:3: config environment 'sandbox' needs option base_url");
	refused("config api a\n" ENV, "f:1: config api 'a' needs option document");
	refused(API " option document y\n" ENV, "f:3: 'document' is given twice, first in line 2");
	refused(API " list document y\n" ENV, "write option, not list");
	refused("config server\n" API ENV "config server\n", "f:6: there is a config server already, in line 1");
	refused("config server\n option workers many\n" API ENV, "f:2: workers is a number such as 4, not 'many'");
	refused("config server\n option workers 0\n" API ENV, "f:2: workers may be 1 to 64, not '0'");
	refused("config server\n option head_timeout 5\n" API ENV, "head_timeout is a time such as");
	refused(API " option response_budget 10\n" ENV, "response_budget may be 1.0 KB to 1.0 GB, not '10'");
	refused(API " option auth nobody\n" ENV, "auth is one of key, none, not 'nobody'");
	refused("config server\n option listen example.com:80\n" API ENV, "f:2: listen is ADDR:PORT");
	refused("config server\n option listen https://127.0.0.1:80\n" API ENV, "set tls_cert and tls_key");
	refused("config server\n option tls_cert /x\n" API ENV, "tls_cert needs tls_key beside it");
	refused("config server\n list listen :::80\n" API ENV, "listen is");
	refused("config server\n list listen 127.0.0.1:80\n list listen 127.0.0.1:80\n" API ENV, "stands in line 2 already");
	refused("config server\n option user nobody-at-all\n" API ENV, "no user 'nobody-at-all'");
	refused("config server\n option public_url ftp://x\n" API ENV, "public_url is http");
	refused("config server\n option allow_origin https://x/y\n" API ENV, "allow_origin is scheme");
	refused("config server\n option allow_host 'a b'\n" API ENV, "allow_host is a name");
}

static void
test_mistakes_in_apis(void **state)
{
	refused("config api\n option document x\n", "f:1: config api needs a name");
	refused("config api admin\n option document x\n", "the name 'admin' is a path of the server itself");
	refused("config api Gitea\n option document x\n", "the name 'Gitea' may hold only");
	refused(API API ENV, "there is an api 'a' already");
	refused(API "config api b\n option document x\n option path /a/x\n", "begins with the name of api 'a'");
	refused(API " option path mcp\n" ENV, "path is like");
	refused(API " option path /oauth/mcp\n" ENV, "belongs to the server itself");
	refused(API "config api b\n option document x\n" ENV, "needs option api: there are 2 apis");
	refused(API ENV " option api b\n", "f:5: there is no config api 'b'");
	refused(API ENV ENV, "api 'a' has an environment 'sandbox' already");
	refused(API "config environment x\n option base_url x.org\n", "base_url is like");
	refused(API "config environment x\n option base_url 'http://x/a?b=1'\n", "no query");
	refused(API ENV " option credential_in header\n option credential_from env:HOME\n", "needs credential_name");
	refused(API ENV " option credential_in bearer\n", "credential_from is missing");
	refused(API ENV " option credential_in basic\n option credential_from env:HOME\n", "credential_value 'USER:{secret}'");
}

/* The directory of this file, where the certificates of other tests lie. */
#define TLS_DATA "tests/data/tls/"

static void
test_whom_to_trust(void **state)
{
	const struct tls_trust *t;
	u64 origin;

	unsetenv("SSL_CERT_FILE");
	if (access(TLS_DATA "ca.pem", R_OK))
		skip();
	assert_int_equal(reads(API "config environment x\n option base_url https://x.org\n option ca " TLS_DATA "ca.pem\n"), 0);
	t = c->gen.api[0].environment[0].trust;
	assert_true(str_is(t->name, "x.org"));
	assert_int_equal(t->anchors->n, 1);
	assert_null(t->pin);
	origin = c->gen.api[0].environment[0].origin;
	assert_int_equal(reads(API "config environment x\n option base_url https://x.org\n option ca " TLS_DATA "other.pem\n"), 0);
	assert_int_not_equal(origin, c->gen.api[0].environment[0].origin); /* what was connected under the other is not used */
	setenv("SSL_CERT_FILE", TLS_DATA "ca.pem", 1); /* the system's */
	assert_int_equal(reads(API "config environment x\n option base_url https://x.org\n"), 0);
	assert_int_equal(c->gen.api[0].environment[0].trust->anchors->n, 1);
	assert_true(origin == c->gen.api[0].environment[0].origin);
	assert_int_equal(reads(API "config environment x\n option base_url https://10.0.0.1\n"
	                       " option pin AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0);
	t = c->gen.api[0].environment[0].trust;
	assert_null(t->anchors);
	assert_non_null(t->pin);
	refused(API "config environment x\n option base_url https://10.0.0.1\n", "needs a pin");
	setenv("SSL_CERT_FILE", "/nope.pem", 1);
	refused(API "config environment x\n option base_url https://x.org\n", "f:4: /nope.pem cannot be read");
	unsetenv("SSL_CERT_FILE");
	refused(API ENV " option pin x\n", "pin belongs to a base_url that begins with https://");
	refused(API "config environment x\n option base_url https://x.org\n option pin x\n", "f:5: pin is the base64");
	refused(API "config environment x\n option base_url https://x.org\n option ca " TLS_DATA "rsa.key\n", "cannot be used");
	assert_int_equal(reads(API ENV), 0);
	assert_null(c->gen.api[0].environment[0].trust);
}

static void
test_all_mistakes_are_told_up_to_a_limit(void **state)
{
	char text[4096] = API ENV;
	u32 lines = 0;

	refused("config server\n option x 1\n option y 2\n" API ENV, "f:3: config server has no option 'y'");
	assert_non_null(strstr(said, "f:2: config server has no option 'x'"));
	for (u32 i = 0; i < 60; i++)
		strcat(text, " option qqqqqq 1\n");
	refused(text, "further mistakes are not listed");
	for (const char *p = said; *p; p++)
		lines += *p == '\n';
	assert_true(lines <= CONF_MISTAKES + 1);
}

static void
test_no_secrets_needs_no_files(void **state)
{
	assert_int_equal(read_as("config server\n option tls_cert /nope\n option tls_key /nope\n" API ENV, "f", true), 0);
	assert_true(c->listen[0].tls);
	refused("config server\n option tls_cert /nope\n option tls_key /nope\n" API ENV, "f:2: /nope cannot be read");
}

static void
test_small_arena_is_told(void **state)
{
	u8 little[600];
	struct arena a = arena_over(little, sizeof little);
	struct buf say = buf_over(said, sizeof said - 1);
	struct conf_ask ask = { .name = "f", .text = STR(API ENV), .arena = &a, .say = &say };

	assert_int_equal(conf_read(&ask, &c), ERR_BAD);
	said[say.w] = 0;
	assert_non_null(strstr(said, "does not fit"));
}

static void
test_reference_names_every_option(void **state)
{
	static u8 text[32768];
	struct buf b = buf_over(text, sizeof text);

	conf_reference(&b);
	assert_false(b.over);
	assert_true(str_find_str(buf_str(&b), STR("list listen   (list, default: 127.0.0.1:8080)")) > 0);
	assert_true(str_find_str(buf_str(&b), STR("option base_url   (text, default: required)")) > 0);
	b = buf_over(text, sizeof text);
	conf_reference_markdown(&b);
	assert_false(b.over);
	assert_true(str_find_str(buf_str(&b), STR("| `auth` | key/none | key |")) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_network_without_tls_is_warned_of),
		cmocka_unit_test(test_environments), cmocka_unit_test(test_servers),
		cmocka_unit_test(test_kind_overrules_the_name),
		cmocka_unit_test(test_secret_from_environment),
		cmocka_unit_test(test_secret_never_appears),
		cmocka_unit_test(test_secret_from_file),
		cmocka_unit_test(test_secret_from_store),
		cmocka_unit_test(test_credentials_of_schemes),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_login_by_the_api),
		cmocka_unit_test(test_credentials_of_callers),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_mistakes_in_apis),
		cmocka_unit_test(test_whom_to_trust),
		cmocka_unit_test(test_all_mistakes_are_told_up_to_a_limit),
		cmocka_unit_test(test_no_secrets_needs_no_files),
		cmocka_unit_test(test_small_arena_is_told),
		cmocka_unit_test(test_reference_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
