/* The metadata document of a client whose id is its address: fetched when somebody is about to consent, and kept.
 *
 * Only https, only names that exist outside (or are listed by cimd_host), only addresses that are nobody's inside
 * (judged at connect), no redirect, 5 KB, 5 s, four at once in a worker. A good copy counts for an hour; a bad answer
 * for nothing. Source: draft-ietf-oauth-client-id-metadata-document sections 4 and 6. */
#include "app/oauth.h"

#include "http/url.h"

#define DOCUMENT_MAX 5120
#define AT_ONCE 4
#define FETCH_MS 5000
#define FRESH_S 3600
#define KEEP_S (400 * 86400)

static bool
is_listed(struct str host, struct str list)
{
	while (list.n)
		if (str_same_nocase(str_next(&list, ','), host))
			return true;
	return false;
}

static void
write_request(struct buf *out, const struct url *u)
{
	buf_fmt(out, "GET %S HTTP/1.1\r\nHost: %S\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n"
	    "Connection: close\r\n\r\n", u->path, u->authority);
}

int
oauth_fetch(struct oauth *o, msec now)
{
	struct app *app = o->job->app;
	const struct oauth_conf *conf = &o->job->gen->gen->oauth;
	struct tls_trust *trust = ARENA_NEW(exchange_arena(&o->job->x), struct tls_trust);
	struct call_spec spec = { .method = METHOD_GET, .body_max = DOCUMENT_MAX };
	struct buf *out;
	struct url u;

	if (!conf->cimd_trust || url_parse(o->p[P_CLIENT_ID], &u))
		return ERR_DENY;
	spec.to.configured = is_listed(u.host, conf->cimd_hosts);
	if (!spec.to.configured && !client_document_host(u.host))
		return ERR_DENY;
	o->document = arena_buf(exchange_arena(&o->job->x), DOCUMENT_MAX);
	if (!trust || !o->document.p || app->fetching >= AT_ONCE)
		return ERR_FULL;
	*trust = *conf->cimd_trust;
	trust->name = u.host;
	spec.to.host = u.host;
	spec.to.port = u.port;
	spec.to.tls = trust;
	spec.connect_ms = spec.first_ms = spec.idle_ms = spec.total_ms = FETCH_MS;
	rng_bytes(app->rng, (u8 *)&spec.origin, sizeof spec.origin); /* no connection is shared */
	o->call = call_start(&app->calls, &spec, exchange_ready(&o->job->x), now);
	if (!o->call)
		return ERR_FULL;
	app->fetching++;
	out = call_out(o->call, CLIENT_URI_MAX * 2 + 200);
	if (!out)
		return ERR_FULL;
	write_request(out, &u);
	return call_send(o->call) ? ERR_FULL : 0;
}

void
oauth_fetch_end(struct oauth *o, msec now)
{
	if (o->call) {
		call_end(o->call, now);
		o->job->app->fetching--;
	}
	o->call = NULL;
}

/* Reads the document that came; what is good is kept, and nobody waits for that. */
static int
take(struct oauth *o)
{
	struct app *app = o->job->app;
	struct store_op op = { .verb = STORE_PUT, .lazy = true, .ttl_s = KEEP_S };
	wall now = store_wall(app->store);
	struct arena *a = exchange_arena(&o->job->x);
	char key[CLIENT_KEY_N];
	struct jdoc d;

	if (json_parse_request(&d, buf_str(&o->document), app->mcp.tok, RPC_TOKENS_MAX, a) ||
	    client_document(o->p[P_CLIENT_ID], json_root(&d), a, &o->client))
		return ERR_BAD;
	o->client.made = now;
	o->client.fresh = now + FRESH_S;
	o->got.r = o->got.w = 0;
	client_encode(&o->got, &o->client);
	client_key(key, 'm', o->p[P_CLIENT_ID]);
	op.key = str_of(key, sizeof key);
	op.val = buf_str(&o->got);
	if (o->got.over)
		return ERR_BAD;
	store_start(app->store, &op, 0);
	return client_decode(buf_str(&o->got), &o->client); /* the document's views die with this step */
}

int
oauth_fetch_step(struct oauth *o, msec now)
{
	int err = call_whole(o->call, &o->document, now);
	struct str type = call_type(o->call);

	if (err)
		return err == ERR_MORE ? err : ERR_BAD;
	if (o->call->status != 200 ||
	    (!str_same_nocase(type, STR("application/json")) && !str_ends(type, STR("+json"))))
		return ERR_BAD;
	return take(o);
}
