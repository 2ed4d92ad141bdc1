/* What the server section says of the authorization server. */
#include "main/conf_priv.h"

#include "auth/challenge.h"
#include "base/base64.h"
#include "http/url.h"

/* Whether tokens would be safe on their way to this address: encrypted, or never leaving the machine. */
static bool
is_safe(const struct url *u)
{
	struct addr a;

	if (u->scheme == URL_HTTPS || str_is(u->host, "localhost"))
		return true;
	return addr_read_ip(&a, u->host) == 0 && addr_kind(&a) == ADDR_LOOPBACK;
}

struct str
conf_join(struct conf_work *w, const struct conf_section *s, const char *name)
{
	u8 room[600];
	struct buf b = buf_over(room, sizeof room);

	for (const struct conf_item *i = conf_item(s, name); i; i = conf_next(i))
		buf_fmt(&b, "%s%S", b.w ? "," : "", i->value);
	if (b.over)
		conf_mistake(w, conf_line(s, name), "%s: all of them together take more than 600 bytes", name);
	return conf_dup(w, buf_str(&b));
}

static void
read_issuer(struct conf_work *w, const struct conf_section *s, const struct url *public)
{
	struct oauth_conf *o = &w->conf->gen.oauth;
	struct str url = w->conf->gen.public_url, text = conf_str(s, "issuer_url");
	u8 room[1200];
	struct buf b = buf_over(room, sizeof room);
	struct url u;

	o->issuer = o->base = url;
	o->issuer_path = public->path;
	if (!text.n)
		return;
	if (text.p[text.n - 1] == '/')
		text.n--;
	if (url_parse(text, &u) || u.scheme == URL_UNIX || u.query.p || url_dots(u.path)) {
		conf_mistake(w, conf_line(s, "issuer_url"),
		    "issuer_url is https://HOST[:PORT], perhaps with a path, not '%S'", text);
		return;
	}
	o->issuer = conf_dup(w, text);
	o->issuer_path = str_cut(o->issuer, text.n - u.path.n, text.n);
	if (url_same_origin(&u, public))
		return;
	/* there the endpoints and pages have the paths they have here: one rule for both in front of us */
	buf_fmt(&b, "%S%S", challenge_origin(text), public->path);
	o->base = conf_dup(w, buf_str(&b));
}

