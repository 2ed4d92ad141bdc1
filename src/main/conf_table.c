#include "main/conf_priv.h"

#define MS(s) ((u64)(s) * 1000)

static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const jails[] = { "on", "required", "off", NULL };
static const char *const audits[] = { "on", "required", "off", NULL };
static const char *const switches[] = { "off", "on", NULL };
static const char *const cimds[] = { "off", "pinned", "on", NULL };
static const char *const heeds[] = { "heed", "pass", NULL };
static const char *const auths[] = { "key", "none", NULL };
static const char *const modes[] = { "auto", "tools", "code", "both", NULL };
static const char *const places[] = { "none", "header", "query", "cookie", "basic", "bearer", NULL };
static const char *const yes_no[] = { "no", "yes", NULL };
static const char *const levels_of[] = { "none", "confirm", "approve", NULL };
static const char *const kinds[] = { "auto", "sandbox", "production", NULL };

/* name, kind, required, default, choices, least, most, meaning */
static const struct conf_option server_options[] = {
	{ "listen", CONF_LIST, false, "127.0.0.1:8080", NULL, 0, CONF_LISTENS,
	    "where to accept clients: ADDR:PORT, [V6]:PORT or unix:/PATH; http:// or https:// before it says how, else "
	    "https where tls_cert is set" },
	{ "public_url", CONF_STR, false, NULL, NULL, 0, 512,
	    "the address clients use, when it is another than the first listen (behind a proxy)" },
	{ "data", CONF_STR, false, "/var/lib/mcpgated", NULL, 1, 200,
	    "directory for keys, catalogs and the control socket (0700)" },
	{ "workers", CONF_NUM, false, "1", NULL, 1, 64, "processes that answer requests" },
	{ "allow_host", CONF_LIST, false, "", NULL, 0, 64,
	    "further names clients may use in Host; IP addresses, localhost and the host of public_url need no "
	    "mention" },
	{ "allow_origin", CONF_LIST, false, "", NULL, 0, 64,
	    "web origins whose pages may call us, for instance https://chat.example.com; that of public_url needs "
	    "none" },
	{ "tls_cert", CONF_STR, false, "", NULL, 0, 1024, "PEM file: our certificate, then intermediates" },
	{ "tls_key", CONF_STR, false, "", NULL, 0, 1024, "PEM file: its private key (EC or RSA)" },
	{ "idle_timeout", CONF_TIME, false, "60s", NULL, MS(1), MS(86400), "a connection without a request is closed" },
	{ "head_timeout", CONF_TIME, false, "10s", NULL, 100, MS(600), "a request head must be complete (408)" },
	{ "body_timeout", CONF_TIME, false, "30s", NULL, 100, MS(3600), "a request body must be complete (408)" },
	{ "write_timeout", CONF_TIME, false, "30s", NULL, 100, MS(3600), "a client must take something of its answer" },
	{ "answer_timeout", CONF_TIME, false, "5m", NULL, MS(1), MS(86400),
	    "what a client may keep us waiting in all for taking one answer" },
	{ "drain_timeout", CONF_TIME, false, "5s", NULL, 0, MS(600),
	    "what open requests get when the server is ended" },
	{ "session_idle", CONF_TIME, false, "8h", NULL, MS(60), MS(30 * 86400),
	    "a person who does nothing in the browser for so long is logged out" },
	{ "session_max", CONF_TIME, false, "7d", NULL, MS(60), MS(30 * 86400), "and after this time in any case" },
	{ "user", CONF_STR, false, "", NULL, 0, 32, "whom workers run as when started as root; data is given to them" },
	{ "jail", CONF_ENUM, false, "on", jails, 0, 0,
	    "system call filter, capabilities, Landlock: on (as far as the kernel can), required (or do not "
	    "start), off" },
	{ "approval_time", CONF_TIME, false, "10m", NULL, MS(10), MS(86400),
	    "what a caller has to confirm, and a person to approve, an irreversible operation" },
	{ "audit", CONF_ENUM, false, "on", audits, 0, 0,
	    "one line for each call, refusal, login and change: on, required (nothing is done that cannot be written "
	    "down), off" },
	{ "audit_size", CONF_SIZE, false, "32m", NULL, 4 << 20, 1u << 30, "bytes of audit lines that are kept" },
	{ "syslog", CONF_STR, false, "", NULL, 0, 120,
	    "where audit lines are sent besides (RFC 5424): udp:ADDR:514 or unix:/dev/log" },
	{ "log_level", CONF_ENUM, false, "info", levels, 0, 0, "least level of the lines on standard error" },
	{ "oauth", CONF_ENUM, false, "on", switches, 0, 0, "people may log in and connect clients by OAuth" },
	{ "insecure_oauth", CONF_ENUM, false, "off", switches, 0, 0,
	    "offer OAuth over plain http beyond this machine, too: tokens can then be read on the way" },
	{ "issuer_url", CONF_STR, false, NULL, NULL, 0, 512,
	    "the name of the authorization server, when it is another than public_url" },
	{ "default_resource", CONF_STR, false, "/mcp", NULL, 0, 200,
	    "path of the endpoint meant by clients that name none; empty: they are refused unless there is only one" },
	{ "token_prefix", CONF_STR, false, "mcpg_", NULL, 1, 16, "what access tokens begin with" },
	{ "token_life", CONF_TIME, false, "15m", NULL, MS(30), MS(86400), "an access token is good for" },
	{ "registration", CONF_ENUM, false, "on", switches, 0, 0, "clients may register themselves (RFC 7591)" },
	{ "redirect_scheme", CONF_LIST, false, "", NULL, 0, 24,
	    "private-use schemes that redirect URIs may have, for instance cursor" },
	{ "cimd", CONF_ENUM, false, "off", cimds, 0, 0,
	    "client-id metadata documents: off (not offered; pinned ones work), pinned (offered; only pinned ones "
	    "work), on (others are fetched)" },
	{ "cimd_host", CONF_LIST, false, "", NULL, 0, 120,
	    "hosts whose documents are fetched although their addresses are private" },
};

