#include "base/text.h"
#include "main/conf_priv.h"
#include "main/flags.h"

#define MS(s) ((u32)(s) * 1000)

static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const jails[] = { "on", "required", "off", NULL };
static const char *const audits[] = { "on", "required", "off", NULL };
static const char *const switches[] = { "off", "on", NULL };
static const char *const types_of[] = { "at+jwt", "any", NULL };
static const char *const cimds[] = { "off", "pinned", "on", NULL };
static const char *const heeds[] = { "heed", "pass", NULL };
static const char *const auths[] = { "key", "none", NULL };
static const char *const serve_hold[] = { "serve", "hold", NULL };
static const char *const modes[] = { "auto", "tools", "code", "both", NULL };
static const char *const places[] = { "none", "header", "query", "cookie", "basic", "bearer", NULL };
static const char *const captures[] = { "each", "capture", NULL };
static const char *const yes_no[] = { "no", "yes", NULL };
static const char *const levels_of[] = { "none", "confirm", "approve", NULL };
static const char *const kinds[] = { "auto", "sandbox", "production", NULL };

/* name, kind, required, default, choices, least, most; what they mean: fs/help/config */
static const struct conf_option server_options[] = {
	{ "listen", CONF_LIST, false, "127.0.0.1:8080", NULL, 0, CONF_LISTENS },
	{ "public_url", CONF_STR, false, NULL, NULL, 0, 512 },
	{ "data", CONF_STR, false, "/var/lib/mcpgated", NULL, 1, 200 },
	{ "workers", CONF_NUM, false, "1", NULL, 1, 64 },
	{ "allow_host", CONF_LIST, false, "", NULL, 0, 64 },
	{ "trusted_proxy", CONF_LIST, false, "", NULL, 1, 60 },
	{ "allow_origin", CONF_LIST, false, "", NULL, 0, 64 },
	{ "tls_cert", CONF_STR, false, "", NULL, 0, 1024 },
	{ "tls_key", CONF_STR, false, "", NULL, 0, 1024 },
	{ "tls_name", CONF_LIST, false, "", NULL, 0, 16 },
	{ "idle_timeout", CONF_TIME, false, "60s", NULL, MS(1), MS(86400) },
	{ "head_timeout", CONF_TIME, false, "10s", NULL, 100, MS(600) },
	{ "body_timeout", CONF_TIME, false, "30s", NULL, 100, MS(3600) },
	{ "write_timeout", CONF_TIME, false, "30s", NULL, 100, MS(3600) },
	{ "answer_timeout", CONF_TIME, false, "5m", NULL, MS(1), MS(86400) },
	{ "drain_timeout", CONF_TIME, false, "5s", NULL, 0, MS(600) },
	{ "session_idle", CONF_TIME, false, "8h", NULL, MS(60), MS(30 * 86400) },
	{ "session_max", CONF_TIME, false, "7d", NULL, MS(60), MS(30 * 86400) },
	{ "user", CONF_STR, false, "", NULL, 0, 32 },
	{ "jail", CONF_ENUM, false, "on", jails, 0, 0 },
	{ "approval_time", CONF_TIME, false, "10m", NULL, MS(10), MS(86400) },
	{ "audit", CONF_ENUM, false, "on", audits, 0, 0 },
	{ "audit_size", CONF_SIZE, false, "32m", NULL, 4 << 20, 1u << 30 },
	{ "syslog", CONF_STR, false, "", NULL, 0, 120 },
	{ "log_level", CONF_ENUM, false, "info", levels, 0, 0 },
	{ "oauth", CONF_ENUM, false, "on", switches, 0, 0 },
	{ "insecure_oauth", CONF_ENUM, false, "off", switches, 0, 0 },
	{ "issuer_url", CONF_STR, false, NULL, NULL, 0, 512 },
	{ "default_resource", CONF_STR, false, "/mcp", NULL, 0, 200 },
	{ "token_prefix", CONF_STR, false, "mcpg_", NULL, 1, 16 },
	{ "token_life", CONF_TIME, false, "15m", NULL, MS(30), MS(86400) },
	{ "registration", CONF_ENUM, false, "on", switches, 0, 0 },
	{ "redirect_scheme", CONF_LIST, false, "", NULL, 0, 24 },
	{ "cimd", CONF_ENUM, false, "off", cimds, 0, 0 },
	{ "cimd_host", CONF_LIST, false, "", NULL, 0, 120 },
	{ "issuer", CONF_STR, false, "", NULL, 0, 512 },
	{ "issuer_keys", CONF_STR, false, "", NULL, 0, 1024 },
	{ "issuer_introspect", CONF_STR, false, "", NULL, 0, 512 },
	{ "issuer_client", CONF_STR, false, "", NULL, 0, 200 },
	{ "issuer_secret", CONF_STR, false, "", NULL, 0, 1024 },
	{ "issuer_cache", CONF_TIME, false, "10s", NULL, 0, MS(300) },
	{ "issuer_ca", CONF_STR, false, "", NULL, 0, 1024 },
	{ "issuer_audience", CONF_STR, false, "", NULL, 0, 512 },
	{ "issuer_type", CONF_ENUM, false, "at+jwt", types_of, 0, 0 },
	{ "claim_user", CONF_STR, false, "sub", NULL, 1, 60 },
	{ "claim_role", CONF_STR, false, "", NULL, 0, 60 },
	{ "claim_team", CONF_STR, false, "", NULL, 0, 60 },
	{ "issuer_role", CONF_STR, false, "viewer", NULL, 1, PRINCIPAL_ROLE_MAX },
};

