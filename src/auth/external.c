#include "auth/external.h"

#include "auth/grant.h"
#include "base/base64.h"

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* Decodes a base64url member into out. The number of bytes; 0: not there, or wrong. */
static u32
bytes_of(struct jcur key, const char *name, u8 *out, u32 cap)
{
	struct str text = json_str(json_get(key, name), NULL);
	int n = text.p ? base64_read_url(text, out, cap) : 0;

	return n < 0 ? 0 : (u32)n;
}

static bool
read_rsa(struct jcur key, struct verify_key *k)
{
	u8 e[4];
	u32 n = bytes_of(key, "e", e, sizeof e);

	for (u32 i = 0; i < n; i++)
		k->e = k->e << 8 | e[i];
	k->n = (u16)bytes_of(key, "n", k->at, sizeof k->at);
	return verify_key_ok(k);
}

static bool
read_ec(struct jcur key, struct verify_key *k)
{
	k->at[0] = 4;
	k->n = VERIFY_POINT_N;
	return bytes_of(key, "x", k->at + 1, 32) == 32 && bytes_of(key, "y", k->at + 33, 32) == 32 && verify_key_ok(k);
}

static bool
is_or_missing(struct jcur c, const char *text)
{
	return json_kind(c) == JSON_MISSING || json_is(c, text);
}

/* What a key of the set is for us: 0 for nothing. */
static u8
kind_of(struct jcur key)
{
	if (!is_or_missing(json_get(key, "use"), "sig"))
		return 0;
	if (json_is(json_get(key, "kty"), "RSA") && is_or_missing(json_get(key, "alg"), "RS256"))
		return VERIFY_RS256;
	return json_is(json_get(key, "kty"), "EC") && json_is(json_get(key, "crv"), "P-256") &&
	    is_or_missing(json_get(key, "alg"), "ES256") ? VERIFY_ES256 : 0;
}

static struct str
kid_of(const struct external_key *k)
{
	return str_of(k->kid, k->kid_n);
}

const char *
external_jwks(struct str text, struct jsmntok *tok, u32 toks, struct arena *a, struct external_keys *out)
{
	struct jcur keys;
	struct jdoc d;

	out->n = 0;
	if (json_parse_request(&d, text, tok, toks, a))
		return "it is no JSON, or too large";
	keys = json_get(json_root(&d), "keys");
	if (json_kind(keys) != JSON_ARRAY || json_len(keys) > EXTERNAL_SET_MAX)
		return "it is no JWK set of at most 32 keys";
	for (struct jcur c = json_first(keys); !c.err; c = json_next(c)) {
		struct external_key *k = &out->key[out->n];
		struct str kid = json_str(json_get(c, "kid"), a);
		u8 kind = kind_of(c);

		if (!kind)
			continue;
		if (out->n == EXTERNAL_KEYS_MAX)
			return "more than 8 of its keys are for signatures";
		*k = (struct external_key){ .key.kind = kind, .kid_n = (u8)kid.n };
		if (!kid.n || kid.n > EXTERNAL_KID_MAX)
			return "a key has no kid, or a long one";
		memcpy(k->kid, kid.p, kid.n);
		for (u32 i = 0; i < out->n; i++)
			if (str_same(kid_of(&out->key[i]), kid))
				return "two keys have one kid";
		if (!(kind == VERIFY_RS256 ? read_rsa(c, &k->key) : read_ec(c, &k->key)))
			return "a key is too weak, or none: RSA has 2048 to 4096 bits and e of 65537 or more";
		out->n++;
	}
	return out->n ? NULL : "no key of it is for RS256 or ES256";
}

/* ---- tokens --------------------------------------------------------------------------------------------- */

bool
external_form(struct str text)
{
	u32 dots = 0;

	for (u32 i = 0; i < text.n; i++)
		dots += text.p[i] == '.';
	return dots == 2 && text.n <= EXTERNAL_TOKEN_MAX && str_starts(text, STR("ey"));
}