static const struct conf_option api_options[] = {
	{ "name", CONF_STR, false, NULL, NULL, 1, 32, "instead of the section's name, for characters UCI refuses "
	    "there" },
	{ "document", CONF_STR, true, NULL, NULL, 1, 1024, "OpenAPI file; compiled again when it is newer" },
	{ "overlay", CONF_STR, false, "", NULL, 0, 1024,
	    "OpenAPI Overlay 1.0 JSON file: changes to the document; config tool is the short form" },
	{ "document_within", CONF_STR, false, NULL, NULL, 1, 1024, "directory that files named by $ref in the document "
	    "may lie in; default: the document's own" },
	{ "path", CONF_STR, false, "", NULL, 0, 200,
	    "where it is served besides /NAME/mcp (the first api also at /mcp)" },
	{ "title", CONF_STR, false, NULL, NULL, 0, 200, "name for people and models; default: the document's title" },
	{ "auth", CONF_ENUM, false, "key", auths, 0, 0, "what a client must show: key, or none (anybody who can "
	    "connect)" },
	{ "mode", CONF_ENUM, false, "auto", modes, 0, 0, "what is offered: tools, code, both, or auto" },
	{ "response_budget", CONF_SIZE, false, "100k", NULL, 1024, 1u << 30,
	    "bytes of one API answer that are given to the model; more is cut between elements" },
	{ "page", CONF_NUM, false, "0", NULL, 0, 100000, "tools in one page of tools/list; 0: all at once" },
	{ "rate", CONF_STR, false, "", NULL, 0, 40,
	    "calls of everybody together: 600/m, 10/s burst 50 (at once; default: one second's, at least 5), per s, m, "
	    "h or d" },
	{ "rate_principal", CONF_STR, false, "", NULL, 0, 40, "calls of one user, or of a key without a user" },
	{ "rate_key", CONF_STR, false, "", NULL, 0, 40, "calls with one key" },
	{ "rate_client", CONF_STR, false, "", NULL, 0, 40, "calls of one client program" },
	{ "rate_team", CONF_STR, false, "", NULL, 0, 40, "calls of one team" },
	{ "rate_tool", CONF_STR, false, "", NULL, 0, 40, "calls of one tool, by everybody" },
	{ "budget", CONF_NUM, false, "0", NULL, 0, 1000000000,
	    "calls of one user or key in a day (UTC); 0: any number" },
	{ "budget_team", CONF_NUM, false, "0", NULL, 0, 1000000000, "the same of one team" },
	{ "instructions", CONF_STR, false, "", NULL, 0, 16384, "text for the model about this API" },
	{ "deny", CONF_LIST, false, "", NULL, 0, 64,
	    "rules as in config role: what is never offered, whoever asks" },
	{ "deny_list", CONF_STR, false, "", NULL, 0, 32,
	    "a list of such rules that comes with the program, for the API's own keys, accounts and impersonation: "
	    "awork, worken, proworkflow or workos" },
};