static const struct conf_option api_options[] = {
	{ "name", CONF_STR, false, NULL, NULL, 1, 32 },
	{ "document", CONF_STR, true, NULL, NULL, 1, 1024 },
	{ "overlay", CONF_STR, false, "", NULL, 0, 1024 },
	{ "document_within", CONF_STR, false, NULL, NULL, 1, 1024 },
	{ "changes", CONF_ENUM, false, "serve", serve_hold, 0, 0 },
	{ "path", CONF_STR, false, "", NULL, 0, 200 },
	{ "title", CONF_STR, false, NULL, NULL, 0, 200 },
	{ "auth", CONF_ENUM, false, "key", auths, 0, 0 },
	{ "mode", CONF_ENUM, false, "auto", modes, 0, 0 },
	{ "response_budget", CONF_SIZE, false, "100k", NULL, 1024, 1u << 30 },
	{ "answer_within", CONF_TIME, false, "45s", NULL, 0, MS(3600) },
	{ "page", CONF_NUM, false, "0", NULL, 0, 100000 },
	{ "rate", CONF_STR, false, "", NULL, 0, 40 },
	{ "rate_principal", CONF_STR, false, "", NULL, 0, 40 },
	{ "rate_key", CONF_STR, false, "", NULL, 0, 40 },
	{ "rate_client", CONF_STR, false, "", NULL, 0, 40 },
	{ "rate_team", CONF_STR, false, "", NULL, 0, 40 },
	{ "rate_tool", CONF_STR, false, "", NULL, 0, 40 },
	{ "budget", CONF_NUM, false, "0", NULL, 0, 1000000000 },
	{ "budget_team", CONF_NUM, false, "0", NULL, 0, 1000000000 },
	{ "instructions", CONF_STR, false, "", NULL, 0, 16384 },
	{ "secret", CONF_LIST, false, "", NULL, 0, 60 },
	{ "only", CONF_LIST, false, "", NULL, 0, 64 },
	{ "deny", CONF_LIST, false, "", NULL, 0, 64 },
	{ "deny_list", CONF_STR, false, "", NULL, 0, 32 },
};

static const struct conf_option role_options[] = {
	{ "allow", CONF_LIST, false, "", NULL, 0, 64 },
	{ "deny", CONF_LIST, false, "", NULL, 0, 64 },
	{ "confirm", CONF_LIST, false, "", NULL, 0, 64 },
	{ "approve", CONF_LIST, false, "", NULL, 0, 64 },
	{ "destructive", CONF_ENUM, false, "confirm", levels_of, 0, 0 },
	{ "approve_in_client", CONF_ENUM, false, "no", yes_no, 0, 0 },
};

