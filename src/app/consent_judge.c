/* What may be asked at /oauth/authorize, and the way back to the client. */
#include "app/consent.h"

#include "app/html.h"
#include "http/url.h"

#define STATE_MAX 1300
#define LOCATION_MAX 2040 /* serve sends no longer header line */

static void
put_param(struct buf *b, bool *more, const char *name, struct str value)
{
	if (!value.p)
		return;
	buf_fmt(b, "%s%s=", *more ? "&" : "?", name);
	url_encode(b, value, URL_COMPONENT);
	*more = true;
}

enum step
consent_back(struct consent *c, const char *error, const char *why)
{
	struct oauth *o = c->o;
	struct exchange *x = &o->job->x;
	struct str to = o->p[P_REDIRECT_URI];
	bool more = str_find(to, '?', 0) >= 0;
	struct buf b = arena_buf(exchange_arena(x), LOCATION_MAX);
	u8 room[160];
	struct buf code = buf_over(room, sizeof room);

	buf_put(&b, to);
	if (error) {
		put_param(&b, &more, "error", str_c(error));
		put_param(&b, &more, "error_description", str_c(why));
	} else {
		grant_code_put(&code, o->job->app->handle_key, o->family);
		put_param(&b, &more, "code", buf_str(&code));
	}
	put_param(&b, &more, "state", o->p[P_STATE]);
	put_param(&b, &more, "iss", o->job->gen->gen->oauth.issuer);
	if (!b.p || b.over)
		return html_error(x, 400, "oauth_long");
	html_go(x, buf_str(&b));
	if (!c->post)
		x->reply.status = 302;
	return STEP_DONE;
}

static int
back(struct consent *c, const char *error, const char *why)
{
	consent_back(c, error, why);
	return ERR_DENY;
}

static int
page(struct consent *c, const char *text)
{
	struct oauth *o = c->o;

	oauth_audit(o, "refused", STR(""), text);
	html_error(&o->job->x, 400, text);
	return ERR_DENY;
}

/* Who asks, and where the answer would go: mistakes here are never sent anywhere. */
static int
judge_client(struct consent *c)
{
	struct oauth *o = c->o;

	if (o->broken || (o->twice & (1U << P_CLIENT_ID | 1U << P_REDIRECT_URI)))
		return page(c, "oauth_request");
	if (o->client_err == ERR_IO || o->client_err == ERR_FULL) {
		html_error(&o->job->x, o->client_err == ERR_IO ? 503 : 429,
		    o->client_err == ERR_IO ? "error_store" : "error_busy");
		return ERR_DENY;
	}
	if (o->client_err)
		return page(c, o->client_err == ERR_DENY ? "oauth_pin" : o->client_err == ERR_BAD ? "oauth_fetch"
		                                                                                : "oauth_client");
	if (!o->p[P_REDIRECT_URI].p && o->client.uris == 1 && !(o->empty & 1U << P_REDIRECT_URI) &&
	    !client_uri_loopback(o->client.uri[0]))
		o->p[P_REDIRECT_URI] = o->client.uri[0];
	if (!o->p[P_REDIRECT_URI].p || !client_uri_known(&o->client, o->p[P_REDIRECT_URI]))
		return page(c, "oauth_redirect");
	return o->p[P_STATE].n > STATE_MAX ? page(c, "oauth_long") : 0;
}

static int
judge_resource(struct consent *c)
{
	struct oauth *o = c->o;
	const struct gen *gen = o->job->gen->gen;
	int err = ERR_NONE;

	if (o->twice & 1U << P_RESOURCE)
		return back(c, "invalid_target", "one resource at a time");
	if (o->p[P_RESOURCE].p)
		err = oauth_resource(gen, o->p[P_RESOURCE], &c->endpoint);
	else if (gen->oauth.default_path.n || gen->apis == 1)
		err = endpoint_find(gen, gen->oauth.default_path.n ? gen->oauth.default_path : STR("/mcp"),
		    &c->endpoint);
	if (err)
		return back(c, "invalid_target", "resource is none of this server's endpoints");
	c->audience = buf_over(c->room, sizeof c->room);
	endpoint_audience(&c->endpoint, true, &c->audience);
	return 0;
}

static int
judge_scope(struct consent *c)
{
	struct oauth *o = c->o;
	bool unknown = false;
	int bits = o->p[P_SCOPE].p ? grant_scopes_read(o->p[P_SCOPE], &unknown) : 0;

	if (bits < 0 || (bits == 0 && unknown))
		return back(c, "invalid_scope", "known scopes are read, write, destructive and production");
	c->asked = bits ? (u8)bits : SCOPE_READ | SCOPE_WRITE;
	return 0;
}

int
consent_judge(struct consent *c)
{
	struct oauth *o = c->o;

	if (judge_client(c))
		return ERR_DENY;
	if (o->twice & ~(1U << P_RESOURCE))
		return back(c, "invalid_request", "a parameter is repeated");
	if (o->p[P_REQUEST].p || o->p[P_REQUEST_URI].p)
		return back(c, o->p[P_REQUEST].p ? "request_not_supported" : "request_uri_not_supported", NULL);
	if (!str_is(o->p[P_RESPONSE_TYPE], "code"))
		return back(c, o->p[P_RESPONSE_TYPE].p ? "unsupported_response_type" : "invalid_request",
		    "response_type must be code");
	if (o->p[P_RESPONSE_MODE].p && !str_is(o->p[P_RESPONSE_MODE], "query"))
		return back(c, "invalid_request", "response_mode must be query");
	if (!grant_challenge_ok(o->p[P_CHALLENGE]) || !str_is(o->p[P_METHOD], "S256"))
		return back(c, "invalid_request", "PKCE with code_challenge_method S256 is required");
	if (judge_scope(c))
		return ERR_DENY;
	return judge_resource(c);
}
