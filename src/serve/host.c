#include "serve/host.h"

#include "http/url.h"
#include "serve/serve.h"

static const u8 anywhere[16];

/* Whether ip is that of a listener, or a listener takes all addresses. */
static bool
is_listener(const struct host_place *place, const struct addr *ip)
{
	for (u32 i = 0; i < place->listens; i++) {
		const struct addr *l = place->listen[i];
		u32 n = l->family == ADDR_V4 ? 4 : 16;

		if (l->family != ADDR_V4 && l->family != ADDR_V6)
			continue;
		if (memcmp(l->ip, anywhere, n) == 0)
			return true;
		if (l->family == ip->family && memcmp(l->ip, ip->ip, n) == 0)
			return true;
	}
	return false;
}

/* "localhost" or an IP literal of ours: what no DNS answer can make a browser send for another site. */
static bool
is_literal(const struct host_place *place, struct str host)
{
	struct addr ip;

	if (str_same_nocase(host, STR("localhost")))
		return true;
	return addr_read_ip(&ip, host) == 0 && is_listener(place, &ip);
}

/* One configured entry: "box.lan" for any port, "box.lan:8443" or "[::1]:8443" for that one. */
static bool
matches(struct str entry, struct str host, u32 port)
{
	struct str name;
	u32 entry_port;

	if (url_authority(entry, &name, &entry_port))
		return false;
	return str_same_nocase(name, host) && (entry_port == 0 || entry_port == port);
}

bool
host_allowed(const struct host_place *place, struct str authority)
{
	struct str host;
	u32 port;

	if (url_authority(authority, &host, &port) || port > 65535)
		return false;
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	if (is_literal(place, host))
		return true;
	for (u32 i = 0; i < place->conf->hosts_n; i++)
		if (matches(place->conf->hosts[i], host, port))
			return true;
	return false;
}

bool
host_origin_allowed(const struct host_place *place, const struct req *req)
{
	struct str origin = field_get(&req->fields, FIELD_ORIGIN), host;
	struct str scheme = place->tls ? STR("https://") : STR("http://");
	u32 port;

	if (!origin.p)
		return true;
	for (u32 i = 0; i < place->conf->origins_n; i++)
		if (str_same(place->conf->origins[i], origin))
			return true;
	if (!str_starts(origin, scheme) || !str_same(str_cut(origin, scheme.n, origin.n), req->authority))
		return false;
	return url_authority(req->authority, &host, &port) == 0 && is_literal(place, host);
}