/* How a credential is sent, in environments and by itself. */
#define CREDENTIAL_OPTIONS \
	{ "credential_in", CONF_ENUM, false, NULL, places, 0, 0 }, \
	{ "credential_name", CONF_STR, false, "", NULL, 0, 200 }, \
	{ "credential_value", CONF_STR, false, "{secret}", NULL, 0, 4096 }, \
	{ "credential_from", CONF_STR, false, "", NULL, 0, 1024 }, \
	{ "login", CONF_STR, false, "", NULL, 0, 1024 }, \
	{ "login_body", CONF_STR, false, "grant_type=client_credentials", NULL, 0, 2048 }, \
	{ "login_send", CONF_LIST, false, "", NULL, 0, LOGIN_SENDS_MAX }, \
	{ "login_lifetime", CONF_STR, false, "json:expires_in", NULL, 0, 100 },

static const struct conf_option environment_options[] = {
	{ "name", CONF_STR, false, NULL, NULL, 1, 32 },
	{ "api", CONF_STR, false, NULL, NULL, 1, 32 },
	{ "base_url", CONF_STR, true, NULL, NULL, 1, 1024 },
	{ "kind", CONF_ENUM, false, "auto", kinds, 0, 0 },
	{ "server", CONF_LIST, false, "", NULL, 0, SERVERS_NAMED_MAX },
	CREDENTIAL_OPTIONS
	{ "passthrough_header", CONF_LIST, false, "", NULL, 0, 64 },
	{ "passthrough_check", CONF_STR, false, "", NULL, 0, 400 },
	{ "passthrough_role", CONF_STR, false, "member", NULL, 1, PRINCIPAL_ROLE_MAX },
	{ "session_credential", CONF_ENUM, false, "each", captures, 0, 0 },
	{ "authorize_url", CONF_STR, false, "", NULL, 0, 1024 },
	{ "token_url", CONF_STR, false, "", NULL, 0, 1024 },
	{ "client_id", CONF_STR, false, "", NULL, 0, 200 },
	{ "client_secret_from", CONF_STR, false, "", NULL, 0, 1024 },
	{ "scopes", CONF_STR, false, "", NULL, 0, 400 },
	{ "authorize_issuer", CONF_STR, false, "", NULL, 0, 400 },
	{ "sign_in", CONF_STR, false, "", NULL, 0, 400 },
	{ "sign_in_id", CONF_STR, false, "id", NULL, 1, 100 },
	{ "sign_in_name", CONF_STR, false, "", NULL, 0, 100 },
	{ "sign_in_role", CONF_STR, false, "", NULL, 0, PRINCIPAL_ROLE_MAX },
	{ "sign_in_team", CONF_STR, false, "main", NULL, 1, PRINCIPAL_ROLE_MAX },
	{ "pin", CONF_STR, false, "", NULL, 0, 64 },
	{ "ca", CONF_STR, false, "", NULL, 0, 1024 },
	{ "connect_timeout", CONF_TIME, false, "5s", NULL, 50, MS(600) },
	{ "first_timeout", CONF_TIME, false, "120s", NULL, 50, MS(3600) },
	{ "idle_timeout", CONF_TIME, false, "30s", NULL, 50, MS(3600) },
	{ "total_timeout", CONF_TIME, false, "120s", NULL, 50, MS(86400) },
	{ "rate", CONF_STR, false, "", NULL, 0, 40 },
	{ "upstream_limits", CONF_ENUM, false, "heed", heeds, 0, 0 },
	{ "repeat_guard", CONF_TIME, false, "60s", NULL, 0, MS(3600) },
	{ "concurrency", CONF_NUM, false, "256", NULL, 1, 65535 },
	{ "concurrency_principal", CONF_NUM, false, "0", NULL, 0, 65535 },
	{ "queue", CONF_NUM, false, "128", NULL, 0, 4096 },
	{ "queue_timeout", CONF_TIME, false, "10s", NULL, 10, MS(600) },
};

static const char *const effects[] = { "", "read", "write", "destructive", NULL };

static const struct conf_option tool_options[] = {
	{ "api", CONF_STR, false, NULL, NULL, 1, 32 },
	{ "operation", CONF_STR, true, NULL, NULL, 1, 400 },
	{ "name", CONF_STR, false, "", NULL, 0, 64 },
	{ "title", CONF_STR, false, "", NULL, 0, 200 },
	{ "description", CONF_STR, false, "", NULL, 0, 1500 },
	{ "effect", CONF_ENUM, false, "", effects, 0, 0 },
	{ "hide", CONF_NUM, false, "0", NULL, 0, 1 },
	{ "pin", CONF_LIST, false, "", NULL, 0, 32 },
	{ "default", CONF_LIST, false, "", NULL, 0, 32 },
	{ "error", CONF_STR, false, "", NULL, 0, 290 },
	{ "wrong", CONF_LIST, false, "", NULL, 0, 32 },
	{ "next", CONF_STR, false, "", NULL, 0, 290 },
};