static const struct conf_option role_options[] = {
	{ "allow", CONF_LIST, false, "", NULL, 0, 64,
	    "what this role may do, one rule a line: 'GET /projects*', 'read,write tag:reports env:sandbox', "
	    "'op:create_*', 'PATCH /vlans/{id} where id in 10,20,100..199 and name in lab-*', or '*'" },
	{ "deny", CONF_LIST, false, "", NULL, 0, 64, "what it may not do; wins over allow" },
	{ "confirm", CONF_LIST, false, "", NULL, 0, 64, "what is described first and done when it is asked for again" },
	{ "approve", CONF_LIST, false, "", NULL, 0, 64, "what a person must approve each time" },
	{ "destructive", CONF_ENUM, false, "confirm", levels_of, 0, 0,
	    "what has to happen before anything irreversible: none, confirm or approve" },
	{ "approve_in_client", CONF_ENUM, false, "no", yes_no, 0, 0,
	    "whether a form in the client counts as the person's yes (never for keys)" },
};

/* How a credential is sent, in environments and by itself. */
#define CREDENTIAL_OPTIONS \
	{ "credential_in", CONF_ENUM, false, NULL, places, 0, 0, \
	    "how the credential is sent; default: header where credential_name is set, bearer where only " \
	    "credential_from is" }, \
	{ "credential_name", CONF_STR, false, "", NULL, 0, 200, "name of the header, query parameter or cookie" }, \
	{ "credential_value", CONF_STR, false, "{secret}", NULL, 0, 4096, \
	    "what is sent, {secret} replaced; basic: USER:{secret}" }, \
	{ "credential_from", CONF_STR, false, "", NULL, 0, 1024, \
	    "where {secret} comes from: env:NAME, file:/PATH (without the line end) or store:NAME" },

static const struct conf_option environment_options[] = {
	{ "name", CONF_STR, false, NULL, NULL, 1, 32, "instead of the section's name: two apis may both have a "
	    "sandbox" },
	{ "api", CONF_STR, false, NULL, NULL, 1, 32, "which api; needed where there are several" },
	{ "base_url", CONF_STR, true, NULL, NULL, 1, 1024,
	    "where the API answers: http://HOST[:PORT][/PATH], https://..., or unix:/SOCKET[:/PATH]" },
	{ "kind", CONF_ENUM, false, "auto", kinds, 0, 0,
	    "sandbox or production; auto: sandbox when the name says so (sandbox, test, dev, staging, demo, local "
	    "...)" },
	CREDENTIAL_OPTIONS
	{ "pin", CONF_STR, false, "", NULL, 0, 64,
	    "base64 SHA-256 of the server's public key (SPKI); without ca, whoever signed it is not looked at" },
	{ "ca", CONF_STR, false, "", NULL, 0, 1024, "PEM file of trusted roots, instead of the system's" },
	{ "connect_timeout", CONF_TIME, false, "5s", NULL, 50, MS(600), "name, connection and TLS must be there" },
	{ "first_timeout", CONF_TIME, false, "30s", NULL, 50, MS(3600), "the first byte of the answer must be there" },
	{ "idle_timeout", CONF_TIME, false, "30s", NULL, 50, MS(3600), "an answer may pause this long" },
	{ "total_timeout", CONF_TIME, false, "120s", NULL, 50, MS(86400), "a call may take this long" },
	{ "rate", CONF_STR, false, "", NULL, 0, 40, "calls to this host, by everybody: 600/m, 10/s burst 50" },
	{ "upstream_limits", CONF_ENUM, false, "heed", heeds, 0, 0,
	    "after 429, or when the API says that nothing is left: heed (no call before the time it names, at most 60 "
	    "s), pass (only tell the caller)" },
	{ "repeat_guard", CONF_TIME, false, "60s", NULL, 0, MS(3600),
	    "a write whose answer never came is not repeated for so long, unless idempotency_key differs; 0s: it "
	    "may be" },
	{ "concurrency", CONF_NUM, false, "256", NULL, 1, 65535,
	    "calls under way at once; those beyond wait, the caller with the fewest calls is next" },
	{ "concurrency_principal", CONF_NUM, false, "0", NULL, 0, 65535,
	    "of them, calls of one caller; 0: a fair share, so that nobody can take all places" },
	{ "queue", CONF_NUM, false, "128", NULL, 0, 4096, "calls that may wait for a place; 0: refused at once" },
	{ "queue_timeout", CONF_TIME, false, "10s", NULL, 10, MS(600), "how long a call waits for a place" },
};