/* Decodes a part and parses it. */
static int
open_part(struct jdoc *d, struct str part, struct jsmntok *tok, u32 toks, struct arena *a)
{
	u8 *room = arena_bytes(a, part.n);
	int n = room ? base64_read_url(part, room, part.n) : ERR_FULL;

	if (n <= 0 || json_parse_request(d, str_of(room, (u32)n), tok, toks, a))
		return ERR_BAD;
	return json_kind(json_root(d)) == JSON_OBJECT ? 0 : ERR_BAD;
}

/* The key a header names, if everything else it says is what we understand. ERR_NONE: there is no such key. */
static int
key_of(const struct external *x, struct jcur h, struct arena *a, const struct external_key **key)
{
	struct str kid = json_str(json_get(h, "kid"), a);
	struct jcur typ = json_get(h, "typ");

	if (!json_get(h, "crit").err || !json_get(h, "b64").err || !json_get(h, "zip").err)
		return ERR_BAD;
	if (!x->any_type && !json_is(typ, "at+jwt") && !json_is(typ, "application/at+jwt"))
		return ERR_BAD;
	for (u32 i = 0; kid.n && x->keys && i < x->keys->n; i++) {
		const struct external_key *k = &x->keys->key[i];

		*key = k;
		if (str_same(kid_of(k), kid))
			return json_is(json_get(h, "alg"), k->key.kind == VERIFY_RS256 ? "RS256" : "ES256") ? 0
			                                                                                   : ERR_BAD;
	}
	return kid.n ? ERR_NONE : ERR_BAD;
}

/* Times: exp must be to come, nbf and iat must have come. dies: 0 where exp may be missing, and is. */
static bool
in_time(struct jcur p, bool must, wall now, wall *dies)
{
	static const char *const begins[] = { "nbf", "iat" };
	struct jcur exp = json_get(p, "exp");
	u64 t = 0;

	*dies = 0;
	if ((must || !exp.err) && (json_kind(exp) != JSON_NUMBER || json_u64(exp, &t) || t > UINT32_MAX - 60 ||
	    t + EXTERNAL_SKEW_S <= now))
		return false;
	if (t)
		*dies = (wall)t + EXTERNAL_SKEW_S;
	for (u32 i = 0; i < ARRAY_N(begins); i++) {
		struct jcur c = json_get(p, begins[i]);

		if (!c.err && (json_kind(c) != JSON_NUMBER || json_u64(c, &t) || t > (u64)now + EXTERNAL_SKEW_S))
			return false;
	}
	return true;
}

static bool
read_audiences(struct jcur aud, struct arena *a, struct external_claims *out)
{
	struct jcur c = json_kind(aud) == JSON_ARRAY ? json_first(aud) : aud;
	struct str s;

	for (; !c.err; c = json_kind(aud) == JSON_ARRAY ? json_next(c) : json_none(ERR_NONE)) {
		s = json_str(c, a);
		if (!s.n || out->audiences == EXTERNAL_AUDIENCES_MAX)
			return false;
		out->audience[out->audiences++] = s;
	}
	return out->audiences > 0;
}

/* The scopes: those of the claim that we know, at most what the role may have; nobody writes in another's name. */
static bool
read_scopes(struct jcur p, struct principal *who, struct arena *a)
{
	struct jcur c = json_get(p, "scope");
	struct str text = json_str(c, a);
	u8 most = grant_role_scopes(principal_role(who));
	bool unknown;
	int bits = text.p ? grant_scopes_read(text, &unknown) : SCOPE_READ;

	if (bits < 0 || (!c.err && !text.p))
		return false;
	if (!json_get(p, "act").err)
		most &= SCOPE_READ | SCOPE_PRODUCTION;
	who->scopes = (u8)bits & most;
	return true;
}

