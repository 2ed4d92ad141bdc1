/* Metadata: what is protected (RFC 9728), who protects it (RFC 8414, and at the place OpenID Connect has it). */
#include "app/oauth.h"

#include "auth/challenge.h"

#define APPENDED "/.well-known/openid-configuration"
#define ROOM_N 3000

static void
put_words(struct jout *o, const char *key, const char *const *words, u32 n)
{
	jout_key_open(o, key, '[');
	for (u32 i = 0; i < n; i++)
		jout_c(o, NULL, words[i]);
	jout_close(o, ']');
}

static void
put_url(struct jout *o, const char *key, struct str base, struct str path)
{
	u8 room[1200];
	struct buf b = buf_over(room, sizeof room);

	buf_put(&b, base);
	buf_put(&b, path);
	jout_str(o, key, buf_str(&b));
}

static enum step
answer(struct exchange *x, struct buf *b)
{
	if (!b->p || b->over)
		return reply_error(x, 503, "busy: try again");
	oauth_fields(x, true);
	return reply_bytes(x, 200, "application/json", buf_str(b));
}

static enum step
nothing(struct exchange *x)
{
	oauth_fields(x, false);
	return reply_error(x, 404, "not found");
}

enum step
oauth_resource_meta(struct exchange *x, msec now)
{
	static const char *const header[] = { "header" };
	static const char *const scopes[] = { "read", "write" };
	struct job *j = job_of(x);
	const struct gen *gen = j->gen->gen;
	struct buf b = arena_buf(exchange_arena(x), ROOM_N);
	struct jout o = jout_into(&b);
	struct str path = str_cut(x->req.path, sizeof CHALLENGE_WELL_KNOWN - 1, x->req.path.n);
	struct endpoint e;

	if (!gen->oauth.external.issuer.n && !oauth_on(j))
		return STEP_DONE;
	if (path.n && str_starts(path, gen->oauth.public_path))
		path = str_cut(path, gen->oauth.public_path.n, path.n);
	if (path.n == 0)
		path = gen->oauth.default_path;
	if (endpoint_find(gen, path, &e) || e.api->auth == API_AUTH_NONE)
		return nothing(x);
	jout_open(&o, '{');
	put_url(&o, "resource", gen->public_url, path);
	jout_key_open(&o, "authorization_servers", '[');
	if (gen->oauth.on)
		jout_str(&o, NULL, gen->oauth.issuer);
	if (gen->oauth.external.issuer.n)
		jout_str(&o, NULL, gen->oauth.external.issuer);
	jout_close(&o, ']');
	put_words(&o, "scopes_supported", scopes, ARRAY_N(scopes));
	put_words(&o, "bearer_methods_supported", header, 1);
	jout_str(&o, "resource_name", e.api->title);
	jout_close(&o, '}');
	return answer(x, &b);
}

static void
put_server(struct jout *o, const struct oauth_conf *c)
{
	static const char *const scopes[] = { "read", "write", "destructive", "production" };
	static const char *const code[] = { "code" };
	static const char *const query[] = { "query" };
	static const char *const grants[] = { "authorization_code", "refresh_token" };
	static const char *const s256[] = { "S256" };
	static const char *const methods[] = { "none", "client_secret_basic", "client_secret_post" };

	jout_str(o, "issuer", c->issuer);
	put_url(o, "authorization_endpoint", c->base, STR("/oauth/authorize"));
	put_url(o, "token_endpoint", c->base, STR("/oauth/token"));
	if (c->registration)
		put_url(o, "registration_endpoint", c->base, STR("/oauth/register"));
	put_url(o, "revocation_endpoint", c->base, STR("/oauth/revoke"));
	put_url(o, "introspection_endpoint", c->base, STR("/oauth/introspect"));
	put_words(o, "scopes_supported", scopes, ARRAY_N(scopes));
	put_words(o, "response_types_supported", code, 1);
	put_words(o, "response_modes_supported", query, 1);
	put_words(o, "grant_types_supported", grants, ARRAY_N(grants));
	put_words(o, "code_challenge_methods_supported", s256, 1);
	put_words(o, "token_endpoint_auth_methods_supported", methods, ARRAY_N(methods));
	put_words(o, "revocation_endpoint_auth_methods_supported", methods, ARRAY_N(methods));
	put_words(o, "introspection_endpoint_auth_methods_supported", methods + 1, ARRAY_N(methods) - 1);
	jout_bool(o, "authorization_response_iss_parameter_supported", true);
	jout_bool(o, "client_id_metadata_document_supported", c->cimd != CIMD_OFF);
}

bool
oauth_meta_path(const struct gen *gen, struct str path)
{
	return gen->oauth.on && gen->oauth.issuer_path.n && str_ends(path, STR(APPENDED)) &&
	    str_same(str_cut(path, 0, path.n - (u32)(sizeof APPENDED - 1)), gen->oauth.issuer_path);
}

/* What an issuer is asked at is what it answers for: its path inserted behind the well-known name, or before it. */
enum step
oauth_server_meta(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct buf b = arena_buf(exchange_arena(x), ROOM_N);
	struct jout o = jout_into(&b);
	struct str rest = str_cut(x->req.path, sizeof "/.well-known/" - 1, x->req.path.n);

	if (!oauth_on(j))
		return STEP_DONE;
	if (!oauth_meta_path(j->gen->gen, x->req.path)) {
		str_next(&rest, '/');
		if (rest.p)
			rest = str_of(rest.p - 1, rest.n + 1);
		if (!str_same(rest, j->gen->gen->oauth.issuer_path))
			return nothing(x);
	}
	jout_open(&o, '{');
	put_server(&o, &j->gen->gen->oauth);
	jout_close(&o, '}');
	return answer(x, &b);
}