static const struct conf_option credential_options[] = {
	{ "api", CONF_STR, false, NULL, NULL, 1, 32 },
	{ "environment", CONF_STR, false, NULL, NULL, 1, 32 },
	{ "scheme", CONF_STR, false, NULL, NULL, 1, 200 },
	CREDENTIAL_OPTIONS
};

int
conf_place(struct str word)
{
	for (int i = 0; places[i]; i++)
		if (str_is(word, places[i]))
			return i;
	return ERR_NONE;
}

const struct conf_type conf_types[CONF_TYPES] = {
	[CONF_SERVER] = { "server", server_options, ARRAY_N(server_options), false },
	[CONF_API] = { "api", api_options, ARRAY_N(api_options), true },
	[CONF_ENVIRONMENT] = { "environment", environment_options, ARRAY_N(environment_options), true },
	[CONF_CREDENTIAL] = { "credential", credential_options, ARRAY_N(credential_options), true },
	[CONF_ROLE] = { "role", role_options, ARRAY_N(role_options), true },
	[CONF_TOOL] = { "tool", tool_options, ARRAY_N(tool_options), true },
};

static const char *const kind_words[] = { "text", "number", "size", "time", "choice", "list" };

static void
one_default(struct buf *b, const struct conf_option *o)
{
	if (o->required)
		BUF_LIT(b, "required");
	else if (o->initial && o->initial[0])
		buf_c(b, o->initial);
	else
		BUF_LIT(b, "-");
}

static void
one_kind(struct buf *b, const struct conf_option *o)
{
	if (!o->choice) {
		buf_c(b, kind_words[o->kind]);
		return;
	}
	for (u32 i = 0; o->choice[i]; i++)
		buf_fmt(b, "%s%s", i ? "|" : "", o->choice[i]);
}

/* What stands behind "name: " in the text of a section; its own is behind "config: ". */
static struct str
meaning(struct str text, const char *name)
{
	while (text.p) {
		struct str line = str_next(&text, '\n');

		if (str_is(str_next(&line, ':'), name))
			return str_trim(line);
	}
	return STR_NONE;
}

static struct str
text_of(const struct conf_type *type)
{
	char name[48];

	return text_c(name, sizeof name, "help/config/%s.txt", type->name) ? flags_file(name) : STR_NONE;
}

void
conf_reference(struct buf *b)
{
	for (u32 t = 0; t < CONF_TYPES; t++) {
		const struct conf_type *type = &conf_types[t];
		struct str text = text_of(type);

		buf_fmt(b, "%sconfig %s%s   %S\n", t ? "\n" : "", type->name, type->named ? " 'NAME'" : "",
		    meaning(text, "config"));
		for (u32 i = 0; i < type->options; i++) {
			const struct conf_option *o = &type->option[i];

			buf_fmt(b, "\t%s %s   (", o->kind == CONF_LIST ? "list" : "option", o->name);
			one_kind(b, o);
			BUF_LIT(b, ", default: ");
			one_default(b, o);
			buf_fmt(b, ")\n\t\t%S\n", meaning(text, o->name));
		}
	}
}

void
conf_reference_markdown(struct buf *b)
{
	for (u32 t = 0; t < CONF_TYPES; t++) {
		const struct conf_type *type = &conf_types[t];
		struct str text = text_of(type);

		buf_fmt(b, "%s`config %s%s`: %S\n\n| option | kind | default | meaning |\n|---|---|---|---|\n", t ?
		    "\n" : "",
		    type->name, type->named ? " 'NAME'" : "", meaning(text, "config"));
		for (u32 i = 0; i < type->options; i++) {
			const struct conf_option *o = &type->option[i];
			u32 from;

			buf_fmt(b, "| `%s` | ", o->name);
			from = b->w;
			one_kind(b, o);
			for (u32 k = from; k < b->w; k++) /* a bar would end the cell */
				b->p[k] = b->p[k] == '|' ? '/' : b->p[k];
			BUF_LIT(b, " | ");
			one_default(b, o);
			buf_fmt(b, " | %S |\n", meaning(text, o->name));
		}
	}
}