static const char *const effects[] = { "", "read", "write", "destructive", NULL };

static const struct conf_option tool_options[] = {
	{ "api", CONF_STR, false, NULL, NULL, 1, 32, "which api; needed where there are several" },
	{ "operation", CONF_STR, true, NULL, NULL, 1, 400,
	    "an operationId, or METHOD /path as in the document; * stands for any text" },
	{ "name", CONF_STR, false, "", NULL, 0, 64, "what the tool is called" },
	{ "title", CONF_STR, false, "", NULL, 0, 200, "its title, instead of the document's summary" },
	{ "description", CONF_STR, false, "", NULL, 0, 1500, "its description, instead of the document's" },
	{ "effect", CONF_ENUM, false, "", effects, 0, 0, "read, write or destructive, instead of what it looks like" },
	{ "hide", CONF_NUM, false, "0", NULL, 0, 1, "1: not offered at all" },
	{ "pin", CONF_LIST, false, "", NULL, 0, 32, "ARGUMENT=VALUE: always sent so, and not offered" },
	{ "default", CONF_LIST, false, "", NULL, 0, 32, "ARGUMENT=VALUE: sent when the model gives none" },
	{ "error", CONF_STR, false, "", NULL, 0, 290,
	    "what a failed call says: 'API error (HTTP {status}): {body}'" },
	{ "wrong", CONF_LIST, false, "", NULL, 0, 32,
	    "ARGUMENT=TEXT: what is said of a missing or wrong argument: 'id={name} is required and must be > 0'" },
	{ "next", CONF_STR, false, "", NULL, 0, 290,
	    "how the next page is asked for: 'page pagenumber size=pagesize list=data', 'offset ...', 'cursor after "
	    "value=meta.next', or 'link'" },
};

static const struct conf_option credential_options[] = {
	{ "api", CONF_STR, false, NULL, NULL, 1, 32, "which api; needed where there are several" },
	{ "environment", CONF_STR, false, NULL, NULL, 1, 32, "which of its environments; default: all" },
	{ "scheme", CONF_STR, false, NULL, NULL, 1, 200,
	    "instead of the section's name, for characters UCI refuses there" },
	CREDENTIAL_OPTIONS
};

const struct conf_type conf_types[CONF_TYPES] = {
	[CONF_SERVER] = { "server", "the box itself", server_options, ARRAY_N(server_options), false },
	[CONF_API] = { "api", "an API to serve", api_options, ARRAY_N(api_options), true },
	[CONF_ENVIRONMENT] = { "environment", "one base URL of an api, with its credential", environment_options,
	    ARRAY_N(environment_options), true },
	[CONF_CREDENTIAL] = { "credential", "what is sent where the API document asks for this security scheme",
	    credential_options, ARRAY_N(credential_options), true },
	[CONF_ROLE] = { "role", "what those who have it may do; viewer, member and admin are built in", role_options,
	    ARRAY_N(role_options), true },
	[CONF_TOOL] = { "tool", "changes to operations of an api that survive its next document", tool_options,
	    ARRAY_N(tool_options), true },
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

void
conf_reference(struct buf *b)
{
	for (u32 t = 0; t < CONF_TYPES; t++) {
		const struct conf_type *type = &conf_types[t];

		buf_fmt(b, "%sconfig %s%s   %s\n", t ? "\n" : "", type->name, type->named ? " 'NAME'" : "", type->help);
		for (u32 i = 0; i < type->options; i++) {
			const struct conf_option *o = &type->option[i];

			buf_fmt(b, "\t%s %s   (", o->kind == CONF_LIST ? "list" : "option", o->name);
			one_kind(b, o);
			BUF_LIT(b, ", default: ");
			one_default(b, o);
			buf_fmt(b, ")\n\t\t%s\n", o->help);
		}
	}
}

void
conf_reference_markdown(struct buf *b)
{
	for (u32 t = 0; t < CONF_TYPES; t++) {
		const struct conf_type *type = &conf_types[t];

		buf_fmt(b, "%s`config %s%s`: %s\n\n| option | kind | default | meaning |\n|---|---|---|---|\n", t ?
		    "\n" : "",
		    type->name, type->named ? " 'NAME'" : "", type->help);
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
			buf_fmt(b, " | %s |\n", o->help);
		}
	}
}
