#include "main/conf_priv.h"

#include "filter/needles.h"
#include "base/map.h"
#include "http/field.h"
#include "http/url.h"

#include <stdlib.h>

#define SECRET_MAX 8192

enum { KIND_AUTO, KIND_SANDBOX, KIND_PRODUCTION };

/* Names that tell that nothing real hangs on it. Anything else is treated as production: the careful guess. */
static bool
sounds_like_sandbox(struct str name)
{
	static const char *const words[] = { "sandbox", "test", "dev", "stag", "demo", "local", "play", "qa", "trial" };

	for (u32 i = 0; i < ARRAY_N(words); i++)
		if (str_find_str(name, str_c(words[i])) >= 0)
			return true;
	return false;
}

static struct str
without_slash(struct str url)
{
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

static struct str
host_field(struct conf_work *w, const struct url *u)
{
	bool usual = (u->scheme == URL_HTTP && u->port == 80) || (u->scheme == URL_HTTPS && u->port == 443);
	int colon = -1;

	if (!usual || u->scheme == URL_UNIX)
		return u->authority;
	for (u32 i = u->v6 ? u->host.n + 2 : 0; i < u->authority.n; i++)
		if (u->authority.p[i] == ':')
			colon = (int)i;
	return colon < 0 ? u->authority : conf_dup(w, str_cut(u->authority, 0, (u32)colon));
}

void
conf_url(struct conf_work *w, const struct conf_section *s, struct str url, const char *option, struct environment *e)
{
	u32 line = conf_line(s, option);
	struct url u;

	if (!url.n)
		return;
	if (url_parse(url, &u)) {
		conf_mistake(w, line, "%s is like https://api.example.com/v1 or unix:/run/api.sock:/v1, not '%S'",
		    option, url);
		return;
	}
	while (u.path.n && u.path.p[u.path.n - 1] == '/')
		u.path.n--;
	if (u.query.p || (u.path.n && !url_path_ok(u.path)))
		conf_mistake(w, line, "%s '%S' may hold a path, but no query, dots or blanks", option, url);
	e->tls = u.scheme == URL_HTTPS;
	e->port = u.port;
	e->path = u.path;
	e->host_field = host_field(w, &u);
	if (u.scheme == URL_UNIX) {
		e->unix_path = u.host;
		e->host = STR("localhost");
		if (u.host.n > SOCK_UNIX_MAX)
			conf_mistake(w, line, "the socket's path is longer than %d characters", SOCK_UNIX_MAX);
	} else {
		e->unix_path = STR_NONE;
		e->host = u.host;
	}
	e->id = map_hash(u.host, e->id + ((u64)e->port << 1 | e->tls));
}

struct str
conf_secret(struct conf_work *w, struct str from, u32 line)
{
	struct str rest, secret;
	int colon = str_find(from, ':', 0);

	rest = str_cut(from, (u32)(colon + 1), from.n);
	if (str_starts(from, STR("env:"))) {
		const char *value = getenv(conf_c(w, rest));

		if (!value || !value[0])
			conf_mistake(w, line, "the environment variable %S is not set: export it before starting, "
			    "or use 'file:/PATH'", rest);
		return conf_dup(w, str_c(value));
	}
	secret = conf_file(w, rest, line, SECRET_MAX);
	while (secret.n && (secret.p[secret.n - 1] == '\n' || secret.p[secret.n - 1] == '\r'))
		secret.n--;
	if (!secret.n && !w->mistakes)
		conf_mistake(w, line, "%S is empty: it should hold the secret", rest);
	return secret;
}

static struct str
fill_in(struct conf_work *w, struct str pattern, struct str secret)
{
	static const char mark[] = "{secret}";
	struct buf b;
	u32 n = pattern.n + secret.n;
	int at = str_find_str(pattern, str_c(mark));

	if (at < 0)
		return pattern;
	b = buf_over(conf_take(w, 1, n), n);
	if (!b.p)
		return STR("");
	buf_put(&b, str_cut(pattern, 0, (u32)at));
	buf_put(&b, secret);
	buf_put(&b, str_cut(pattern, (u32)at + (u32)sizeof mark - 1, pattern.n));
	return buf_str(&b);
}

static u8
default_place(const struct conf_section *s)
{
	if (conf_item(s, "credential_in") || conf_item(s, "login"))
		return (u8)conf_u32(s, "credential_in");
	if (conf_item(s, "credential_name"))
		return CREDENTIAL_HEADER;
	if (conf_item(s, "credential_from") || conf_item(s, "credential_value"))
		return CREDENTIAL_BEARER;
	return CREDENTIAL_NONE;
}

static void
check_credential(struct conf_work *w, const struct conf_section *s, const struct credential *c, struct str pattern)
{
	u32 line = conf_line(s, "credential_name");
	bool named = c->in == CREDENTIAL_HEADER || c->in == CREDENTIAL_QUERY || c->in == CREDENTIAL_COOKIE;

	if (named && !c->name.n)
		conf_mistake(w, conf_line(s, "credential_in"), "credential_in '%S' needs credential_name",
		    conf_str(s, "credential_in"));
	if (!named && c->name.n)
		conf_mistake(w, line, "credential_name belongs to credential_in header, query or cookie");
	if (c->name.n && !field_token(c->name))
		conf_mistake(w, line, "credential_name '%S' cannot be sent: letters, digits and - _ . only", c->name);
	line = conf_line(s, "credential_value");
	if (c->in == CREDENTIAL_BASIC && c->of != CREDENTIAL_USERS && str_find(pattern, ':', 0) < 0)
		conf_mistake(w, line, "credential_in 'basic' needs credential_value 'USER:{secret}'");
	if (c->in == CREDENTIAL_NONE) /* with a login */
		pattern = conf_str(s, "login_body");
	if (!conf_item(s, "credential_from") && str_find_str(pattern, STR("{secret}")) >= 0)
		conf_mistake(w, conf_line(s, "credential_in"),
		    "credential_from is missing: env:NAME, file:/PATH or store:NAME");
	if (c->value.n && !field_value_ok(c->value))
		conf_mistake(w, line, "the credential holds a line break or control character and cannot be sent");
}

void
conf_credential(struct conf_work *w, const struct conf_section *s, const struct environment *e, struct credential *c)
{
	struct str from = conf_str(s, "credential_from"), pattern = conf_str(s, "credential_value");
	u32 line = conf_line(s, "credential_from");
	bool passed = str_is(from, "passthrough");
	bool users = str_is(from, "user");
	bool known = users || str_starts(from, STR("env:")) || str_starts(from, STR("file:")) ||
	             str_starts(from, STR("store:"));

	c->in = default_place(s);
	c->name = conf_str(s, "credential_name");
	if (c->in == CREDENTIAL_NONE && !conf_item(s, "login"))
		return;
	if (passed) {
		c->of = CREDENTIAL_CALLERS;
		c->in = CREDENTIAL_HEADER;
		return;
	}
	if (from.n && (!known || from.p[from.n - 1] == ':'))
		conf_mistake(w, line, "credential_from is env:NAME, file:/PATH, store:NAME, user or passthrough, "
		    "not a secret itself");
	else if (users)
		c->of = CREDENTIAL_USERS;
	else if (str_starts(from, STR("store:")))
		c->store = str_cut(from, 6, from.n);
	else if (from.n && !w->ask->no_secrets)
		c->value = fill_in(w, pattern, c->secret = conf_secret(w, from, line));
	else if (!from.n)
		c->value = pattern;
	if (c->store.n || users)
		c->value = pattern;
	if ((c->secret.n ? c->secret.n : from.n ? NEEDLE_MIN : c->value.n) < NEEDLE_MIN)
		conf_warn(w, line, "the credential is shorter than %u bytes: it is not looked for in answers",
		    (u32)NEEDLE_MIN);
	check_credential(w, s, c, pattern);
	conf_login(w, s, e, c);
	if (users && c->login)
		conf_mistake(w, conf_line(s, "login"), "login does not go with credential_from 'user'");
	else if (users && s->type == &conf_types[CONF_ENVIRONMENT] && conf_str(s, "authorize_url").n)
		conf_connect(w, s, e, c);
	if (!e->tls && !e->unix_path.n && e->host.n && !w->mistakes) {
		struct addr a;

		if (addr_read_ip(&a, e->host) == 0 ? addr_kind(&a) == ADDR_PUBLIC : str_find(e->host, '.', 0) >= 0)
			conf_warn(w, s->line,
			    "the credential goes to %S unencrypted: https:// would protect it",
			    e->host);
	}
}

/* Connections made under another bundle or pin are not used, though they be to the same place. */
u64
conf_origin(const struct environment *e)
{
	u64 h = map_hash(e->unix_path, e->tls ? 1 : 0);

	h = map_hash(e->pin, map_hash(e->host, h) ^ e->port);
	return e->trust && e->trust->anchors ? h ^ e->trust->anchors->mark : h;
}

/* Each line of `list server`: the URL as the document has it, and where that is, if it is not there. */
static void
other_servers(struct conf_work *w, const struct conf_section *s, struct environment *e)
{
	struct environment *o = conf_take(w, sizeof *o, SERVERS_NAMED_MAX);

	e->other = o;
	e->server = without_slash(e->base_url);
	for (const struct conf_item *i = conf_item(s, "server"); o && i; i = conf_next(i), o++) {
		struct str where = i->value, name = str_next(&where, ' ');

		*o = *e;
		o->server = without_slash(name);
		o->base_url = where.p ? str_trim(where) : name;
		o->pin = STR_NONE;
		o->trust = NULL;
		conf_url(w, s, o->base_url, "server", o);
		conf_trust_at(w, i->line, o);
		o->origin = conf_origin(o);
		e->others++;
	}
}

void
conf_environment(struct conf_work *w, const struct conf_section *s, struct environment *e)
{
	u32 kind = conf_u32(s, "kind");

	e->production = kind == KIND_PRODUCTION || (kind == KIND_AUTO && !sounds_like_sandbox(e->name));
	e->base_url = conf_str(s, "base_url");
	conf_url(w, s, e->base_url, "base_url", e);
	conf_trust(w, s, e);
	e->origin = conf_origin(e);
	e->connect_ms = conf_u32(s, "connect_timeout");
	e->first_ms = conf_u32(s, "first_timeout");
	e->idle_ms = conf_u32(s, "idle_timeout");
	e->total_ms = conf_u32(s, "total_timeout");
	e->concurrency = conf_u32(s, "concurrency");
	e->concurrency_each = conf_u32(s, "concurrency_principal");
	e->queue = conf_u32(s, "queue");
	if (tempo_read(conf_str(s, "rate"), &e->rate))
		conf_mistake(w, conf_line(s, "rate"), "rate is like '600/m', '10/s burst 50', not '%S'",
		    conf_str(s, "rate"));
	e->doubt_ms = conf_u32(s, "repeat_guard");
	e->heed = conf_u32(s, "upstream_limits") == 0;
	e->queue_ms = conf_u32(s, "queue_timeout");
	conf_credential(w, s, e, &e->credential);
	e->logs_in = e->credential.login != NULL;
	if (conf_str(s, "authorize_url").n && e->credential.of != CREDENTIAL_USERS)
		conf_mistake(w, conf_line(s, "authorize_url"), "authorize_url needs credential_from 'user'");
	if (conf_str(s, "sign_in").n && !conf_str(s, "authorize_url").n)
		conf_mistake(w, conf_line(s, "sign_in"), "sign_in needs authorize_url and what belongs to it");
	conf_pass(w, s, e);
	other_servers(w, s, e);
}