/* A claim by its name; empty when there is none. ERR_BAD: it is no text. */
static int
claim(struct jcur p, struct str name, struct arena *a, struct str *out)
{
	struct jcur c = name.n ? json_get_str(p, name) : json_none(ERR_NONE);

	*out = c.err ? STR("") : json_str(c, a);
	return out->p ? 0 : ERR_BAD;
}

static int
read_who(const struct external *x, struct jcur p, struct arena *a, struct principal *who)
{
	struct str user, role, team, client, parts[2];

	*who = (struct principal){ .kind = PRINCIPAL_TOKEN };
	if (claim(p, x->user, a, &user) || claim(p, x->role, a, &role) || claim(p, x->team, a, &team) ||
	    claim(p, STR("client_id"), a, &client) || !user.n)
		return ERR_BAD;
	if (principal_set_name(who, str_cut(user, 0, PRINCIPAL_NAME_MAX)) ||
	    principal_set_role(who, role.n ? role : x->default_role))
		return ERR_BAD;
	parts[0] = x->issuer; /* a user of theirs is none of ours, whatever the name */
	parts[1] = user;
	who->user = principal_tag(parts[0]) * 31 + principal_tag(parts[1]);
	who->team = principal_tag(team);
	who->client = principal_tag(client);
	who->id = (who->user ^ who->client * 31) | 1;
	return read_scopes(p, who, a) ? 0 : ERR_BAD;
}

static bool
names(struct jcur p, const char *claim)
{
	struct jcur c = json_get(p, claim);

	return json_kind(c) == JSON_STRING && !json_is(c, "");
}

int
external_read(const struct external *x, struct str text, struct jsmntok *tok, u32 toks, struct arena *a, wall now,
    struct external_claims *out)
{
	struct str rest = text, head = str_next(&rest, '.'), payload = str_next(&rest, '.');
	struct str said = str_cut(text, 0, head.n + 1 + payload.n);
	const struct external_key *k = NULL;
	u8 sig[VERIFY_RSA_MAX];
	struct jcur p;
	struct jdoc d;
	int n, err;

	out->audiences = 0;
	if (!external_form(text) || open_part(&d, head, tok, toks, a))
		return ERR_BAD;
	err = key_of(x, json_root(&d), a, &k);
	if (err)
		return err;
	n = base64_read_url(rest, sig, sizeof sig);
	if (n <= 0 || !verify_sig(&k->key, said, str_of(sig, (u32)n)) || open_part(&d, payload, tok, toks, a))
		return ERR_BAD;
	p = json_root(&d);
	if (!json_same(json_get(p, "iss"), x->issuer) || !names(p, "sub") ||
	    (!x->any_type && !names(p, "client_id")) || read_who(x, p, a, &out->who) ||
	    !in_time(p, true, now, &out->who.dies) || !read_audiences(json_get(p, "aud"), a, out))
		return ERR_BAD;
	return 0;
}

int
external_said(const struct external *x, struct str answer, struct jsmntok *tok, u32 toks, struct arena *a, wall now,
    struct external_claims *out)
{
	struct jcur p, iss, type;
	bool active = false;
	struct jdoc d;

	out->audiences = 0;
	if (json_parse_request(&d, answer, tok, toks, a) || json_kind(json_root(&d)) != JSON_OBJECT)
		return ERR_BAD;
	p = json_root(&d);
	if (json_bool(json_get(p, "active"), &active))
		return ERR_BAD;
	iss = json_get(p, "iss");
	type = json_get(p, "token_type");
	if (!active || (!iss.err && !json_same(iss, x->issuer)) || !json_get(p, "cnf").err ||
	    (!type.err && !str_same_nocase(json_str(type, a), STR("Bearer"))))
		return ERR_DENY;
	if (read_who(x, p, a, &out->who) || !in_time(p, false, now, &out->who.dies) ||
	    !read_audiences(json_get(p, "aud"), a, out))
		return ERR_DENY;
	if (!out->who.dies || out->who.dies > now + EXTERNAL_SAID_S)
		out->who.dies = now + EXTERNAL_SAID_S;
	return 0;
}