static void
check_prefix(struct conf_work *w, const struct conf_section *s, struct str prefix)
{
	bool plain = !str_starts(prefix, STR("sk-")) && !str_starts(prefix, STR("mcpg-"));

	for (u32 i = 0; i < prefix.n; i++) {
		u8 c = prefix.p[i], letter = c | 0x20;

		plain = plain && ((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-');
	}
	if (!plain)
		conf_mistake(w, conf_line(s, "token_prefix"),
		    "token_prefix is 1 to 16 letters, digits, _ and -, and begins neither with sk- nor mcpg-: "
		    "not '%S'", prefix);
}

#define JWKS_MAX (64 << 10)
#define JWKS_TOKENS 1024

#define ISSUER_MS 5000 /* for all of a question to it */

/* Where the other issuer is asked: by TLS, or without leaving the machine. */
static const struct environment *
read_place(struct conf_work *w, const struct conf_section *s, const char *option)
{
	struct environment *e = conf_take(w, sizeof *e, 1);
	struct str text = conf_str(s, option);
	struct url u;

	if (!e)
		return NULL;
	conf_url(w, s, text, option, e);
	if (url_parse(text, &u) == 0 && (u.scheme == URL_UNIX || !is_safe(&u)))
		conf_mistake(w, conf_line(s, option), "%s must begin with https://", option);
	e->ca = conf_str(s, "issuer_ca");
	e->connect_ms = e->first_ms = e->idle_ms = e->total_ms = ISSUER_MS;
	if (e->host.n)
		conf_trust_at(w, conf_line(s, option), e);
	e->origin = conf_origin(e);
	return e;
}

/* client_secret_basic: both form-encoded first (RFC 6749 section 2.3.1). */
static struct str
read_authorization(struct conf_work *w, const struct conf_section *s)
{
	struct str id = conf_str(s, "issuer_client"), from = conf_str(s, "issuer_secret"), secret = STR("");
	u32 line = conf_line(s, "issuer_secret"), n = 0;
	struct buf plain, out;

	if (from.n && !str_starts(from, STR("env:")) && !str_starts(from, STR("file:")))
		conf_mistake(w, line, "issuer_secret is env:NAME or file:/PATH, not a secret itself");
	else if (from.n && !w->ask->no_secrets)
		secret = conf_secret(w, from, line);
	if (!from.n != !id.n)
		conf_mistake(w, conf_line(s, "issuer_introspect"), "issuer_client and issuer_secret belong together");
	if (!id.n || !secret.n)
		return STR("");
	n = 3 * (id.n + secret.n) + 1;
	plain = buf_over(conf_take(w, 1, n), n);
	n = BASE64_N(n) + 6;
	out = buf_over(conf_take(w, 1, n), n);
	if (!plain.p || !out.p)
		return STR("");
	url_encode(&plain, id, URL_COMPONENT);
	buf_byte(&plain, ':');
	url_encode(&plain, secret, URL_COMPONENT);
	BUF_LIT(&out, "Basic ");
	base64_put(&out, buf_str(&plain));
	return buf_str(&out);
}

/* Its keys from a file are read now, so that a bad set is a mistake of the file. */
static void
read_keys(struct conf_work *w, const struct conf_section *s)
{
	struct oauth_conf *o = &w->conf->gen.oauth;
	struct str from = conf_str(s, "issuer_keys"), text;
	u32 line = conf_line(s, "issuer_keys");
	struct external_keys *keys;
	struct jsmntok *tok;
	const char *why;

	if (str_find_str(from, STR("://")) >= 0) {
		o->keys_at = read_place(w, s, "issuer_keys");
		return;
	}
	keys = conf_take(w, sizeof *keys, 1);
	tok = conf_take(w, sizeof *tok, JWKS_TOKENS);
	if (!keys || !tok)
		return;
	o->external.keys = keys;
	text = conf_file(w, from, line, JWKS_MAX);
	why = external_jwks(text, tok, JWKS_TOKENS, w->arena, keys);
	if (why)
		conf_mistake(w, line, "issuer_keys: %s", why);
}

/* The other issuer whose tokens are taken. */
static void
read_external(struct conf_work *w, const struct conf_section *s)
{
	struct oauth_conf *o = &w->conf->gen.oauth;
	struct external *x = &o->external;

	if (!conf_str(s, "issuer").n)
		return;
	x->user = conf_str(s, "claim_user");
	x->role = conf_str(s, "claim_role");
	x->team = conf_str(s, "claim_team");
	x->default_role = conf_str(s, "issuer_role");
	x->audience = conf_str(s, "issuer_audience");
	x->any_type = conf_u32(s, "issuer_type");
	x->issuer = conf_str(s, "issuer");
	if (conf_str(s, "issuer_introspect").n) {
		o->said_at = read_place(w, s, "issuer_introspect");
		o->said_auth = read_authorization(w, s);
		o->said_s = conf_u32(s, "issuer_cache") / 1000;
	}
	if (conf_str(s, "issuer_keys").n)
		read_keys(w, s);
	else if (!o->said_at)
		conf_mistake(w, conf_line(s, "issuer"), "issuer needs issuer_keys (a file with its JWK set, or "
		    "https://...), or issuer_introspect");
}

void
conf_oauth(struct conf_work *w, const struct conf_section *s)
{
	struct oauth_conf *o = &w->conf->gen.oauth;
	struct url u;

	o->token_prefix = conf_str(s, "token_prefix");
	check_prefix(w, s, o->token_prefix);
	if (url_parse(w->conf->gen.public_url, &u))
		return;
	o->public_path = str_cut(w->conf->gen.public_url, w->conf->gen.public_url.n - u.path.n, UINT32_MAX);
	read_issuer(w, s, &u);
	o->default_path = conf_str(s, "default_resource");
	o->token_s = conf_u32(s, "token_life") / 1000;
	o->registration = conf_u32(s, "registration");
	o->cimd = (u8)conf_u32(s, "cimd");
	o->schemes = conf_join(w, s, "redirect_scheme");
	o->cimd_hosts = conf_join(w, s, "cimd_host");
	if (o->cimd == CIMD_ON) {
		struct environment documents = { .tls = true, .host = STR("documents.invalid") };

		conf_trust_at(w, conf_line(s, "cimd"), &documents);
		o->cimd_trust = documents.trust;
	}
	read_external(w, s);
	o->on = conf_u32(s, "oauth") && (is_safe(&u) || conf_u32(s, "insecure_oauth"));
}
