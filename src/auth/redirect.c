/* Redirect URIs and the URLs of metadata documents, as text. */
#include "auth/client.h"

#include "http/url.h"

#define SCHEME_LOOPBACK "http://"

/* The hosts that are the user's own machine, as they must be spelled. */
static bool
is_loopback(struct str host)
{
	return str_is(host, "127.0.0.1") || str_is(host, "localhost") || str_is(host, "::1");
}

static bool
is_plain(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || strchr("\\\"<>^`{|}#*", s.p[i]))
			return false;
	return s.n > 0 && s.n <= CLIENT_URI_MAX;
}

static bool
is_listed(struct str scheme, struct str list)
{
	while (list.p)
		if (str_same(str_next(&list, ','), scheme))
			return true;
	return false;
}

bool
client_uri_ok(struct str uri, struct str schemes)
{
	int colon = str_find(uri, ':', 0);
	struct url u;

	if (!is_plain(uri) || colon <= 0)
		return false;
	if (schemes.n && is_listed(str_cut(uri, 0, (u32)colon), schemes))
		return uri.n > (u32)colon + 1;
	if (!str_starts(uri, STR("https://")) && !str_starts(uri, STR(SCHEME_LOOPBACK)))
		return false;
	if (url_parse(uri, &u) || url_dots(u.path))
		return false;
	return u.scheme == URL_HTTPS || is_loopback(u.host);
}

bool
client_uri_loopback(struct str uri)
{
	struct url u;

	return str_starts(uri, STR(SCHEME_LOOPBACK)) && url_parse(uri, &u) == 0 && is_loopback(u.host);
}

/* What follows scheme, host and port. */
static struct str
behind(struct str uri, const struct url *u)
{
	u32 at = (u32)(u->authority.p - uri.p) + u->authority.n;

	return str_cut(uri, at, uri.n);
}

/* RFC 8252 section 7.3: on loopback any port, everything else exact. */
static bool
same_but_port(struct str a, struct str b)
{
	struct url ua, ub;

	if (!client_uri_loopback(a) || !client_uri_loopback(b) || url_parse(a, &ua) || url_parse(b, &ub))
		return false;
	return str_same(ua.host, ub.host) && ua.v6 == ub.v6 && str_same(behind(a, &ua), behind(b, &ub));
}

bool
client_uri_known(const struct client *c, struct str uri)
{
	for (u32 i = 0; i < c->uris; i++)
		if (str_same(c->uri[i], uri) || same_but_port(c->uri[i], uri))
			return true;
	return false;
}

bool
client_document_url(struct str id)
{
	struct url u;

	return id.n <= CLIENT_URI_MAX && is_plain(id) && str_starts(id, STR("https://")) && url_parse(id, &u) == 0 &&
	    u.path.n >= 2 && !u.query.p && url_path_ok(u.path);
}

bool
client_document_host(struct str host)
{
	static const char *const inside[] = { ".local", ".localhost", ".internal", ".lan", ".home.arpa" };
	struct str last = host;

	while (str_find(last, '.', 0) >= 0)
		str_next(&last, '.');
	for (u32 i = 0; i < ARRAY_N(inside); i++)
		if (str_ends(host, str_c(inside[i])))
			return false;
	/* The last label of a name is letters; that of an address, in whatever notation, begins with a digit. */
	return last.n >= 2 && last.n < host.n && (last.p[0] | 0x20) >= 'a' && (last.p[0] | 0x20) <= 'z';
}
