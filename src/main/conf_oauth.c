/* What the server section says of the authorization server. */
#include "main/conf_priv.h"

#include "auth/challenge.h"
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

/* The other issuer whose tokens are taken: its keys are read now, so that a bad set is a mistake of the file. */
static void
read_external(struct conf_work *w, const struct conf_section *s)
{
	struct external *x = &w->conf->gen.oauth.external;
	struct external_keys *keys;
	struct jsmntok *tok;
	struct str text;
	const char *why;

	if (!conf_str(s, "issuer").n)
		return;
	keys = conf_take(w, sizeof *keys, 1);
	tok = conf_take(w, sizeof *tok, JWKS_TOKENS);
	if (!keys || !tok)
		return;
	x->user = conf_str(s, "claim_user");
	x->role = conf_str(s, "claim_role");
	x->team = conf_str(s, "claim_team");
	x->default_role = conf_str(s, "issuer_role");
	x->audience = conf_str(s, "issuer_audience");
	x->any_type = conf_u32(s, "issuer_type");
	x->keys = keys;
	if (!conf_str(s, "issuer_keys").n) {
		conf_mistake(w, conf_line(s, "issuer"), "issuer needs issuer_keys: a file with its JWK set");
		return;
	}
	x->issuer = conf_str(s, "issuer");
	text = conf_file(w, conf_str(s, "issuer_keys"), conf_line(s, "issuer_keys"), JWKS_MAX);
	why = external_jwks(text, tok, JWKS_TOKENS, w->arena, keys);
	if (why)
		conf_mistake(w, conf_line(s, "issuer_keys"), "issuer_keys: %s", why);
}

void
conf_oauth(struct conf_work *w, const struct conf_section *s)
{
	struct oauth_conf *o = &w->conf->gen.oauth;
	struct url u;

	if (url_parse(w->conf->gen.public_url, &u))
		return;
	o->public_path = str_cut(w->conf->gen.public_url, w->conf->gen.public_url.n - u.path.n, UINT32_MAX);
	read_issuer(w, s, &u);
	o->token_prefix = conf_str(s, "token_prefix");
	check_prefix(w, s, o->token_prefix);
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
